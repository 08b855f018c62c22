/** dead-letter retry: what Odoo refused, planned anew from the latest snapshots and loaded again, and nothing else. */
import { join } from 'node:path';
import type { DeadLetterRetryPlan, DeadLetterRetryResult } from '../../domain/dead-letter-results.ts';
import type { PlanAction } from '../../domain/plan.ts';
import type { Ports } from '../../domain/ports.ts';
import type { LoadRunResult } from '../../domain/results.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { type DeadLetter, deadLettersOf, lastAttempt } from '../load/dead-letters.ts';
import { loadPlan } from '../load/load.ts';
import { shownWords } from '../load/odoo-words.ts';
import { referenceName } from '../load/references.ts';
import { matchCapability } from '../match/match.ts';
import { planCapability } from '../plan/plan.ts';
import { readActions, verifyPlan, writePlan } from '../plan/plan-file.ts';
import { PlanSummary } from '../plan/plan-summary.ts';
import { pull } from '../pull/pull.ts';
import { latestMatch } from '../sides/latest-match.ts';
import { shownKey } from './cases.ts';
import { letterNamed } from './name.ts';

export interface ChooseRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  readonly entity: string | null;
  /** Ids or keys; empty: all that are open. */
  readonly names: readonly string[];
}

export interface RetryRequest extends ChooseRequest {
  readonly letters: readonly DeadLetter[];
  readonly asOf: string;
  readonly runId: string;
  readonly newNonce: () => string;
}

/** Open dead letters of loads of the capability into the Odoo of the workspace. E_DEAD_LETTER_UNKNOWN, E_USAGE. */
export async function lettersToRetry({ capability, entity, names }: ChooseRequest, ports: Ports): Promise<readonly DeadLetter[]> {
  const { uuid } = await (await ports.odoo()).identity();
  const open = (await deadLettersOf(await ports.state())).filter(
    ({ status, manifest, entity: of }) =>
      status === 'open' && manifest.kind === 'load' && manifest.odoo.uuid === uuid && manifest.capability === capability.name && (entity ?? of) === of,
  );
  return names.length === 0 ? open : [...new Set(names.map((name) => letterNamed(open, name)))];
}

/** The errors of pull, match, plan and load. */
export async function retryDeadLetters(request: RetryRequest, ports: Ports): Promise<DeadLetterRetryResult> {
  const { workspace, runId, asOf } = request;
  const { file, planned } = await plannedAnew(request, ports);
  const loaded = await loadPlan({ workspace, file, limit: null, resume: null, runId, asOf }, ports);
  return { ...loaded, retried: await whatCameOfThem(request, loaded, planned, ports) };
}

/** What would be sent, and nothing is. The plan can be loaded. */
export async function planRetry(request: RetryRequest, ports: Ports): Promise<DeadLetterRetryPlan> {
  const { letters } = request;
  const { file, planned, summary, nonce } = await plannedAnew(request, ports);
  const left = letters.flatMap((letter) => {
    const action = planned.get(referenceName(letter));
    if (action !== undefined && action.action !== 'refuse') return [];
    return [{ id: letter.id, entity: letter.entity, system: letter.system, key: shownKey(letter), why: action === undefined ? NOT_PLANNED : action.reason }];
  });
  return { ...summary.result(file, nonce, null), letters: letters.length, left };
}

const NOT_PLANNED = 'it is gone from the legacy system, or a decision leaves it as it is';

async function plannedAnew(request: RetryRequest, ports: Ports): ReturnType<typeof planLetters> {
  const { workspace, capability, runId, asOf } = request;
  // What the refused load did write has to be seen; the legacy side is what was pulled last.
  await pull({ workspace, capability, systems: [workspace.file.odoo], entity: null, full: false, asOf, runId }, ports);
  const { uuid } = await (await ports.odoo()).identity();
  if ((await latestMatch(ports, uuid, capability.name)) !== null)
    await matchCapability({ workspace, capability, entity: null, asOf, runId, train: false }, ports);
  return planLetters(request, ports);
}

/** A plan that holds the documents of the letters and no other. The plan of everything that it is taken from belongs to a run of its own and is used up
 *  at once: neither a person nor a resumed retry can come to load it. */
async function planLetters(
  { workspace, capability, letters, asOf, runId, newNonce }: RetryRequest,
  ports: Ports,
): Promise<{ readonly file: string; readonly nonce: string; readonly summary: PlanSummary; readonly planned: ReadonlyMap<string, PlanAction> }> {
  const state = await ports.state();
  const directory = await ports.runs.runDirectory(runId);
  const whole = { runId: `${runId}-everything`, file: join(directory, 'everything.plan'), nonce: newNonce() };
  await planCapability({ workspace, capability, asOf, ...whole }, ports);
  await state.consumePlan(whole.nonce, whole.runId);
  const wanted = new Set(letters.map(referenceName));
  const planned = new Map<string, PlanAction>();
  const { manifest } = await verifyPlan(ports.runs, whole.file);
  const summary = new PlanSummary(manifest.entities);
  async function* chosen(): AsyncIterable<Omit<PlanAction, 'seq'>> {
    for await (const { seq, ...action } of readActions(ports.runs, whole.file)) {
      if (!wanted.has(referenceName(action))) continue;
      planned.set(referenceName(action), { seq, ...action });
      summary.add(action);
      yield action;
    }
  }
  const own = { file: join(directory, 'retry.plan'), nonce: newNonce() };
  const sha256 = await writePlan(ports.runs, own.file, { ...manifest, runId, nonce: own.nonce }, chosen());
  await state.registerPlan({ ...own, kind: 'load', capability: capability.name, runId, sha256 });
  return { ...own, summary, planned };
}

async function whatCameOfThem(
  { letters, runId }: RetryRequest,
  loaded: LoadRunResult,
  planned: ReadonlyMap<string, PlanAction>,
  ports: Ports,
): Promise<DeadLetterRetryResult['retried']> {
  const state = await ports.state();
  const now = new Map((await deadLettersOf(state)).map((letter) => [letter.id, letter]));
  const ended = new Map<string, 'conflict' | 'blocked'>();
  const isAllWell = loaded.conflict + loaded.blocked === 0;
  for await (const page of isAllWell ? [] : state.journalOf(runId)) {
    for (const { kind, entity, system, key } of page) {
      if (kind === 'conflict' || kind === 'blocked') ended.set(referenceName({ entity: entity ?? '', system: system ?? '', key: key ?? '' }), kind);
    }
  }
  const settled = letters.filter(({ id }) => now.get(id)?.status === 'settled');
  const open = letters
    .filter((letter) => !settled.includes(letter))
    .map((letter) => ({ id: letter.id, entity: letter.entity, system: letter.system, key: shownKey(letter), ...outcomeOf(now.get(letter.id) ?? letter) }));
  function outcomeOf(letter: DeadLetter): Pick<DeadLetterRetryResult['retried']['open'][number], 'outcome' | 'why'> {
    const action = planned.get(referenceName(letter));
    const last = lastAttempt(letter);
    if (last.runId === runId) return { outcome: 'dead-letter', why: shownWords(last.refusal.message, letter.manifest.entities[letter.entity], {}) };
    if (action === undefined) return { outcome: 'not-planned', why: NOT_PLANNED };
    if (action.action === 'refuse') return { outcome: 'refused', why: action.reason };
    return { outcome: ended.get(referenceName(letter)) ?? 'remaining', why: null };
  }
  return { chosen: letters.length, settled: settled.length, open, unblocked: await runsWithBlocked(settled, ports) };
}

/** Runs that left documents behind the letters that are settled now. */
async function runsWithBlocked(settled: readonly DeadLetter[], ports: Ports): Promise<readonly string[]> {
  const state = await ports.state();
  const runs: string[] = [];
  for (const runId of new Set(settled.flatMap(({ attempts }) => attempts.map((attempt) => attempt.runId)))) {
    const data = (await state.run(runId))?.data as Partial<LoadRunResult> | null | undefined;
    if ((data?.blocked ?? 0) > 0) runs.push(runId);
  }
  return runs.sort();
}
