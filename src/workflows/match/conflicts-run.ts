/** Runs the steps of `conflictSteps` on a data plane, and reads their findings as they may be shown. */
import { holds } from '../../domain/identifiers/by-package.ts';
import { schemeOf } from '../../domain/identifiers/registry.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { identifier } from '../../domain/sql.ts';
import type { ConflictStep } from './conflicts-input.ts';

/** Leaves the tables of all steps in the plane; `conflict_findings` is the last. */
export async function runConflicts(steps: readonly ConflictStep[], plane: DataPlane): Promise<void> {
  for (const step of steps) {
    if (step.by === 'sql') await plane.run(`CREATE OR REPLACE TABLE ${identifier(step.name)} AS ${step.sql}`);
    else await proveDistinct(step, plane);
  }
}

/** Rules without SQL: every distinct value goes out once, is checked, and comes back. */
async function proveDistinct(step: ConflictStep, plane: DataPlane): Promise<void> {
  const told = `${step.name}_told`;
  await plane.run(`CREATE OR REPLACE TABLE ${identifier(told)} (scheme VARCHAR, canonical VARCHAR, valid VARCHAR)`);
  await plane.append(told, judged(plane, step.sql));
  await plane.run(`CREATE OR REPLACE TABLE ${identifier(step.name)} AS SELECT scheme, canonical, CAST(valid AS BOOLEAN) AS valid FROM ${identifier(told)}`);
  await plane.run(`DROP TABLE ${identifier(told)}`);
}

async function* judged(plane: DataPlane, sql: string): AsyncIterable<readonly (readonly (string | null)[])[]> {
  for await (const rows of plane.stream<{ scheme: string; canonical: string }>(sql)) {
    yield rows.map(({ scheme, canonical }) => {
      const valid = holds(schemeOf(scheme), canonical);
      return [scheme, canonical, valid === null ? null : String(valid)];
    });
  }
}

/** Findings as they may be shown: no cell contents of `pii` fields, no keys made of them. `more`: columns that came later, as `resolved`. */
export function shownFindingsSql(more: readonly string[] = []): string {
  const shown = (column: string) =>
    `CASE WHEN pii OR (key_pii AND class IN ('key-not-unique', 'identifier-reused', 'identifiers-swapped')) THEN NULL ELSE ${column} END AS ${column}`;
  const records = `CASE WHEN key_pii THEN list_transform(records, lambda r: struct_pack(system := r.system, "key" := NULL::VARCHAR, odoo_id := r.odoo_id)) ELSE records END AS records`;
  return `SELECT id, class, entity, place, field, scheme, ${records}, ${['value', 'other', 'proposal'].map(shown).join(', ')}, evidence, reason, pii OR key_pii AS masked${more.map((column) => `, ${column}`).join('')} FROM conflict_findings
ORDER BY class, place, field NULLS LAST, id`;
}
