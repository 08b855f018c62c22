/** Which records have to be looked at again, when the rest of an earlier comparison holds. A comparison falls apart into groups of records that know of each other: by
 *  a link, by a key that several have, by being one thing. What is asked for here is every group with anything in it that is not as it was, whole; what a group comes to
 *  depends on nothing outside it.
 *
 *  Tables of an entity: `again` (`_system`, `_key`) and `ids` (`id` of Odoo). */
import type { CanonicalDataset } from '../../domain/canonical.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import type { FieldRule } from '../sides/field-rules.ts';
import { entityTable } from '../sides/sides-sql.ts';

/** Files that a comparison of everything has left of an entity. */
export interface ComparedWhole {
  readonly records: string;
  readonly breaks: string;
  /** `legacyMarksSql`, `<entity>:classes`, `<entity>:candidates`, `<entity>:links`, `<entity>:seen`. */
  readonly marks: string;
  readonly classes: string;
  readonly candidates: string;
  readonly links: string;
  readonly seen: string;
  /** Datasets it was made from, one per system. */
  readonly datasets: readonly CanonicalDataset[];
  /** Baseline layers that have come since. */
  readonly layers: readonly string[];
}

/** Columns of a record `o` of Odoo: `_digest` of all that comparing it reads, `_keys` of its own key where that is whole. 64-bit hashes over typed columns, no text glued
 *  together: that two values which differ have one has a chance of 2⁻⁶⁴, and `--full` looks for one that did. `columns`: of the snapshot. */
export function digestsSql(columns: readonly string[], keyRules: readonly FieldRule[] | null): string {
  // moments move whenever a record is written, whatever to
  const read = columns.filter((column) => !['id', 'write_date', '_changed_at'].includes(column)).map((column) => `o.${identifier(`odoo_${column}`)}`);
  const keys = (keyRules ?? []).map((rule) => rule.odooForm);
  const whole = keys.map((key) => `${key} IS NOT NULL`).join(' AND ');
  return `hash(${['o._odoo_id', ...read].join(', ')}) AS _digest, ${keys.length === 0 ? 'CAST(NULL AS UBIGINT)' : `CASE WHEN ${whole} THEN hash(${keys.join(', ')}) END`} AS _keys`;
}

/** Table `<entity>:seen`: the digests of every record. */
export function seenTableSql(entity: string, odoo: string | null, digests: string): string {
  const create = `CREATE OR REPLACE TABLE ${entityTable(entity, 'seen')}`;
  if (odoo === null) return `${create} (_odoo_id BIGINT, _digest UBIGINT, _keys UBIGINT)`;
  return `${create} AS SELECT o._odoo_id, ${digests} FROM (${odoo}) AS o`;
}

/** Table `<entity>:odoo`: the records of Odoo that are not as they were, and those in `ids`, with their digests; `most` of them and one more. */
export function otherOdooTableSql(entity: string, { seen }: ComparedWhole, odoo: string, digests: string, most: number): string {
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'odoo')} AS SELECT d.* FROM (SELECT o.*, ${digests} FROM (${odoo}) AS o) AS d
LEFT JOIN read_parquet(${literal(seen)}) AS w ON w._odoo_id = d._odoo_id LEFT JOIN ${entityTable(entity, 'ids')} AS i ON i.id = d._odoo_id
WHERE d._digest IS DISTINCT FROM w._digest OR i.id IS NOT NULL LIMIT ${most + 1}`;
}

/** Adds those, and the records that are gone, to `ids`. `odooIds`: query of all there are. */
export function otherIdsSql(entity: string, { seen }: ComparedWhole, odooIds: string): string {
  const ids = entityTable(entity, 'ids');
  return `INSERT INTO ${ids} SELECT x.id FROM (SELECT _odoo_id AS id FROM ${entityTable(entity, 'odoo')}
UNION ALL SELECT w._odoo_id FROM read_parquet(${literal(seen)}) AS w ANTI JOIN (${odooIds}) AS n ON n.id = w._odoo_id) AS x ANTI JOIN ${ids} AS i ON i.id = x.id`;
}

/** What has come into `ids` since, of the records there are. */
export function missingOdooSql(entity: string, odooIds: string): string {
  return `SELECT i.id FROM ${entityTable(entity, 'ids')} AS i SEMI JOIN (${odooIds}) AS n ON n.id = i.id ANTI JOIN ${entityTable(entity, 'odoo')} AS o ON o._odoo_id = i.id`;
}

/** Table `<entity>:relinked`: legacy records whose link is another than it was. An entity that is not bound to Odoo has none (null). */
export function relinkedTableSql(entity: string, whole: Pick<ComparedWhole, 'links'> | null): string {
  if (whole === null) return `CREATE OR REPLACE TABLE ${entityTable(entity, 'relinked')} (_system VARCHAR, _key VARCHAR)`;
  const others = ['odoo_id', 'origin', 'provenance', 'evidence', 'since'].map((name) => `n.${name} IS DISTINCT FROM w.${name}`).join(' OR ');
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'relinked')} AS
SELECT coalesce(n._system, w._system) AS _system, coalesce(n._key, w._key) AS _key
FROM ${entityTable(entity, 'links')} AS n FULL JOIN read_parquet(${literal(whole.links)}) AS w ON w._key = n._key AND w._system = n._system WHERE ${others}`;
}

/** Rows (all columns of the dataset's files) that stand in one of two datasets of one base and not in the other, or may. */
export function changedRowsSql(was: CanonicalDataset, now: CanonicalDataset): readonly string[] {
  if (was.inputsHash === now.inputsHash) return [];
  return [was, now].flatMap(({ rows: { base, changes } }) => {
    if (changes === null) return [];
    const [join, file] = 'gone' in changes ? ['SEMI', changes.gone] : ['ANTI', changes.places];
    const gone = `SELECT b.* FROM read_parquet(${literal(base)}) AS b ${join} JOIN read_parquet(${literal(file)}) AS g ON g.ordinal = b.file_row_number`;
    return [`SELECT * FROM read_parquet(${literal(changes.rows)})`, gone];
  });
}

/** May rows have changed places between the two? */
export function hasMovedRows(was: CanonicalDataset, now: CanonicalDataset): boolean {
  return was.inputsHash !== now.inputsHash && [was, now].some(({ rows: { changes } }) => changes !== null && 'places' in changes);
}

export interface AgainRequest {
  readonly entity: string;
  readonly whole: ComparedWhole;
  /** Queries of `changedRowsSql`. */
  readonly changed: readonly string[];
  /** Rows may have changed places: several rejects of one key are told apart by theirs. */
  readonly hasMoved: boolean;
  /** Ref fields whose entity is compared too: field → entity. */
  readonly refs: ReadonlyMap<string, string>;
  /** Where amounts are made of lines: field of the lines that names the document, and the changed rows of the lines. */
  readonly lines: { readonly entity: string; readonly parent: string; readonly changed: readonly string[] } | null;
}

/** What is not as it was, but for the records of Odoo (`otherOdooTableSql`). Records without a link are all asked for: any of them may be what a new one is. */
export function againTablesSql({ entity, whole, changed, hasMoved, refs, lines }: AgainRequest): readonly string[] {
  const records = `read_parquet(${literal(whole.records)})`;
  const legacy = entityTable(entity, 'legacy');
  const keys = [
    `SELECT _system, _key FROM ${entityTable(entity, 'relinked')}`,
    ...changed.map((rows) => `SELECT _system, _key FROM (${rows})`),
    `SELECT _system, _key FROM ${records} WHERE _class IN ('only-legacy', 'exists-unlinked') OR _leader_key IS NOT NULL OR _decision IS NOT NULL`,
    `SELECT _leader_system, _leader_key FROM ${records} WHERE _leader_key IS NOT NULL`,
    `SELECT _system, _key FROM ${entityTable(entity, 'follows')} UNION ALL SELECT leader_system, leader_key FROM ${entityTable(entity, 'follows')}`,
    `SELECT _system, _key FROM ${identifier(`${entity}:members`)}`,
    `SELECT system, key FROM decisions WHERE entity = ${literal(entity)}`,
    ...(hasMoved ? [`SELECT _system, _key FROM ${entityTable(entity, 'rejects')}`] : []),
    ...whole.layers.map((file) => `SELECT _system, _key FROM read_parquet(${literal(file)})`),
    // their breaks name other records, which may be named otherwise by now
    ...(refs.size === 0 ? [] : [`SELECT _system, _key FROM ${records} WHERE list_has_any(_fields, CAST(${literalList([...refs.keys()])} AS VARCHAR[]))`]),
    ...[...refs].map(
      ([field, target]) =>
        `SELECT r._system, r._key FROM ${legacy} AS r SEMI JOIN ${entityTable(target, 'relinked')} AS t ON t._system = r._system AND t._key = r.${identifier(field)}`,
    ),
    ...(lines === null ? [] : documentsOfLinesSql(lines)),
  ];
  const ids = [`SELECT _odoo_id AS id FROM read_parquet(${literal(whole.classes)})`, `SELECT _odoo_id FROM read_parquet(${literal(whole.candidates)})`];
  return [
    `CREATE OR REPLACE TABLE ${entityTable(entity, 'again')} AS SELECT DISTINCT _system, _key FROM (${keys.join('\nUNION ALL ')}) WHERE _key IS NOT NULL`,
    `CREATE OR REPLACE TABLE ${entityTable(entity, 'ids')} AS SELECT DISTINCT id FROM (${ids.join('\nUNION ALL ')}) WHERE id IS NOT NULL`,
  ];
}

function documentsOfLinesSql({ entity, parent, changed }: NonNullable<AgainRequest['lines']>): string[] {
  const document = identifier(parent);
  // a line that has become the only one of its key, or is it no more, counts otherwise too
  const keys = changed.map((rows) => `SELECT _system, _key FROM (${rows})`).join(' UNION ALL ');
  if (keys === '') return [];
  return [
    ...changed.map((rows) => `SELECT _system, ${document} AS _key FROM (${rows})`),
    `SELECT r._system, r.${document} FROM ${entityTable(entity, 'legacy')} AS r SEMI JOIN (${keys}) AS c ON c._system = r._system AND c._key = r._key`,
  ];
}

/** Adds what those in the tables are linked to; needs to be run until nothing is added, together with `widenByKeySql`. */
export function widenByLinkSql(entity: string, whole: ComparedWhole): readonly string[] {
  const [again, ids] = [entityTable(entity, 'again'), entityTable(entity, 'ids')];
  const links = `(SELECT _system, _key, odoo_id FROM ${entityTable(entity, 'links')} UNION ALL SELECT _system, _key, odoo_id FROM read_parquet(${literal(whole.links)}))`;
  return [
    `INSERT INTO ${ids} SELECT DISTINCT k.odoo_id FROM ${links} AS k SEMI JOIN ${again} AS a ON a._key = k._key AND a._system = k._system
ANTI JOIN ${ids} AS i ON i.id = k.odoo_id WHERE k.odoo_id IS NOT NULL`,
    `INSERT INTO ${again} SELECT DISTINCT k._system, k._key FROM ${links} AS k SEMI JOIN ${ids} AS i ON i.id = k.odoo_id
ANTI JOIN ${again} AS a ON a._key = k._key AND a._system = k._system`,
  ];
}

/** Adds the records of Odoo that share, or shared, a key with those in `ids`. */
export function widenByKeySql(entity: string, whole: ComparedWhole): string {
  const ids = entityTable(entity, 'ids');
  const seen = `(SELECT _odoo_id, _keys FROM ${entityTable(entity, 'odoo')} WHERE _keys IS NOT NULL UNION ALL SELECT _odoo_id, _keys FROM read_parquet(${literal(whole.seen)}) WHERE _keys IS NOT NULL)`;
  return `INSERT INTO ${ids} SELECT DISTINCT s._odoo_id FROM ${seen} AS s
SEMI JOIN (SELECT s._keys FROM ${seen} AS s SEMI JOIN ${ids} AS i ON i.id = s._odoo_id) AS k ON k._keys = s._keys ANTI JOIN ${ids} AS i ON i.id = s._odoo_id`;
}

/** `again`, `ids`. */
export function againCountsSql(entity: string): string {
  return `SELECT ${(['again', 'ids'] as const).map((part) => `(SELECT count(*) FROM ${entityTable(entity, part)}) AS ${part}`).join(', ')}`;
}

/** Records, or breaks, that hold: their record is not asked for again. Those of Odoo alone and those without a key always are. `again`: relation of those; `names`: columns of system and key. */
export function holdingSql(again: string, file: string, odooSystem: string, names: readonly [system: string, key: string]): string {
  const [system, key] = names;
  return `SELECT w.* FROM read_parquet(${literal(file)}) AS w ANTI JOIN ${again} AS a ON a._key = w.${key} AND a._system = w.${system}
WHERE w.${system} <> ${literal(odooSystem)} AND w.${key} IS NOT NULL`;
}
