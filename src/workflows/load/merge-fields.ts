/** Three-way merge before a write: what the plan was made on, what it writes, and what Odoo has now. Pure.
 *
 *  A field nobody has touched since is written, one that a user has changed is a conflict and stays as the user left it. Fields that belong together are written
 *  together or left alone together. */
import { isKeptValue, isSameValue, type WireValue } from '../plan/wire-value.ts';

type Values = Readonly<Record<string, WireValue>>;

export interface FieldConflict {
  readonly field: string;
  readonly expected: unknown;
  readonly found: unknown;
}

export interface FieldsToMerge {
  /** `test` values of the plan. */
  readonly base: Values;
  /** Values it writes. */
  readonly ours: Values;
  /** What Odoo has; undefined: the record is gone. */
  readonly theirs: Values | undefined;
  readonly typeOf: (field: string) => string;
  /** Fields that go along when a field is written: Odoo would compute them anew. */
  readonly along: (field: string) => readonly string[];
  /** All of them belong together, as those of a document's line do. */
  readonly isWhole: boolean;
  /** Fields that were found to be conflicts in an earlier part of the run: they stay conflicts, and are not told again. */
  readonly told: ReadonlySet<string>;
}

export interface Merged {
  /** Fields that a user changed since the plan was made. */
  readonly conflicts: readonly FieldConflict[];
  /** Fields nobody changed that are left alone because they belong together with one that somebody did. */
  readonly held: readonly string[];
  /** What is left to write: fields that do not have their new value yet, and what goes along with them. */
  readonly toWrite: Values;
  /** Fields that have their new value already: neither a conflict nor written again, a write would only move `write_date`. */
  readonly settled: readonly string[];
}

export function mergeFields(given: FieldsToMerge): Merged {
  const { base, ours, theirs, typeOf, told } = given;
  if (theirs === undefined) return { conflicts: [{ field: 'id', expected: 'a record', found: null }], held: [], toWrite: {}, settled: [] };
  const along = (field: string): readonly string[] => [...withCompanions(field, given.along)].filter((companion) => companion !== field);
  const now = (field: string): WireValue => theirs[field] ?? null;
  const has = (field: string): boolean => field in ours && isKeptValue(ours[field] ?? null, now(field), typeOf(field));
  const isMoved = (field: string): boolean => told.has(field) || (!has(field) && field in base && !isSameValue(base[field] ?? null, now(field), typeOf(field)));
  // Sent only to stay as it is: of no concern where nothing is written that it goes along with.
  const isCompanion = (field: string): boolean => field in ours && field in base && isSameValue(base[field] ?? null, ours[field] ?? null, typeOf(field));
  const wanted = Object.keys(ours).filter((field) => !isCompanion(field));
  const changing = wanted.filter((field) => !has(field) && !isMoved(field));
  const companions = new Set(changing.flatMap(along));
  const concerned = [...new Set([...Object.keys(base), ...Object.keys(ours)])].filter((field) => !isCompanion(field) || companions.has(field));
  const moved = concerned.filter(isMoved);
  const held = new Set(moved.length > 0 && given.isWhole ? changing : []);
  const groups = wanted.map((field) => [field, ...along(field).filter((companion) => concerned.includes(companion))]);
  // A group holds back its fields, and these the groups they are in as well.
  for (let before = -1; before !== held.size; ) {
    before = held.size;
    for (const group of groups)
      if (group.some((field) => moved.includes(field) || held.has(field))) for (const field of group) if (changing.includes(field)) held.add(field);
  }
  const toWrite: Record<string, WireValue> = {};
  for (const field of changing) if (!held.has(field)) toWrite[field] = ours[field] ?? null;
  for (const companion of Object.keys(toWrite).flatMap(along)) {
    const value = ours[companion] ?? theirs[companion];
    if (!(companion in toWrite) && value !== undefined) toWrite[companion] = value;
  }
  return {
    conflicts: moved.filter((field) => !told.has(field)).map((field) => ({ field, expected: base[field] ?? null, found: now(field) })),
    held: [...held],
    toWrite,
    settled: wanted.filter((field) => has(field) && !isMoved(field)),
  };
}

/** What is sent along is written as well, and has companions of its own. */
function withCompanions(field: string, along: FieldsToMerge['along'], found = new Set<string>()): ReadonlySet<string> {
  if (found.has(field)) return found;
  found.add(field);
  for (const companion of along(field)) withCompanions(companion, along, found);
  return found;
}
