/** The state store: runs, crosswalk, plans, journal, baseline layers and locks on PostgreSQL, embedded (PGlite) or by URL. */
import type { Person } from '../../domain/person.ts';
import type { Clock, StateStore } from '../../domain/ports.ts';
import { addBaselineLayer, baselineLayers } from './baseline-layers.ts';
import { history, link, links, linksAt, linksOf, unlink } from './crosswalk.ts';
import { bundledLinks } from './crosswalk-bundles.ts';
import { migrate, openEmbedded, openPostgres } from './database.ts';
import { Journal } from './journal.ts';
import { processLocks, serverLocks } from './locks.ts';
import { approvalRuns, consumePlan, planOf, readPlans, registerPlan } from './plans.ts';
import { endRun, readRun, readRuns, startRun } from './runs.ts';
import { stateFailure, tellingFailures } from './state-failure.ts';

export interface OpenStateOptions {
  /** `embedded`, or postgres://… */
  readonly url: string;
  /** The store; an embedded state is its folder `state`. */
  readonly directory: string;
  readonly clock: Clock;
  /** Named to whoever finds the embedded state locked: the command. */
  readonly holder: string;
  /** Environment that is worked in; stands with the runs and plans. */
  readonly environment?: string | null;
  /** Who works with it: the author of the plans it registers. */
  readonly operator?: Person | null;
}

/** E_LOCKED, E_STATE_NEWER, E_STATE_UNREACHABLE, E_STATE_UNWRITABLE; the last two also from every method. */
export async function openState(options: OpenStateOptions): Promise<StateStore> {
  const { clock, environment = null, operator = null } = options;
  const database = options.url === 'embedded' ? await openEmbedded(options.directory, clock, options.holder) : await openPostgres(options.url);
  const { knex } = database;
  try {
    await migrate(knex, clock.now());
  } catch (error) {
    await database.close();
    throw stateFailure(error, database.embedded);
  }
  const locks = database.embedded ? processLocks(clock) : serverLocks(knex, clock);
  const journal = new Journal(knex, () => locks.held());
  const store: StateStore = {
    startRun: (run) => startRun(knex, run, environment),
    endRun: (id, status, endedAt, data) => endRun(knex, id, status, endedAt, data),
    run: (id) => readRun(knex, id),
    runs: (filter) => readRuns(knex, filter ?? {}),
    link: (items) => link(knex, items),
    unlink: (odooUuid, entity, system, keys, at, runId) => unlink(knex, { odooUuid, entity, system, keys, at, runId }),
    links: (odooUuid, capability, entity) => links(knex, odooUuid, capability, entity),
    bundledLinks: (odooUuid, capability, since) => bundledLinks(knex, odooUuid, capability, since),
    linksOf: (odooUuid, entity, system, keys) => linksOf(knex, odooUuid, entity, system, keys),
    linksAt: (odooUuid, capability, entity, at) => linksAt(knex, odooUuid, capability, entity, at),
    history: (odooUuid, entity, system, key) => history(knex, odooUuid, entity, system, key),
    registerPlan: (plan) => registerPlan(knex, plan, { operator, environment }, clock.now()),
    plans: () => readPlans(knex, null),
    plan: async (nonce) => (await readPlans(knex, nonce))[0] ?? null,
    approvalRuns: (nonce) => approvalRuns(knex, nonce),
    consumePlan: (nonce, runId) => consumePlan(knex, nonce, runId, clock.now()),
    planOf: (runId) => planOf(knex, runId),
    journal: (entries) => journal.append(entries),
    journalOf: (runId, only) => journal.read(runId, only),
    chainOf: (runId) => journal.chain(runId),
    journalHeads: (runId) => journal.heads(runId),
    verifyJournal: (runId) => journal.verify(runId),
    journaledRuns: () => journal.runs(),
    deadLetters: () => journal.deadLetters(),
    baselineLayers: (odooUuid, capability, entity) => baselineLayers(knex, odooUuid, capability, entity),
    addBaselineLayer: (odooUuid, capability, layer) => addBaselineLayer(knex, odooUuid, capability, layer, clock.now()),
    withLock: (name, holder, work) => locks.withLock(name, holder, work),
    close: () => database.close(),
  };
  return tellingFailures(store, database.embedded);
}
