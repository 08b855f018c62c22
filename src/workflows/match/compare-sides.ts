/** What the comparisons of pairs look at, made for the records of the pairs at hand only. */
import type { DataPlane } from '../../domain/ports.ts';
import { isWordy } from './comparisons.ts';
import type { MatchField } from './field-kind.ts';
import { codeListsSql, sidesSql, vectorsSql } from './records-sql.ts';

/** `pairs`: tables with l and r. Makes `match_sides`, in the place of an earlier one. */
export async function makeSides(plane: DataPlane, fields: readonly MatchField[], pairs: readonly string[]): Promise<void> {
  await plane.run(
    `CREATE OR REPLACE TABLE match_wanted AS ${pairs.map((table) => `SELECT l AS rid FROM ${table} UNION SELECT r FROM ${table}`).join(' UNION ')}`,
  );
  for (const [index, field] of fields.entries()) if (isWordy(field.kind)) await plane.run(vectorsSql(index, 'match_wanted'));
  if (fields.some((field) => field.kind === 'text')) await plane.run(codeListsSql('match_wanted'));
  await plane.run(sidesSql(fields, 'match_wanted'));
}
