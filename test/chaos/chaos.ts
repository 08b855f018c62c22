/** Rounds of chaos against one host: the undisturbed nights first, then seed by seed. */
import { rm } from 'node:fs/promises';
import { type Disturbance, type Script, scriptOf } from './disturbances.ts';
import { dayAfter, hospitalOf } from './legacy.ts';
import { type Night, night, type Phase, problemsOf, type Seen, type Stage } from './night.ts';
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
  const prepared = await preparedOn(host, legacy, postgres, timeoutSeconds);
  const stage: Stage = {
    ...{ host, prepared, postgres, nextNight: dayAfter(legacy, Math.ceil(records / 10)), timeoutMilliseconds: timeoutSeconds * 1000 },
    seconds: 5,
  };
  const quiet = new Map<Phase, Seen>();
  const kinds = [...prepared.keys()];
  const reference = async (second: boolean, rollback: boolean): Promise<void> => {
    const nothing: readonly Disturbance[] = [];
    const script: Script = { seed: 'quiet', state: kinds[0] as StateKind, load: nothing, second: second ? nothing : null, rollback: rollback ? nothing : null };
    const found = await night(stage, script, () => undefined);
    const differing = problemsOf(found, quiet as Night);
    if (differing.length > 0) throw new Error(`two undisturbed loads differ, so nothing can be compared:\n  ${differing.slice(0, 20).join('\n  ')}`);
    for (const [phase, seen] of found) {
      if (seen.faults.length > 0) throw new Error(`the undisturbed ${phase} is at fault: ${seen.faults.join('; ')}`);
      quiet.set(phase, quiet.get(phase) ?? seen);
    }
  };
  await reference(true, false);
  await reference(false, true);
  const { result, seconds, writes } = quiet.get('load') as Seen;
  stage.seconds = seconds;
  say(`undisturbed: ${String(result['planned'])} documents in ${seconds.toFixed(1)} s, ${writes} writing calls, on ${host.name}`);
  return {
    quietSeconds: seconds,
    round(seed) {
      const script = scriptOf(seed, {
        state: [...kinds, kinds[0] as StateKind],
        odoo: host.killable,
        disk: disk !== null,
        writes,
        timeoutMilliseconds: stage.timeoutMilliseconds,
      });
      return attempt(seed, async (note) => {
        note(`state ${script.state}`);
        return problemsOf(await night(stage, script, note), quiet as Night);
      });
    },
    async *writers() {
      for (const { name, run } of WRITERS)
        yield attempt(name, (note) => run(stage, { load: quiet.get('load') as Seen, second: quiet.get('second') as Seen }, note));
    },
    async close() {
      for (const { directory } of prepared.values()) await rm(directory, { recursive: true, force: true });
      await postgres?.stop();
    },
  };
}

async function preparedOn(host: OdooHost, legacy: ReturnType<typeof hospitalOf>, postgres: PrivatePostgres | null, timeoutSeconds: number) {
  const prepared = new Map<StateKind, Prepared>();
  const odoo = await host.fresh();
  try {
    for (const kind of postgres === null ? (['embedded'] as const) : (['postgres', 'embedded'] as const)) {
      prepared.set(kind, await prepare(odoo, legacy, kind, postgres, timeoutSeconds));
    }
  } finally {
    await odoo.close();
  }
  return prepared;
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
