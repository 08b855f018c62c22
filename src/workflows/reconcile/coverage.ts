/** What was not compared, with its counts and sums: a statement, so that nothing is green by silence. */
import { isAmount } from '../../domain/canonical.ts';
import type { CoverageItem } from '../../domain/difference.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { plainDecimal } from '../../domain/rounding.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { rulesOf } from './control-query.ts';
import { comparedValuesSql, fieldCoverageSql } from './controls-sql.ts';

type Reason = CoverageItem['reason'];
type Counts = Record<string, number | string | null>;

/** In contract order: fields first, then rows. */
export async function coverageOf(comparison: Comparison, values: ReadonlyMap<string, ComparedValues>, plane: DataPlane, ports: Ports): Promise<CoverageItem[]> {
  const items: CoverageItem[] = [];
  for (const entity of comparison.entities) {
    const { sources, contract } = entity.definition;
    if (sources.length > 0) {
      items.push(...(await uncomparedFields(entity, plane)));
      items.push(...uncomparedValues(entity, comparison, values.get(entity.entity)));
      // of a document and its lines, the document says it
    } else if (contract.parent === undefined) items.push({ entity: entity.entity, field: null, reason: 'no-source', rows: 0, sum: null });
    const rows: [Reason, number][] = [
      ['filtered', sumOfCounts(entity, 'filtered')],
      ['quarantined', await quarantinedRows(entity, ports)],
      ['rejected', sumOfCounts(entity, 'rejected')],
      ['duplicate-key', sumOfCounts(entity, 'duplicates')],
      ['follows-another', entity.followers],
      ['outside-scope', entity.counts['outside-scope']],
      ['restricted', await restrictedRecords(entity, ports)],
    ];
    for (const [reason, count] of rows) if (count > 0) items.push({ entity: entity.entity, field: null, reason, rows: count, sum: null });
  }
  return items;
}

/** Rows that could not even be read: which records they are is not known. */
export async function quarantinedRows(entity: EntityComparison, ports: Ports): Promise<number> {
  let rows = 0;
  for (const dataset of entity.datasets) rows += (await ports.snapshots.get(dataset.system, entity.entity, dataset.snapshotId))?.manifest.quarantined ?? 0;
  return rows;
}

/** Records that Odoo did not show when it was pulled: they look as if they were missing there. */
export async function restrictedRecords(entity: EntityComparison, ports: Ports): Promise<number> {
  let records = 0;
  for (const { system, id } of entity.snapshots) records += (await ports.snapshots.get(system, entity.entity, id))?.manifest.restricted ?? 0;
  return records;
}

async function uncomparedFields(entity: EntityComparison, plane: DataPlane): Promise<CoverageItem[]> {
  const { binding, mapped } = entity;
  const fields = Object.entries(entity.definition.contract.fields).flatMap(([name, contract]): { name: string; isAmount: boolean; reason: Reason }[] => {
    const bound = binding?.fields.find((one) => one.field === name);
    const isYielded = (mapped.get(name) ?? []).length > 0;
    if (bound === undefined && binding?.stateField !== name) return isYielded ? [{ name, isAmount: isAmount(contract), reason: 'not-carried' }] : [];
    if (!isYielded) return [{ name, isAmount: false, reason: 'not-pulled' }];
    return bound?.compare === false ? [{ name, isAmount: isAmount(contract), reason: 'not-compared' }] : [];
  });
  if (fields.length === 0) return [];
  const [counts = {}] = await plane.rows<Counts>(fieldCoverageSql(entity, fields));
  return fields.map(({ name, reason }, index) => ({
    entity: entity.entity,
    field: name,
    reason,
    // a field that no source yields is missing in every row
    rows: reason === 'not-pulled' ? sumOfCounts(entity, 'mapped') : Number(counts[`f${index}`]),
    sum: textOf(counts[`s${index}`]),
  }));
}

/** Of the linked rows of an entity, per field that is not compared for all of them: for how many it is, and how many have no value to compare. */
export type ComparedValues = ReadonlyMap<string, { readonly applied: number; readonly missing: number }>;

/** By entity. */
export async function comparedValues(comparison: Comparison, plane: DataPlane): Promise<ReadonlyMap<string, ComparedValues>> {
  const values = new Map<string, ComparedValues>();
  for (const entity of comparison.entities) {
    const partly = rulesOf(entity, comparison).filter((rule) => rule.compared && rule.applies !== 'true');
    const [counts = {}] = partly.length === 0 ? [] : await plane.rows<Record<string, number>>(comparedValuesSql(entity, partly));
    values.set(entity.entity, new Map(partly.map(({ field }, index) => [field, { applied: counts[`a${index}`] ?? 0, missing: counts[`m${index}`] ?? 0 }])));
  }
  return values;
}

/** Linked rows without a value where Odoo cannot hold "no value": Odoo has its own there. */
function uncomparedValues(entity: EntityComparison, comparison: Comparison, values: ComparedValues | undefined): CoverageItem[] {
  const rules = rulesOf(entity, comparison).filter((rule) => rule.compared && rule.skipsNull && rule.contract.required !== true);
  return rules.flatMap(({ field }) => {
    const rows = values?.get(field)?.missing ?? 0;
    return rows === 0 ? [] : [{ entity: entity.entity, field, reason: 'not-compared' as const, rows, sum: null }];
  });
}

function sumOfCounts(entity: EntityComparison, name: 'filtered' | 'rejected' | 'duplicates' | 'mapped'): number {
  return entity.datasets.reduce((sum, dataset) => sum + dataset.counts[name], 0);
}

function textOf(sum: number | string | null | undefined): string | null {
  return sum === null || sum === undefined ? null : plainDecimal(String(sum));
}
