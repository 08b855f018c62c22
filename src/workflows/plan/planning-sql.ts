/** The set work of planning: both sides of every record brought together, ordered, its lines beside it, as JSON in wire form. */
import { storageType } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { ResolvedBinding } from '../pull/pull-odoo-binding.ts';
import type { EntityComparison } from '../reconcile/comparison.ts';

/** Records of other entities a field refers to: by entity, the Parquet of its comparison. */
export type RecordFiles = ReadonlyMap<string, string>;

/** `_system, _key, record` (JSON text of a RecordToPlan without toLink) and `lines` (list of the same per line entity, in order of `lineEntities`)
 *  for every document of an entity: referred records before those that refer to them, then by system and key. */
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
    ORDER BY document.depth NULLS LAST, document._system, document._key`;
}

/** Lines of the legacy side whose document is nowhere among the compared ones. */
export function orphanLinesSql(document: EntityComparison, line: EntityComparison, records: RecordFiles): string {
  const parent = parentReference(document, line);
  return `WITH line AS (${recordsSql(line, records, null)})
    SELECT line._system, line._key, line.record FROM line
    JOIN ${parquet(line.legacy)} AS legacy ON legacy._system = line._system AND legacy._key = line._key AND NOT legacy._duplicate
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
  const state = binding.stateField === null ? 'NULL' : `odoo.${identifier(binding.stateField)}`;
  const record = jsonObject([
    ['system', 'record._system'],
    ['key', 'record._key'],
    ['class', 'record._class'],
    ['odooId', 'record._odoo_id'],
    ['decision', 'record._decision'],
    ['values', `CASE WHEN legacy._key IS NULL THEN NULL ELSE ${values} END`],
    ['references', jsonObject(references.map(([name, target]) => [name, referenceSql(name, records.has(target))]))],
    ['codes', jsonObject(codes.map((name) => [name, `legacy.${identifier(`_code_${name}`)}`]))],
    ['differing', 'differing.fields'],
    ['direction', 'whole.direction'],
    ['odoo', `CASE WHEN odoo._odoo_id IS NULL THEN NULL ELSE ${raw} END`],
    ['odooState', state],
    ['grounded', self === null ? 'true' : 'depth.depth IS NOT NULL'],
  ]);
  return `SELECT record._system, record._key, ${self === null ? '0' : 'depth.depth'} AS depth, legacy._row AS _row, ${record}::VARCHAR AS record
    FROM ${parquet(entity.records)} AS record
    LEFT JOIN ${parquet(entity.legacy)} AS legacy ON legacy._system = record._system AND legacy._key = record._key AND NOT legacy._duplicate
    LEFT JOIN ${parquet(entity.odoo)} AS odoo ON odoo._odoo_id = record._odoo_id
    LEFT JOIN (SELECT system, key, json_group_object(field, direction) AS fields FROM ${parquet(entity.breaks)} WHERE field IS NOT NULL AND key IS NOT NULL GROUP BY ALL)
      AS differing ON differing.system = record._system AND differing.key = record._key
    LEFT JOIN (SELECT system, key, min(direction) AS direction FROM ${parquet(entity.breaks)} WHERE field IS NULL AND key IS NOT NULL GROUP BY ALL)
      AS whole ON whole.system = record._system AND whole.key = record._key
    ${targets.map(([name, target]) => referenceJoinSql(name, target, records)).join('\n    ')}
    ${self === null ? '' : 'LEFT JOIN depth ON depth._system = record._system AND depth._key = record._key'}
    WHERE record._key IS NOT NULL AND record._system IN (${systemsOf(entity)}) AND record._class NOT IN ('only-odoo', 'outside-scope', 'null-key')`;
}

function referenceSql(name: string, known: boolean): string {
  return jsonObject([
    ['id', `legacy.${identifier(`_ref_${name}`)}`],
    ['class', known ? `${identifier(`target_${name}`)}._class` : 'NULL'],
  ]);
}

function referenceJoinSql(name: string, target: string, records: RecordFiles): string {
  const alias = identifier(`target_${name}`);
  return `LEFT JOIN ${parquet(records.get(target) as string)} AS ${alias} ON ${alias}._system = record._system AND ${alias}._key = legacy.${identifier(name)}`;
}

/** Lines by their document: legacy lines by its record key, lines that are gone from the legacy side by its Odoo id. */
function linesSql(document: EntityComparison, line: EntityComparison, records: RecordFiles): string {
  const parent = parentReference(document, line);
  return `SELECT owner._system, owner._key, list(line.record ORDER BY line._row NULLS LAST, line._key) AS records
    FROM (${recordsSql(line, records, null)}) AS line
    LEFT JOIN ${parquet(line.legacy)} AS legacy ON legacy._system = line._system AND legacy._key = line._key AND NOT legacy._duplicate
    LEFT JOIN ${parquet(line.records)} AS record ON record._system = line._system AND record._key = line._key
    LEFT JOIN ${parquet(line.odoo)} AS odoo ON odoo._odoo_id = record._odoo_id
    JOIN ${parquet(document.records)} AS owner ON owner._system = line._system
      AND (owner._key = legacy.${identifier(parent)} OR (legacy._key IS NULL AND owner._odoo_id = odoo.${identifier(parent)}))
    GROUP BY ALL`;
}

/** How far each record is from one that refers to nothing; records in a circle have no depth. */
function depthSql(entity: EntityComparison, field: string): string {
  const legacy = parquet(entity.legacy);
  const parent = identifier(field);
  return `depth(_system, _key, depth) AS (
      SELECT _system, _key, 0 FROM ${legacy} AS child WHERE NOT _duplicate
        AND (${parent} IS NULL OR NOT EXISTS (SELECT 1 FROM ${legacy} AS other WHERE other._system = child._system AND other._key = child.${parent}))
      UNION ALL
      SELECT child._system, child._key, depth.depth + 1 FROM ${legacy} AS child JOIN depth ON depth._system = child._system AND depth._key = child.${parent}
      WHERE NOT child._duplicate)`;
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
