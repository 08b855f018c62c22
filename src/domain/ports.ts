/** What workflows need from the outside world. Adapters implement these; the composition root (context.ts) chooses them. */
import type { CanonicalDataset } from './canonical.ts';
import type { BundledLinks, CrosswalkInterval, CrosswalkLink, CrosswalkMoment } from './crosswalk.ts';
import type { GuardedWrites, LoadResult } from './guarded-writes.ts';
import type { JournalEntry, JournalHead, JournalSelection } from './journal.ts';
import type { ChainedEntry, ChainVerdict } from './journal-chain.ts';
import type { OdooAttempt } from './odoo-attempt.ts';
import type { Control } from './pace.ts';
import type { RegisteredPlan } from './plan.ts';
import type { ReportFormat, ReportSource, WorklistDecision } from './report.ts';
import type { Snapshot, SnapshotColumn, SnapshotManifest } from './snapshot.ts';

// ---- time, ids, progress --------------------------------------------------------------------------------------------------------

/** Comes in as an argument everywhere, so that the same snapshots with the same as-of give the same bytes. */
export interface Clock {
  /** ISO 8601 UTC, to the millisecond. */
  now(): string;
}

export type ProgressEvent =
  | { readonly kind: 'step'; readonly step: string; readonly total?: number }
  | { readonly kind: 'advance'; readonly step: string; readonly by: number; readonly note?: string }
  | { readonly kind: 'done'; readonly step: string; readonly note?: string }
  /** A line that stays, and is no warning. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string };
/** Progress of long work. Never carries cell contents. */
export type Progress = (event: ProgressEvent) => void;

// ---- data plane -------------------------------------------------------------------------------------------------------------------------

/** A value as the data plane hands it out: integers beyond 2^53, decimals, dates and timestamps are text. */
export type DataValue = string | number | boolean | null | readonly DataValue[] | { readonly [field: string]: DataValue };
export type DataRow = Readonly<Record<string, DataValue>>;

/** DuckDB. All set work happens here; nothing loads a table into JavaScript. */
export interface DataPlane {
  run(sql: string): Promise<void>;
  /** For results known to be small. */
  rows<Row extends DataRow = DataRow>(sql: string): Promise<Row[]>;
  /** For everything else: chunks of a few thousand rows. */
  stream<Row extends DataRow = DataRow>(sql: string): AsyncIterable<readonly Row[]>;
  /** Appends texts to an existing table whose columns are all VARCHAR; returns the number of rows. */
  append(table: string, batches: AsyncIterable<readonly (readonly (string | null)[])[]>): Promise<number>;
  /** Path of a file that goes away with the plane; it can be read and written after `lockDown` too. For results too large for memory. */
  scratchFile(name: string): string;
  /** From here on only these directories can be read or written, and no setting can be changed. */
  lockDown(directories: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens a data plane with the workspace's memory limit and spill directory. */
export type OpenDataPlane = () => Promise<DataPlane>;

// ---- store ----------------------------------------------------------------------------------------------------------------------------------

/** A snapshot in the making: write the files into `directory`, then commit. What is not committed leaves no trace that anyone reads. */
export interface StagedSnapshot {
  readonly directory: string;
  /** data.parquet (and quarantine.parquet, if there is one) must be there. Fills in id and content hash. */
  commit(manifest: Omit<SnapshotManifest, 'format' | 'id' | 'contentHash' | 'system' | 'entity'>): Promise<Snapshot>;
  abandon(): Promise<void>;
}

export interface SnapshotStore {
  stage(system: string, entity: string): Promise<StagedSnapshot>;
  /** Newest first. */
  list(system?: string, entity?: string): Promise<readonly Snapshot[]>;
  latest(system: string, entity: string): Promise<Snapshot | null>;
  get(system: string, entity: string, id: string): Promise<Snapshot | null>;
  /** E_SNAPSHOT_CORRUPT when data.parquet does not have its content hash. */
  verify(snapshot: Snapshot): Promise<void>;
  remove(snapshot: Snapshot): Promise<void>;
}

/** A dataset in the making: write the files of `datasetFiles` into `directory`, then keep it. */
export interface StagedDataset {
  readonly directory: string;
  keep(made: {
    readonly counts: CanonicalDataset['counts'];
    readonly snapshotId: string;
    readonly definitionHash: string;
    /** Null: all rows are in rows.parquet. `kept`: the file that says which of the base's rows hold. */
    readonly base: { readonly dataset: CanonicalDataset; readonly kept: 'gone' | 'places' } | null;
  }): Promise<CanonicalDataset>;
  abandon(): Promise<void>;
}

/** Everything else that is kept as files: canonical datasets (by inputs hash), baselines, and one directory per run. */
export interface RunStore {
  /** Directory of the run, made on first use (0700). */
  runDirectory(runId: string): Promise<string>;
  /** A canonical dataset made from exactly these inputs, if there is one. */
  canonical(entity: string, system: string, inputsHash: string): Promise<CanonicalDataset | null>;
  /** The newest dataset made by this definition that has all its rows itself, of whatever snapshot. */
  canonicalBase(entity: string, system: string, definitionHash: string): Promise<CanonicalDataset | null>;
  stageCanonical(entity: string, system: string, inputsHash: string): Promise<StagedDataset>;
  /** Removes the canonical datasets made from these snapshots; answers how many. */
  removeCanonical(entity: string, system: string, snapshotIds: ReadonlySet<string>): Promise<number>;
  /** Directory of the baseline layers of an entity (`<odoo uuid>/<capability>/<entity>`). */
  baselineDirectory(odooUuid: string, capability: string, entity: string): Promise<string>;
  /** Directory of the pointer to the latest match (`<odoo uuid>/<capability>`). */
  matchDirectory(odooUuid: string, capability: string): Promise<string>;
  /** Directory of what one reconcile leaves for the next (`<odoo uuid>/<capability>`): breaks' life, and what it need not compare again. */
  reconcileDirectory(odooUuid: string, capability: string): Promise<string>;
  /** The same bytes under another name in `directory`, which stay when the file is removed. A name is given once: what has it already is taken for the same. */
  keepAs(file: string, directory: string, name: string): Promise<void>;
  /** Writes a file whole or not at all (0600). */
  writeFile(path: string, content: string | Uint8Array | AsyncIterable<string | Uint8Array>): Promise<void>;
  /** The same, encrypted to these age recipients, or to those of the workspace where none are given; in clear where it has none either. */
  writeConfidential(path: string, content: AsyncIterable<string>, recipients?: readonly string[]): Promise<void>;
  /** Of a file in clear, or of one that was encrypted: E_SECRET_MISSING without the identity that opens it, E_PLAN_INVALID when it does not. */
  readLines(path: string): AsyncIterable<string>;
  readFile(path: string): Promise<string>;
  exists(path: string): Promise<boolean>;
}

// ---- sources --------------------------------------------------------------------------------------------------------------------------------

/** What a pull asks of a source for one entity. */
export interface ExtractRequest {
  readonly entity: string;
  /** `from` or `query` of the source mapping. */
  readonly from: string | null;
  readonly query: string | null;
  /** Only these columns are fetched; null: all (profile). */
  readonly columns: readonly string[] | null;
  /** Incremental: rows whose watermark is at least this, plus the ids of all rows. */
  readonly since: { readonly watermarkColumn: string; readonly idColumn: string; readonly value: string } | null;
  /** Only the rows with these ids (as text). SQL sources only; never together with `since`. */
  readonly only?: { readonly idColumn: string; readonly ids: readonly string[] };
}

/** What a source has delivered into the data plane: table `table` holds the columns and `_row` BIGINT (1-based; the line number for files). */
export interface Extract {
  readonly table: string;
  readonly columns: readonly SnapshotColumn[];
  readonly rows: number;
  /** Table (`_row` BIGINT, `reason` VARCHAR, `line` VARCHAR) of rows that could not be read, or null. */
  readonly quarantine: { readonly table: string; readonly rows: number } | null;
  /** Incremental: table with one column, the ids of all rows that exist now. */
  readonly ids: string | null;
}

/** A legacy system opened for one pull: one consistent cut over all extracts made from it. */
export interface SourceCut {
  /** Columns of a table, view, file or query, in order. E_SOURCE_DRIFT is the caller's to raise. */
  columns(from: string | null, query: string | null): Promise<readonly SnapshotColumn[]>;
  extract(request: ExtractRequest, plane: DataPlane, progress: Progress): Promise<Extract>;
  /** Tables, views or files there are, for profile and doctor. */
  tables(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface SourceSystem {
  readonly name: string;
  /** E_SOURCE_UNREACHABLE when it cannot be opened. */
  open(): Promise<SourceCut>;
}

// ---- Odoo -----------------------------------------------------------------------------------------------------------------------------------

export interface OdooIdentity {
  readonly url: string;
  readonly database: string;
  /** `database.uuid`; names the world a plan was made for. */
  readonly uuid: string;
  /** As in `19.0`. */
  readonly version: string;
  readonly protocol: 'json-2' | 'json-rpc';
  readonly userId: number;
}

export interface OdooFieldMetadata {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly readonly: boolean;
  readonly store: boolean;
  readonly relation: string | null;
  readonly selection: readonly string[] | null;
  /** [precision, scale] or null. */
  readonly digits: readonly [number, number] | null;
  readonly companyDependent: boolean;
}

/** A record as the API answers it (`load: null`: a many2one is its id, empty is false). */
export type OdooRecord = Readonly<Record<string, unknown>> & { readonly id: number };

/** How a call failed. `unknown` is the one after which nothing may be retried before reading back. */
export type OdooFailure = 'authentication' | 'access' | 'validation' | 'missing-record' | 'missing-model' | 'missing-field' | PassingFailure;
/** What may be over the next time. */
type PassingFailure = 'concurrency' | 'unavailable' | 'unknown';

/** Thrown by every method of OdooConnection. `message` is Odoo's own words without its traceback. */
export class OdooError extends Error {
  readonly failure: OdooFailure;
  /** Odoo's exception name, as in odoo.exceptions.ValidationError, or '' when none came. */
  readonly exception: string;
  constructor(failure: OdooFailure, message: string, exception = '', options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'OdooError';
    this.failure = failure;
    this.exception = exception;
  }
}

/** One Odoo, one company, one user. Every read includes archived records; every call runs in UTC. */
export interface OdooConnection extends GuardedWrites {
  identity(): Promise<OdooIdentity>;
  /** Any method. `ids` are the records; every other key is a parameter by its name. */
  call<Result = unknown>(
    model: string,
    method: string,
    args: { readonly ids?: readonly number[]; readonly context?: Readonly<Record<string, unknown>>; readonly [parameter: string]: unknown },
  ): Promise<Result>;
  /** All fields of a model; OdooError `missing-model` when there is none. Cached. */
  fields(model: string): Promise<ReadonlyMap<string, OdooFieldMetadata>>;
  searchIds(model: string, domain: readonly unknown[]): Promise<number[]>;
  /** Records in the order of `ids`; ids that do not exist are left out. Chunked and parallel. */
  read(model: string, ids: readonly number[], fields: readonly string[]): Promise<OdooRecord[]>;
  /** All records of a domain by ascending id, in pages, with parallel streams. */
  pages(model: string, domain: readonly unknown[], fields: readonly string[]): AsyncIterable<readonly OdooRecord[]>;
  /** Upsert by External ID, all rows or none. A lost race answers OdooError `concurrency`. */
  load(
    model: string,
    fields: readonly string[],
    rows: readonly (readonly (string | number | null)[])[],
    context: Readonly<Record<string, unknown>>,
  ): Promise<LoadResult>;
  /** Different values per record in the fastest call the server has. One transaction per call where it can. */
  save(
    model: string,
    changes: readonly { readonly id: number; readonly values: Readonly<Record<string, unknown>> }[],
    context: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  unlink(model: string, ids: readonly number[], context?: Readonly<Record<string, unknown>>): Promise<void>;
  /** id → its oldest External ID; with `namespace`, only External IDs of that module. */
  externalIds(model: string, ids: readonly number[] | 'all', namespace?: string): Promise<ReadonlyMap<number, string>>;
  /** id → all its External IDs, sorted; records without any are left out. A record has several once another was merged into it. */
  allExternalIds(model: string, ids: readonly number[] | 'all', namespace?: string): Promise<ReadonlyMap<number, readonly string[]>>;
  /** External ID → record; those that do not exist are left out. */
  resolveExternalIds(externalIds: readonly string[]): Promise<ReadonlyMap<string, { readonly model: string; readonly id: number }>>;
  /** Waits as between two attempts of its own: longer each time (`tries` is 0 before the second), never as long as another client; not at all once
   *  the work is being stopped. For those who find out first what became of a call, and then send it again. */
  backOff(tries: number): Promise<void>;
  /** Calls at the same time from now on; never more than the connection was opened for. */
  limit(calls: number): void;
  /** Tells every attempt of a call from now on, until what it answers is called. */
  watch(heard: (attempt: OdooAttempt) => void): () => void;
}

// ---- state ----------------------------------------------------------------------------------------------------------------------------------

export type RunStatus = 'running' | 'ok' | 'findings' | 'incomplete' | 'refused' | 'failed' | 'interrupted';

export interface RunRecord {
  readonly id: string;
  readonly command: string;
  readonly capability: string | null;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly asOf: string;
  /** Environment it was for; left out: the workspace had none. */
  readonly environment?: string;
  /** What the command answered (its `--json` data), or null while running. */
  readonly data: unknown;
}

/** One layer of the baseline: a Parquet file of last agreed values; the newest layer that knows a record and field wins. */
export interface BaselineLayer {
  readonly entity: string;
  /** 1-based, growing. */
  readonly layer: number;
  readonly runId: string;
  readonly file: string;
}

export interface StateStore {
  /** Runs. */
  startRun(run: Omit<RunRecord, 'endedAt' | 'data' | 'status'>): Promise<void>;
  endRun(id: string, status: Exclude<RunStatus, 'running'>, endedAt: string, data: unknown): Promise<void>;
  run(id: string): Promise<RunRecord | null>;
  /** Newest first. */
  runs(filter?: { readonly command?: string; readonly capability?: string; readonly limit?: number }): Promise<readonly RunRecord[]>;

  /** Crosswalk. `link` closes an open link of the same record at `validFrom`; linking twice to the same id changes nothing. */
  link(links: readonly CrosswalkLink[]): Promise<void>;
  unlink(odooUuid: string, entity: string, system: string, keys: readonly string[], at: string, runId: string): Promise<void>;
  /** Open links of an entity (all entities of the capability when null), streamed in order of system and key. */
  links(odooUuid: string, capability: string, entity: string | null): AsyncIterable<readonly CrosswalkLink[]>;
  /** The same for millions of them, in no order; or only what has changed since `since`, where that is known to be on this crosswalk's way and is little. */
  bundledLinks(odooUuid: string, capability: string, since: CrosswalkMoment | null): Promise<BundledLinks>;
  linksOf(odooUuid: string, entity: string, system: string, keys: readonly string[]): Promise<ReadonlyMap<string, CrosswalkLink>>;
  /** Links as they were open at a moment (ISO 8601), streamed like `links`. */
  linksAt(odooUuid: string, capability: string, entity: string | null, at: string): AsyncIterable<readonly CrosswalkLink[]>;
  /** Every link a record has had, oldest first. */
  history(odooUuid: string, entity: string, system: string, key: string): Promise<readonly CrosswalkInterval[]>;

  /** Plans: registered when made, consumed once (E_PLAN_USED names the run that used it). */
  registerPlan(plan: {
    readonly nonce: string;
    readonly kind: string;
    readonly capability: string;
    readonly runId: string;
    readonly sha256: string;
    readonly file: string;
  }): Promise<void>;
  consumePlan(nonce: string, runId: string): Promise<void>;
  /** Newest first. */
  plans(): Promise<readonly RegisteredPlan[]>;
  plan(nonce: string): Promise<RegisteredPlan | null>;
  /** Runs in whose journals the plan was approved. */
  approvalRuns(nonce: string): Promise<readonly string[]>;
  planOf(runId: string): Promise<{ readonly nonce: string; readonly file: string; readonly sha256: string } | null>;

  /** Journal: durable when the promise resolves. Adds segment sequence and hash chain. */
  journal(entries: readonly Omit<JournalEntry, 'sequence'>[]): Promise<void>;
  /** In order of segment and sequence; with `actions`, only the entries about these, with `kinds`, only entries of these. */
  journalOf(runId: string, only?: JournalSelection): AsyncIterable<readonly JournalEntry[]>;
  /** The same, with the chain. */
  chainOf(runId: string): AsyncIterable<readonly ChainedEntry[]>;
  /** Where the segments of a run end. */
  journalHeads(runId: string): Promise<readonly JournalHead[]>;
  verifyJournal(runId: string): Promise<ChainVerdict>;
  /** Runs that have a journal, or had one, oldest first. */
  journaledRuns(): Promise<readonly string[]>;
  /** Entries of all runs that make, settle or discard a dead letter; by run. */
  deadLetters(): AsyncIterable<readonly JournalEntry[]>;

  /** Baseline layers, oldest first. */
  baselineLayers(odooUuid: string, capability: string, entity: string): Promise<readonly BaselineLayer[]>;
  addBaselineLayer(odooUuid: string, capability: string, layer: Omit<BaselineLayer, 'layer'>): Promise<BaselineLayer>;

  /** One writer at a time per name; E_LOCKED names the holder (command, run, host, since). */
  withLock<Result>(name: string, holder: string, work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

// ---- reports ---------------------------------------------------------------------------------------------------------------------------------

/** Makes a report from the manifest and the breaks of one reconcile (domain/report.ts). Same source, same bytes. Large reports stream. */
export interface ReportRenderer {
  render(format: ReportFormat, source: ReportSource): AsyncIterable<string | Uint8Array>;
  /** The rows of a filled-in worklist: CSV, XLSX or what the HTML report exported, by the name of the file. E_USAGE where it is none of these. */
  readDecisions(path: string): Promise<readonly WorklistDecision[]>;
}

// ---- together -------------------------------------------------------------------------------------------------------------------------------

/** The outside world of one command. State and Odoo are opened on first use. */
export interface Ports {
  readonly openPlane: OpenDataPlane;
  readonly snapshots: SnapshotStore;
  readonly runs: RunStore;
  readonly state: () => Promise<StateStore>;
  readonly source: (system: string) => SourceSystem;
  readonly odoo: () => Promise<OdooConnection>;
  /** The workspace's `pii_key`; null: it has none. E_SECRET_MISSING where it names one that is not there. */
  readonly piiKey: () => Promise<string | null>;
  readonly clock: Clock;
  readonly progress: Progress;
  /** Aborted by Ctrl-C: finish what is under way, then stop with E_INTERRUPTED. */
  readonly signal: AbortSignal;
  /** Keys and a file by which a person steers a run that goes on; left out: nobody does. */
  readonly control?: (runId: string) => Promise<Control>;
}
