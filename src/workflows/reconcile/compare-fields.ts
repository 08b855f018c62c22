/** Compares the fields of an entity's linked records, and writes its breaks and records. */
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { copyToParquetSql } from '../../domain/sql.ts';
import type { FieldRule } from '../sides/field-rules.ts';
import { entityTable } from '../sides/sides-sql.ts';
import { type KnownLayer, mergedBaselineSql } from './baseline.ts';
import {
  type BreakContext,
  breaksTableSql,
  differingCountsSql,
  differingTableSql,
  fieldBreaksSql,
  recordBreaksSql,
  recordsSql,
  roundedTableSql,
} from './compare-sql.ts';
import { differenceCountSql, pairsTableSql, type Reusable, takenOverBreaksSql, unchangedTableSql } from './reuse-sql.ts';

export interface FieldsToCompare {
  readonly context: BreakContext;
  /** Of the fields that are compared. */
  readonly rules: readonly FieldRule[];
  /** Columns of the marks that they read. */
  readonly targets: readonly string[];
  readonly layers: readonly KnownLayer[];
  readonly reusable: Reusable | null;
  readonly files: { readonly breaks: string; readonly records: string };
}

/** Needs the tables of compare-classes-sql.ts and drops them. `full`: everything is compared value by value, and what would have been
 *  taken over has to come out the same; E_REUSE_DIFFERS. */
export async function compareFields(work: FieldsToCompare, full: boolean, plane: DataPlane): Promise<void> {
  const { entity } = work.context.contract;
  const { marks, odoo } = work.context.sides;
  await plane.run(pairsTableSql(entity, marks, odoo, work.rules));
  await writeComparison(full ? { ...work, reusable: null } : work, full, plane);
  if (full && work.reusable !== null) {
    const files = { breaks: plane.scratchFile(`${entity}.breaks.parquet`), records: plane.scratchFile(`${entity}.records.parquet`) };
    await writeComparison({ ...work, files }, false, plane);
    let rows = 0;
    for (const part of ['breaks', 'records'] as const)
      rows += (await plane.rows<{ rows: number }>(differenceCountSql(work.files[part], files[part])))[0]?.rows ?? 0;
    if (rows > 0) {
      throw new CutoverError('E_REUSE_DIFFERS', `${entity}: ${rows} rows come out otherwise when what did not change is taken over from the last comparison`, {
        hint: `cutover reconcile ${work.context.capability} --full`,
      });
    }
  }
  for (const part of ['pairs', 'gone', 'classes'] as const) await plane.run(`DROP TABLE ${entityTable(entity, part)}`);
}

/** Breaks and records, each in an order of its own. */
async function writeComparison({ context, rules, targets, layers, reusable, files }: FieldsToCompare, isExact: boolean, plane: DataPlane): Promise<void> {
  const { contract, sides, refs } = context;
  const { entity } = contract;
  await plane.run(unchangedTableSql(entity, reusable, [...refs.keys()]));
  await plane.run(differingTableSql(entity, rules, sides, targets, isExact));
  await plane.run(roundedTableSql(entity, rules, sides, targets));
  const differing = `SELECT _system, _key FROM ${entityTable(entity, 'differing')}`;
  const fields = rules.map((rule) => rule.field);
  await plane.run(`CREATE OR REPLACE TABLE ${entityTable(entity, 'baseline')} AS ${mergedBaselineSql(layers, fields, differing)}`);
  await plane.run(breaksTableSql(entity));
  if (sides.odoo !== null) {
    await plane.run(recordBreaksSql(context));
    const found = new Set((await plane.rows<{ field: string }>(differingCountsSql(entity))).map((row) => row.field));
    for (const rule of rules) if (found.has(rule.field)) await plane.run(fieldBreaksSql(context, rule));
    if (reusable !== null) await plane.run(takenOverBreaksSql(entity, reusable));
  }
  await plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'breaks')} ORDER BY system, key, odoo_id, field NULLS FIRST, id`, files.breaks));
  await plane.run(copyToParquetSql(recordsSql(context), files.records));
  for (const part of ['unchanged', 'differing', 'rounded', 'breaks', 'baseline'] as const) await plane.run(`DROP TABLE ${entityTable(entity, part)}`);
}
