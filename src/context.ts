/** The composition root: a workspace becomes ports. The only file that knows every adapter; each is imported when it is first needed,
 *  so that a command pays for what it uses. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeFailure } from './cli/failure.ts';
import type { Invocation } from './cli/invocation.ts';
import { operator } from './cli/operator.ts';
import type { Outcome } from './cli/outcome.ts';
import type { RunLog } from './cli/run-log.ts';
import { inEnvironment } from './domain/environment.ts';
import { CutoverError, ExitCode } from './domain/errors.ts';
import type { Control } from './domain/pace.ts';
import type { Person } from './domain/person.ts';
import type { Clock, OdooConnection, Ports, Progress, ReportRenderer, RunStatus, RunStore, SourceSystem, StateStore } from './domain/ports.ts';
import type { OdooSystem, Workspace } from './domain/workspace.ts';

export const systemClock: Clock = { now: () => new Date().toISOString() };

/** Root of the package: two folders up when built (dist/src/context.js), one in the sources (src/context.ts). */
export const packageDirectory = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '..' : '../..', import.meta.url));

/** `20261123T060000-pull-a1b2`: sorts by time, says what it was. */
export function newRunId(command: string, clock: Clock = systemClock): string {
  const compact = clock.now().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${compact}-${command.replaceAll(' ', '-')}-${randomBytes(2).toString('hex')}`;
}

export interface ExposedSecret {
  readonly detail: string;
  readonly fix: string;
}

export interface Context {
  readonly workspace: Workspace;
  readonly runId: string;
  readonly asOf: string;
  /** Who works with it; null where neither they nor the system say. */
  readonly operator: Person | null;
  readonly ports: Ports;
  /** Odoo as another of its users; `secret` is ${ENV} or file:PATH of a key or password. */
  odooAs(user: { readonly login: string; readonly secret: string }): Promise<OdooConnection>;
  /** Secret files looked up so far that others than their owner may read. */
  readonly exposedSecrets: readonly ExposedSecret[];
  reports(): Promise<ReportRenderer>;
  /** Single use; names a plan in the state. */
  newNonce(): string;
  /** Runs `work` as a run that `status` knows, with its log; how it ends is recorded whatever happens.
   *  `resumes`: an earlier run that is taken up again; it goes on under its own id. */
  recorded<Data>(capability: string | null, work: () => Promise<Outcome<Data>>, resumes?: string): Promise<Outcome<Data>>;
}

/** Opens the workspace, hands it to `work`, and closes what was opened. */
export async function withContext<Data>(invocation: Invocation, work: (context: Context) => Promise<Outcome<Data>>): Promise<Outcome<Data>> {
  const { findWorkspace, loadWorkspace } = await import('./adapters/workspace/load-workspace.ts');
  const directory = invocation.workspace === null ? await findWorkspace(process.cwd()) : resolve(invocation.workspace);
  const written = await loadWorkspace(directory, { packsDirectory: join(packageDirectory, 'mappings'), environment: process.env });
  const workspace = inEnvironment(written, invocation.environment ?? null, invocation.embeddedStateReason ?? null);
  // What is written from here on holds the data of the hospital. DuckDB and PGlite make files too, and take no mode for them.
  process.umask(0o077);
  const opened = await openPorts(workspace, invocation);
  try {
    return await work(opened.context);
  } finally {
    await opened.close();
  }
}

/** What needs nothing of the workspace. */
const makers: Pick<Context, 'newNonce' | 'reports'> = {
  newNonce: () => randomBytes(16).toString('hex'),
  reports: async () => (await import('./adapters/report/renderer.ts')).reportRenderer(),
};

async function openPorts(workspace: Workspace, invocation: Invocation): Promise<{ context: Context; close(): Promise<void> }> {
  const clock = systemClock;
  const runId = newRunId(invocation.command, clock);
  const store = resolve(workspace.directory, workspace.file.store);
  const secrets = secretsOf(workspace, (text) => ports.progress({ kind: 'warning', text }));
  const { directorySnapshotStore } = await import('./adapters/store/snapshot-store.ts');
  const { directoryRunStore } = await import('./adapters/store/run-store.ts');
  const runs = directoryRunStore(store, planKeys(workspace, secrets));
  const person = operator(invocation.by);
  const spill = join(store, 'spill', runId);
  const log = async (id: string): Promise<RunLog> => (await import('./cli/run-log.ts')).openRunLog(await runs.runDirectory(id), secrets.known);
  let logged: RunLog | null = null;
  const state = once(() => openOwnState(workspace, invocation, { runId, store, clock, operator: person, secrets }));
  const ports: Ports = {
    openPlane: async () => {
      const { openDataPlane } = await import('./adapters/duckdb/data-plane.ts');
      const { memory, threads } = workspace.file.policies;
      return openDataPlane({ memory, threads, spillDirectory: spill, signal: invocation.signal });
    },
    snapshots: directorySnapshotStore(store, clock),
    runs,
    state,
    source: (name) => sourceSystem(name, workspace, secrets),
    odoo: once(() => openOdoo(workspace, secrets, invocation.signal)),
    piiKey: async () => (workspace.file.pii_key === undefined ? null : await secrets.resolve(workspace.file.pii_key)),
    clock,
    progress: (event) => {
      logged?.progress(event);
      invocation.progress(event);
    },
    signal: invocation.signal,
    ...(invocation.steering === undefined ? {} : { control: controlOf(invocation, runs, (event) => ports.progress(event)) }),
  };
  const recordFailure = async (error: unknown) => {
    logged ??= await log(runId);
    logged.failure(error);
    return logged.file;
  };
  invocation.onRun({ id: null, recordFailure });
  const context: Context = {
    workspace,
    runId,
    asOf: invocation.asOf ?? clock.now(),
    operator: person,
    ports,
    odooAs: (user) => openOdoo(workspace, secrets, invocation.signal, user),
    exposedSecrets: secrets.exposed,
    ...makers,
    async recorded(capability, work, resumes) {
      const id = resumes ?? runId;
      logged = await log(id);
      invocation.onRun({ id, recordFailure });
      logged.note('begin', { command: invocation.command, capability, asOf: context.asOf });
      const runState = await state();
      if (resumes === undefined) await runState.startRun({ id, command: invocation.command, capability, startedAt: clock.now(), asOf: context.asOf });
      try {
        const outcome = await work();
        const stopped = invocation.signal.aborted && outcome.status !== 'ok';
        await runState.endRun(id, stopped ? 'interrupted' : outcome.status, clock.now(), outcome.data);
        logged.note('end', { status: outcome.status });
        return outcome;
      } catch (error) {
        // What an earlier part of the run answered is kept; and a state that cannot be written now must not hide why.
        if (resumes === undefined) await endFailed(runState, id, statusAfter(error), clock.now()).catch((second: unknown) => logged?.failure(second));
        throw error;
      }
    },
  };
  return {
    context,
    async close() {
      if (state.opened()) await (await state()).close();
      await clearSpill(spill, clock.now());
    },
  };
}

async function openOwnState(
  workspace: Workspace,
  invocation: Invocation,
  { runId, store, clock, operator, secrets }: { runId: string; store: string; clock: Clock; operator: Person | null; secrets: Secrets },
): Promise<StateStore> {
  const { openState } = await import('./adapters/state/state-store.ts');
  return openState({
    ...{ url: await secrets.resolve(workspace.file.state), directory: store, clock, operator },
    environment: workspace.environment?.name ?? null,
    holder: `cutover ${invocation.command}, run ${runId}, ${hostname()} pid ${process.pid}`,
  });
}

function planKeys({ file: { plan_recipients: recipients = [], age_identity: identity } }: Workspace, secrets: Secrets) {
  return { recipients, identity: async () => (identity === undefined ? null : await secrets.resolve(identity)) };
}

/** Keys and the file by which whoever started the command steers what goes on. */
function controlOf({ steering, signal }: Invocation, runs: RunStore, progress: Progress): (runId: string) => Promise<Control> {
  return async (runId) => {
    const { openControl, terminalKeys } = await import('./cli/control.ts');
    const interrupt = () => steering?.interrupt();
    return openControl({
      directory: await runs.runDirectory(runId),
      keys: steering?.withKeys === true ? terminalKeys() : null,
      progress,
      interrupt,
      stop: () => {
        if (!signal.aborted) interrupt();
      },
    });
  };
}

/** Unless another machine has taken the run up meanwhile and brought it to its end. */
async function endFailed(state: StateStore, id: string, status: Exclude<RunStatus, 'running'>, at: string): Promise<void> {
  const run = await state.run(id);
  if (run === null || run.endedAt === null) await state.endRun(id, status, at, null);
}

/** This run's spill files, and those that killed runs left. */
async function clearSpill(spill: string, now: string): Promise<void> {
  await rm(spill, { recursive: true, force: true });
  const { sweepSpill } = await import('./adapters/store/durable-files.ts');
  await sweepSpill(dirname(spill), now);
}

function statusAfter(error: unknown): Exclude<RunStatus, 'running'> {
  const { exit } = describeFailure(error, { command: null, flags: [] });
  if (exit === ExitCode.interrupted) return 'interrupted';
  if (exit === ExitCode.refused || exit === ExitCode.locked) return 'refused';
  return exit === ExitCode.incomplete ? 'incomplete' : 'failed';
}

interface Secrets {
  resolve(text: string): Promise<string>;
  known(): Iterable<string>;
  readonly exposed: readonly ExposedSecret[];
}

/** Resolves `${ENV}` and `file:` and remembers what came out, so that the log can blot it out. */
function secretsOf(workspace: Workspace, tell: (warning: string) => void): Secrets {
  const seen = new Set<string>();
  const exposed: ExposedSecret[] = [];
  const warn = (detail: string, fix: string) => {
    if (exposed.some((known) => known.detail === detail)) return;
    exposed.push({ detail, fix });
    tell(`${detail}: ${fix}`);
  };
  return {
    exposed,
    known: () => seen,
    async resolve(text) {
      const { resolveText } = await import('./adapters/workspace/secrets.ts');
      const resolved = await resolveText(text, process.env, workspace.directory, warn);
      if (resolved === text) return resolved;
      for (const [, name] of text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)) seen.add(process.env[name ?? ''] ?? '');
      if (text.startsWith('file:')) seen.add(resolved);
      return resolved;
    },
  };
}

function sourceSystem(name: string, workspace: Workspace, secrets: Secrets): SourceSystem {
  const config = workspace.file.systems[name];
  if (config === undefined || config.connector === 'odoo') throw new CutoverError('E_USAGE', `${name} is not a legacy system of this workspace`);
  return {
    name,
    async open() {
      if (config.connector === 'files') {
        const { filesSource } = await import('./adapters/files/files-source.ts');
        return filesSource(name, config, workspace.directory).open();
      }
      const { sqlSource } = await import('./adapters/sql/sql-source.ts');
      const address = await secrets.resolve(config.url);
      const url = config.client === 'pglite' ? resolve(workspace.directory, address) : address;
      return sqlSource(name, { client: config.client, url }).open();
    },
  };
}

/** Another `user` is spoken for over JSON-RPC, which takes a key and a password alike. */
async function openOdoo(
  workspace: Workspace,
  secrets: Secrets,
  signal: AbortSignal,
  user?: { readonly login: string; readonly secret: string },
): Promise<OdooConnection> {
  const config = workspace.file.systems[workspace.file.odoo] as OdooSystem;
  const { connectOdoo } = await import('./adapters/odoo/connection.ts');
  const given = async (key: 'database' | 'login' | 'api_key' | 'password') => (config[key] === undefined ? undefined : await secrets.resolve(config[key]));
  const database = await given('database');
  const [login, apiKey, password] = user
    ? [user.login, undefined, await secrets.resolve(user.secret)]
    : [await given('login'), await given('api_key'), await given('password')];
  return connectOdoo({
    url: await secrets.resolve(config.url),
    ...(database === undefined ? {} : { database }),
    ...(login === undefined ? {} : { login }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(password === undefined ? {} : { password }),
    ...(config.company === undefined ? {} : { company: config.company }),
    concurrency: config.concurrency,
    timeoutSeconds: config.timeout_seconds,
    signal,
  });
}

/** Opened on first use, once; `opened` tells whether it was. A failed opening is tried again. */
function once<Thing>(open: () => Promise<Thing>): { (): Promise<Thing>; opened(): boolean } {
  let opening: Promise<Thing> | null = null;
  const get = () => {
    opening ??= open().catch((error) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  return Object.assign(get, { opened: () => opening !== null });
}

/** The embedded stand-in for Odoo, for as long as somebody wants it. */
export async function openSandbox(options: { readonly port: number; readonly seed: 'bare' | 'demo' }) {
  const { startSandbox } = await import('./sandbox/server.ts');
  return startSandbox(options);
}

/** Resolves when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
