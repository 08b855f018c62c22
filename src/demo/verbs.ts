/** The verbs as the commands run them: each through the composition root, with a run of its own in the demo's workspace. */
import { join } from 'node:path';
import { loadStatus, mapStatus, matchStatus, type Outcome, type OutcomeStatus, pullStatus, reconcileStatus } from '../cli/outcome.ts';
import { type Context, withContext } from '../context.ts';
import { CutoverError } from '../domain/errors.ts';
import type { OdooConnection, Progress } from '../domain/ports.ts';
import type { LoadRunResult, MapResult, MatchResult, PlanResult, ProfileResult, PullResult, ReconcileResult } from '../domain/results.ts';
import type { RollbackPlanResult } from '../domain/rollback-results.ts';
import type { Capability } from '../domain/workspace.ts';
import { type Found, foundOf } from './evidence.ts';

export interface Answer<Data> {
  readonly runId: string;
  readonly status: OutcomeStatus;
  readonly data: Data;
}

export interface Verbs {
  profile(system: string): Promise<Answer<ProfileResult>>;
  pull(systems: readonly string[]): Promise<Answer<PullResult>>;
  map(): Promise<Answer<MapResult>>;
  match(): Promise<Answer<MatchResult> & { readonly found: Found }>;
  reconcile(): Promise<Answer<ReconcileResult>>;
  plan(file: string): Promise<Answer<PlanResult>>;
  load(file: string, limit: number | null): Promise<Answer<LoadRunResult>>;
  /** Plans the way back and takes it. */
  rollback(runId: string, file: string): Promise<Answer<LoadRunResult> & { readonly plan: RollbackPlanResult }>;
  /** What the demo itself does in Odoo: seeding, and looking with its own eyes. */
  odoo<Result>(work: (odoo: OdooConnection) => Promise<Result>): Promise<Result>;
}

export interface VerbsOptions {
  readonly workspace: string;
  /** procurement by default. */
  readonly capability?: 'procurement' | 'finance';
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

interface Setting extends Context {
  readonly capability: Capability;
}

export function verbsOf(options: VerbsOptions): Verbs {
  const { workspace: directory, capability: name = 'procurement' } = options;
  const inContext = <Data>(command: string, work: (setting: Setting) => Promise<Outcome<Data>>) =>
    withContext({ command, workspace: directory, asOf: null, progress: options.progress, signal: options.signal, onRun: () => undefined }, async (context) => {
      const capability = context.workspace.capabilities.get(name);
      if (capability === undefined) throw new CutoverError('E_CONFIG', `the demo's workspace has no capability ${name}`);
      return work({ ...context, capability });
    });
  const run = async <Data>(command: string, work: (setting: Setting) => Promise<{ status: OutcomeStatus; data: Data }>): Promise<Answer<Data>> => {
    let runId = '';
    const { status, data } = await inContext<Data>(command, (setting) => {
      runId = setting.runId;
      return setting.recorded(name, async () => ({ ...(await work(setting)), text: () => '' }));
    });
    return { runId, status, data };
  };
  return {
    profile: (system) =>
      run('profile', async ({ workspace, ports }) => {
        const { profileSystem } = await import('../workflows/profile/profile.ts');
        return { status: 'ok', data: await profileSystem({ workspace, system, entity: null }, ports) };
      }),
    pull: (systems) =>
      run('pull', async ({ workspace, capability, asOf, runId, ports }) => {
        const { pull } = await import('../workflows/pull/pull.ts');
        const data = await pull({ workspace, capability, systems, entity: null, full: false, asOf, runId }, ports);
        return { status: pullStatus(data), data };
      }),
    map: () =>
      run('map', async ({ workspace, capability, asOf, runId, ports }) => {
        const { mapCapability } = await import('../workflows/map/map.ts');
        const data = await mapCapability({ workspace, capability, entity: null, asOf, runId }, ports);
        return { status: mapStatus(data, workspace.file.policies.rejects), data };
      }),
    async match() {
      const { runId, status, data } = await run('match', matched);
      return { runId, status, data: data.result, found: data.found };
    },
    reconcile: () =>
      run('reconcile', async ({ workspace, capability, asOf, runId, ports }) => {
        const { reconcileCapability } = await import('../workflows/reconcile/reconcile.ts');
        const data = await reconcileCapability({ workspace, capability, asOf, runId, full: false, clear: false, secondLook: false }, ports);
        return { status: reconcileStatus(data), data };
      }),
    plan: (file) =>
      run('plan', async ({ workspace, capability, asOf, runId, newNonce, ports }) => {
        const { planCapability } = await import('../workflows/plan/plan.ts');
        const data = await planCapability({ workspace, capability, asOf, runId, nonce: newNonce(), file: join(directory, file) }, ports);
        return { status: 'ok', data };
      }),
    load: (file, limit) =>
      run('load', async ({ workspace, asOf, runId, ports }) => {
        const { loadPlan } = await import('../workflows/load/load.ts');
        const data = await loadPlan({ workspace, file: join(directory, file), limit, resume: null, runId, asOf }, ports);
        return { status: loadStatus(data), data };
      }),
    async rollback(of, file) {
      const { runId, status, data } = await run('rollback', async ({ workspace, asOf, runId, newNonce, ports }) => {
        const { planRollback } = await import('../workflows/rollback/rollback.ts');
        const plan = await planRollback({ workspace, of, runId, asOf, nonce: newNonce(), file: join(directory, file) }, ports);
        const { loadPlan } = await import('../workflows/load/load.ts');
        const loaded = await loadPlan({ workspace, file: join(directory, file), limit: null, resume: null, runId, asOf }, ports);
        return { status: loadStatus(loaded), data: { plan, loaded } };
      });
      return { runId, status, data: data.loaded, plan: data.plan };
    },
    async odoo(work) {
      const { data } = await inContext('demo', async ({ ports }) => ({ status: 'ok', data: await work(await ports.odoo()), text: () => '' }));
      return data;
    },
  };
}

async function matched({
  workspace,
  capability,
  asOf,
  runId,
  ports,
}: Setting): Promise<{ status: OutcomeStatus; data: { result: MatchResult; found: Found } }> {
  const { matchCapability } = await import('../workflows/match/match.ts');
  const result = await matchCapability({ workspace, capability, asOf, runId, entity: null, train: false }, ports);
  const plane = await ports.openPlane();
  try {
    const found = await foundOf(await ports.runs.runDirectory(runId), plane);
    return { status: matchStatus(result, workspace.file.policies.conflicts), data: { result, found } };
  } finally {
    await plane.close();
  }
}
