/** Several hands on one Odoo: two processes with one plan, two machines with plans of their own, users at work during a load. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadRunResult, PlanResult } from '../../src/domain/results.ts';
import { chanceOf } from '../match-faults/chance.ts';
import { differences, dumpOf, type Raw, readRaw } from './dump.ts';
import { cutover, type Ending, type LoadEnding, type Place } from './loader.ts';
import type { Seen, Stage } from './night.ts';
import { type HostedOdoo, openOdoo } from './odoo-hosts.ts';
import { copyOf, NAMESPACE, type RoundWorkspace, type StateKind, writeLegacy } from './workspaces.ts';

export interface Writers {
  readonly name: string;
  run(stage: Stage, quiet: Quiet, note: (text: string) => void): Promise<string[]>;
}

export interface Quiet {
  readonly load: Seen;
}

const TURNED_AWAY = /^(E_PLAN_USED|E_LOCKED):/;

export const WRITERS: readonly Writers[] = [
  { name: 'one plan, two processes', run: onePlan },
  { name: 'two plans over the same records, one state', run: (stage, quiet, note) => twoPlans(stage, quiet, note, true) },
  { name: 'two plans over the same records, each with a state of its own', run: (stage, quiet, note) => twoPlans(stage, quiet, note, false) },
  { name: 'users edit a tenth of the records during a load', run: usersAtWork },
];

interface Scene {
  readonly odoo: HostedOdoo;
  readonly before: Raw;
  machine(kind: StateKind): Promise<{ readonly place: Place; readonly workspace: RoundWorkspace; readonly plan: string }>;
}

async function scene<Result>(stage: Stage, work: (scene: Scene) => Promise<Result>): Promise<Result> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const odoo = await stage.host.fresh();
    closing.push(() => odoo.close());
    const before = await readRaw(await openOdoo(odoo), NAMESPACE);
    return await work({
      odoo,
      before,
      async machine(kind) {
        const prepared = await stage.prepared(kind);
        const workspace = await copyOf(prepared, stage.postgres, null);
        closing.push(() => workspace.remove());
        const environment = { ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey, CHAOS_STATE: workspace.state };
        return { place: { workspace: workspace.directory, environment }, workspace, plan: join(prepared.directory, 'chaos.plan') };
      },
    });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function unlike({ odoo, before }: Scene, quiet: Seen): Promise<string[]> {
  return differences(dumpOf(await readRaw(await openOdoo(odoo), NAMESPACE), before), quiet.dump);
}

function told(name: string, ending: Ending<unknown>): string {
  return `${name}: ${ending.error ?? `exit ${ending.exit}`} after ${ending.seconds.toFixed(1)} s`;
}

/** `mayMeet`: another machine that knows nothing of this one is at the same records. What it has begun and not ended is a conflict: left to it, and listed. */
function faultsOf(name: string, { data, error }: LoadEnding, wanted: Seen, mayMeet = false): string[] {
  if (data === null) return [`${name} did not end: ${error}`];
  const { planned, unknown, remaining, conflict, conflicts, deadLettered, blocked } = data;
  const unexpected = mayMeet ? Math.min(200, conflict) - conflicts.length : conflict;
  if (planned === wanted.result['planned'] && unknown + remaining + deadLettered + blocked === 0 && unexpected === 0) return [];
  return [
    `${name}: ${JSON.stringify({ planned, unknown, remaining, conflict, conflicts: conflicts.length, deadLettered, blocked, refusals: data.refusals.slice(0, 3) })}`,
  ];
}

async function onePlan(stage: Stage, quiet: Quiet, note: (text: string) => void): Promise<string[]> {
  const problems: string[] = [];
  for (const kind of stage.kinds) {
    await scene(stage, async (own) => {
      const { place, plan } = await own.machine(kind);
      const both = [cutover<LoadRunResult>(place, ['load', plan]), cutover<LoadRunResult>(place, ['load', plan])];
      const endings = await Promise.all(both.map(({ ending }) => ending));
      for (const [index, ending] of endings.entries()) note(told(`${kind}, process ${index + 1}`, ending));
      const winners = endings.filter(({ data }) => data !== null);
      if (winners.length !== 1) problems.push(`${winners.length} of two processes loaded the plan`);
      for (const winner of winners) problems.push(...faultsOf('the winner', winner, quiet.load));
      for (const { data, error } of endings) if (data === null && !TURNED_AWAY.test(error ?? '')) problems.push(`the other was told ${error}`);
      problems.push(...(await unlike(own, quiet.load)));
    });
  }
  return problems;
}

/** `shared`: both machines know one state, and one of them has to wait. */
async function twoPlans(stage: Stage, quiet: Quiet, note: (text: string) => void, shared: boolean): Promise<string[]> {
  if (shared && !stage.kinds.includes('postgres')) {
    note('skipped: there is no PostgreSQL for the state');
    return [];
  }
  return scene(stage, async (own) => {
    const kind = shared ? 'postgres' : 'embedded';
    const one = await own.machine(kind);
    const two = await own.machine(kind);
    const place: Place = shared ? { ...two.place, environment: { ...two.place.environment, CHAOS_STATE: one.workspace.state } } : two.place;
    const plan = join(two.workspace.directory, 'another.plan');
    const planned = await cutover<PlanResult>(place, ['plan', 'procurement', '--out', plan]).ending;
    if (planned.data === null) return [`the second plan was not made: ${planned.error}`];
    const first = cutover<LoadRunResult>(one.place, ['load', one.plan]);
    const second = cutover<LoadRunResult>(place, ['load', plan]);
    const endings = [await first.ending, await second.ending] as const;
    note(told('machine 1', endings[0]));
    note(told('machine 2', endings[1]));
    for (const { data } of endings) if (data !== null && data.conflict > 0) note(`${data.conflict} conflicts, ${JSON.stringify(data.conflicts[0])} the first`);
    const problems: string[] = [];
    const turnedAway = endings.filter(({ data }) => data === null);
    if (shared && turnedAway.length !== 1) problems.push(`${turnedAway.length} machines were told to wait, one should have been`);
    for (const [index, ending] of endings.entries()) {
      if (ending.data !== null) problems.push(...faultsOf(`machine ${index + 1}`, ending, quiet.load, !shared));
      else if (!TURNED_AWAY.test(ending.error ?? '')) problems.push(`machine ${index + 1} was told ${ending.error}`);
      else {
        const again = await cutover<LoadRunResult>(index === 0 ? one.place : place, ['load', index === 0 ? one.plan : plan]).ending;
        note(told(`machine ${index + 1} again`, again));
        problems.push(...faultsOf(`machine ${index + 1} again`, again, quiet.load));
      }
    }
    return [...problems, ...(await unlike(own, quiet.load))];
  });
}

interface Edit {
  readonly model: string;
  readonly id: number;
  readonly field: string;
  readonly value: string;
}

async function usersAtWork(stage: Stage, quiet: Quiet, note: (text: string) => void): Promise<string[]> {
  return scene(stage, async (own) => {
    const { place, plan, workspace } = await own.machine(stage.kinds[0] as StateKind);
    const base = await cutover<LoadRunResult>(place, ['load', plan]).ending;
    const problems = faultsOf('the first load', base, quiet.load);
    await writeLegacy(workspace.directory, stage.nextNight);
    const next = join(workspace.directory, 'second.plan');
    for (const args of [['pull'], ['plan', 'procurement', '--out', next]]) await cutover(place, args).ending;
    const users = await usersOf(own.odoo);
    const running = cutover<LoadRunResult>(place, ['load', next]);
    const [ending, edits] = await Promise.all([running.ending, users(running.ending, stage.seconds / 5)]);
    note(told('the load', ending));
    const { data } = ending;
    if (data === null) return [...problems, `the load did not end: ${ending.error}`];
    if (data.planned !== data.applied + data.noop + data.conflict || data.unknown !== 0) problems.push(`not accounted for: ${JSON.stringify(data)}`);
    const conflicts = await workspace.looking(async (state) => {
      const found = new Set<string>();
      for await (const page of state.journalOf(data.runId))
        for (const entry of page) if (entry.kind === 'conflict') found.add(`${entry.model} ${entry.odooId}`);
      return found;
    });
    const lost = await lostOf(own.odoo, edits);
    note(`${edits.length} edits by users, ${conflicts.size} conflicts, ${lost.length} edits overwritten`);
    if (conflicts.size !== data.conflict || data.conflicts.length !== Math.min(200, data.conflict))
      problems.push(`${data.conflict} conflicts, ${conflicts.size} journaled, ${data.conflicts.length} listed`);
    const edited = new Set(edits.map(({ model, id }) => `${model} ${id}`));
    for (const conflict of conflicts) if (!edited.has(conflict)) problems.push(`${conflict} is a conflict, and nobody edited it`);
    for (const { model, id, field } of lost)
      problems.push(`an edit of ${model} ${id} ${field} was overwritten${conflicts.has(`${model} ${id}`) ? ', though it was found' : ''}`);
    return problems;
  });
}

async function lostOf(odoo: HostedOdoo, edits: readonly Edit[]): Promise<Edit[]> {
  const connection = await openOdoo(odoo);
  const lost: Edit[] = [];
  for (const edit of edits) {
    const [record] = await connection.read(edit.model, [edit.id], [edit.field]);
    if (record?.[edit.field] !== edit.value) lost.push(edit);
  }
  return lost;
}

/** People who change what the load is about to change, three at a time, each record once; in about the time the changes of a night take: what they come upon is still
 *  to be loaded, under way, or done. */
async function usersOf(target: HostedOdoo): Promise<(loading: Promise<unknown>, seconds: number) => Promise<Edit[]>> {
  const chance = chanceOf('users');
  const odoo = await openOdoo(target);
  const targets: Omit<Edit, 'value'>[] = [];
  for (const [model, field, domain] of [
    ['res.partner', 'street', [['ref', '!=', false]]],
    ['product.product', 'name', [['default_code', '!=', false]]],
  ] as const) {
    for (const id of await odoo.searchIds(model, domain)) if (chance.happens(0.1)) targets.push({ model, field, id });
  }
  return async (loading, seconds) => {
    let over = false;
    const watch = loading.finally(() => {
      over = true;
    });
    const edits: Edit[] = [];
    const pause = (seconds * 1000 * 3) / Math.max(1, targets.length);
    const user = async (): Promise<void> => {
      while (targets.length > 0 && !over) {
        const [one] = targets.splice(chance.below(targets.length), 1) as [Omit<Edit, 'value'>];
        const edit = { ...one, value: `edited by a user, ${chance.letters(5)}` };
        await odoo.save(edit.model, [{ id: edit.id, values: { [edit.field]: edit.value } }], {});
        edits.push(edit);
        await sleep(pause * (0.5 + chance.below(100) / 100));
      }
    };
    await Promise.all([user(), user(), user(), watch]);
    return edits;
  };
}
