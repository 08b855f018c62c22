/** Business checks over canonical rows: how many rows break each rule, with which amount, and each finding as data. */
import { type CanonicalDataset, canonicalRowsSql, decimalTextSql } from '../../domain/canonical.ts';
import type { CheckContract, FieldContract } from '../../domain/contract.ts';
import type { ControlTerm } from '../../domain/control-contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import type { MapResult } from '../../domain/results.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { Capability, EntityDefinition } from '../../domain/workspace.ts';
import { type CanonicalExpression, type CanonicalExpressionText, compileCanonicalExpressions } from './canonical-expression.ts';
import { type LineSum, lineSums, sumsFromSql } from './line-sums.ts';

export interface CompiledCheck {
  readonly entity: EntityDefinition;
  readonly check: CheckContract;
  readonly when: CanonicalExpression;
  readonly measure: CanonicalExpression | null;
  readonly sums: readonly LineSum[];
}

/** One finding, a line of checks.ndjson. `failed`: the rule could not be worked out for this row, which counts as found. */
export interface CheckFinding {
  readonly entity: string;
  readonly check: string;
  readonly severity: CheckContract['severity'];
  readonly system: string;
  readonly key: string;
  /** The source row, as a person knows it. */
  readonly ref: string;
  readonly measure: string | null;
  readonly failed: boolean;
}

/** Checks and the dimensions of control totals, compiled; mistakes of both, and of what explains differences and says what payments pay. */
export async function compileChecks(
  capability: Capability,
  entity: EntityDefinition,
  plane: DataPlane,
): Promise<{ readonly checks: readonly CompiledCheck[]; readonly mistakes: readonly Mistake[] }> {
  const { contract, position } = entity;
  const at = (path: (string | number)[]) => (offset: number) => position(path, offset);
  const texts: CanonicalExpressionText[] = [];
  const wrongSums: Mistake[] = [];
  const places = contract.checks.map((check, index) => {
    const { sums, mistakes } = lineSums(capability, entity, index);
    wrongSums.push(...mistakes);
    const known = sums.length === 0 ? {} : { sums: new Map(sums.map((sum) => [sum.name, sum.type])) };
    const when = texts.push({ text: check.when, at: at(['checks', index, 'when']), expected: 'condition', ...known }) - 1;
    const measure =
      check.measure === undefined ? null : texts.push({ text: check.measure, at: at(['checks', index, 'measure']), expected: 'amount', ...known }) - 1;
    return { check, when, measure, sums };
  });
  for (const [index, control] of contract.controls.entries()) {
    for (const { path, text } of dimensionTexts(control)) texts.push({ text, at: at(['controls', index, 'by', ...path]), expected: 'dimension', asOf: true });
    if (control.where !== undefined) texts.push({ text: control.where, at: at(['controls', index, 'where']), expected: 'condition', asOf: true });
  }
  for (const [index, { when: text, field }] of contract.explained.entries())
    texts.push({ text, at: at(['explained', index, 'when']), expected: 'condition', asOf: true, besideOdoo: field !== undefined });
  const { compiled, mistakes } = await compileCanonicalExpressions({ capability, entity }, texts, plane);
  const checks = places.flatMap(({ check, when, measure, sums }) => {
    const condition = compiled[when];
    const amount = measure === null ? null : compiled[measure];
    return condition === null || condition === undefined || amount === undefined ? [] : [{ entity, check, when: condition, measure: amount, sums }];
  });
  const others = [...(await settlesMistakes(capability, entity, plane)), ...(await termMistakes(capability, entity, plane))];
  return { checks, mistakes: [...wrongSums, ...mistakes, ...others] };
}

/** Dimensions one at a time and several at once alike: the path below `by`. */
export function dimensionTexts({ by }: { readonly by: ControlTerm['by'] }): readonly { readonly path: readonly string[]; readonly text: string }[] {
  return Object.entries(by).flatMap(([name, one]) =>
    typeof one === 'string' ? [{ path: [name], text: one }] : Object.entries(one).map(([part, text]) => ({ path: [name, part], text })),
  );
}

/** The expressions of the sums that control totals are held against, each over the rows of its own entity. */
async function termMistakes(capability: Capability, entity: EntityDefinition, plane: DataPlane): Promise<readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const [index, { less = {}, explained = [] }] of entity.contract.controls.entries()) {
    const places = [{ path: ['less'], terms: less }, ...explained.map(({ of = {} }, nth) => ({ path: ['explained', nth, 'of'], terms: of }))];
    for (const { path, terms } of places) {
      for (const [name, term] of Object.entries(terms)) {
        const other = capability.entities.find((one) => one.contract.entity === name);
        if (other === undefined) continue;
        const at = (rest: (string | number)[]) => (offset: number) => entity.position(['controls', index, ...path, name, ...rest], offset);
        const texts: CanonicalExpressionText[] = dimensionTexts(term).map((one) => {
          return { text: one.text, at: at(['by', ...one.path]), expected: 'dimension', asOf: true };
        });
        if (term.where !== undefined) texts.push({ text: term.where, at: at(['where']), expected: 'condition', asOf: true });
        mistakes.push(...(await compileCanonicalExpressions({ capability, entity: other }, texts, plane)).mistakes);
      }
    }
  }
  return mistakes;
}

/** The expressions of `settles`, each over the rows of its own entity. */
async function settlesMistakes(capability: Capability, entity: EntityDefinition, plane: DataPlane): Promise<readonly Mistake[]> {
  const { settles } = entity.contract;
  if (settles === undefined) return [];
  const at = (path: (string | number)[]) => (offset: number) => entity.position(['settles', ...path], offset);
  const own: CanonicalExpressionText[] = [
    { text: settles.amount, at: at(['amount']), expected: 'amount' },
    { text: settles.reference, at: at(['reference']), expected: 'text' },
  ];
  const mistakes = [...(await compileCanonicalExpressions({ capability, entity }, own, plane)).mistakes];
  for (const [name, text] of Object.entries(settles.documents)) {
    const document = capability.entities.find((one) => one.contract.entity === name);
    if (document === undefined) continue;
    const asked: CanonicalExpressionText = { text, at: at(['documents', name]), expected: 'amount' };
    mistakes.push(...(await compileCanonicalExpressions({ capability, entity: document }, [asked], plane)).mistakes);
  }
  return mistakes;
}

/** The canonical rows of every entity: what stands after FROM. */
export type RowsByEntity = ReadonlyMap<string, string>;

export function rowsByEntity(datasets: readonly CanonicalDataset[]): RowsByEntity {
  const byEntity = Map.groupBy(datasets, ({ entity }) => entity);
  return new Map([...byEntity].map(([entity, sources]) => [entity, canonicalRowsSql(sources)]));
}

/** Entities whose rows a check looks into. */
export function entitiesOfCheck({ entity, when, measure, sums }: CompiledCheck): readonly string[] {
  const references = [...when.references, ...(measure?.references ?? [])].flatMap((name) => {
    const field = entity.contract.fields[name];
    return field?.type === 'ref' ? [field.entity] : [];
  });
  return [...new Set([entity.contract.entity, ...references, ...sums.flatMap(({ of }) => (of === null ? [] : [of.entity]))])];
}

export async function runCheck(compiled: CompiledCheck, rows: RowsByEntity, findings: string, plane: DataPlane): Promise<MapResult['checks'][number]> {
  const { check, entity } = compiled;
  await plane.run(`COPY (${checkSql(compiled, rows)}) TO ${literal(findings)} (FORMAT parquet, COMPRESSION zstd)`);
  const [found] = await plane.rows<{ count: number | string; measure: string | null }>(
    `SELECT count(*) AS count, ${compiled.measure === null ? 'NULL' : `coalesce(${decimalTextSql('sum(measure)')}, '0')`} AS measure FROM read_parquet(${literal(findings)})`,
  );
  return {
    entity: entity.contract.entity,
    name: check.name,
    severity: check.severity,
    count: Number(found?.count),
    measure: found?.measure ?? null,
    hint: check.hint,
  };
}

/** Findings of one check as lines, in the order of system and source row. */
export async function* findingLines(compiled: CompiledCheck, findings: string, plane: DataPlane): AsyncIterable<string> {
  const { check, entity } = compiled;
  const measure = compiled.measure === null ? 'NULL' : decimalTextSql('measure');
  const rows = plane.stream<{ system: string; key: string; ref: string; measure: string | null; failed: boolean }>(
    `SELECT system, key, ref, ${measure} AS measure, failed FROM read_parquet(${literal(findings)}) ORDER BY system, row`,
  );
  for await (const batch of rows) {
    const lines = batch.map((row) => {
      const finding: CheckFinding = { entity: entity.contract.entity, check: check.name, severity: check.severity, ...row };
      return JSON.stringify(finding);
    });
    yield `${lines.join('\n')}\n`;
  }
}

/** Rows that break the rule: `system`, `key`, `ref`, `row`, `measure`, `failed`. */
export function checkSql(compiled: CompiledCheck, rows: RowsByEntity): string {
  const { when, measure } = compiled;
  const condition = `TRY(struct_pack(v := ${when.sql}))`;
  return `
  SELECT system, key, ref, row, measure, condition IS NULL AS failed FROM (
    SELECT _this._system AS system, _this._key AS key, _this._ref AS ref, _this._row AS row,
      ${condition} AS condition, ${measure === null ? 'CAST(NULL AS DECIMAL(18,0))' : `TRY(${measure.sql})`} AS measure
    FROM ${checkFromSql(compiled, rows)}
  ) WHERE condition IS NULL OR condition.v`;
}

/** The rows a check is about, with everything its expressions look into. */
export function checkFromSql({ entity, when, measure, sums }: CompiledCheck, rows: RowsByEntity): string {
  const references = [...new Set([...when.references, ...(measure?.references ?? [])])];
  return canonicalFromSql(entity, references, rows) + sumsFromSql(sums, rows);
}

/** The canonical rows of an entity as `_this`, each with the records its ref fields name as `_ref_<field>` (no value where there is none, or
 *  where several have the key: which one is meant cannot be known). */
function canonicalFromSql(entity: EntityDefinition, references: readonly string[], rows: RowsByEntity): string {
  const joins = references.map((name) => {
    const field = entity.contract.fields[name] as Extract<FieldContract, { type: 'ref' }>;
    const alias = identifier(`_ref_${name}`);
    const target = rows.get(field.entity);
    if (target === undefined) throw new Error(`no canonical rows of ${field.entity}, which ${entity.contract.entity}.${name} refers to`);
    return `LEFT JOIN (SELECT * FROM ${target} WHERE NOT _duplicate) AS ${alias} ON ${alias}._system = _this._system AND ${alias}._key = _this.${identifier(name)}`;
  });
  return `${rows.get(entity.contract.entity) ?? ''} AS _this ${joins.join(' ')}`;
}
