/** The judged breaks of the latest night: what decisions are about. */
import { join } from 'node:path';
import type { Break } from '../../domain/difference.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { DataRow, Ports } from '../../domain/ports.ts';
import { conflictsParquet } from '../../domain/report.ts';
import { literal } from '../../domain/sql.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { companySnapshot } from '../pull/pull-odoo-facts.ts';
import { uuidOf } from '../pull/pull-odoo-session.ts';
import { judgedFile } from '../reconcile/judge.ts';
import { readNights } from '../reconcile/ledger.ts';

/** Newest loads that are looked through. */
const MOST_LOADS = 50;

export interface LatestBreaks {
  readonly capabilities: readonly string[];
  readonly entities: readonly string[];
  /** Parquet files of judged breaks (reconcile/judge-sql.ts), and of the conflicts of loads. */
  readonly files: readonly string[];
}

/** What of a break its decision is about. */
export interface KnownBreak extends DataRow {
  readonly id: string;
  readonly entity: string;
  readonly system: string;
  readonly key: string | null;
  readonly field: string | null;
  readonly class: Break['class'];
  readonly candidate: string | null;
  readonly value_hash: string | null;
  readonly key_pii: boolean;
}

/** Of one capability, or of all of them; with what loads since then have found that users had changed. E_BREAK_UNKNOWN where there is neither, or what the last
 *  run left was pruned. */
export async function latestBreaks(workspace: Workspace, capability: Capability | null, ports: Ports): Promise<LatestBreaks> {
  const wanted = capability === null ? [...workspace.capabilities.values()] : [capability];
  const company = await ports.snapshots.latest(workspace.file.odoo, companySnapshot);
  const found: LatestBreaks[] = [];
  for (const one of company === null ? [] : wanted) {
    const nights = await readNights(ports, uuidOf(company as NonNullable<typeof company>), one.name);
    const runId = nights?.nights.at(-1)?.runs.at(-1) ?? null;
    const entities = one.entities.map(({ contract }) => contract.entity);
    const files = [...(runId === null ? [] : await judgedFiles(runId, entities, ports)), ...(await conflictFiles(one, runId, ports))];
    if (files.length > 0) found.push({ capabilities: [one.name], entities, files });
  }
  if (found.length > 0) {
    return {
      capabilities: found.flatMap((one) => one.capabilities),
      entities: found.flatMap((one) => one.entities),
      files: found.flatMap((one) => one.files),
    };
  }
  const what = capability?.name ?? 'this workspace';
  throw new CutoverError('E_BREAK_UNKNOWN', `nothing of ${what} was reconciled yet, or what the last reconcile left was pruned`, {
    hint: `cutover reconcile ${capability?.name ?? wanted[0]?.name ?? 'CAPABILITY'}`,
  });
}

async function judgedFiles(runId: string, entities: readonly string[], ports: Ports): Promise<readonly string[]> {
  const directory = await ports.runs.runDirectory(runId);
  const files = entities.map((entity) => judgedFile(directory, entity));
  return there(files, ports);
}

/** Of the loads that ended after the latest reconcile had begun: what it saw is older. */
async function conflictFiles(capability: Capability, reconcile: string | null, ports: Ports): Promise<readonly string[]> {
  const state = await ports.state();
  const since = reconcile === null ? '' : ((await state.run(reconcile))?.startedAt ?? '');
  const loads = (await state.runs({ command: 'load', capability: capability.name, limit: MOST_LOADS })).filter(
    ({ endedAt }) => endedAt !== null && endedAt >= since,
  );
  const files: string[] = [];
  for (const { id } of loads) files.push(join(await ports.runs.runDirectory(id), conflictsParquet));
  return there(files, ports);
}

async function there(files: readonly string[], ports: Ports): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of files) if (await ports.runs.exists(file)) found.push(file);
  return found;
}

/** The breaks that are reported, as a query: columns of `KnownBreak`. */
export function knownBreaksSql({ files }: LatestBreaks): string {
  const columns = 'id, entity, system, key, field, class, candidate, value_hash, key_pii';
  return files.map((file) => `SELECT ${columns} FROM read_parquet(${literal(file)}) WHERE status <> 'echo'`).join(' UNION ALL ');
}
