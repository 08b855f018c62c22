/** Judged breaks as they may leave the run's own data. */
import { identifier, literal } from '../../domain/sql.ts';
import { tokenSql } from './value-tokens.ts';

/** Columns of `Break`, in order, in snake case. */
export const breakColumns = [
  ...['id', 'entity', 'system', 'key', 'odoo_id', 'class', 'rule', 'field', 'legacy', 'odoo', 'baseline', 'movement', 'owner', 'direction'],
  ...['status', 'life', 'first_seen', 'nights', 'pending_until', 'waived_until', 'value_hash', 'masked'],
] as const;

/** The breaks of one judged file, in its order without echoes and what is explained, as `breakColumns`. Values of `pii` fields and keys are tokens (NULL without a key)
 *  unless asked for in clear. Needs `stagePiiKey` in the same plane. */
export function maskedBreaksSql(file: string, { clear }: { readonly clear: boolean }): string {
  const secrets: Readonly<Record<string, string>> = { legacy: 'b.pii', odoo: 'b.pii', baseline: 'b.pii', key: 'b.key_pii' };
  const columns = breakColumns.map((column) => {
    if (column === 'masked') return `${clear ? 'false' : 'b.pii OR b.key_pii'} AS masked`;
    const [own, secret] = [`b.${identifier(column)}`, secrets[column]];
    return clear || secret === undefined ? own : `CASE WHEN ${secret} THEN ${tokenSql(own)} ELSE ${own} END AS ${identifier(column)}`;
  });
  return `SELECT ${columns.join(', ')} FROM read_parquet(${literal(file)}) AS b WHERE b.status NOT IN ('echo', 'explained')`;
}
