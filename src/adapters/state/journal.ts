/** The journal: entries of a run in segments, each a hash chain. */
import type { Knex } from 'knex';
import type { JournalEntry, JournalHead, JournalSelection } from '../../domain/journal.ts';
import { CHAIN, type ChainedEntry, type ChainVerdict, chainHash, verifyChain } from '../../domain/journal-chain.ts';
import { type Fence, lostLock } from './locks.ts';
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
  chain: number;
}

interface Tail {
  readonly sequence: number;
  readonly hash: string;
}

const PAGE = 2000;
const COLUMNS =
  'run_id text, segment integer, sequence integer, kind text, action integer, step text, entity text, system text, key text, external_id text, model text, odoo_id integer, at text, payload text, hash text, chain integer';
const NAMES = 'run_id, segment, sequence, kind, action, step, entity, system, key, external_id, model, odoo_id, at, payload, hash, chain';
/** The payload travels as a text within the JSON: PostgreSQL would refuse the escape of a NUL in it, and `json` keeps it. */
const INSERTED = NAMES.replace('payload', 'payload::json');

/** The entries and where their segments end now, all or nothing. */
const appendSql = (guard: { readonly ctes: string; readonly condition: string }): string => `with ${guard.ctes}added as (
    insert into ${STATE_SCHEMA}.journal (${NAMES}) select ${INSERTED} from json_to_recordset((?::text)::json) as entry(${COLUMNS}) ${guard.condition}
  )
  insert into ${STATE_SCHEMA}.journal_head (run_id, segment, entries, hash)
    select run_id, segment, entries, hash from json_to_recordset((?::text)::json) as head(run_id text, segment integer, entries integer, hash text) ${guard.condition}
    on conflict (run_id, segment) do update set entries = excluded.entries, hash = excluded.hash
    returning 1`;
const APPEND = appendSql({ ctes: '', condition: 'where true' });
/** Nothing at all where one of the locks is no longer the writer's. Their rows are kept from changing until this is done, so whoever takes a lock reads
 *  everything its last holder has written. */
const APPEND_FENCED = appendSql({
  ctes: `fence as (select f.name, f.holder, f.host, f.pid, f.since from json_to_recordset((?::text)::json) as f(name text, holder text, host text, pid integer, since timestamptz)),
  standing as materialized (select l.name from ${STATE_SCHEMA}.lock as l where (l.name, l.holder, l.host, l.pid, l.since) in (select name, holder, host, pid, since from fence) for share),
  ours as materialized (select (select count(*) from standing) = (select count(*) from fence) as is_ours),
  `,
  condition: 'where (select is_ours from ours)',
});

export class Journal {
  readonly #knex: Knex;
  /** Where each chain written by this process ends. */
  readonly #tails = new Map<string, Tail>();
  /** Appends are one after the other: the next hash needs the one before it. */
  #last: Promise<unknown> = Promise.resolve();

  readonly #fences: () => readonly Fence[];

  /** `fences`: the locks under which this process writes. */
  constructor(knex: Knex, fences: () => readonly Fence[]) {
    this.#knex = knex;
    this.#fences = fences;
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
      const chain = chainName(draft.runId, draft.segment);
      const tail = tails.get(chain) ?? this.#tails.get(chain) ?? (await this.#tail(draft.runId, draft.segment));
      const entry: JournalEntry = { ...draft, sequence: tail.sequence + 1 };
      const hash = chainHash(tail.hash, entry);
      tails.set(chain, { sequence: entry.sequence, hash });
      rows.push({ ...rowOf(entry, hash), payload: JSON.stringify(entry.payload) });
    }
    const heads = rows.map(({ run_id, segment, sequence, hash }) => ({ run_id, segment, entries: sequence, hash }));
    const last = heads.filter((head) => tails.get(chainName(head.run_id, head.segment))?.sequence === head.entries);
    const fences = this.#fences();
    const [fence] = fences;
    try {
      const appended = [JSON.stringify(rows), JSON.stringify(last)];
      if (fence === undefined) await this.#knex.raw(APPEND, appended);
      else {
        const { rows: written } = await this.#knex.raw<{ rows: unknown[] }>(APPEND_FENCED, [JSON.stringify(fences), ...appended]);
        if (written.length === 0) throw await lostLock(this.#knex, fence);
      }
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

  async *read(runId: string, { actions, kinds }: JournalSelection = {}): AsyncIterable<readonly JournalEntry[]> {
    const conditions = [...(actions === undefined ? [] : ['action = any(?::integer[])']), ...(kinds === undefined ? [] : ['kind = any(?::text[])'])];
    const bound = [actions, kinds].filter((list) => list !== undefined);
    for await (const page of this.#pages(conditions.join(' and ') || 'true', runId, bound)) yield page.map(entryOf);
  }

  async *chain(runId: string): AsyncIterable<readonly ChainedEntry[]> {
    for await (const page of this.#pages('true', runId)) yield page.map((row) => ({ entry: entryOf(row), chain: row.chain, hash: row.hash }));
  }

  async heads(runId: string): Promise<readonly JournalHead[]> {
    const { rows } = await this.#knex.raw<{ rows: JournalHead[] }>(
      `select segment, entries, hash from ${STATE_SCHEMA}.journal_head where run_id = ? order by segment`,
      [runId],
    );
    return rows.map(({ segment, entries, hash }) => ({ segment, entries, hash }));
  }

  async runs(): Promise<readonly string[]> {
    const { rows } = await this.#knex.raw<{ rows: { run_id: string }[] }>(
      `select run_id from ${STATE_SCHEMA}.journal union select run_id from ${STATE_SCHEMA}.journal_head order by run_id`,
    );
    return rows.map(({ run_id }) => run_id);
  }

  async verify(runId: string): Promise<ChainVerdict> {
    return verifyChain(this.chain(runId), await this.heads(runId));
  }

  /** Of all runs. */
  async *deadLetters(): AsyncIterable<readonly JournalEntry[]> {
    for await (const page of this.#pages("kind in ('dead-letter', 'settled', 'discarded')", null)) yield page.map(entryOf);
  }

  /** `wanted`: a condition over a row; `runId` null: of all runs. */
  async *#pages(wanted: string, runId: string | null, bound: readonly (readonly number[] | readonly string[])[] = []): AsyncIterable<readonly JournalRow[]> {
    let last: Pick<JournalRow, 'run_id' | 'segment' | 'sequence'> = { run_id: '', segment: -1, sequence: 0 };
    for (;;) {
      const { rows } = await this.#knex.raw<{ rows: JournalRow[] }>(
        `select ${NAMES} from ${STATE_SCHEMA}.journal
         where ${runId === null ? 'true' : 'run_id = ?'} and ${wanted} and (run_id, segment, sequence) > (?::text collate "C", ?::integer, ?::integer)
         order by run_id, segment, sequence limit ?`,
        [...(runId === null ? [] : [runId]), ...bound.map((list) => [...list] as number[] | string[]), last.run_id, last.segment, last.sequence, PAGE],
      );
      const end = rows.at(-1);
      if (end === undefined) return;
      yield rows;
      last = end;
    }
  }
}

function chainName(runId: string, segment: number): string {
  return `${segment} ${runId}`;
}

function rowOf(entry: JournalEntry, hash: string): JournalRow {
  const { runId, externalId, odooId, ...same } = entry;
  return { ...same, run_id: runId, external_id: externalId, odoo_id: odooId, hash, chain: CHAIN };
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
