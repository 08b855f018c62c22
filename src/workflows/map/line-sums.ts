/** Sums over the lines of a document, for checks that hold between the two: an entry balances, a bill is the sum of its lines. */
import { isAmount, storageType } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import { identifier } from '../../domain/sql.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { Capability, EntityDefinition } from '../../domain/workspace.ts';

/** One sum that a check declares, found to be one. */
export interface LineSum {
  readonly name: string;
  /** Line entity and the field summed. */
  readonly entity: string;
  readonly field: string;
  /** The line's reference to its document. */
  readonly parent: string;
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
    const [lines = '', field = ''] = text.split('.');
    const contract = capability.entities.find((one) => one.contract.entity === lines)?.contract;
    if (contract === undefined || !entity.lines.includes(lines)) {
      refuse(`'${lines}' is not a line of '${entity.contract.entity}'${didYouMean(lines, entity.lines)}`);
      continue;
    }
    const summed = contract.fields[field];
    const [parent] = Object.entries(contract.fields).find(([, one]) => one.type === 'ref' && one.entity === entity.contract.entity) ?? [];
    if (entity.contract.fields[name] !== undefined) refuse(`'${name}' is a field of ${entity.contract.entity}: a sum needs a name of its own`);
    else if (summed === undefined) refuse(`no field '${field}' in ${lines}${didYouMean(field, Object.keys(contract.fields))}`);
    else if (!isAmount(summed) && summed.type !== 'integer') refuse(`'${field}' is of type ${summed.type} and has no sum`);
    else if (parent === undefined) refuse(`${lines} has no field that refers to ${entity.contract.entity}`);
    else sums.push({ name, entity: lines, field, parent, type: sumType(summed) });
  }
  return { sums, mistakes };
}

function sumType(field: FieldContract): string {
  return storageType(field)
    .replace(/^DECIMAL\(18,/, 'DECIMAL(38,')
    .replace('BIGINT', 'DECIMAL(38,0)');
}

/** The sums of each document as `_sums`, to stand after its rows `_this`. Rows whose key is not unique count: they are in the document. */
export function sumsFromSql(sums: readonly LineSum[], rows: ReadonlyMap<string, string>): string {
  if (sums.length === 0) return '';
  const joins = sums.map(({ name, entity, field, parent, type }, index) => {
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
