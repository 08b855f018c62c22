/** One load (or rollback) under its disturbances, taken up again until it is through. */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { chanceOf } from '../match-faults/chance.ts';
import { type Disturbance, fateOf, type Moment } from './disturbances.ts';
import { cutover, type Ending, goOn, type Place, type Running } from './loader.ts';
import type { HostedOdoo } from './odoo-hosts.ts';
import type { PrivatePostgres } from './private-postgres.ts';
import type { Fate, FaultyProxy, Passing } from './proxy.ts';

/** More than any script needs. */
const TRIES = 25;
const HELD_MILLISECONDS = 1200;

export interface Setting {
  readonly place: Place;
  readonly proxy: FaultyProxy;
  readonly odoo: HostedOdoo;
  readonly postgres: PrivatePostgres | null;
  /** A file system of its own, which can be filled. */
  readonly disk: string | null;
  readonly timeoutMilliseconds: number;
  /** Of an undisturbed one. */
  readonly seconds: number;
  /** What happens, as it happens. */
  readonly note: (text: string) => void;
}

export interface Outcome {
  readonly data: LoadRunResult;
  readonly runId: string;
  readonly tries: number;
  readonly writes: number;
}

export async function disturbed(setting: Setting, args: readonly string[], disturbances: readonly Disturbance[]): Promise<Outcome> {
  const { proxy, place, note } = setting;
  const trouble = new Trouble(setting, disturbances);
  let next = args;
  try {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const running = cutover<LoadRunResult>(place, next);
      trouble.attend(running);
      const ending = await running.ending;
      await trouble.settle();
      note(`${next.slice(0, 2).join(' ')}: ${howItEnded(ending)}`);
      const { data, runId } = ending;
      if (data !== null && data.remaining === 0) {
        // A call that was held may still reach Odoo.
        await proxy.quiet();
        return { data, runId: data.runId ?? runId ?? '', tries: attempt + 1, writes: trouble.writes };
      }
      proxy.use(null);
      const command = await goOn(place);
      // Killed before it was recorded: nothing was begun.
      next = command ?? args;
    }
    throw new Error(`not through after ${TRIES} tries`);
  } finally {
    await trouble.settle();
    proxy.use(null);
  }
}

function howItEnded(ending: Ending<LoadRunResult>): string {
  const after = `after ${ending.seconds.toFixed(1)} s`;
  if (ending.killed) return `killed ${after}`;
  if (ending.error !== null) return `${ending.error} (exit ${ending.exit}, ${after})`;
  return `exit ${ending.exit} ${after}`;
}

/** Everything that is to go wrong, each in its time. */
class Trouble {
  readonly #setting: Setting;
  readonly #kills: Extract<Disturbance, { kind: 'kill' }>['moments'][number][];
  readonly #network: { left: number; readonly chance: ReturnType<typeof chanceOf>; readonly share: number } | null;
  /** Those that come once, or so often. */
  readonly #due: Map<Disturbance, number>;
  #timers: NodeJS.Timeout[] = [];
  #underWay: Promise<void>[] = [];
  #ballast: string | null = null;
  writes = 0;

  constructor(setting: Setting, disturbances: readonly Disturbance[]) {
    this.#setting = setting;
    this.#kills = disturbances.flatMap((one) => (one.kind === 'kill' ? [...one.moments] : []));
    const network = disturbances.find((one) => one.kind === 'network');
    this.#network = network?.kind === 'network' ? { left: network.most, chance: chanceOf(network.word), share: network.share } : null;
    this.#due = new Map(
      disturbances.flatMap((one): [Disturbance, number][] => {
        if (one.kind === 'kill' || one.kind === 'network') return [];
        return [[one, one.kind === 'odoo' ? one.times : 1]];
      }),
    );
  }

  /** Begins with a process of the loader. */
  attend(running: Running<unknown>): void {
    const { proxy, seconds, note } = this.#setting;
    const kill = this.#kills.shift() ?? null;
    const { child } = running;
    const die = (): void => {
      child.kill('SIGKILL');
    };
    const at = (moment: Moment, act: () => void): void => {
      if ('share' in moment) this.#timers.push(setTimeout(act, moment.share * seconds * 1000));
    };
    if (kill !== null) at(kill, die);
    for (const [one] of this.#due) {
      if (one.kind === 'outage' || one.kind === 'odoo') at(one.at, () => this.#begin(one));
      if (one.kind === 'state' || one.kind === 'disk') at(one, () => this.#begin(one));
    }
    proxy.use({
      fate: (passing) => {
        if (passing.write !== null) this.writes += 1;
        for (const [one] of this.#due) if ((one.kind === 'outage' || one.kind === 'odoo') && isNow(one.at, passing)) this.#begin(one);
        if (kill !== null && isNow(kill, passing) && kill.how !== 'answered') {
          note(`killed when ${passing.what} was sent${kill.how === 'held' ? ', which comes later' : ''}`);
          die();
          return kill.how === 'held' ? { kind: 'hold', milliseconds: HELD_MILLISECONDS } : { kind: 'pass' };
        }
        return this.#fate(passing);
      },
      answered: (passing) => {
        if (kill === null || !isNow(kill, passing) || kill.how !== 'answered') return;
        note(`killed when ${passing.what} was answered`);
        die();
      },
    });
  }

  #fate(passing: Passing): Fate {
    const network = this.#network;
    if (network === null || network.left <= 0) return { kind: 'pass' };
    const fate = fateOf(network.chance, network.share, passing.write !== null, this.#setting.timeoutMilliseconds);
    if (fate.kind === 'pass') return fate;
    network.left -= 1;
    this.#setting.note(`${passing.what}: ${JSON.stringify(fate)}`);
    return fate;
  }

  #begin(one: Disturbance): void {
    const left = (this.#due.get(one) ?? 0) - 1;
    if (left < 0) return;
    if (left === 0) this.#due.delete(one);
    else this.#due.set(one, left);
    this.#underWay.push(this.#act(one));
  }

  async #act(one: Disturbance): Promise<void> {
    const { proxy, odoo, postgres, disk, note } = this.#setting;
    note(one.kind === 'odoo' ? `Odoo's ${one.how} is killed` : `${one.kind} begins`);
    if (one.kind === 'outage') await proxy.outage(one.milliseconds);
    if (one.kind === 'odoo') await odoo.killWorkers?.(one.how);
    if (one.kind === 'state') await postgres?.crash(one.downMilliseconds);
    if (one.kind === 'disk' && disk !== null) this.#ballast = fill(disk);
  }

  /** The process has ended: nothing more happens to it, and whoever fell stands again. */
  async settle(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    await Promise.all(this.#underWay.splice(0));
    if (this.#ballast !== null) rmSync(this.#ballast, { force: true });
    this.#ballast = null;
  }
}

function isNow(moment: Moment, passing: Passing): boolean {
  return 'write' in moment && passing.write === moment.write;
}

/** Nothing is left on the disk. */
function fill(disk: string): string {
  const ballast = join(disk, 'ballast');
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize)));
  } catch (error) {
    // Someone else took the rest meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
  return ballast;
}
