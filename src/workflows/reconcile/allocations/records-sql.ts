/** Payments and the documents they may pay, of both sides, as rows: those of the legacy systems, and those that Odoo alone has. Sorted by partner and currency. */
import { keyIsPii } from '../../../domain/canonical.ts';
import type { SettlesContract } from '../../../domain/settlement-contract.ts';
import { identifier, literal } from '../../../domain/sql.ts';
import type { EntityComparison } from '../comparison.ts';
import { type JoinedReference, legacyJoinsSql, odooJoinsSql, type SideExpression } from '../side-expressions.ts';
import { tokenSql } from '../value-tokens.ts';

/** One entity that takes part. */
export interface Taking {
  readonly role: 'payment' | 'document';
  readonly entity: EntityComparison;
  readonly amount: SideExpression;
  /** Reference of a payment, number of a document. */
  readonly words: SideExpression;
  /** Class of the rule that explains the record, or NULL. */
  readonly explained: { readonly legacy: string; readonly odoo: string };
  readonly references: readonly JoinedReference[];
  readonly isPartnerPii: boolean;
}

export interface RecordRow {
  readonly [column: string]: string | number | null;
  readonly role: 'payment' | 'document';
  readonly entity: string;
  readonly system: string;
  readonly key: string | null;
  readonly odoo_id: number | null;
  /** What makes it one partner on both sides; null: none. */
  readonly partner: string | null;
  readonly partner_name: string | null;
  readonly currency: string | null;
  readonly date: string | null;
  readonly day: number | null;
  /** Exact text with 12 decimals; null: none. */
  readonly amount: string | null;
  readonly words: string | null;
  readonly explained: string | null;
}

/** Rows as `RecordRow`. Needs `stagePiiKey` unless asked for in clear. */
export function recordsSql(taking: readonly Taking[], settles: SettlesContract, how: { readonly odooSystem: string; readonly clear: boolean }): string {
  const selects = taking.flatMap((one) => [legacySql(one, settles, how.clear), ...(one.entity.binding === null ? [] : [odooSql(one, settles, how)])]);
  return `FROM (${selects.join('\nUNION ALL ')}) ORDER BY partner NULLS FIRST, currency NULLS FIRST, role DESC, date NULLS FIRST, entity, system, key, odoo_id`;
}

const amountText = (amount: string) => `CAST(CAST(${amount} AS DECIMAL(38,12)) AS VARCHAR)`;

function shown(text: string, isPii: boolean, clear: boolean): string {
  return isPii && !clear ? `CASE WHEN ${text} IS NULL THEN NULL ELSE ${tokenSql(text)} END` : text;
}

/** Of what both sides hold of a document the larger amount: the side that does not know of its payment yet. */
function legacySql({ role, entity, amount, words, explained, references, isPartnerPii }: Taking, settles: SettlesContract, clear: boolean): string {
  const partner = identifier(settles.partner);
  const hasOther = entity.binding !== null && amount.odoo !== null;
  const open = `TRY(${amount.legacy})`;
  const larger = hasOther ? `CASE WHEN abs(_o.amount) > abs(${open}) THEN _o.amount ELSE ${open} END` : open;
  const other = hasOther
    ? `LEFT JOIN (SELECT self._odoo_id, TRY(${amount.odoo}) AS amount FROM ${entity.odoo.sql} AS self ${odooJoinsSql(references)}) AS _o ON _o._odoo_id = self._odoo_id`
    : '';
  const date = `self.${identifier(settles.date)}`;
  return `SELECT ${literal(role)} AS role, ${literal(entity.entity)} AS entity, self._system AS system, ${shown('self._key', keyIsPii(entity.definition.contract), clear)} AS key,
  self._odoo_id AS odoo_id, CASE WHEN self.${partner} IS NOT NULL THEN coalesce('#' || CAST(self.${identifier(`_ref_${settles.partner}`)} AS VARCHAR), self._system || '/' || self.${partner}) END AS partner,
  ${shown(`self.${partner}`, isPartnerPii, clear)} AS partner_name, ${settles.currency === undefined ? "''" : `CAST(self.${identifier(settles.currency)} AS VARCHAR)`} AS currency,
  CAST(${date} AS VARCHAR) AS date, CAST(${date} - DATE '1970-01-01' AS INTEGER) AS day, ${amountText(larger)} AS amount, TRY(${words.legacy}) AS words, ${explained.legacy} AS explained
FROM ${entity.legacy.sql} AS self ${other} ${legacyJoinsSql(references)} WHERE NOT self._duplicate AND self._leader_key IS NULL`;
}

function odooSql(
  { role, entity, amount, words, explained, references }: Taking,
  settles: SettlesContract,
  how: { readonly odooSystem: string; readonly clear: boolean },
): string {
  const held = new Set([...(entity.binding?.fields ?? []).map(({ field }) => field)]);
  const field = (name: string, type: string) => (held.has(name) ? `self.${identifier(name)}` : `CAST(NULL AS ${type})`);
  const date = field(settles.date, 'DATE');
  const partner = field(settles.partner, 'BIGINT');
  return `SELECT ${literal(role)}, ${literal(entity.entity)}, ${literal(how.odooSystem)}, ${shown('self._key', keyIsPii(entity.definition.contract), how.clear)}, self._odoo_id,
  '#' || CAST(${partner} AS VARCHAR), '#' || CAST(${partner} AS VARCHAR), ${settles.currency === undefined ? "''" : `CAST(${field(settles.currency, 'VARCHAR')} AS VARCHAR)`},
  CAST(${date} AS VARCHAR), CAST(${date} - DATE '1970-01-01' AS INTEGER), ${amount.odoo === null ? 'NULL' : amountText(`TRY(${amount.odoo})`)}, ${words.odoo === null ? 'NULL' : `TRY(${words.odoo})`}, ${explained.odoo}
FROM ${entity.odoo.sql} AS self ${odooJoinsSql(references)} WHERE self._class IN ('only-odoo', 'missing-in-legacy')`;
}
