/** The walk: every step a run of the product, and what it must show. */
import { join } from 'node:path';
import type { ReconcileResult } from '../domain/results.ts';
import { type Census, countOf, differences, takeCensus, takeWriteDates } from './census.ts';
import { checkLoad, checkMap, checkMatch, checkPlan, checkPull, checkReconcile, type Mistakes, same, sameNames } from './checks.ts';
import { breaksOf, documentsOf, type FoundBreak } from './evidence.ts';
import { type Expectations, expectationsOf, faultText, LINKED_BY_DECISION, type RoundingMethod } from './expectations.ts';
import { financeAct } from './finance-act.ts';
import { hasJournals } from './finance-stage.ts';
import type { Proof } from './proof.ts';
import { refuseUsedOdoo, roundingMethod, type Stage, seedOdoo } from './stage.ts';
import type { Verbs } from './verbs.ts';

export interface Finding {
  /** One line. */
  readonly detail: string;
  /** Further lines worth seeing. */
  readonly notes?: readonly string[];
  readonly mistakes: Mistakes;
}

export interface Step {
  readonly name: string;
  readonly title: string;
  /** True while there is something to put back in Odoo: then it is taken even when an earlier step broke off. */
  readonly owed?: () => boolean;
  /** False where this Odoo has no place for it; it is not walked then. */
  readonly applies?: () => boolean;
  work(): Promise<Finding>;
}

/** What the steps hand to each other. */
interface Memory {
  rounding: RoundingMethod;
  seeded: readonly number[];
  hasJournals: boolean;
  asFound: Census | null;
  beforeLoad: Census | null;
  breaksBefore: readonly FoundBreak[];
  /** Runs that wrote to Odoo, in order. */
  readonly loads: string[];
  applied: number;
}

const NAMESPACE = 'northgate';
const PILOT = 40;
const LEGACY = ['meditrack', 'laboratory', 'pharmacy'] as const;
/** Shown per step; the rest is counted. */
const MOST_NOTES = 8;

export interface Walk {
  readonly steps: readonly Step[];
  /** Loads that have not been rolled back, oldest first. */
  openLoads(): readonly string[];
}

export function walkOf(stage: Stage, { procurement: verbs, finance }: Readonly<Record<'procurement' | 'finance', Verbs>>, proof: Proof): Walk {
  const memory: Memory = {
    rounding: 'round_per_line',
    seeded: [],
    hasJournals: true,
    asFound: null,
    beforeLoad: null,
    breaksBefore: [],
    loads: [],
    applied: 0,
  };
  const expected = expectationsOf(stage.hospital, stage.truth);
  const play: Play = { stage, verbs, proof, memory, expected };
  const books = financeAct(stage, finance, proof, () => memory.hasJournals);
  const steps: readonly Step[] = [
    { name: 'seed', title: 'Odoo is in use already: somebody keyed in a supplier by hand', work: () => seed(play) },
    { name: 'profile', title: 'profile   look at a department’s export before mapping it', work: () => profile(play) },
    { name: 'pull', title: 'pull      snapshots of three legacy systems and of Odoo', work: () => pull(play) },
    { name: 'map', title: 'map       canonical rows; what does not fit is rejected by name', work: () => map(play) },
    { name: 'reconcile', title: 'reconcile before: everything is only in legacy', work: () => reconcileBefore(play) },
    { name: 'plan', title: 'plan      every write as data, before any is made', work: () => plan(play) },
    { name: 'pilot', title: `load      a pilot of ${PILOT} documents`, work: () => pilot(play) },
    { name: 'load', title: 'load      the rest, by a new plan', work: () => loadRest(play) },
    { name: 'reconcile-after', title: 'reconcile after: only the seeded faults are left', work: () => reconcileAfter(play) },
    { name: 'load-again', title: 'load      again: nothing to do, nothing touched', work: () => loadAgain(play) },
    { name: 'rollback', title: 'rollback  both loads, from the journal alone', owed: () => memory.loads.length > 0, work: () => rollBack(play) },
    { name: 'reconcile-end', title: 'reconcile once more: as at the start', work: () => reconcileEnd(play) },
    { name: 'match', title: 'match     identifiers that cannot be right; who is in Odoo already', work: () => match(play) },
    ...books.steps,
    { name: 'leave', title: 'Odoo is left as it was found', owed: () => memory.seeded.length > 0, work: () => leave(play) },
  ];
  return { steps, openLoads: () => [...memory.loads, ...books.openLoads] };
}

interface Play {
  readonly stage: Stage;
  readonly verbs: Verbs;
  readonly proof: Proof;
  readonly memory: Memory;
  readonly expected: Expectations;
}

async function seed({ stage, verbs, memory }: Play): Promise<Finding> {
  return verbs.odoo(async (odoo) => {
    await refuseUsedOdoo(odoo, NAMESPACE);
    memory.rounding = await roundingMethod(odoo);
    memory.hasJournals = await hasJournals(odoo);
    memory.asFound = await takeCensus(odoo);
    memory.seeded = await seedOdoo(odoo, stage);
    memory.beforeLoad = await takeCensus(odoo);
    return { detail: `${memory.seeded.length} partners keyed in, ${countOf(memory.beforeLoad)} records counted`, mistakes: [] };
  });
}

async function profile({ stage, verbs }: Play): Promise<Finding> {
  const { data } = await verbs.profile('laboratory');
  const rows = new Map(data.entities.map((entity) => [entity.name, entity.rows]));
  const damage = data.entities.flatMap((entity) => entity.damage.map((each) => `${entity.name} ${each.column}: ${each.kind} in ${each.count}`));
  const { suppliers, products, prices } = stage.hospital.laboratory;
  const mistakes = [
    ...same('rows of suppliers.csv', suppliers.length, rows.get('suppliers.csv')),
    ...same('rows of products.csv', products.length, rows.get('products.csv')),
    ...same('rows of prices.csv', prices.length, rows.get('prices.csv')),
    ...sameNames('damage', ['products.csv PRICE: decimal-comma in 1'], damage),
  ];
  return { detail: `${data.entities.length} files of the laboratory, ${damage.length} kind of damage`, notes: damage, mistakes };
}

async function pull({ stage, verbs, proof, expected }: Play): Promise<Finding> {
  const { data } = await verbs.pull([...LEGACY, 'odoo']);
  const rows = data.snapshots.filter(({ system }) => system !== 'odoo').reduce((sum, snapshot) => sum + snapshot.rows, 0);
  const inQuarantine = data.snapshots.reduce((sum, snapshot) => sum + snapshot.quarantined, 0);
  proof.legacyRows = rows;
  return {
    detail: `${rows} legacy rows, ${inQuarantine} in quarantine`,
    notes: faultsOf(stage, 'quarantine'),
    mistakes: checkPull(data, stage.truth, expected),
  };
}

async function map({ stage, verbs, expected }: Play): Promise<Finding> {
  const { data } = await verbs.map();
  const sum = (count: 'input' | 'mapped' | 'rejected' | 'filtered') => data.entities.reduce((total, entity) => total + entity[count], 0);
  return {
    detail: `${sum('input')} rows = ${sum('mapped')} mapped + ${sum('rejected')} rejected + ${sum('filtered')} filtered`,
    notes: [...faultsOf(stage, 'reject'), ...faultsOf(stage, 'check')],
    mistakes: checkMap(data, stage.truth, expected),
  };
}

async function reconcileBefore({ stage, verbs, memory, expected }: Play): Promise<Finding> {
  const { data } = await verbs.reconcile();
  memory.breaksBefore = await breaksOf(data);
  const onlyLegacy = memory.breaksBefore.filter((each) => each.class === 'only-legacy').length;
  return {
    detail: `${onlyLegacy} records only in legacy, ${memory.breaksBefore.length - onlyLegacy} with a fault`,
    notes: [...faultsOf(stage, 'duplicate-key'), ...faultsOf(stage, 'exists-unlinked')],
    mistakes: checkReconcile(data, memory.breaksBefore, expected, null),
  };
}

async function plan({ stage, verbs, expected }: Play): Promise<Finding> {
  const { data } = await verbs.plan('pilot.plan');
  const documents = await documentsOf(join(stage.directory, 'pilot.plan'));
  return {
    detail: `${data.actions.create} to create, ${data.actions.link} to link, ${data.actions.refuse} refused with their reason`,
    notes: faultsOf(stage, 'unloadable'),
    mistakes: checkPlan(documents, expected, { applied: 0 }),
  };
}

async function pilot({ verbs, proof, memory, expected }: Play): Promise<Finding> {
  const { runId, data } = await verbs.load('pilot.plan', PILOT);
  memory.loads.push(runId);
  memory.applied += data.applied;
  proof.records += data.records.created;
  return {
    detail: `${data.applied} applied, ${data.remaining} left for later, ${data.records.created} records in ${data.seconds.toFixed(1)} s`,
    mistakes: checkLoad(data, { applied: PILOT, noop: 0, remaining: loadable(expected) - PILOT }),
  };
}

/** Documents that can be brought into Odoo. */
function loadable(expected: Expectations): number {
  return [...expected.creates.values()].reduce((sum, count) => sum + count, LINKED_BY_DECISION);
}

async function loadRest({ stage, verbs, proof, memory, expected }: Play): Promise<Finding> {
  const before = memory.applied;
  await verbs.pull(['odoo']);
  await verbs.plan('rest.plan');
  const mistakes = checkPlan(await documentsOf(join(stage.directory, 'rest.plan')), expected, { applied: before });
  const { runId, data } = await verbs.load('rest.plan', null);
  memory.loads.push(runId);
  memory.applied += data.applied;
  proof.records += data.records.created;
  proof.documents = memory.applied;
  return {
    detail: `${data.applied} applied, ${data.noop} already so, ${data.records.created} records in ${data.seconds.toFixed(1)} s`,
    mistakes: [...mistakes, ...checkLoad(data, { applied: loadable(expected) - before, noop: before, remaining: 0 })],
  };
}

async function reconcileAfter({ stage, verbs, proof, memory, expected }: Play): Promise<Finding> {
  await verbs.pull(['odoo']);
  const { data } = await verbs.reconcile();
  const breaks = await breaksOf(data);
  proof.reconciled = data;
  proof.faults = stage.truth.faults;
  return {
    detail: `${equalRecords(data)} records equal, ${breaks.length} breaks, each of them a seeded fault`,
    mistakes: checkReconcile(data, breaks, expected, memory.rounding),
  };
}

function equalRecords(result: ReconcileResult): number {
  return result.entities.reduce((sum, entity) => sum + entity.equal, 0);
}

async function loadAgain({ verbs, proof, memory }: Play): Promise<Finding> {
  const before = await verbs.odoo((odoo) => takeWriteDates(odoo));
  const planned = await verbs.plan('again.plan');
  const { data } = await verbs.load('again.plan', null);
  const moved = differences(before, await verbs.odoo((odoo) => takeWriteDates(odoo)));
  const writes = Object.entries(planned.data.actions).filter(([kind, count]) => count > 0 && kind !== 'noop' && kind !== 'refuse');
  proof.secondLoad = { noop: data.noop, moved: moved.length };
  return {
    detail: `${data.noop} documents already so, no write date in Odoo moved`,
    mistakes: [
      ...writes.map(([kind, count]) => `the second plan has ${count} actions of kind ${kind}`),
      ...checkLoad(data, { applied: 0, noop: memory.applied, remaining: 0 }),
      ...moved.map((line) => `the second load touched ${line}`),
    ],
  };
}

async function rollBack({ verbs, proof, memory }: Play): Promise<Finding> {
  const mistakes: string[] = [];
  let deleted = 0;
  for (const runId of [...memory.loads].reverse()) {
    const { data } = await verbs.rollback(runId, `rollback-${runId}.plan`);
    deleted += data.records.deleted;
    mistakes.push(...checkLoad(data, { applied: data.planned - data.noop, noop: data.noop, remaining: 0 }));
    memory.loads.splice(memory.loads.indexOf(runId), 1);
  }
  const after = await verbs.odoo((odoo) => takeCensus(odoo));
  const left = memory.beforeLoad === null ? [] : differences(memory.beforeLoad, after);
  proof.rollback = { deleted, left: left.length, counted: countOf(after) };
  return {
    detail: `${deleted} records deleted, ${countOf(after)} others compared field by field: ${left.length === 0 ? 'as before the load' : `${left.length} models differ`}`,
    mistakes: [...mistakes, ...left.map((line) => `after the rollback ${line}`)],
  };
}

async function reconcileEnd({ verbs, memory, expected }: Play): Promise<Finding> {
  await verbs.pull(['odoo']);
  const { data } = await verbs.reconcile();
  const breaks = await breaksOf(data);
  const names = (all: readonly FoundBreak[]) => all.map((each) => `${each.id} ${each.entity} ${each.key ?? '(no key)'} ${each.class}`);
  return {
    detail: `the same ${breaks.length} breaks under the same ids`,
    mistakes: [...checkReconcile(data, breaks, expected, null), ...sameNames('breaks as at the start', names(memory.breaksBefore), names(breaks))],
  };
}

async function match({ stage, verbs, expected }: Play): Promise<Finding> {
  const { found } = await verbs.match();
  return {
    detail: `${found.count} conflicts, each of them a seeded fault; ${found.links.length} record of Odoo known again`,
    notes: faultsOf(stage, 'conflict'),
    mistakes: checkMatch(found, expected),
  };
}

async function leave({ verbs, memory }: Play): Promise<Finding> {
  return verbs.odoo(async (odoo) => {
    if (memory.seeded.length > 0) await odoo.unlink('res.partner', memory.seeded);
    const left = memory.asFound === null ? [] : differences(memory.asFound, await takeCensus(odoo));
    return {
      detail: left.length === 0 ? 'every record and every field' : `${left.length} models differ`,
      mistakes: left.map((line) => `left behind in Odoo: ${line}`),
    };
  });
}

/** The faults of a kind, for the eye: the first few, and how many more. */
function faultsOf({ truth }: Stage, kind: string): readonly string[] {
  const faults = truth.faults.filter(({ expect }) => expect.kind === kind).map(faultText);
  return faults.length <= MOST_NOTES ? faults : [...faults.slice(0, MOST_NOTES - 1), `and ${faults.length - MOST_NOTES + 1} more of this kind`];
}

/** What to type for the loads that are still in Odoo. */
export function wayBack(openLoads: readonly string[], workspace: string): readonly string[] {
  return [...openLoads].reverse().map((runId) => `cutover rollback ${runId} --workspace ${workspace}`);
}
