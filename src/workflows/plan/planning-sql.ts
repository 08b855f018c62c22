/** The set work of planning: both sides of every record brought together, ordered, its lines beside it, as JSON in wire form. */
import { sourceRowsSql, storageType } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { ResolvedBinding } from '../pull/pull-odoo-binding.ts';
import type { EntityComparison } from '../reconcile/comparison.ts';

/** Records of other entities a field refers to: by entity, the Parquet of its comparison. */
export type RecordFiles = ReadonlyMap<string, string>;

/** `_system, _key, record` (JSON text of a RecordToPlan) and `lines` (list of the same per line entity, in order of `lineEntities`)
 *  for every document of an entity: referred records before those that refer to them, then by system and key; records that follow another come last.
 *  Needs the tables of `blockedTableSql` and `refusedTableSql` of all its entities. */
export function documentsSql(document: EntityComparison, lines: readonly EntityComparison[], records: RecordFiles): string {
  const self = selfReference(document);
  const base = recordsSql(document, records, self);
  const joined = lines.map((_, index) => `LEFT JOIN lines_${index} USING (_system, _key)`).join(' ');
  const lists = lines.map((_, index) => `coalesce(lines_${index}.records, []) AS lines_${index}`);
  const ctes = lines.map((line, index) => `lines_${index} AS (${linesSql(document, line, records)})`);
  const depth = self === null ? '' : `${depthSql(document, self)}, `;
  return `WITH RECURSIVE ${depth}document AS (${base})${ctes.map((cte) => `, ${cte}`).join('')}
    SELECT document._system, document._key, document.record${lists.map((list) => `, ${list}`).join('')}
    FROM document ${joined}
    ORDER BY document.follows, document.depth NULLS LAST, document._system, document._key`;
}

/** Table of records that unresolved conflicts of these classes keep out of the plan: `_system`, `_key`, `conflicts` (JSON of BlockingConflict[]). A record
 *  of Odoo in a conflict stands for those linked to it. `file`: null where no class is blocking. */
export function blockedTableSql(entity: EntityComparison, file: string | null, classes: readonly string[]): string {
  const create = `CREATE OR REPLACE TABLE ${blockedTable(entity.entity)}`;
  if (file === null) return `${create} (_system VARCHAR, _key VARCHAR, conflicts JSON)`;
  return `${create} AS
    WITH open AS (SELECT id, class, field, unnest(records) AS one FROM ${parquet(file)} WHERE resolved IS NOT TRUE AND class IN (${classes.map(literal).join(', ')})),
    named AS (
      SELECT one.system AS _system, one.key AS _key, id, class, field FROM open WHERE one.system IS NOT NULL
      UNION SELECT record._system, record._key, id, class, field FROM open JOIN ${parquet(entity.records)} AS record ON record._odoo_id = one.odoo_id WHERE one.system IS NULL
    ),
    grouped AS (SELECT _system, _key, class, field, list(id ORDER BY id)[1:3] AS ids FROM named GROUP BY _system, _key, class, field)
    SELECT _system, _key, to_json(list(struct_pack(class := class, field := field, ids := ids) ORDER BY class, field)) AS conflicts FROM grouped GROUP BY _system, _key`;
}

/** Table of records that break a refusing rule: `system`, `key`, `rules` (JSON of BrokenRule[]). `file`: null where the entity has no such rule. */
export function refusedTableSql(entity: EntityComparison, file: string | undefined): string {
  const create = `CREATE OR REPLACE TABLE ${refusedTable(entity.entity)}`;
  return file === undefined ? `${create} (system VARCHAR, key VARCHAR, rules JSON)` : `${create} AS FROM ${parquet(file)}`;
}

function refusedTable(entity: string): string {
  return identifier(`${entity}:refused`);
}

function blockedTable(entity: string): string {
  return identifier(`${entity}:blocked`);
}

/** Lines of the legacy side whose document is nowhere among the compared ones. */
export function orphanLinesSql(document: EntityComparison, line: EntityComparison, records: RecordFiles): string {
  const parent = parentReference(document, line);
  return `WITH line AS (${recordsSql(line, records, null)})
    SELECT line._system, line._key, line.record FROM line
    JOIN ${line.legacy.sql} AS legacy ON legacy._system = line._system AND legacy._key = line._key AND NOT legacy._duplicate
    WHERE NOT EXISTS (SELECT 1 FROM ${parquet(document.records)} AS document WHERE document._system = line._system AND document._key = legacy.${identifier(parent)})
    ORDER BY line._system, line._key`;
}

/** One line per record that has a legacy side or had one. */
function recordsSql(entity: EntityComparison, records: RecordFiles, self: string | null): string {
  const binding = boundTo(entity);
  const fields = Object.entries(entity.definition.contract.fields);
  const references = fields.flatMap(([name, field]) => (field.type === 'ref' && isBound(binding, name) ? [[name, field.entity] as const] : []));
  const targets = references.filter(([, target]) => records.has(target));
  // A code in a selection is its own word in Odoo: nothing to look up.
  const codes = binding.fields.flatMap(({ field, contract, relation }) => (contract.type === 'code' && relation !== null ? [field] : []));
  const odoo = [...new Set([...binding.fields.map((field) => field.odoo), ...binding.stateColumns])];
  const types = new Map(binding.fields.map((field) => [field.odoo, field.type]));
  const values = jsonObject(fields.map(([name, field]) => [name, wireSql(`legacy.${identifier(name)}`, field)]));
  const raw = jsonObject(odoo.map((name) => [name, rawSql(`odoo.${identifier(`odoo_${name}`)}`, types.get(name) ?? '')]));
  const unread = unreadRowsSql(entity);
  const state = binding.stateField === null ? 'NULL' : `odoo.${identifier(binding.stateField)}`;
  const record = jsonObject([
    ['system', 'record._system'],
    ['key', 'record._key'],
    ['class', 'record._class'],
    ['odooId', 'record._odoo_id'],
    ['toLink', "record._class = 'linked' AND record._origin IS NOT NULL"],
    ['provenance', 'record._provenance'],
    ['evidence', 'record._evidence'],
    ['leader', leaderSql('record')],
    ['ahead', 'legacy._ahead'],
    ['conflicts', 'blocked.conflicts'],
    ['broken', 'refused.rules'],
    ['ref', unread === null ? 'legacy._ref' : 'coalesce(legacy._ref, unread.ref)'],
    ['faults', unread === null ? 'NULL' : "CASE WHEN record._class = 'rejected' THEN unread.faults END"],
    ['values', `CASE WHEN legacy._key IS NULL THEN NULL ELSE ${values} END`],
    ['references', jsonObject(references.map(([name, target]) => [name, referenceSql(name, records.has(target))]))],
    ['codes', jsonObject(codes.map((name) => [name, `legacy.${identifier(`_code_${name}`)}`]))],
    ['differing', 'differing.fields'],
    ['direction', 'whole.direction'],
    ['leftAlone', 'whole.left_alone'],
    ['odoo', `CASE WHEN odoo._odoo_id IS NULL THEN NULL ELSE ${raw} END`],
    ['odooState', state],
    ['grounded', self === null ? 'true' : 'depth.depth IS NOT NULL OR record._leader_key IS NOT NULL'],
  ]);
  return `SELECT record._system, record._key, record._odoo_id, ${self === null ? '0' : 'depth.depth'} AS depth, record._leader_key IS NOT NULL AS follows, legacy._row AS _row, ${record}::VARCHAR AS record
    FROM ${parquet(entity.records)} AS record
    LEFT JOIN ${entity.legacy.sql} AS legacy ON legacy._system = record._system AND legacy._key = record._key AND NOT legacy._duplicate
    LEFT JOIN ${entity.odoo.sql} AS odoo ON odoo._odoo_id = record._odoo_id
    LEFT JOIN (SELECT system, key, json_group_object(field, direction) AS fields FROM ${parquet(entity.breaks)} WHERE field IS NOT NULL AND key IS NOT NULL AND status = 'open' GROUP BY ALL)
      AS differing ON differing.system = record._system AND differing.key = record._key
    LEFT JOIN (SELECT system, key, min(direction) AS direction, ${leftAloneSql} AS left_alone FROM ${parquet(entity.breaks)} WHERE field IS NULL AND key IS NOT NULL GROUP BY ALL)
      AS whole ON whole.system = record._system AND whole.key = record._key
    LEFT JOIN ${blockedTable(entity.entity)} AS blocked ON blocked._system = record._system AND blocked._key = record._key
    LEFT JOIN ${refusedTable(entity.entity)} AS refused ON refused.system = record._system AND refused.key = record._key
    ${unread === null ? '' : `LEFT JOIN (${unread}) AS unread ON unread._system = record._system AND unread._key = record._key`}
    ${targets.map(([name, target]) => referenceJoinSql(name, target, records)).join('\n    ')}
    ${self === null ? '' : 'LEFT JOIN depth ON depth._system = record._system AND depth._key = record._key'}
    WHERE record._key IS NOT NULL AND record._system IN (${systemsOf(entity)}) AND record._class NOT IN ('only-odoo', 'outside-scope', 'null-key')`;
}

/** Rows that were rejected or whose key is not unique, by key: their names to a person, and what is wrong with them. Null: there are none. */
function unreadRowsSql({ datasets, definition }: EntityComparison): string | null {
  const unread = datasets.filter(({ counts }) => counts.rejected > 0 || counts.duplicates > 0);
  if (unread.length === 0) return null;
  const selects = unread.map(({ rows, system }) => {
    const others = `(_state = 'mapped' AND _key IN (SELECT d._key FROM ${parquet(rows.duplicates)} AS d))`;
    return `SELECT _system, _key, array_to_string(list(coalesce(_ref, CAST(_row AS VARCHAR)) ORDER BY _row)[1:3], ', ') AS ref, any_value(${faultsSql(definition, system)}) AS faults
      FROM ${sourceRowsSql(rows)} WHERE _key IS NOT NULL AND (_state = 'rejected' OR ${others}) GROUP BY _system, _key`;
  });
  return selects.join('\n      UNION ALL ');
}

/** The rules that a row breaks, in the order of the fields of its mapping. */
function faultsSql({ sources }: EntityComparison['definition'], system: string): string {
  const mapping = sources.find((source) => source.mapping.system === system)?.mapping;
  const faults = ['filter', ...Object.keys(mapping?.fields ?? {})].map((name, index) => `${literal(`${name}: `)} || _rules[${index + 1}]`);
  return `array_to_string([${faults.join(', ')}], ', ')`;
}

/** Why a record as a whole is nobody's business tonight; NULL where some break of it is open. */
const leftAloneSql = `CASE WHEN bool_and(status <> 'open') THEN ${jsonObject([
  ['status', 'min(status)'],
  ['until', 'min(coalesce(pending_until, waived_until))'],
])} END`;

/** Breaks that are left alone, by entity and status. */
export function leftAloneCountsSql(entities: readonly EntityComparison[]): string {
  const selects = entities.map(({ breaks }, order) => `SELECT ${order} AS n, entity, status FROM ${parquet(breaks)} WHERE status <> 'open'`);
  return `SELECT entity, status, count(*) AS count FROM (${selects.join(' UNION ALL ')}) GROUP BY n, entity, status ORDER BY n, status`;
}

function referenceSql(name: string, known: boolean): string {
  return jsonObject([
    ['id', `legacy.${identifier(`_ref_${name}`)}`],
    ['class', known ? `${identifier(`target_${name}`)}._class` : 'NULL'],
    ['leader', known ? leaderSql(identifier(`target_${name}`)) : 'NULL'],
  ]);
}

function leaderSql(record: string): string {
  return `CASE WHEN ${record}._leader_key IS NULL THEN NULL ELSE ${jsonObject([
    ['system', `${record}._leader_system`],
    ['key', `${record}._leader_key`],
  ])} END`;
}

function referenceJoinSql(name: string, target: string, records: RecordFiles): string {
  const alias = identifier(`target_${name}`);
  return `LEFT JOIN ${parquet(records.get(target) as string)} AS ${alias} ON ${alias}._system = record._system AND ${alias}._key = legacy.${identifier(name)}`;
}

/** Lines by their document: legacy lines by its record key, lines that are gone from the legacy side by its Odoo id. A line that was rejected or whose key is not
 *  unique is one too: without it the document would be another one. */
function linesSql(document: EntityComparison, line: EntityComparison, records: RecordFiles): string {
  const parent = identifier(parentReference(document, line));
  const unread = line.datasets.filter(({ counts }) => counts.rejected > 0 || counts.duplicates > 0);
  const sound = `SELECT _system, _key, ${parent} AS parent FROM ${line.legacy.sql} WHERE NOT _duplicate`;
  const others = unread.map(
    ({ rows }) => `SELECT _system, _key, ${parent} AS parent FROM ${sourceRowsSql(rows)}
      WHERE (_state = 'rejected' OR (_state = 'mapped' AND _key IN (SELECT d._key FROM ${parquet(rows.duplicates)} AS d))) AND ${parent} IS NOT NULL`,
  );
  const withoutKey = unread.map(
    ({ rows, system }) =>
      `UNION ALL BY NAME (${withoutKeySql(`(SELECT *, ${faultsSql(line.definition, system)} AS _faults FROM ${sourceRowsSql(rows)} WHERE _state = 'rejected' AND _key IS NULL)`, parent)})`,
  );
  // One equality for each way to find the document: beside an OR every line would meet every document of its system.
  return `SELECT line._system, coalesce(line.parent, owner._key) AS _key, list(line.record ORDER BY line._row NULLS LAST, line._key) AS records
    FROM (
      SELECT line._system, line._key, line._row, line.record, legacy.parent, CASE WHEN legacy.parent IS NULL THEN odoo.${parent} END AS odoo_parent
      FROM (${recordsSql(line, records, null)}) AS line
      LEFT JOIN (${[sound, ...others].join('\n      UNION ')}) AS legacy ON legacy._system = line._system AND legacy._key = line._key
      LEFT JOIN ${line.odoo.sql} AS odoo ON odoo._odoo_id = line._odoo_id
      ${withoutKey.join('\n      ')}
    ) AS line
    LEFT JOIN (SELECT _system, _key, _odoo_id FROM ${parquet(document.records)} WHERE _leader_key IS NULL) AS owner
      ON owner._system = line._system AND owner._odoo_id = line.odoo_parent
    GROUP BY ALL`;
}

/** Rows of a line entity that have no key, but a document: each a record of its own, named as in the reports. */
function withoutKeySql(rows: string, parent: string): string {
  const name = "'row ' || coalesce(_ref, CAST(_row AS VARCHAR))";
  const nothing = ['odooId', 'provenance', 'evidence', 'leader', 'ahead', 'conflicts', 'values', 'direction', 'leftAlone', 'odoo', 'odooState'];
  const record = jsonObject([
    ...[['system', '_system'] as const, ['key', name] as const, ['class', "'rejected'"] as const, ['toLink', 'false'] as const, ['grounded', 'true'] as const],
    ...[['ref', 'coalesce(_ref, CAST(_row AS VARCHAR))'] as const, ['faults', '_faults'] as const],
    ...nothing.map((field) => [field, 'NULL'] as const),
    ...['references', 'codes', 'differing'].map((field) => [field, jsonObject([])] as const),
  ]);
  return `SELECT _system, ${name} AS _key, _row, ${record}::VARCHAR AS record, ${parent} AS parent FROM ${rows} WHERE ${parent} IS NOT NULL`;
}

/** How far each record is from one that refers to nothing; records in a circle have no depth. Where several are one thing, the one that leads is
 *  referred to. */
function depthSql(entity: EntityComparison, field: string): string {
  const legacy = `(SELECT _system, _key, ${identifier(field)} AS parent, _leader_system, _leader_key FROM ${entity.legacy.sql} WHERE NOT _duplicate)`;
  const led = `SELECT child._system, child._key, coalesce(other._leader_system, child._system) AS parent_system, coalesce(other._leader_key, child.parent) AS parent
      FROM ${legacy} AS child LEFT JOIN ${legacy} AS other ON other._system = child._system AND other._key = child.parent`;
  const plain = `SELECT _system, _key, _system AS parent_system, parent FROM ${legacy}`;
  return `child AS MATERIALIZED (${entity.followers > 0 ? led : plain}),
    depth(_system, _key, depth) AS (
      SELECT _system, _key, 0 FROM child
      WHERE parent IS NULL OR NOT EXISTS (SELECT 1 FROM child AS other WHERE other._system = child.parent_system AND other._key = child.parent)
      UNION ALL
      SELECT child._system, child._key, depth.depth + 1 FROM child JOIN depth ON depth._system = child.parent_system AND depth._key = child.parent)`;
}

function selfReference(entity: EntityComparison): string | null {
  const { contract } = entity.definition;
  const found = Object.entries(contract.fields).find(
    ([name, field]) => field.type === 'ref' && field.entity === contract.entity && isBound(boundTo(entity), name),
  );
  return found?.[0] ?? null;
}

/** The field of a line that refers to its document. */
export function parentReference(document: EntityComparison, line: EntityComparison): string {
  const found = Object.entries(line.definition.contract.fields).find(([, field]) => field.type === 'ref' && field.entity === document.entity);
  if (found === undefined) throw new Error(`${line.entity} has no field that refers to ${document.entity}`);
  return found[0];
}

function boundTo(entity: EntityComparison): ResolvedBinding {
  if (entity.binding === null) throw new Error(`${entity.entity} is not bound to Odoo`);
  return entity.binding;
}

function isBound(binding: ResolvedBinding, field: string): boolean {
  return binding.fields.some((bound) => bound.field === field);
}

/** A canonical value as Odoo takes it; decimals as exact text. */
function wireSql(column: string, field: FieldContract): string {
  const type = storageType(field);
  if (type === 'DATE') return `strftime(${column}, '%Y-%m-%d')`;
  if (type === 'TIMESTAMP') return `strftime(${column}, '%Y-%m-%d %H:%M:%S')`;
  return type.startsWith('DECIMAL') ? `CAST(${column} AS VARCHAR)` : column;
}

function rawSql(column: string, type: string): string {
  if (type === 'date') return `strftime(${column}, '%Y-%m-%d')`;
  return type === 'datetime' ? `strftime(${column}, '%Y-%m-%d %H:%M:%S')` : column;
}

function jsonObject(members: readonly (readonly [string, string])[]): string {
  return `json_object(${members.map(([name, sql]) => `${literal(name)}, ${sql}`).join(', ')})`;
}

/** Records of a system that no mapping feeds any more are left alone: it did not say that they are gone. */
function systemsOf(entity: EntityComparison): string {
  return [...new Set(entity.definition.sources.map(({ mapping }) => mapping.system)), ''].map(literal).join(', ');
}

function parquet(file: string): string {
  return `read_parquet(${literal(file)})`;
}
