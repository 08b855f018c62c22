/** The judged breaks of the latest night: what decisions are about. */
import type { Break } from '../../domain/difference.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { DataRow, Ports } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { companySnapshot } from '../pull/pull-odoo-facts.ts';
import { uuidOf } from '../pull/pull-odoo-session.ts';
import { judgedFile } from '../reconcile/judge.ts';
import { readNights } from '../reconcile/ledger.ts';

export interface LatestBreaks {
  readonly capabilities: readonly string[];
  readonly entities: readonly string[];
  /** Parquet files of judged breaks (reconcile/judge-sql.ts). */
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

/** Of one capability, or of all of them. E_BREAK_UNKNOWN where none was reconciled, or what the last run left was pruned. */
export async function latestBreaks(workspace: Workspace, capability: Capability | null, ports: Ports): Promise<LatestBreaks> {
  const wanted = capability === null ? [...workspace.capabilities.values()] : [capability];
  const company = await ports.snapshots.latest(workspace.file.odoo, companySnapshot);
  const found: { readonly capability: string; readonly entity: string; readonly file: string }[] = [];
  for (const one of company === null ? [] : wanted) {
    const nights = await readNights(ports, uuidOf(company as NonNullable<typeof company>), one.name);
    const runId = nights?.nights.at(-1)?.runs.at(-1);
    if (runId === undefined) continue;
    const directory = await ports.runs.runDirectory(runId);
    for (const { contract } of one.entities) {
      const file = judgedFile(directory, contract.entity);
      if (await ports.runs.exists(file)) found.push({ capability: one.name, entity: contract.entity, file });
    }
  }
  if (found.length > 0) {
    return { capabilities: [...new Set(found.map((one) => one.capability))], entities: found.map((one) => one.entity), files: found.map((one) => one.file) };
  }
  const what = capability?.name ?? 'this workspace';
  throw new CutoverError('E_BREAK_UNKNOWN', `nothing of ${what} was reconciled yet, or what the last reconcile left was pruned`, {
    hint: `cutover reconcile ${capability?.name ?? wanted[0]?.name ?? 'CAPABILITY'}`,
  });
}

/** The breaks that are reported, as a query: columns of `KnownBreak`. */
export function knownBreaksSql({ files }: LatestBreaks): string {
  const columns = 'id, entity, system, key, field, class, candidate, value_hash, key_pii';
  return files.map((file) => `SELECT ${columns} FROM read_parquet(${literal(file)}) WHERE status <> 'echo'`).join(' UNION ALL ');
}
