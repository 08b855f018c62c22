/** The values a decision was made on, as one hash: it tells whether the records are still what they were. */
import { canonicalTextSql, keyIsPii } from '../../domain/canonical.ts';
import type { EntityContract, FieldContract } from '../../domain/contract.ts';
import { identifier, literal } from '../../domain/sql.ts';

/** The records of one entity. Relations are a quoted table or `read_parquet(…)`. */
export interface MatchRelations {
  readonly contract: EntityContract;
  /** Sources of the match in their order; Odoo, where it takes part, is the last. */
  readonly systems: readonly string[];
  readonly odooSystem: string;
  /** Canonical rows of all legacy systems: `_system`, `_key` and the fields. */
  readonly legacy: string;
  /** Canonical rows of Odoo: `_odoo_id`, `_external_id`, `_foreign_external_id` and the bound fields; null: not pulled. */
  readonly odoo: string | null;
  /** Fields that the rows of Odoo have. */
  readonly odooFields: readonly string[];
}

/** `system`, `key`, `text`: the values of the records in `wanted` (`system`, `key`; of Odoo the database id as text). Rows that share a key count
 *  together, whatever their order. */
export function recordTextsSql(relations: MatchRelations, wanted: string): string {
  const { contract, odooSystem, legacy, odoo, odooFields } = relations;
  const fields = Object.entries(contract.fields)
    .filter(([, field]) => !field.pii)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const bound = fields.filter(([name]) => odooFields.includes(name));
  const rows = [
    `SELECT _system AS system, _key AS key, ${rowTextSql(fields)} AS text FROM ${legacy} AS r SEMI JOIN ${wanted} AS w ON w.system = r._system AND w.key = r._key`,
    ...(odoo === null
      ? []
      : [
          `SELECT ${literal(odooSystem)} AS system, CAST(_odoo_id AS VARCHAR) AS key, ${rowTextSql(bound)} AS text FROM ${odoo} AS r
  SEMI JOIN ${wanted} AS w ON w.system = ${literal(odooSystem)} AND w.key = CAST(r._odoo_id AS VARCHAR)`,
        ]),
  ];
  return `SELECT system, key, CAST(to_json(list_sort(list(text))) AS VARCHAR) AS text FROM (${rows.join('\nUNION ALL ')}) GROUP BY system, key`;
}

/** The fields that have a value, by name, each with its canonical text: an empty text is a value, a field nobody fills is none, so that a field added to the
 *  contract makes no decision stale by itself. */
function rowTextSql(fields: readonly (readonly [string, FieldContract])[]): string {
  if (fields.length === 0) return `'[]'`;
  const texts = fields.map(([name, field]) => `[${literal(name)}, CAST(${canonicalTextSql(field, `r.${identifier(name)}`)} AS VARCHAR)]`);
  return `CAST(to_json(list_filter([${texts.join(', ')}], lambda f: f[2] IS NOT NULL)) AS VARCHAR)`;
}

/** `id`, `value_hash`: 16 hex digits of SHA-256 over the records of each id in the order of system and key. `members` has `id`, `system`, `key`; `texts` is what
 *  `recordTextsSql` made. A record that is not there counts as such. Keys made of `pii` fields stay out: they could be guessed from the hash. */
export function valueHashSql({ contract, odooSystem }: MatchRelations, members: string, texts: string): string {
  const key = keyIsPii(contract) ? `CASE WHEN m.system = ${literal(odooSystem)} THEN m.key END` : 'm.key';
  return `SELECT m.id, left(sha256(CAST(to_json(list_sort(list([m.system, ${key}, t.text]))) AS VARCHAR)), 16) AS value_hash
FROM (SELECT DISTINCT id, system, key FROM ${members}) AS m LEFT JOIN ${texts} AS t ON t.system = m.system AND t.key = m.key GROUP BY m.id`;
}

/** Number of a source among those of the match. */
export function sourceNumberSql(systems: readonly string[], system: string): string {
  return `CAST(list_position([${systems.map(literal).join(', ')}]::VARCHAR[], ${system}) - 1 AS INTEGER)`;
}
