/** Reads the files that the verbs leave, as anybody would: the breaks of a reconcile, the documents of a plan. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Break } from '../domain/difference.ts';
import type { PlanAction, PlanEnd } from '../domain/plan.ts';
import type { ReconcileResult } from '../domain/results.ts';

export type FoundBreak = Pick<Break, 'id' | 'entity' | 'system' | 'key' | 'class' | 'field'>;
export type PlannedDocument = Pick<PlanAction, 'action' | 'entity' | 'system' | 'key' | 'reason'>;

export async function breaksOf(result: ReconcileResult): Promise<readonly FoundBreak[]> {
  const file = result.files.find((path) => path.endsWith('breaks.ndjson'));
  // The first line says what was compared.
  return file === undefined ? [] : (await readObjects<FoundBreak>(file)).slice(1);
}

/** The actions of a plan without its manifest and end line. */
export async function documentsOf(file: string): Promise<readonly PlannedDocument[]> {
  const lines = await readObjects<PlanAction | PlanEnd>(file);
  return lines.slice(1).filter((line): line is PlanAction => !('end' in line));
}

async function readObjects<Line>(file: string): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') lines.push(JSON.parse(line) as Line);
  }
  return lines;
}
