/** Rows of decisions/breaks.csv: made, compared with those that stand, and written. */
import { join } from 'node:path';
import { BreakDecisionRow, breakDecisionProblem } from '../../domain/break-decision.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { withRows } from './decision-file.ts';
import type { KnownBreak } from './latest-breaks.ts';

export const BREAKS_FILE = 'decisions/breaks.csv';

/** What a person says of a break. */
export interface Decided {
  readonly decision: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  readonly until: string;
}

/** A key that is `pii` stays out: the file goes into git. */
export function breakRow(one: KnownBreak, decided: Decided): BreakDecisionRow {
  return { break: one.id, entity: one.entity, key: one.key_pii ? '' : (one.key ?? ''), field: one.field ?? '', ...decided, value_hash: one.value_hash ?? '' };
}

/** By break and value hash, the row that holds: the last one without a problem. */
export function standingRows({ breakDecisions }: Pick<Workspace, 'breakDecisions'>): ReadonlyMap<string, BreakDecisionRow> {
  const valid = breakDecisions.filter((row) => (row.problem ?? breakDecisionProblem(row)) === null);
  return new Map(valid.map((row) => [boundTo(row), row]));
}

export function boundTo(row: Pick<BreakDecisionRow, 'break' | 'value_hash'>): string {
  return `${row.break} ${row.value_hash}`;
}

/** Do two rows say the same? Who said it, and when, makes no difference. */
export function saysTheSame(left: BreakDecisionRow, right: BreakDecisionRow | undefined): boolean {
  return right !== undefined && left.decision === right.decision && left.until === right.until && left.reason === right.reason;
}

export async function writeBreakRows(workspace: Workspace, rows: readonly BreakDecisionRow[], ports: Ports): Promise<string> {
  return writeRows(workspace, BREAKS_FILE, Object.keys(BreakDecisionRow.shape), rows, ports);
}

/** Answers the path of the file. */
export async function writeRows(
  workspace: Workspace,
  file: string,
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string>>[],
  ports: Ports,
): Promise<string> {
  const path = join(workspace.directory, file);
  const content = (await ports.runs.exists(path)) ? await ports.runs.readFile(path) : null;
  await ports.runs.writeFile(path, withRows(content, rows, { file, columns }));
  return path;
}
