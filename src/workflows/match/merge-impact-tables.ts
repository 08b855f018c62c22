/** What a merge does to the tables that point to the records: foreign keys one by one, as Odoo's wizard goes through them. */
import type { Collision, LostRows } from '../../domain/merge-impact.ts';
import type { OdooConnection } from '../../domain/ports.ts';
import type { Catalog, ModelKeys, Pointer } from './merge-impact-catalog.ts';
import { type KeyedRow, sameKey, type UniqueKey } from './merge-impact-unique.ts';

/** Who goes and who stays, in one merge or in a part of it. */
export interface MergeCase {
  readonly catalog: Catalog;
  readonly model: string;
  /** In the order in which the wizard takes them. */
  readonly sources: readonly number[];
  readonly survivor: number;
  /** Null: Odoo has no merge, so that only collisions are told. */
  readonly wizard: WizardRules | null;
}

/** How the wizard of this Odoo goes about it (`base/wizard/base_partner_merge.py`). */
export interface WizardRules {
  /** A refused update is tried in a savepoint and ends in a DELETE of the rows: always before 17 or so, since then only for tables with a UNIQUE or
   *  CHECK constraint on the column; elsewhere it breaks off the merge. */
  readonly isForgiving: 'always' | 'where-constrained';
  readonly mergesBankAccounts: boolean;
  /** Models whose generic links it moves. */
  readonly movesGeneric: ReadonlySet<string>;
  /** Models whose generic links are deleted with the record. */
  readonly deletesGeneric: ReadonlySet<string>;
  readonly refusesTwoUsers: boolean;
  readonly seesArchived: boolean;
  /** Values per company are records of their own (`ir.property`). */
  readonly keepsProperties: boolean;
}

/** What was found so far; the parts of a merge add to it. */
export interface Findings {
  readonly collisions: Collision[];
  readonly lost: LostRows[];
  readonly fails: string[];
  /** By `model.field`. */
  readonly outcomes: Map<string, 'moved' | 'lost' | 'not-checked'>;
}

export const pointerName = ({ model, field }: { readonly model: string; readonly field: string }): string => `${model}.${field}`;
/** Beyond this, rows are counted and not read. */
const ROWS_READ = 50_000;
const DEEPEST_CASCADE = 4;

/** One many2one: all rows of the records that go are given to the survivor at once. */
export async function moveForeignKey(merge: MergeCase, pointer: Pointer, findings: Findings): Promise<void> {
  const { catalog, sources, survivor } = merge;
  const { model, field } = pointer;
  const name = pointerName(pointer);
  findings.outcomes.set(name, 'moved');
  const known = await catalog.keysOf(model);
  if (known === null) findings.outcomes.set(name, 'not-checked');
  const touching = known === null ? [] : touchingKeys(catalog, known, model, field);
  if (known === null || touching.length === 0) return;
  const columns = await columnsOf(catalog, model, field, touching);
  const rows = columns === null ? null : await rowsOf(catalog, model, [[field, 'in', [...sources, survivor]]], columns);
  if (rows === null) {
    findings.outcomes.set(name, 'not-checked');
    return;
  }
  const going = rows.filter((row) => sources.includes(Number(row[field])));
  if (going.length === 0) return;
  const moved = rows.map((row) => ({ ...row, [field]: survivor }));
  const broken = collide(findings, pointer, touching, moved);
  if (broken.length === 0) return;
  await refuseOrDelete(
    merge,
    { pointer, known, broken },
    going.map((row) => row.id),
    findings,
  );
}

/** Adds what collides; answers the names of the broken keys. */
export function collide(
  findings: Findings,
  { model, field }: Pick<Pointer, 'model' | 'field'>,
  keys: readonly UniqueKey[],
  rows: readonly KeyedRow[],
): string[] {
  return keys.flatMap((key) => {
    const groups = sameKey(key, rows);
    if (groups.length > 0) findings.collisions.push({ model, field, constraint: key.name, columns: key.columns, groups });
    return groups.length > 0 ? [key.name] : [];
  });
}

/** One row that collides takes all others with it: the wizard's DELETE names the records that go, not the rows that were in the way. */
async function refuseOrDelete(
  merge: MergeCase,
  { pointer, known, broken }: { readonly pointer: Pointer; readonly known: ModelKeys; readonly broken: readonly string[] },
  going: readonly number[],
  findings: Findings,
): Promise<void> {
  if (merge.wizard === null) return;
  const { model, field } = pointer;
  const isConstrained = known.definitions.some(
    (one) => (one.kind === 'check' && one.words.has(field)) || (one.kind === 'unique' && one.key.kind === 'constraint' && one.key.columns.includes(field)),
  );
  if (merge.wizard.isForgiving === 'always' || isConstrained) {
    findings.outcomes.set(pointerName(pointer), 'lost');
    const why = `${broken.join(', ')} would be broken by some of them; Odoo's merge then deletes all rows of ${model} whose ${field} is a record that goes`;
    findings.lost.push({ model, field, ids: going, how: 'deleted', why });
    await followDeletion(merge.catalog, model, going, findings);
  } else findings.fails.push(`${model}.${field}: the unique index ${broken.join(', ')} would be broken, and Odoo's merge is not prepared for that`);
}

function touchingKeys(catalog: Catalog, { keys, definitions }: ModelKeys, model: string, field: string): UniqueKey[] {
  for (const one of definitions) {
    if (one.kind === 'opaque' && one.words.has(field)) catalog.notChecked.add(`${model}.${field}: the condition of ${one.name} is not understood here`);
    if (one.kind === 'check' && one.comparing.has(field)) catalog.notChecked.add(`${model}.${field}: a CHECK constraint compares it`);
  }
  return keys.filter((key) => key.columns.includes(field));
}

/** Null, and told, when a key has a column that the API does not show. */
async function columnsOf(catalog: Catalog, model: string, field: string, keys: readonly UniqueKey[]): Promise<readonly string[] | null> {
  const fields = await catalog.attempt(`${model}.${field}`, () => catalog.connection.fields(model));
  if (fields === null) return null;
  const columns = [...new Set([field, ...keys.flatMap((key) => [...key.columns, ...key.notNull, ...key.isTrue])])];
  const hidden = columns.filter((column) => !fields.has(column));
  if (hidden.length > 0) catalog.notChecked.add(`${model}.${field}: this user is not shown ${hidden.join(', ')}`);
  return hidden.length > 0 ? null : columns;
}

/** Rows with the columns of keys; a boolean that is false is a value, and is told apart from no value. Null when they cannot be read. */
export async function rowsOf(catalog: Catalog, model: string, domain: readonly unknown[], columns: readonly string[]): Promise<readonly KeyedRow[] | null> {
  const { connection } = catalog;
  return catalog.attempt(model, async () => {
    const ids = await connection.searchIds(model, domain);
    if (ids.length > ROWS_READ) {
      catalog.notChecked.add(`${model}: ${ids.length} rows are too many to be compared one by one`);
      return null;
    }
    const fields = await connection.fields(model);
    const booleans = columns.filter((column) => fields.get(column)?.type === 'boolean');
    const rows = await connection.read(model, ids, columns);
    return rows.map((row) => ({ ...row, ...Object.fromEntries(booleans.map((column) => [column, row[column] === true ? true : 'false'])) }));
  });
}

/** What the database does when rows are deleted below Odoo's own model. */
export async function followDeletion(catalog: Catalog, model: string, ids: readonly number[], findings: Findings, depth = 1): Promise<void> {
  if (ids.length === 0) return;
  if (depth > DEEPEST_CASCADE) {
    catalog.notChecked.add(`what goes with deleted rows of ${model}`);
    return;
  }
  for (const pointer of await catalog.pointersTo(model)) {
    if (pointer.kind !== 'many2one') continue;
    const rows = await catalog.attempt(pointerName(pointer), () => catalog.connection.searchIds(pointer.model, [[pointer.field, 'in', ids]]));
    if (rows === null || rows.length === 0) continue;
    const why = `they belong to rows of ${model} that are deleted`;
    if (pointer.onDelete === 'restrict') findings.fails.push(`${pointerName(pointer)}: ${rows.length} rows hold on to rows of ${model} that would be deleted`);
    else {
      findings.lost.push({ model: pointer.model, field: pointer.field, ids: rows, how: pointer.onDelete === 'cascade' ? 'deleted' : 'emptied', why });
      if (pointer.onDelete === 'cascade') await followDeletion(catalog, pointer.model, rows, findings, depth + 1);
    }
  }
}

/** How many of the rows of the records that go the survivor has as well. */
export async function doubledRelations({ catalog, model, sources, survivor }: MergeCase, pointer: Pointer): Promise<number> {
  const had = new Set<number>();
  let doubled = 0;
  for (const [index, id] of [survivor, ...sources].entries()) {
    const others = await relationsOf(catalog.connection, model, pointer, id);
    if (index > 0) doubled += others.filter((other) => had.has(other)).length;
    for (const other of others) had.add(other);
  }
  return doubled;
}

export async function relationsOf(connection: OdooConnection, model: string, pointer: Pointer, id: number): Promise<readonly number[]> {
  if (!pointer.isOwn) return connection.searchIds(pointer.model, [[pointer.field, 'in', [id]]]);
  const [row] = await connection.read(model, [id], [pointer.field]);
  return Array.isArray(row?.[pointer.field]) ? (row[pointer.field] as number[]) : [];
}
