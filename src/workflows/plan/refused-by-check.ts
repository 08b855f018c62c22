/** Records that no plan takes, because they break a rule of their contract (`refuse: true`). The rules are expressions of the workspace, so they run
 *  in a plane that is locked down. */
import path from 'node:path';
import { canonicalFiles } from '../../domain/canonical.ts';
import { type Mistake, refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { Capability, EntityDefinition } from '../../domain/workspace.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { type CompiledCheck, checkSql, compileChecks, entitiesOfCheck, type RowsByEntity, rowsByEntity } from '../map/checks.ts';
import type { Comparison, EntityComparison } from '../reconcile/comparison.ts';

/** What keeps a record out of the plan. `row` names the source row to a person, `place` its file or table: its own, or that of a record it refers to. */
export interface BrokenRule {
  readonly check: string;
  readonly hint: string;
  readonly row: string;
  readonly place: string;
}

/** System → the file or table that its rows of the entity come from, in words. */
export function placesOf({ sources }: EntityDefinition): ReadonlyMap<string, string> {
  return new Map(sources.map(({ mapping, position }) => [mapping.system, mapping.from ?? `the query of ${position([]).file}`]));
}

/** Entity → Parquet (`system`, `key`, `rules` JSON of BrokenRule[]) of the records that break a refusing rule, or refer to one that does and that is not bound to
 *  Odoo; other entities are not among them. E_CONFIG as `cutover map` raises it. */
export async function refusedByChecks(
  request: { readonly capability: Capability; readonly runId: string },
  comparison: Comparison,
  ports: Ports,
): Promise<ReadonlyMap<string, string>> {
  const concerned = comparison.entities.filter(({ definition }) => definition.contract.checks.some((check) => check.refuse === true));
  if (concerned.length === 0) return new Map();
  const directory = await ports.runs.runDirectory(request.runId);
  const datasets = comparison.entities.flatMap((entity) => entity.datasets);
  const rows = rowsByEntity(datasets);
  const plane = await ports.openPlane();
  try {
    const checks = await refusingChecks(request.capability, concerned, plane);
    await plane.run(TRY_STAYS_WHOLE);
    await plane.lockDown([directory, ...datasets.flatMap(canonicalFiles).map((file) => path.dirname(file))]);
    const brokenBy = new Map<string, readonly string[]>();
    for (const { entity } of concerned) {
      const runnable = checks.filter((check) => check.entity.contract.entity === entity && entitiesOfCheck(check).every((name) => rows.has(name)));
      if (runnable.length > 0)
        brokenBy.set(
          entity,
          runnable.map((check, order) => `SELECT ${order} AS n, system, key, ${ruleSql(check)} AS rule FROM (${checkSql(check, rows)})`),
        );
    }
    const files = new Map<string, string>();
    for (const { entity, definition } of comparison.entities) {
      const found = [...(brokenBy.get(entity) ?? []), ...brokenByReferredSql(definition, comparison, brokenBy, rows)];
      if (found.length === 0) continue;
      const file = path.join(directory, `refused-${entity}.parquet`);
      await plane.run(
        `COPY (SELECT system, key, to_json(list(rule ORDER BY n)) AS rules FROM (${found.join(' UNION ALL ')}) GROUP BY system, key ORDER BY system, key)
         TO ${literal(file)} (FORMAT parquet)`,
      );
      files.set(entity, file);
    }
    return files;
  } finally {
    await plane.close();
  }
}

async function refusingChecks(capability: Capability, concerned: readonly EntityComparison[], plane: DataPlane): Promise<readonly CompiledCheck[]> {
  const mistakes: Mistake[] = [];
  const checks: CompiledCheck[] = [];
  for (const { definition } of concerned) {
    const compiled = await compileChecks(capability, definition, plane);
    mistakes.push(...compiled.mistakes);
    checks.push(...compiled.checks.filter(({ check }) => check.refuse === true));
  }
  refuseMistakes(mistakes);
  return checks;
}

/** Records that refer to one that breaks a rule and is not bound to Odoo: nothing of that one reaches Odoo, so it is they who stay away. */
function brokenByReferredSql(
  definition: EntityDefinition,
  comparison: Comparison,
  brokenBy: ReadonlyMap<string, readonly string[]>,
  rows: RowsByEntity,
): string[] {
  const unbound = new Set(comparison.entities.filter(({ binding }) => binding === null).map(({ entity }) => entity));
  const own = rows.get(definition.contract.entity);
  if (own === undefined || unbound.has(definition.contract.entity)) return [];
  return Object.entries(definition.contract.fields).flatMap(([name, field], index) => {
    const broken = field.type === 'ref' && unbound.has(field.entity) ? (brokenBy.get(field.entity) ?? []) : [];
    return broken.map(
      (rules) =>
        `SELECT ${(index + 1) * 1000} + n AS n, own._system AS system, own._key AS key, rule FROM ${own} AS own JOIN (${rules}) AS referred ON referred.system = own._system AND referred.key = own.${identifier(name)}`,
    );
  });
}

function ruleSql({ check, entity }: CompiledCheck): string {
  const places = [...placesOf(entity)].map(([system, place]) => `WHEN ${literal(system)} THEN ${literal(place)}`);
  return `struct_pack("check" := ${literal(check.name)}, hint := ${literal(check.hint)}, "row" := ref, place := CASE system ${places.join(' ')} END)`;
}
