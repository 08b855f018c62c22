/** What users changed before a load came to it, as breaks: with the ids and value hashes that the next comparison gives them, so that a decision on the one is a
 *  decision on the other. */
import { canonicalTextSql } from '../../domain/canonical.ts';
import type { EntityContract, FieldContract } from '../../domain/contract.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { ResolvedField } from '../pull/pull-odoo-binding.ts';
import { keyedIdSql, valueHashSql } from '../reconcile/value-tokens.ts';
import { odooType } from '../sides/field-rules.ts';
import type { CodeLookups } from '../sides/open-sides.ts';

/** Columns of `met`, all VARCHAR: one row per record and canonical field. `field` is empty where it is about the record, whose `class` is given then; `found` and
 *  `expected` are wire texts (of a state its canonical value). */
export const metColumns = ['entity', 'system', 'key', 'odoo_id', 'field', 'class', 'found', 'expected', 'candidate'] as const;
/** Columns of `link_names`: which legacy record a record of Odoo is. */
export const linkNameColumns = ['entity', 'odoo_id', 'key'] as const;

export interface ConflictField {
  readonly contract: EntityContract;
  readonly field: string;
  readonly fieldContract: FieldContract;
  /** Null for the state of a document. */
  readonly bound: ResolvedField | null;
  readonly codes: CodeLookups;
  /** Canonical legacy rows of the entity, as a query. */
  readonly legacy: string;
}

/** Rows that `judgedConflictsSql` reads. A field that both sides have come to agree upon is none. */
export function fieldConflictsSql({ contract, field, fieldContract, bound, codes, legacy }: ConflictField): string {
  const text = (raw: string) => odooTextSql(raw, field, fieldContract, bound, codes);
  const owner = contract.owner.fields[field] ?? contract.owner.default;
  const direction = bound?.send === false ? 'decide' : owner === 'legacy' ? 'update-odoo' : 'return-to-legacy';
  return `SELECT entity, system, key, odoo_id, CASE WHEN legacy IS NULL THEN 'extra-value' WHEN odoo IS NULL THEN 'missing-value' ELSE 'value' END AS class, field, legacy, odoo, baseline,
  CASE WHEN legacy IS NOT DISTINCT FROM baseline THEN 'odoo-changed' ELSE 'both-changed' END AS movement, ${literal(owner)} AS owner, ${literal(direction)} AS direction,
  ${literal(fieldContract.pii)} AS pii, candidate
FROM (
  SELECT m.entity, m.system, m.key, CAST(m.odoo_id AS BIGINT) AS odoo_id, m.field, m.candidate,
    ${canonicalTextSql(fieldContract, `l.${identifier(field)}`)} AS legacy, ${text('m.found')} AS odoo, ${text('m.expected')} AS baseline
  FROM met AS m LEFT JOIN (SELECT * FROM (${legacy}) WHERE NOT _duplicate) AS l ON l._system = m.system AND l._key = m.key
  WHERE m.entity = ${literal(contract.entity)} AND m.field = ${literal(field)}
) WHERE legacy IS DISTINCT FROM odoo`;
}

/** The same of records as a whole. */
export function recordConflictsSql({ entity, owner }: EntityContract): string {
  const isLegacy = owner.default === 'legacy';
  return `SELECT entity, system, key, CAST(odoo_id AS BIGINT) AS odoo_id, class, ${['field', 'legacy', 'odoo', 'baseline', 'movement'].map((name) => `CAST(NULL AS VARCHAR) AS ${name}`).join(', ')},
  ${literal(owner.default)} AS owner, CASE class WHEN 'exists-unlinked' THEN 'link' WHEN 'missing-in-legacy' THEN ${literal(isLegacy ? 'archive-in-odoo' : 'decide')} ELSE 'decide' END AS direction,
  false AS pii, candidate
FROM met WHERE entity = ${literal(entity)} AND field = ''`;
}

/** Columns of judged breaks (reconcile/judge-sql.ts). Needs `pii_key`. */
export function judgedConflictsSql(rows: string, of: { readonly capability: string; readonly keysArePii: readonly string[]; readonly asOf: string }): string {
  const id = `left(sha256(CAST(to_json([${literal(of.capability)}, r.entity, r.system, r.key, r.field]) AS VARCHAR)), 16)`;
  const isPii = of.keysArePii.length === 0 ? 'false' : `r.entity IN (${of.keysArePii.map(literal).join(', ')})`;
  return `SELECT CASE WHEN ${isPii} THEN ${keyedIdSql(id)} ELSE ${id} END AS id, r.entity, r.system, r.key, r.odoo_id, r.class, coalesce(r.field, r.class) AS rule, r.field,
  r.legacy, r.odoo, r.baseline, r.movement, r.owner, r.direction, 'open' AS status, 'new' AS life, ${literal(of.asOf)} AS first_seen, 1 AS nights,
  CAST(NULL AS VARCHAR) AS pending_until, CAST(NULL AS VARCHAR) AS waived_until, ${valueHashSql('r')} AS value_hash, CAST(NULL AS VARCHAR) AS decision, r.candidate,
  'new' AS lately, r.pii, ${isPii} AS key_pii
FROM (${rows}) AS r ORDER BY r.entity, r.system, r.key, r.field NULLS FIRST`;
}

/** Canonical text of what Odoo has, as a comparison prints it. */
function odooTextSql(raw: string, field: string, contract: FieldContract, bound: ResolvedField | null, codes: CodeLookups): string {
  if (bound === null) return raw;
  if (contract.type === 'ref') {
    const named = `SELECT min(k.key) FROM link_names AS k WHERE k.entity = ${literal(contract.entity)} AND k.odoo_id = ${raw}`;
    return `coalesce((${named}), '#' || ${raw})`;
  }
  const code = codes.get(field);
  if (code !== undefined) {
    const value = `CAST(c.${identifier(code.by)} AS VARCHAR)`;
    return `(SELECT any_value(${value}) FROM read_parquet(${literal(code.file)}) AS c WHERE c.id = TRY_CAST(${raw} AS BIGINT))`;
  }
  const typed = contract.type === 'date' ? `CAST(TRY_CAST(${raw} AS TIMESTAMP) AS DATE)` : `TRY_CAST(${raw} AS ${odooType(contract, true)})`;
  return canonicalTextSql(contract, typed);
}
