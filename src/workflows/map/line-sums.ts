/** Sums over the lines of a document, or over other records that refer to one: for checks that hold between the two, as that an entry balances, a bill is
 *  the sum of its lines, or an asset register says what the ledger says. */
import { isAmount, storageType } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import { identifier } from '../../domain/sql.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { Capability, EntityDefinition } from '../../domain/workspace.ts';

/** One sum that a check declares, found to be one. */
export interface LineSum {
  readonly name: string;
  /** Entity and the field summed. Null: no source yields any of it, and the sum is 0. */
  readonly of: { readonly entity: string; readonly field: string /** The reference to the record. */; readonly parent: string } | null;
  /** DuckDB type of the sum: exact, as wide as decimals go. */
  readonly type: string;
}

/** The sums of the check at `index`, and what is wrong with the others. */
export function lineSums(
  capability: Capability,
  entity: EntityDefinition,
  index: number,
): { readonly sums: readonly LineSum[]; readonly mistakes: readonly Mistake[] } {
  const sums: LineSum[] = [];
  const mistakes: Mistake[] = [];
  for (const [name, text] of Object.entries(entity.contract.checks[index]?.sums ?? {})) {
    const refuse = (message: string) => mistakes.push({ position: entity.position(['checks', index, 'sums', name]), message });
    const [other = '', field = ''] = text.split('.');
    const definition = capability.entities.find((one) => one.contract.entity === other);
    const fields = definition?.contract.fields ?? {};
    const summed = fields[field];
    const [parent] = Object.entries(fields).find(([, one]) => one.type === 'ref' && one.entity === entity.contract.entity) ?? [];
    if (entity.contract.fields[name] !== undefined) refuse(`'${name}' is a field of ${entity.contract.entity}: a sum needs a name of its own`);
    else if (definition === undefined || parent === undefined) {
      refuse(`'${other}' is neither a line of '${entity.contract.entity}' nor does it refer to one${didYouMean(other, referring(capability, entity))}`);
    } else if (summed === undefined) refuse(`no field '${field}' in ${other}${didYouMean(field, Object.keys(fields))}`);
    else if (!isAmount(summed) && summed.type !== 'integer') refuse(`'${field}' is of type ${summed.type} and has no sum`);
    else sums.push({ name, of: definition.sources.length === 0 ? null : { entity: other, field, parent }, type: sumType(summed) });
  }
  return { sums, mistakes };
}

function referring(capability: Capability, { contract }: EntityDefinition): string[] {
  const refers = (field: FieldContract) => field.type === 'ref' && field.entity === contract.entity;
  return capability.entities.filter((one) => Object.values(one.contract.fields).some(refers)).map((one) => one.contract.entity);
}

function sumType(field: FieldContract): string {
  return storageType(field)
    .replace(/^DECIMAL\(18,/, 'DECIMAL(38,')
    .replace('BIGINT', 'DECIMAL(38,0)');
}

/** The sums of each record as `_sums`, to stand after its rows `_this`. Rows whose key is not unique count: they are in the document. */
export function sumsFromSql(sums: readonly LineSum[], rows: ReadonlyMap<string, string>): string {
  if (sums.length === 0) return '';
  const joins = sums.map(({ name, of, type }, index) => {
    if (of === null) return { column: `CAST(0 AS ${type}) AS ${identifier(name)}`, join: '' };
    const { entity, field, parent } = of;
    const alias = `_sum_${index}`;
    const summed = `SELECT _system, ${identifier(parent)} AS _document, CAST(sum(${identifier(field)}) AS ${type}) AS total FROM ${rows.get(entity)} GROUP BY ALL`;
    return {
      column: `coalesce(${alias}.total, 0) AS ${identifier(name)}`,
      join: `LEFT JOIN (${summed}) AS ${alias} ON ${alias}._system = _owner._system AND ${alias}._document = _owner._key`,
    };
  });
  const columns = joins.map(({ column }) => column).join(', ');
  return ` JOIN LATERAL (SELECT ${columns} FROM (SELECT _this._system AS _system, _this._key AS _key) AS _owner ${joins.map(({ join }) => join).join(' ')}) AS _sums ON true`;
}
