/** DuckDB as the data plane: bounded memory, a private spill directory, results as JSON-safe values, a way to lock the doors. */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DuckDBAppender, type DuckDBConnection, type DuckDBDataChunk, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import { identifier, literalList } from '../../domain/sql.ts';
import { toDataPlaneError } from './data-plane-error.ts';
import { dataValue } from './data-value.ts';

export interface DataPlaneOptions {
  /** As in `1GB`; beyond it DuckDB works in the spill directory. */
  readonly memory: string;
  readonly threads: number;
  /** A private directory is made inside and removed on close. */
  readonly spillDirectory: string;
  /** Aborting it interrupts the running statement (E_INTERRUPTED). */
  readonly signal?: AbortSignal;
}

/** The appender holds what it was given until it flushes; this bounds it. */
const FLUSH_ROWS = 32_768;
const SPILL_PREFIX = 'duckdb-';
const DAY_MS = 86_400_000;

/** Opens an empty in-memory database. Tables must not be TEMP: streams and appends run on connections of their own, so that a statement
 *  may run while a stream is being read. */
export async function openDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const spill = await makeSpillDirectory(options.spillDirectory);
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: options.memory,
      threads: String(options.threads),
      temp_directory: spill,
      // nothing is fetched from the network by surprise
      autoinstall_known_extensions: 'false',
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'; SET enable_progress_bar = false;");
    return new DuckDBDataPlane(instance, connection, spill, options.signal);
  } catch (error) {
    await rm(spill, { recursive: true, force: true });
    throw toDataPlaneError(error, 'opening the data plane');
  }
}

class DuckDBDataPlane implements DataPlane {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #spill: string;
  readonly #signal: AbortSignal | undefined;
  /** Connections with work under way, for interrupting. */
  readonly #busy = new Map<DuckDBConnection, number>();
  readonly #interrupt = (): void => {
    for (const connection of this.#busy.keys()) connection.interrupt();
  };
  #closed = false;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection, spill: string, signal: AbortSignal | undefined) {
    this.#instance = instance;
    this.#connection = connection;
    this.#spill = spill;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#interrupt);
  }

  async run(sql: string): Promise<void> {
    await this.#guard(this.#connection, sql, () => this.#connection.run(sql));
  }

  async rows<Row extends DataRow = DataRow>(sql: string): Promise<Row[]> {
    return await this.#guard(this.#connection, sql, async () => {
      const result = await this.#connection.run(sql);
      return (await result.convertRowObjects(dataValue)) as Row[];
    });
  }

  async *stream<Row extends DataRow = DataRow>(sql: string): AsyncIterable<readonly Row[]> {
    const connection = await this.#instance.connect();
    try {
      const result: DuckDBResult = await this.#guard(connection, sql, () => connection.stream(sql));
      const names = result.deduplicatedColumnNames();
      while (true) {
        const rows = await this.#guard(connection, sql, async () => {
          const chunk = await result.fetchChunk();
          return chunk === null || chunk.rowCount === 0 ? null : (rowObjects(chunk, names) as Row[]);
        });
        if (rows === null) return;
        yield rows;
      }
    } finally {
      connection.closeSync();
    }
  }

  async append(table: string, batches: AsyncIterable<readonly (readonly (string | null)[])[]>): Promise<number> {
    const connection = await this.#instance.connect();
    const statement = `append to ${identifier(table)}`;
    const appender = await this.#guard(connection, statement, () => connection.createAppender(table)).catch((error: unknown) => {
      connection.closeSync();
      throw error;
    });
    const width = appender.columnCount;
    let total = 0;
    let unflushed = 0;
    try {
      // what the batches throw is theirs; only the appender's own errors are DuckDB's
      for await (const batch of batches) {
        await this.#guard(connection, statement, async () => {
          for (const row of batch) appendRow(appender, row, width);
          unflushed += batch.length;
          if (unflushed < FLUSH_ROWS) return;
          appender.flushSync();
          unflushed = 0;
        });
        total += batch.length;
        // a turn of the event loop: batches that are ready at once would keep signals waiting, and what was freed from being given back
        await nextTurn();
      }
      await this.#guard(connection, statement, async () => appender.flushSync());
      return total;
    } finally {
      appender.closeSync();
      connection.closeSync();
    }
  }

  scratchFile(name: string): string {
    return join(this.#spill, name);
  }

  async lockDown(directories: readonly string[]): Promise<void> {
    const allowed = [...directories.map((directory) => resolve(directory)), this.#spill];
    // the order matters: the directories must be known before the door is shut, and the lock comes last
    await this.run(
      `SET allowed_directories = ${literalList(allowed)}; SET autoload_known_extensions = false; SET enable_external_access = false; SET lock_configuration = true;`,
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#interrupt);
    this.#interrupt();
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#spill, { recursive: true, force: true });
  }

  #refuseWhenAborted(): void {
    if (this.#signal?.aborted === true) throw interrupted();
  }

  async #guard<Result>(connection: DuckDBConnection, sql: string, work: () => Promise<Result>): Promise<Result> {
    this.#refuseWhenAborted();
    this.#busy.set(connection, (this.#busy.get(connection) ?? 0) + 1);
    try {
      return await work();
    } catch (error) {
      if (this.#signal?.aborted === true) throw interrupted(error);
      throw toDataPlaneError(error, sql);
    } finally {
      const left = (this.#busy.get(connection) ?? 1) - 1;
      if (left === 0) this.#busy.delete(connection);
      else this.#busy.set(connection, left);
    }
  }
}

function interrupted(cause?: unknown): CutoverError {
  return new CutoverError('E_INTERRUPTED', 'stopped while working on the data', { cause });
}

function rowObjects(chunk: DuckDBDataChunk, names: readonly string[]): DataRow[] {
  return chunk.convertRows(dataValue).map((row) => Object.fromEntries(row.map((value, index) => [names[index] ?? String(index), value])));
}

/** Value by value: faster than whole chunks, which are freed only when the garbage collector finds them (hundreds of MB too late). */
function appendRow(appender: DuckDBAppender, row: readonly (string | null)[], width: number): void {
  if (row.length !== width) throw new RangeError(`a row of ${row.length} values for ${width} columns`);
  for (const value of row) {
    if (value === null) appender.appendNull();
    else appender.appendVarchar(value);
  }
  appender.endRow();
}

/** A directory of this process, 0700. Those of processes that were killed are swept after a day. */
async function makeSpillDirectory(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    if (!name.startsWith(SPILL_PREFIX)) continue;
    const old = join(parent, name);
    const made = await stat(old).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > DAY_MS) await rm(old, { recursive: true, force: true });
  }
  return await mkdtemp(join(resolve(parent), SPILL_PREFIX));
}
