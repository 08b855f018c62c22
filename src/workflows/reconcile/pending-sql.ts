/** Differences that may be changes on their way: from when on each of them counts. */
import type { EntityContract } from '../../domain/contract.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { isOwnWriteSql } from './echo.ts';

/** Bad data does not settle by waiting, and neither does a record that a person has to recognise. */
const neverPending = ['duplicate-key', 'null-key', 'rejected', 'exists-unlinked'];

/** When a break (alias `b`; its legacy row `l`, its Odoo record `o`, `b.first_seen` as text) came about, as a TIMESTAMP; NULL where it does not settle.
 *
 *  That is when the sides that may have moved were last changed: Odoo's write_date, unless only we moved it, and `changed_at` of the legacy row. Where that is not
 *  known, and at the latest, it is when the break was first seen: what has been there for the settle time is a break, whoever touches the record since. */
export function cameAboutSql(b: string, contract: EntityContract, hasOwnWrites: boolean): string {
  const seen = `CAST(${b}.first_seen AS TIMESTAMP)`;
  const { changed_at: changedAt } = contract;
  const legacy = changedAt === undefined ? seen : `coalesce(l.${identifier(changedAt)}, ${seen})`;
  const written = `coalesce(o._write_date, ${seen})`;
  const odoo = hasOwnWrites ? `CASE WHEN NOT ${isOwnWriteSql(b, 'o._write_date')} THEN ${written} END` : written;
  const moved = `CASE WHEN ${b}.class IN (${neverPending.map(literal).join(', ')}) THEN NULL
    WHEN ${b}.class IN ('missing-in-odoo', 'missing-in-legacy') THEN ${seen}
    WHEN ${b}.class = 'only-legacy' OR ${b}.movement = 'legacy-changed' THEN ${legacy}
    WHEN ${b}.class = 'only-odoo' OR ${b}.movement = 'odoo-changed' THEN ${odoo}
    ELSE greatest(${legacy}, ${odoo}) END`;
  return `CASE WHEN (${moved}) IS NOT NULL THEN least(${moved}, ${seen}) END`;
}
