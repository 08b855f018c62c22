/** Unique constraints and unique indexes as Odoo writes them down (`ir.model.constraint`), and which rows would break them. */

/** One row of a table: its id and the columns of its keys as the API answers them. */
export interface KeyedRow {
  readonly id: number;
  readonly [column: string]: unknown;
}

export interface UniqueKey {
  readonly name: string;
  /** An index is no constraint to PostgreSQL: Odoo's merge looks for constraints only. */
  readonly kind: 'constraint' | 'index';
  readonly columns: readonly string[];
  /** Columns that must have a value for a row to take part. */
  readonly notNull: readonly string[];
  readonly isTrue: readonly string[];
}

/** What a definition says. `opaque`: it speaks of `columns` in a way that is not understood here, and must be told as not checked. */
export type Definition =
  | { readonly kind: 'unique'; readonly key: UniqueKey }
  | { readonly kind: 'check'; readonly words: ReadonlySet<string>; readonly comparing: ReadonlySet<string> }
  | { readonly kind: 'opaque'; readonly name: string; readonly words: ReadonlySet<string> }
  | { readonly kind: 'other' };

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? []);

/** Shape:  `unique (a, b)`, `UNIQUE INDEX (a, b) WHERE a IS NOT NULL`, `CHECK(…)`, `INDEX (…)`. */
export function readDefinition(name: string, definition: string): Definition {
  const text = definition.trim();
  if (/^check\b/i.test(text)) {
    // only whether there is a value: another value changes nothing about that
    const comparing = wordsOf(text.replaceAll(/\b[a-z_][a-z0-9_]*\s+is\s+(?:not\s+)?null\b/gi, ''));
    return { kind: 'check', words: wordsOf(text), comparing };
  }
  const [, index = '', list = '', where = ''] = /^unique\s*(index\b)?\s*(?:using\s+btree\s*)?\(([^()]*)\)\s*(?:where\s+(.+))?$/is.exec(text) ?? [];
  if (list === '') return /^unique\b/i.test(text) ? { kind: 'opaque', name, words: wordsOf(text) } : { kind: 'other' };
  const columns = list.split(',').map((column) => column.trim().replaceAll('"', '').toLowerCase());
  const condition = conditionOf(where);
  if (condition === null || !columns.every((column) => /^[a-z_][a-z0-9_]*$/.test(column))) return { kind: 'opaque', name, words: wordsOf(text) };
  return { kind: 'unique', key: { name, kind: index === '' ? 'constraint' : 'index', columns, ...condition } };
}

function conditionOf(where: string): Pick<UniqueKey, 'notNull' | 'isTrue'> | null {
  const notNull: string[] = [];
  const isTrue: string[] = [];
  const terms = where.trim().replaceAll(/[()]/g, ' ').trim();
  for (const term of terms === '' ? [] : terms.split(/\s+and\s+/i)) {
    const [, column = '', what = ''] = /^([a-z_][a-z0-9_]*)\s+is\s+(not\s+null|true)$/i.exec(term.trim()) ?? [];
    if (column === '') return null;
    (/true/i.test(what) ? isTrue : notNull).push(column.toLowerCase());
  }
  return { notNull, isTrue };
}

/** Groups of rows that have the same key; a key with an empty column is nobody's. */
export function sameKey(key: UniqueKey, rows: readonly KeyedRow[]): (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const values = key.columns.map((column) => row[column]);
    const isEmpty = (value: unknown): boolean => value === false || value === null || value === undefined;
    if (values.some(isEmpty) || key.notNull.some((column) => isEmpty(row[column])) || key.isTrue.some((column) => row[column] !== true)) continue;
    const text = JSON.stringify(values);
    const group = groups.get(text) ?? [];
    groups.set(text, group);
    group.push(row.id);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
