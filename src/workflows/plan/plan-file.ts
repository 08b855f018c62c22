/** The plan file: a manifest line, one action a line, an end line with the count and the SHA-256 of every byte before it. */
import { createHash } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import { PLAN_FORMAT, PLAN_VERSION, type PlanAction, type PlanEnd, type PlanManifest } from '../../domain/plan.ts';
import type { RunStore } from '../../domain/ports.ts';

/** Streams a plan to its file, encrypted to the recipients or as the workspace has it; answers the hash of the end line, which is over the clear text. */
export async function writePlan(
  runs: RunStore,
  file: string,
  manifest: PlanManifest,
  actions: AsyncIterable<Omit<PlanAction, 'seq'>>,
  recipients?: readonly string[],
): Promise<string> {
  const hash = createHash('sha256');
  let sha256 = '';
  async function* lines(): AsyncIterable<string> {
    const line = (value: unknown): string => {
      const text = `${JSON.stringify(value)}\n`;
      hash.update(text);
      return text;
    };
    yield line(manifest);
    let count = 0;
    for await (const action of actions) {
      count += 1;
      yield line({ seq: count, ...action });
    }
    sha256 = hash.digest('hex');
    const end: PlanEnd = { end: true, actions: count, sha256 };
    yield `${JSON.stringify(end)}\n`;
  }
  await runs.writeConfidential(file, lines(), recipients);
  return sha256;
}

export interface VerifiedPlan {
  readonly manifest: PlanManifest;
  readonly actions: number;
  readonly sha256: string;
}

/** Reads the whole file once and trusts nothing of it before. E_PLAN_INVALID. */
export async function verifyPlan(runs: RunStore, file: string): Promise<VerifiedPlan> {
  if (!(await runs.exists(file))) throw invalid(file, 'there is no such file');
  const hash = createHash('sha256');
  let manifest: PlanManifest | null = null;
  let count = 0;
  let held: string | null = null;
  for await (const line of runs.readLines(file)) {
    if (held !== null) {
      hash.update(`${held}\n`);
      if (manifest === null) manifest = parseManifest(file, held);
      else count += 1;
    }
    held = line;
  }
  const end = held === null || manifest === null ? null : parseEnd(held);
  if (manifest === null || end === null) throw invalid(file, 'it has no end line; it was cut off while it was written or copied');
  if (end.actions !== count) throw invalid(file, `it holds ${count} actions, its end line says ${end.actions}`);
  const sha256 = hash.digest('hex');
  if (end.sha256 !== sha256) throw invalid(file, `it was changed: its content has hash ${sha256.slice(0, 12)}…, its end line says ${end.sha256.slice(0, 12)}…`);
  return { manifest, actions: count, sha256 };
}

/** The actions of a file that has been verified, in order. */
export async function* readActions(runs: RunStore, file: string): AsyncIterable<PlanAction> {
  let number = 0;
  for await (const line of runs.readLines(file)) {
    number += 1;
    if (number === 1) continue;
    const value = JSON.parse(line) as PlanAction | PlanEnd;
    if ('end' in value) return;
    yield value;
  }
}

function parseManifest(file: string, line: string): PlanManifest {
  const value = parseObject(line);
  if (value?.['format'] !== PLAN_FORMAT) throw invalid(file, 'it is not a plan');
  if (value['version'] !== PLAN_VERSION)
    throw invalid(file, `it has format version ${String(value['version'])}; this version of cutover reads ${PLAN_VERSION}`);
  return value as unknown as PlanManifest;
}

function parseEnd(line: string): PlanEnd | null {
  const value = parseObject(line);
  return value?.['end'] === true && typeof value['actions'] === 'number' && typeof value['sha256'] === 'string' ? (value as unknown as PlanEnd) : null;
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function invalid(file: string, problem: string): CutoverError {
  return new CutoverError('E_PLAN_INVALID', `${file} cannot be loaded: ${problem}`, { hint: 'make the plan again: cutover plan CAPABILITY --out FILE' });
}
