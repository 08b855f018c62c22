/** Records that no plan takes, because they break a rule of their contract (`refuse: true`). The rules are expressions of the workspace, so they run
 *  in a plane that is locked down. */
import path from 'node:path';
import { canonicalFiles } from '../../domain/canonical.ts';
import { type Mistake, refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import type { Capability } from '../../domain/workspace.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { type CompiledCheck, checkSql, compileChecks, entitiesOfCheck, rowsByEntity } from '../map/checks.ts';
import type { Comparison, EntityComparison } from '../reconcile/comparison.ts';

/** What keeps a record out of the plan. `row` names its source row to a person. */
export interface BrokenRule {
  readonly check: string;
  readonly hint: string;
  readonly row: string;
}

/** Entity → Parquet (`system`, `key`, `rules` JSON of BrokenRule[]) of the records that break a refusing rule; entities without such rules are not among
 *  them. E_CONFIG as `cutover map` raises it. */
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
    const files = new Map<string, string>();
    for (const { entity } of concerned) {
      const runnable = checks.filter((check) => check.entity.contract.entity === entity && entitiesOfCheck(check).every((name) => rows.has(name)));
      if (runnable.length === 0) continue;
      const file = path.join(directory, `refused-${entity}.parquet`);
      const found = runnable.map((check, order) => `SELECT ${order} AS n, system, key, ${ruleSql(check)} AS rule FROM (${checkSql(check, rows)})`);
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

function ruleSql({ check }: CompiledCheck): string {
  return `struct_pack("check" := ${literal(check.name)}, hint := ${literal(check.hint)}, "row" := ref)`;
}
