/** In-memory tables with indexes and unique constraints, under one undo log: a call is one transaction, rolled back whole on an error. */
import type { IntegrityError } from './errors.ts';
import type { Row } from './values.ts';

export type IndexKey = string | number;

export interface IndexDefinition {
  readonly name: string;
  /** Keys a row stands under; none when it takes no part. */
  readonly keys: (row: Row) => readonly IndexKey[];
  /** A second row under a key is refused in these words. */
  readonly unique?: (row: Row, key: IndexKey) => IntegrityError;
}

interface Index extends IndexDefinition {
  readonly ids: Map<IndexKey, Set<number>>;
}

const nobody: ReadonlySet<number> = new Set();
const none: readonly IndexKey[] = [];

function sameKeys(left: readonly IndexKey[], right: readonly IndexKey[]): boolean {
  return left.length === right.length && left.every((key, index) => key === right[index]);
}

export class Table {
  readonly name: string;
  readonly #rows = new Map<number, Row>();
  readonly #indexes = new Map<string, Index>();
  readonly #log: UndoLog;
  #lastId = 0;

  constructor(name: string, log: UndoLog, indexes: readonly IndexDefinition[]) {
    this.name = name;
    this.#log = log;
    for (const definition of indexes) this.#indexes.set(definition.name, { ...definition, ids: new Map() });
  }

  /** Ids are never given twice, not even after a rollback: a sequence has no transactions. */
  newId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  reserveUpTo(id: number): void {
    this.#lastId = Math.max(this.#lastId, id);
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: number): Row | undefined {
    return this.#rows.get(id);
  }

  has(id: number): boolean {
    return this.#rows.has(id);
  }

  rows(): IterableIterator<Row> {
    return this.#rows.values();
  }

  hasIndex(name: string): boolean {
    return this.#indexes.has(name);
  }

  find(index: string, key: IndexKey): ReadonlySet<number> {
    return this.#indexes.get(index)?.ids.get(key) ?? nobody;
  }

  /** Inserts or replaces. Throws IntegrityError, and changes nothing, when a unique key is taken. */
  put(row: Row): void {
    for (const index of this.#indexes.values()) {
      if (!index.unique) continue;
      for (const key of index.keys(row)) {
        for (const id of index.ids.get(key) ?? nobody) if (id !== row.id) throw index.unique(row, key);
      }
    }
    this.#log.remember(this, row.id, this.#rows.get(row.id));
    this.replace(row.id, row);
  }

  remove(id: number): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#log.remember(this, id, row);
    this.replace(id, undefined);
  }

  /** Without constraints or log: the undo log's own way back. */
  replace(id: number, row: Row | undefined): void {
    const before = this.#rows.get(id);
    for (const index of this.#indexes.values()) {
      const left = before ? index.keys(before) : none;
      const entered = row ? index.keys(row) : none;
      if (sameKeys(left, entered)) continue;
      for (const key of left) {
        const ids = index.ids.get(key);
        ids?.delete(id);
        if (ids?.size === 0) index.ids.delete(key);
      }
      for (const key of entered) {
        const ids = index.ids.get(key);
        if (ids) ids.add(id);
        else index.ids.set(key, new Set([id]));
      }
    }
    if (row) this.#rows.set(id, row);
    else this.#rows.delete(id);
  }
}

interface Undo {
  readonly table: Table;
  readonly id: number;
  readonly before: Row | undefined;
}

/** Remembers what rows were before a transaction touched them. */
export class UndoLog {
  readonly #entries: Undo[] = [];

  remember(table: Table, id: number, before: Row | undefined): void {
    this.#entries.push({ table, id, before });
  }

  savepoint(): number {
    return this.#entries.length;
  }

  rollback(savepoint: number): void {
    while (this.#entries.length > savepoint) {
      const entry = this.#entries.pop();
      entry?.table.replace(entry.id, entry.before);
    }
  }

  commit(): void {
    this.#entries.length = 0;
  }

  /** Runs work in a savepoint of its own; an error takes back what it did and goes on upwards. */
  attempt<Result>(work: () => Result): Result {
    const savepoint = this.savepoint();
    try {
      return work();
    } catch (error) {
      this.rollback(savepoint);
      throw error;
    }
  }
}
