/** What the rules of a contract explain: records of one side only, and differences of a field. They are found among the raw breaks, before those are judged. */
import { dirname, join } from 'node:path';
import { type ExplainedClass, explainedColumns, explainedFile } from '../../domain/allocation.ts';
import { isAmount, keyIsPii } from '../../domain/canonical.ts';
import { csvLine } from '../../domain/csv.ts';
import type { CoverageItem } from '../../domain/difference.ts';
import { refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { differenceOf, plainDecimal } from '../../domain/rounding.ts';
import { copyToParquetSql } from '../../domain/sql.ts';
import { guarded } from '../../domain/worklist-row.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { type ExplainingRule, explainedLinesSql, explainedRecordsSql, explainedRowsSql, explainedSumsSql } from './explained-sql.ts';
import { expressionAt, isHeldByOdoo, type JoinedReference, sideExpressions } from './side-expressions.ts';
import { stagePiiKey } from './value-tokens.ts';

/** The entities, each with the file of what its rules explain (`EntityComparison.explained`). A line goes with its document. E_CONFIG for rules that
 *  cannot be worked out. */
export async function explainBreaks(comparison: Comparison, runId: string, ports: Ports): Promise<readonly EntityComparison[]> {
  if (comparison.entities.every(({ definition }) => definition.contract.explained.length === 0)) return comparison.entities;
  const directory = await ports.runs.runDirectory(runId);
  const plane = await ports.openPlane();
  try {
    await plane.run(TRY_STAYS_WHOLE);
    await plane.lockDown([directory, ...comparison.entities.flatMap((entity) => entity.reads.map((file) => dirname(file)))]);
    const entities: EntityComparison[] = [];
    for (const entity of comparison.entities) {
      const query = await explainingQuery(entity, comparison, entities, plane);
      const explained = query === null ? null : join(directory, `${entity.entity}.explained.parquet`);
      if (query !== null && explained !== null) await plane.run(copyToParquetSql(query, explained));
      entities.push({ ...entity, explained });
    }
    return entities;
  } finally {
    await plane.close();
  }
}

async function explainingQuery(
  entity: EntityComparison,
  comparison: Comparison,
  before: readonly EntityComparison[],
  plane: DataPlane,
): Promise<string | null> {
  const { contract } = entity.definition;
  const measure = measureOf(entity);
  const found: string[] = [];
  if (contract.explained.length > 0) {
    const { rules, references } = await explainingRules(entity, comparison, plane);
    const records = explainedRecordsSql({ entity, rules, references, measure });
    if (records !== null) found.push(records);
  }
  const document = before.find((one) => one.entity === contract.parent);
  const parent = Object.entries(contract.fields).find(([, field]) => field.type === 'ref' && field.entity === contract.parent)?.[0];
  if (inheritsRules(entity) && typeof document?.explained === 'string' && parent !== undefined)
    found.push(explainedLinesSql({ entity, parent, documents: document.explained, measure }));
  return found.length === 0 ? null : `${found.map((query) => `FROM (${query})`).join(' UNION ALL ')} ORDER BY system, key, odoo_id, field NULLS FIRST, id`;
}

/** A line goes with its document, unless rules of its own say when it stands alone. */
function inheritsRules({ definition }: EntityComparison): boolean {
  return definition.contract.explained.every(({ field }) => field !== undefined);
}

/** Every rule over the rows of both sides. */
export async function explainingRules(
  entity: EntityComparison,
  comparison: Comparison,
  plane: DataPlane,
): Promise<{ readonly rules: readonly ExplainingRule[]; readonly references: readonly JoinedReference[] }> {
  const { explained } = entity.definition.contract;
  const texts = explained.map(({ when }, index) => expressionAt(entity.definition, ['explained', index, 'when'], when));
  const { resolved, references, mistakes } = await sideExpressions({ entity, comparison, texts }, plane);
  refuseMistakes(mistakes);
  const rules = explained.flatMap(({ class: name, field = null }, index) => {
    const when = resolved[index];
    return when ? [{ name, field, when }] : [];
  });
  return { rules, references };
}

/** The amount that the entity's first control total sums, if both sides have it. */
export function measureOf(entity: EntityComparison): string | null {
  const { controls, fields } = entity.definition.contract;
  const measured = controls.map(({ measure }) => measure).find((name) => fields[name] !== undefined && isHeldByOdoo(entity, name) && isAmount(fields[name]));
  return measured ?? null;
}

type Sums = ReadonlyMap<string, { readonly rows: number; readonly overlapping: number; readonly legacy: string | null; readonly odoo: string | null }>;

/** Every rule of every contract, those that explain nothing too, and what lines inherit. `payments`: what they explain among payments (allocations). */
export async function explainedClasses(comparison: Comparison, payments: ReadonlyMap<string, number>, plane: DataPlane): Promise<ExplainedClass[]> {
  const classes: ExplainedClass[] = [];
  for (const entity of comparison.entities) {
    const { contract } = entity.definition;
    const sums = await sumsOf(entity, plane);
    const parent = comparison.entities.find((one) => one.entity === contract.parent)?.definition.contract;
    const inherited = inheritsRules(entity) ? (parent?.explained ?? []).filter((rule) => rule.field === undefined && sums.has(`${rule.class} `)) : [];
    const measure = measureOf(entity);
    for (const { class: name, field = null, reason } of [...contract.explained, ...inherited]) {
      const found = sums.get(`${name} ${field ?? ''}`) ?? { rows: 0, overlapping: 0, legacy: null, odoo: null };
      const amount = field === null ? measure : fieldAmount(entity, field);
      const counted = { payments: field === null ? (payments.get(`${entity.entity} ${name}`) ?? 0) : 0, measure: amount };
      classes.push({ entity: entity.entity, class: name, field, reason, ...found, ...counted });
    }
  }
  return classes;
}

function fieldAmount({ definition }: EntityComparison, field: string): string | null {
  const contract = definition.contract.fields[field];
  return contract !== undefined && isAmount(contract) ? field : null;
}

async function sumsOf({ explained }: EntityComparison, plane: DataPlane): Promise<Sums> {
  if (explained === null) return new Map();
  const rows = await plane.rows<{ explained: string; field: string | null; n: number; overlapping: number; legacy: string | null; odoo: string | null }>(
    explainedSumsSql(explained),
  );
  const text = (sum: string | null) => (sum === null ? null : plainDecimal(sum));
  return new Map(
    rows.map(({ explained: name, field, n, overlapping, legacy, odoo }) => [
      `${name} ${field ?? ''}`,
      { rows: Number(n), overlapping: Number(overlapping), legacy: text(legacy), odoo: text(odoo) },
    ]),
  );
}

/** explained.csv: every record and difference that a rule explains. Answers the file, where there are rules. */
export async function writeExplained(
  comparison: Comparison,
  how: { readonly directory: string; readonly clear: boolean },
  ports: Ports,
  plane: DataPlane,
): Promise<readonly string[]> {
  const entities = comparison.entities.filter(({ explained }) => explained !== null);
  if (entities.length === 0) return [];
  await stagePiiKey(plane, await ports.piiKey());
  const file = join(how.directory, explainedFile);
  const lines = async function* (): AsyncIterable<string> {
    yield csvLine(explainedColumns);
    for (const { entity, explained, definition } of entities) {
      const isPii = keyIsPii(definition.contract) && !how.clear;
      for await (const rows of plane.stream<Record<(typeof explainedColumns)[number], string | null>>(explainedRowsSql(entity, explained ?? '', isPii))) {
        yield rows.map((row) => csvLine(explainedColumns.map((column) => row[column]).map((cell) => (cell === null ? null : guarded(cell))))).join('');
      }
    }
  };
  await ports.runs.writeFile(file, lines());
  return [file];
}

/** For the coverage statement: the sum of a class is what the legacy side has of it less what Odoo has. */
export function explainedCoverage(classes: readonly ExplainedClass[]): CoverageItem[] {
  return classes.flatMap(({ entity, field, class: name, rows, measure, legacy, odoo }) => {
    const sum = measure === null ? null : differenceOf(legacy ?? '0', odoo ?? '0');
    return rows === 0 ? [] : [{ entity, field, reason: 'explained' as const, explained: name, rows, sum }];
  });
}
