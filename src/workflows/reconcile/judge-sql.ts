/** Raw breaks of one entity become judged ones, in one pass over the Parquet file. */
import { identifier, literal } from '../../domain/sql.ts';
import type { EntityComparison } from './comparison.ts';
import { isEchoSql } from './echo.ts';
import { cameAboutSql } from './pending-sql.ts';
import { keyedIdSql, valueHashSql } from './value-tokens.ts';
import { holdingSql } from './waivers.ts';

export interface JudgeContext {
  readonly asOf: string;
  /** Number of the night, and the as-of of the first look at it. */
  readonly night: number;
  readonly firstLook: string;
  /** `own_writes` has rows. */
  readonly hasOwnWrites: boolean;
}

/** The columns of the raw breaks (`id` keyed where the key is `pii`, `direction` as decided) and `rule`, `status`, `life`, `first_seen`, `nights`, `pending_until`,
 *  `waived_until`, `value_hash`, `decision` (waive, legacy, odoo: the one that holds), `candidate` (the one record of Odoo that an `exists-unlinked` one may be, by
 *  External ID, else database id), `explained` (class of the contract) and `lately` (`life` against the night before, whatever night `life` is told against). In the order of the raw ones. Needs `pii_key`, `lives`, `break_decided` and `own_writes`. */
export function judgedSql(entity: EntityComparison, context: JudgeContext): string {
  const { asOf, night, firstLook, hasOwnWrites } = context;
  const { contract } = entity.definition;
  const settles = contract.settle_minutes > 0 && entity.binding !== null;
  const sides = settles ? sidesSql(entity) : '';
  const pendingUntil = settles ? `${cameAboutSql('b', contract, hasOwnWrites)} + INTERVAL ${contract.settle_minutes} MINUTE` : 'CAST(NULL AS TIMESTAMP)';
  return `WITH keyed AS (
  SELECT r.* REPLACE (CASE WHEN r.key_pii THEN ${keyedIdSql('r.id')} ELSE r.id END AS id), coalesce(r.field, r.class) AS rule, ${valueHashSql('r')} AS value_hash,
    CASE WHEN r.class = 'exists-unlinked' THEN c.candidate END AS candidate, ${entity.explained === null ? 'CAST(NULL AS VARCHAR)' : 'x.explained'} AS explained
  FROM (${uniqueSql(entity.breaks)}) AS r
  LEFT JOIN (${candidatesSql(entity.candidates)}) AS c ON c._system = r.system AND c._key = r.key${entity.explained === null ? '' : `\n  LEFT JOIN read_parquet(${literal(entity.explained)}) AS x ON x.id = r.id AND r.class NOT IN ('rejected', 'null-key')`}
),
lived AS (
  SELECT k.*, coalesce(p.first_seen, ${literal(firstLook)}) AS first_seen, ${night} - coalesce(p.opened, ${night}) + 1 AS nights,
    CASE WHEN p.then_there THEN 'persisting' WHEN p.then_resolved THEN 'reopened' ELSE 'new' END AS life,
    CASE WHEN p.opened IS NOT NULL THEN 'persisting' WHEN p.was_resolved THEN 'reopened' ELSE 'new' END AS lately
  FROM keyed AS k LEFT JOIN lives AS p ON p.id = k.id
),
aged AS (
  SELECT b.*, ${pendingUntil} AS settled_at, ${hasOwnWrites ? isEchoSql('b') : 'false'} AS is_echo
  FROM lived AS b ${sides}
),
decided AS (
  SELECT a.*, d.decision, d.until AS decided_until,
    CASE WHEN a.explained IS NOT NULL THEN 'explained' WHEN a.is_echo THEN 'echo' WHEN d.decision = 'waive' THEN 'waived' WHEN a.settled_at > CAST(${literal(asOf)} AS TIMESTAMP) THEN 'pending' ELSE 'open' END AS status
  FROM aged AS a LEFT JOIN (${holdingSql(asOf.slice(0, 10))}) AS d ON d."break" = a.id AND d.value_hash = a.value_hash
)
SELECT id, entity, system, key, odoo_id, class, rule, field, legacy, odoo, baseline, movement, owner, ${directionSql(entity)} AS direction, status, life, first_seen, nights,
  CASE WHEN status = 'pending' THEN strftime(settled_at, '%Y-%m-%dT%H:%M:%S.%gZ') END AS pending_until, CASE WHEN status = 'waived' THEN decided_until END AS waived_until,
  value_hash, decision, candidate, lately, explained, pii, key_pii
FROM decided ORDER BY system, key, odoo_id, field NULLS FIRST, id`;
}

/** A row that was rejected may have the key of one that was mapped: two breaks of one record, and each needs an id of its own. One equality is all of the
 *  condition: with another beside it, every break would be held against every record's. */
function uniqueSql(breaks: string): string {
  const isReject = "class IN ('rejected', 'null-key')";
  return `SELECT b.* REPLACE (CASE WHEN t.id IS NULL THEN b.id ELSE left(sha256(b.id || ' rejected'), 16) END AS id) FROM read_parquet(${literal(breaks)}) AS b
  LEFT JOIN (SELECT DISTINCT id FROM read_parquet(${literal(breaks)}) WHERE field IS NULL AND NOT ${isReject}) AS t ON t.id = CASE WHEN b.${isReject} THEN b.id END`;
}

/** Of a record that may be one of several, no one is the candidate. */
function candidatesSql(file: string): string {
  return `SELECT _system, _key, any_value(coalesce(_external_id, CAST(_odoo_id AS VARCHAR))) AS candidate FROM read_parquet(${literal(file)}) GROUP BY ALL HAVING count(*) = 1`;
}

/** When both sides of a break were last changed. Rows that share a key never have a break that settles. */
function sidesSql({ legacy, odoo, definition }: EntityComparison): string {
  const { changed_at: changedAt } = definition.contract;
  const left =
    changedAt === undefined
      ? ''
      : `LEFT JOIN (SELECT _system, _key, ${identifier(changedAt)} FROM ${legacy.sql} WHERE NOT _duplicate) AS l ON l._system = b.system AND l._key = b.key`;
  return `${left} LEFT JOIN (SELECT _odoo_id, _write_date FROM ${odoo.sql}) AS o ON o._odoo_id = b.odoo_id`;
}

/** A decision says which side holds; where neither side can (a key that does not identify, a value that is not there yet), the direction stays. What was made
 *  in Odoo, where Odoo leads, is what the legacy system lacks. */
function directionSql({ binding }: EntityComparison): string {
  const computed = (binding?.fields ?? []).flatMap((field) => (field.send ? [] : [field.field]));
  const isComputed = computed.length === 0 ? 'false' : `field IN (${computed.map(literal).join(', ')})`;
  return `CASE
    WHEN decision = 'legacy' AND class IN ('value', 'missing-value', 'extra-value') AND NOT (${isComputed}) THEN 'update-odoo'
    WHEN decision = 'legacy' AND class IN ('only-legacy', 'missing-in-odoo') AND direction <> 'link' THEN 'create-in-odoo'
    WHEN decision = 'legacy' AND class IN ('only-odoo', 'missing-in-legacy') THEN 'archive-in-odoo'
    WHEN decision = 'odoo' AND class NOT IN ('duplicate-key', 'null-key', 'rejected', 'exists-unlinked') THEN 'return-to-legacy'
    WHEN class = 'only-odoo' AND owner = 'odoo' THEN 'return-to-legacy'
    ELSE direction END`;
}
