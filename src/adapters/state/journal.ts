/** The journal: entries of a run in segments, each a hash chain. */
import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { JournalEntry } from '../../domain/journal.ts';
import { canonicalJson } from './canonical-json.ts';
import { STATE_SCHEMA } from './migrations.ts';

interface JournalRow {
  run_id: string;
  segment: number;
  sequence: number;
  kind: JournalEntry['kind'];
  action: number | null;
  step: string | null;
  entity: string | null;
  system: string | null;
  key: string | null;
  external_id: string | null;
  model: string | null;
  odoo_id: number | null;
  at: string;
  payload: JournalEntry['payload'];
  hash: string;
}

interface Tail {
  readonly sequence: number;
  readonly hash: string;
}

const PAGE = 2000;
const COLUMNS =
  'run_id text, segment integer, sequence integer, kind text, action integer, step text, entity text, system text, key text, external_id text, model text, odoo_id integer, at text, payload text, hash text';
const NAMES = 'run_id, segment, sequence, kind, action, step, entity, system, key, external_id, model, odoo_id, at, payload, hash';
/** The payload travels as a text within the JSON: PostgreSQL would refuse the escape of a NUL in it, and `json` keeps it. */
const INSERTED = NAMES.replace('payload', 'payload::json');

/** `hash = SHA-256(previous hash + canonical JSON of the entry)`, hexadecimal; the first entry of a segment follows the empty text. */
export function chainHash(previous: string, entry: JournalEntry): string {
  return createHash('sha256').update(previous).update(canonicalJson(entry)).digest('hex');
}

export class Journal {
  readonly #knex: Knex;
  /** Where each chain written by this process ends. */
  readonly #tails = new Map<string, Tail>();
  /** Appends are one after the other: the next hash needs the one before it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  append(entries: readonly Omit<JournalEntry, 'sequence'>[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    const appended = this.#last.then(() => this.#append(entries));
    this.#last = appended.catch(() => undefined);
    return appended;
  }

  async #append(entries: readonly Omit<JournalEntry, 'sequence'>[]): Promise<void> {
    const tails = new Map<string, Tail>();
    const rows: (Omit<JournalRow, 'payload'> & { payload: string })[] = [];
    for (const draft of entries) {
      const chain = `${draft.segment} ${draft.runId}`;
      const tail = tails.get(chain) ?? this.#tails.get(chain) ?? (await this.#tail(draft.runId, draft.segment));
      const entry: JournalEntry = { ...draft, sequence: tail.sequence + 1 };
      const hash = chainHash(tail.hash, entry);
      tails.set(chain, { sequence: entry.sequence, hash });
      rows.push({ ...rowOf(entry, hash), payload: JSON.stringify(entry.payload) });
    }
    try {
      await this.#knex.raw(`insert into ${STATE_SCHEMA}.journal (${NAMES}) select ${INSERTED} from json_to_recordset((?::text)::json) as entry(${COLUMNS})`, [
        JSON.stringify(rows),
      ]);
    } catch (error) {
      // Whether the rows are there is not known; the next append asks the database where the chain ends.
      for (const chain of tails.keys()) this.#tails.delete(chain);
      throw error;
    }
    for (const [chain, tail] of tails) this.#tails.set(chain, tail);
  }

  async #tail(runId: string, segment: number): Promise<Tail> {
    const { rows } = await this.#knex.raw<{ rows: Tail[] }>(
      `select sequence, hash from ${STATE_SCHEMA}.journal where run_id = ? and segment = ? order by sequence desc limit 1`,
      [runId, segment],
    );
    return rows[0] ?? { sequence: 0, hash: '' };
  }

  async *read(runId: string): AsyncIterable<readonly JournalEntry[]> {
    for await (const page of this.#pages(runId)) yield page.map(entryOf);
  }

  async verify(runId: string): Promise<{ readonly sequence: number; readonly problem: string } | null> {
    let segment = -1;
    let tail: Tail = { sequence: 0, hash: '' };
    let sealed = false;
    for await (const page of this.#pages(runId)) {
      for (const row of page) {
        if (row.segment !== segment) {
          segment = row.segment;
          tail = { sequence: 0, hash: '' };
          sealed = false;
        }
        if (sealed) return { sequence: row.sequence, problem: `segment ${segment} goes on after its seal` };
        if (row.sequence !== tail.sequence + 1) {
          return { sequence: tail.sequence + 1, problem: `segment ${segment} lacks entry ${tail.sequence + 1}` };
        }
        const hash = chainHash(tail.hash, entryOf(row));
        if (hash !== row.hash) return { sequence: row.sequence, problem: `entry ${row.sequence} of segment ${segment} is not what was written` };
        tail = { sequence: row.sequence, hash };
        sealed = row.kind === 'seal';
      }
    }
    return null;
  }

  async *#pages(runId: string): AsyncIterable<readonly JournalRow[]> {
    let segment = -1;
    let sequence = 0;
    for (;;) {
      const { rows } = await this.#knex.raw<{ rows: JournalRow[] }>(
        `select ${NAMES} from ${STATE_SCHEMA}.journal where run_id = ? and (segment, sequence) > (?::integer, ?::integer) order by segment, sequence limit ?`,
        [runId, segment, sequence, PAGE],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows;
      ({ segment, sequence } = last);
    }
  }
}

function rowOf(entry: JournalEntry, hash: string): JournalRow {
  const { runId, externalId, odooId, ...same } = entry;
  return { ...same, run_id: runId, external_id: externalId, odoo_id: odooId, hash };
}

function entryOf(row: JournalRow): JournalEntry {
  return {
    runId: row.run_id,
    segment: row.segment,
    sequence: row.sequence,
    kind: row.kind,
    action: row.action,
    step: row.step,
    entity: row.entity,
    system: row.system,
    key: row.key,
    externalId: row.external_id,
    model: row.model,
    odooId: row.odoo_id,
    at: row.at,
    payload: row.payload,
  };
}
