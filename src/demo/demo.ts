/** The demo: a fictional hospital, an Odoo, and the whole walk from the first snapshot to the rollback. Every step is held against the truth
 *  file that the hospital's generator wrote; a fault that is missed or an alarm that is false fails the demo. */
import type { OutcomeStatus } from '../cli/outcome.ts';
import { CutoverError, ExitCode } from '../domain/errors.ts';
import type { Progress, ProgressEvent } from '../domain/ports.ts';
import type { DemoDisplay, StepView } from './display.ts';
import { emptyProof, type Proof } from './proof.ts';
import { type OdooTarget, openOdoo, raiseStage, type Stage, withEnvironment } from './stage.ts';
import { verbsOf } from './verbs.ts';
import { type Step, type Walk, walkOf, wayBack } from './walk.ts';

export interface DemoStep {
  readonly name: string;
  /** ok: what happened is what the truth file says. differs: it is not. failed: the step broke off. */
  readonly status: 'ok' | 'differs' | 'failed' | 'skipped';
  readonly detail: string;
  readonly mistakes: readonly string[];
  readonly seconds: number;
}

export interface DemoResult {
  readonly steps: readonly DemoStep[];
  readonly odoo: string;
  /** Where the workspace was kept; null when it was removed. */
  readonly workspace: string | null;
  readonly proof: Proof;
  /** Commands that take back what is still in Odoo. */
  readonly wayBack: readonly string[];
  readonly seconds: number;
}

export interface DemoOptions {
  /** Null: the sandbox. */
  readonly odoo: string | null;
  readonly keep: boolean;
  readonly signal: AbortSignal;
  readonly display: DemoDisplay;
}

export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const began = performance.now();
  const target = await openOdoo(options.odoo);
  try {
    return await withEnvironment(target.environment, () => onStage(target, options, began));
  } finally {
    await target.stop();
  }
}

async function onStage(target: OdooTarget, options: DemoOptions, began: number): Promise<DemoResult> {
  const { display } = options;
  display.begin(target.name);
  const steps: DemoStep[] = [];
  let stage: Stage | null = null;
  const prepared = await display.step({ name: 'prepare', title: 'A hospital of 1998: a materials database and the lists of two departments' }, (view) =>
    timed('prepare', view, async () => {
      stage = await raiseStage(target, (text) => view.tell(text));
      const { vendors, items, orders } = stage.hospital;
      return { detail: `${vendors.length} vendors, ${items.length} items, ${orders.length} orders; ${stage.truth.faults.length} faults seeded`, mistakes: [] };
    }),
  );
  steps.push(prepared.step);
  // Nothing has been written anywhere yet.
  if (stage === null) throw prepared.error;
  return walkOn(stage, steps, options, began);
}

async function walkOn(stage: Stage, steps: DemoStep[], options: DemoOptions, began: number): Promise<DemoResult> {
  const proof = emptyProof();
  let progress: Progress = () => undefined;
  const common = { workspace: stage.directory, signal: options.signal, progress: (event: ProgressEvent) => progress(event) };
  const walk = walkOf(stage, { procurement: verbsOf({ ...common, capability: 'procurement' }), finance: verbsOf({ ...common, capability: 'finance' }) }, proof);
  let broken: unknown = null;
  let isKept = options.keep;
  try {
    for (const step of walk.steps) {
      if (step.applies?.() === false) continue;
      if (broken !== null && step.owed?.() !== true) {
        steps.push({ name: step.name, status: 'skipped', detail: 'an earlier step broke off', mistakes: [], seconds: 0 });
        continue;
      }
      const taken = await options.display.step(step, (view) => {
        progress = view.progress;
        return timed(step.name, view, () => step.work());
      });
      steps.push(taken.step);
      broken ??= taken.error;
    }
    // What is still in a real Odoo can only be taken back with this workspace.
    isKept ||= !stage.odoo.isSandbox && walk.openLoads().length > 0;
    refuseToGoOn(broken, stage, walk, steps);
    return {
      steps,
      odoo: stage.odoo.name,
      workspace: isKept ? stage.directory : null,
      proof,
      wayBack: stage.odoo.isSandbox ? [] : wayBack(walk.openLoads(), stage.directory),
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    if (!isKept) await stage.remove();
  }
}

/** Ctrl-C, a refused login and the like end the demo with their own exit code; everything else is told step by step. */
function refuseToGoOn(broken: unknown, stage: Stage, walk: Walk, steps: readonly DemoStep[]): void {
  if (!(broken instanceof CutoverError) || broken.exitCode === ExitCode.failure) return;
  const isEarly = steps.find(({ status }) => status === 'failed')?.name === 'seed';
  if (broken.exitCode !== ExitCode.interrupted && !isEarly) return;
  const back = stage.odoo.isSandbox ? [] : wayBack(walk.openLoads(), stage.directory);
  throw new CutoverError(broken.code, broken.message, {
    ...(back[0] === undefined ? (broken.hint === undefined ? {} : { hint: broken.hint }) : { hint: back[0] }),
    details: [...broken.details, ...back.slice(1)],
    cause: broken,
  });
}

interface Taken {
  readonly step: DemoStep;
  /** Why it broke off; null when it came to its end. */
  readonly error: unknown;
}

async function timed(name: string, view: StepView, work: Step['work']): Promise<Taken> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  try {
    const { detail, notes = [], mistakes } = await work();
    const status = mistakes.length === 0 ? 'ok' : 'differs';
    view.end(status, detail, mistakes.length === 0 ? notes : mistakes, seconds());
    return { step: { name, status, detail, mistakes, seconds: seconds() }, error: null };
  } catch (error) {
    const lines = error instanceof CutoverError ? [error.message, ...error.details] : [error instanceof Error ? error.message : String(error)];
    view.end('failed', 'broke off', lines, seconds());
    return { step: { name, status: 'failed', detail: lines.join('; '), mistakes: lines, seconds: seconds() }, error };
  }
}

export function demoStatus(result: DemoResult): OutcomeStatus {
  if (result.steps.some(({ status }) => status === 'failed' || status === 'skipped')) return 'failed';
  return result.steps.every(({ status }) => status === 'ok') ? 'ok' : 'findings';
}
