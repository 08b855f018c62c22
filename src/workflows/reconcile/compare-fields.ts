/** Compares the fields of an entity's linked records, and writes its breaks and records. */
import type { DataPlane } from '../../domain/ports.ts';
import { copyToParquetSql } from '../../domain/sql.ts';
import type { FieldRule } from '../sides/field-rules.ts';
import { entityTable } from '../sides/sides-sql.ts';
import { holdingSql } from './again-sql.ts';
import { type KnownLayer, mergedBaselineSql } from './baseline.ts';
import {
  type BreakContext,
  breaksTableSql,
  differingCountsSql,
  differingTableSql,
  fieldBreaksSql,
  pairsTableSql,
  recordBreaksSql,
  recordsSql,
  roundedTableSql,
} from './compare-sql.ts';

export interface FieldsToCompare {
  readonly context: BreakContext;
  /** Of the fields that are compared. */
  readonly rules: readonly FieldRule[];
  /** Columns of the marks that they read. */
  readonly targets: readonly string[];
  readonly layers: readonly KnownLayer[];
  /** Files of the comparison whose other records hold; null: all are compared. */
  readonly holding: { readonly breaks: string; readonly records: string } | null;
  /** Value by value: digests are not trusted to say that two rows are the same. */
  readonly isExact: boolean;
  readonly files: { readonly breaks: string; readonly records: string };
}

/** Needs the tables of compare-classes-sql.ts and drops them. Breaks are in an order of their own. */
export async function compareFields(work: FieldsToCompare, plane: DataPlane): Promise<void> {
  const { context, rules, targets, layers, holding, isExact, files } = work;
  const { contract, sides, odooSystem } = context;
  const { entity } = contract;
  await plane.run(pairsTableSql(entity, sides, rules, targets));
  await plane.run(differingTableSql(entity, rules, sides, targets, isExact));
  await plane.run(roundedTableSql(entity, rules, sides, targets));
  const differing = `SELECT _system, _key FROM ${entityTable(entity, 'differing')}`;
  const found = new Set((await plane.rows<{ field: string }>(differingCountsSql(entity))).map((row) => row.field));
  const named = rules.filter((rule) => found.has(rule.field));
  const agreed = named.map((rule) => rule.field);
  await plane.run(`CREATE OR REPLACE TABLE ${entityTable(entity, 'baseline')} AS ${mergedBaselineSql(layers, agreed, differing)}`);
  await plane.run(breaksTableSql(entity));
  if (sides.odoo !== null) {
    await plane.run(recordBreaksSql(context));
    for (const rule of named) await plane.run(fieldBreaksSql(context, rule));
  }
  const again = entityTable(entity, 'again');
  if (holding !== null)
    await plane.run(`INSERT INTO ${entityTable(entity, 'breaks')} BY NAME ${holdingSql(again, holding.breaks, odooSystem, ['system', 'key'])}`);
  await plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'breaks')} ORDER BY system, key, odoo_id, field NULLS FIRST, id`, files.breaks));
  const records = holding === null ? '' : ` UNION ALL BY NAME (${holdingSql(again, holding.records, odooSystem, ['_system', '_key'])})`;
  await plane.run(copyToParquetSql(`(${recordsSql(context)})${records}`, files.records));
  for (const part of ['pairs', 'differing', 'rounded', 'breaks', 'baseline', 'gone', 'classes'] as const)
    await plane.run(`DROP TABLE ${entityTable(entity, part)}`);
}
