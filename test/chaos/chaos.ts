/** Rounds of chaos against one host: the undisturbed nights first, then seed by seed. */
import { rm } from 'node:fs/promises';
import type { Legacy } from '../load/world.ts';
import { type Disturbance, type Script, scriptOf } from './disturbances.ts';
import { dayAfter, hospitalOf } from './legacy.ts';
import { night, type Phase, problemsOf, type Seen, type Stage } from './night.ts';
import type { OdooHost } from './odoo-hosts.ts';
import { type PrivatePostgres, startPrivatePostgres } from './private-postgres.ts';
import { smallDisk } from './small-disk.ts';
import { type Prepared, prepare, type StateKind } from './workspaces.ts';
import { WRITERS } from './writers.ts';

export interface ChaosOptions {
  readonly host: OdooHost;
  readonly records: number;
  readonly timeoutSeconds: number;
  readonly say: (text: string) => void;
}

export interface RoundResult {
  readonly seed: string;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly seconds: number;
}

export interface Chaos {
  round(seed: string): Promise<RoundResult>;
  /** Several hands on one Odoo; each ends like a round. */
  writers(): AsyncIterable<RoundResult>;
  readonly quietSeconds: number;
  close(): Promise<void>;
}

export async function openChaos(options: ChaosOptions): Promise<Chaos> {
  const postgres = await startPrivatePostgres();
  try {
    return await chaosWith(postgres, options);
  } catch (error) {
    await postgres?.stop();
    throw error;
  }
}

async function chaosWith(postgres: PrivatePostgres | null, { host, records, timeoutSeconds, say }: ChaosOptions): Promise<Chaos> {
  if (postgres === null) say('skipped: the state on a PostgreSQL that dies (no PostgreSQL is installed here)');
  const disk = await smallDisk();
  await disk?.close();
  if (disk === null) say('skipped: a full disk (only root on Linux can mount a small one)');
  const legacy = hospitalOf(records);
  const making = new Map<StateKind, Promise<Prepared>>();
  const made: Prepared[] = [];
  const prepared = (kind: StateKind): Promise<Prepared> => {
    const known = making.get(kind) ?? preparedOn(host, legacy, kind, postgres, timeoutSeconds);
    if (!making.has(kind)) void known.then((one) => made.push(one));
    making.set(kind, known);
    return known;
  };
  const kinds: readonly StateKind[] = postgres === null ? ['embedded'] : ['postgres', 'embedded'];
  const nextNight = dayAfter(legacy, Math.ceil(records / 10));
  const stage: Stage = { host, kinds, prepared, postgres, nextNight, timeoutMilliseconds: timeoutSeconds * 1000, seconds: 5 };
  const quiet = new Map<Phase, Seen>();
  await addQuiet(stage, quiet, host.isOne ? 'rollback' : 'load');
  const { result, seconds, writes } = quiet.get('load') as Seen;
  stage.seconds = seconds;
  say(`undisturbed: ${String(result.planned)} documents in ${seconds.toFixed(1)} s, ${writes} writing calls, on ${host.name}`);
  let told = false;
  /** What even an undisturbed rollback leaves behind. */
  const tellLeft = (seen: Seen | undefined): void => {
    if (seen === undefined || told) return;
    told = true;
    const left = [...seen.dump].flatMap(([model, records]) => (records.size > 0 ? [`${[...records.values()].flat().length} of ${model}`] : []));
    if (left.length > 0) say(`an undisturbed rollback leaves otherwise than it was before: ${left.join(', ')}`);
  };
  const possible = { state: [...kinds, kinds[0] as StateKind], odoo: host.killable, disk: disk !== null, writes, timeoutMilliseconds: timeoutSeconds * 1000 };
  return {
    quietSeconds: seconds,
    round(seed) {
      const drawn = scriptOf(seed, possible);
      const script = host.isOne ? { ...drawn, second: null, rollback: drawn.rollback ?? [] } : drawn;
      return attempt(seed, async (note) => {
        for (const phase of ['second', 'rollback'] as const) if (script[phase] !== null && !quiet.has(phase)) await addQuiet(stage, quiet, phase);
        tellLeft(quiet.get('rollback'));
        note(`state ${script.state}`);
        return problemsOf(await night(stage, script, note), quiet);
      });
    },
    async *writers() {
      if (host.isOne) return say('skipped: two writers (they need databases of their own)');
      for (const { name, run } of WRITERS) yield attempt(name, (note) => run(stage, { load: quiet.get('load') as Seen }, note));
    },
    async close() {
      for (const { directory } of made) await rm(directory, { recursive: true, force: true });
      await postgres?.stop();
    },
  };
}

/** An undisturbed night up to this phase. Every one begins with a load, which must be as the first one was: else nothing can be compared. */
async function addQuiet(stage: Stage, quiet: Map<Phase, Seen>, phase: Phase): Promise<void> {
  const nothing: readonly Disturbance[] = [];
  const state = stage.kinds[0] as StateKind;
  const script: Script = { seed: 'quiet', state, load: nothing, second: phase === 'second' ? nothing : null, rollback: phase === 'rollback' ? nothing : null };
  const found = await night(stage, script, () => undefined);
  const differing = problemsOf(found, quiet);
  if (differing.length > 0) throw new Error(`two undisturbed loads differ, so nothing can be compared:\n  ${differing.slice(0, 20).join('\n  ')}`);
  for (const [name, seen] of found) {
    if (seen.faults.length > 0) throw new Error(`the undisturbed ${name} is at fault: ${seen.faults.join('; ')}`);
    quiet.set(name, quiet.get(name) ?? seen);
  }
}

async function preparedOn(host: OdooHost, legacy: Legacy, kind: StateKind, postgres: PrivatePostgres | null, timeoutSeconds: number): Promise<Prepared> {
  const odoo = await host.fresh();
  try {
    return await prepare(odoo, legacy, kind, postgres, timeoutSeconds);
  } finally {
    await odoo.close();
  }
}

async function attempt(seed: string, work: (note: (text: string) => void) => Promise<readonly string[]>): Promise<RoundResult> {
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(`${seconds().toFixed(1).padStart(6)} s  ${text}`);
  try {
    return { seed, problems: await work(note), notes, seconds: seconds() };
  } catch (error) {
    return { seed, problems: [error instanceof Error ? error.message : String(error)], notes, seconds: seconds() };
  }
}
