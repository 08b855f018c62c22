/** What goes wrong in a round, drawn from its seed: nothing here acts, so that a seed replays. */
import { type Chance, chanceOf } from '../match-faults/chance.ts';
import type { Fate } from './proxy.ts';
import type { StateKind } from './workspaces.ts';

/** When: after a share of the time an undisturbed load takes, or at one of its writing calls. */
export type Moment = { readonly share: number } | { readonly write: number };

export type Disturbance =
  /** One moment for every process of the loader that is killed. `held`: the call it was about reaches Odoo later. */
  | { readonly kind: 'kill'; readonly moments: readonly (Moment & { readonly how: 'before' | 'held' | 'answered' })[] }
  | { readonly kind: 'network'; readonly word: string; readonly share: number; readonly most: number }
  | { readonly kind: 'outage'; readonly at: Moment; readonly milliseconds: number }
  | { readonly kind: 'odoo'; readonly how: 'worker' | 'server'; readonly at: Moment; readonly times: number }
  | { readonly kind: 'state'; readonly share: number; readonly downMilliseconds: number }
  | { readonly kind: 'disk'; readonly share: number };

export interface Possible {
  readonly state: readonly StateKind[];
  readonly odoo: boolean;
  readonly disk: boolean;
  /** Writing calls of an undisturbed load. */
  readonly writes: number;
  /** Longer than the tool waits for an answer. */
  readonly timeoutMilliseconds: number;
}

export interface Script {
  readonly seed: string;
  readonly state: StateKind;
  readonly load: readonly Disturbance[];
  /** The next night's changes are loaded as well. */
  readonly second: readonly Disturbance[] | null;
  /** The first load is then taken back. */
  readonly rollback: readonly Disturbance[] | null;
}

export function scriptOf(seed: string, possible: Possible): Script {
  const chance = chanceOf(seed);
  const state = chance.of(possible.state);
  const load = disturbances(chance, state, possible, chance.happens(0.5) ? 2 : 1);
  const later = (): readonly Disturbance[] => disturbances(chance, state, { ...possible, disk: false }, 1);
  const wants = chance.below(4);
  return { seed, state, load, second: wants === 0 ? later() : null, rollback: wants === 1 ? later() : null };
}

function disturbances(chance: Chance, state: StateKind, possible: Possible, count: number): readonly Disturbance[] {
  const kinds = ['kill', 'kill', 'kill', 'network', 'network', 'outage'] as Disturbance['kind'][];
  if (possible.odoo) kinds.push('odoo', 'odoo');
  if (state === 'postgres') kinds.push('state', 'state');
  if (possible.disk && state === 'embedded') kinds.push('disk');
  const chosen: Disturbance[] = [];
  while (chosen.length < count) {
    const kind = chance.of(kinds);
    if (!chosen.some((one) => one.kind === kind)) chosen.push(drawn(chance, kind, possible));
  }
  return chosen;
}

function drawn(chance: Chance, kind: Disturbance['kind'], possible: Possible): Disturbance {
  const share = (): number => 0.05 + chance.below(90) / 100;
  const write = (): number => 1 + chance.below(possible.writes);
  const moment = (): Moment => (chance.happens(0.4) ? { share: share() } : { write: write() });
  switch (kind) {
    case 'kill': {
      const times = chance.happens(0.4) ? 2 + chance.below(2) : 1;
      const moments = Array.from({ length: times }, (_, index) => {
        const at = index === 0 ? moment() : chance.happens(0.5) ? { share: share() / 2 } : { write: 1 + chance.below(Math.ceil(possible.writes / 3)) };
        return { ...at, how: chance.of(['before', 'held', 'held', 'answered', 'answered'] as const) };
      });
      return { kind, moments };
    }
    case 'network':
      return { kind, word: chance.letters(8), share: chance.of([0.05, 0.15, 0.3]), most: 3 + chance.below(10) };
    case 'outage':
      return { kind, at: moment(), milliseconds: 100 + chance.below(1500) };
    case 'odoo':
      return { kind, how: chance.happens(0.75) ? 'worker' : 'server', at: moment(), times: 1 + chance.below(3) };
    case 'state':
      return { kind, share: share(), downMilliseconds: chance.below(800) };
    case 'disk':
      return { kind, share: share() };
  }
}

/** What becomes of one request on a bad network. */
export function fateOf(chance: Chance, share: number, writes: boolean, timeoutMilliseconds: number): Fate {
  if (!chance.happens(writes ? share : share / 5)) return { kind: 'pass' };
  const roll = chance.below(20);
  if (roll < 4) return { kind: 'drop-answer' };
  if (roll < 7) return { kind: 'cut-answer' };
  if (roll < 10) return { kind: 'status', status: chance.of([502, 504] as const), reaches: true };
  if (roll < 12) return { kind: 'status', status: chance.of([429, 502, 503] as const), reaches: false };
  if (roll < 15) return { kind: 'drop' };
  if (roll < 18) return { kind: 'delay', milliseconds: 50 + chance.below(400) };
  // The tool gives up waiting; what it asked for was done, or is done when it has already looked.
  return { kind: roll === 18 ? 'delay' : 'hold', milliseconds: timeoutMilliseconds + 300 };
}

export function toldOf(disturbance: Disturbance): string {
  const at = (moment: Moment): string => ('write' in moment ? `write ${moment.write}` : `${Math.round(moment.share * 100)} %`);
  switch (disturbance.kind) {
    case 'kill':
      return `kill -9 at ${disturbance.moments.map((moment) => `${at(moment)} (${moment.how})`).join(', then at ')}`;
    case 'network':
      return `network loses ${Math.round(disturbance.share * 100)} % of the writes, ${disturbance.most} at most`;
    case 'outage':
      return `no connection for ${disturbance.milliseconds} ms at ${at(disturbance.at)}`;
    case 'odoo':
      return `kill -9 of Odoo's ${disturbance.how} at ${at(disturbance.at)}, ${disturbance.times} times`;
    case 'state':
      return `the state's PostgreSQL dies at ${Math.round(disturbance.share * 100)} % for ${disturbance.downMilliseconds} ms`;
    case 'disk':
      return `disk full at ${Math.round(disturbance.share * 100)} %`;
  }
}
