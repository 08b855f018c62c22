/** audit verify: do the journals hold what was written, all of it, in order, up to their ends? */

import type { AuditResult } from '../../domain/audit-results.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { JournalHead } from '../../domain/journal.ts';
import { type ChainVerdict, sealOf } from '../../domain/journal-chain.ts';
import type { Ports, RunRecord, StateStore } from '../../domain/ports.ts';

export interface AuditRequest {
  /** Null: every run that has, had or must have had a journal. */
  readonly run: string | null;
  /** Hash that was noted elsewhere when the run ended. */
  readonly seal: string | null;
}

/** E_RUN_UNKNOWN when the run that is named has no journal and never had one. */
export async function auditJournals(request: AuditRequest, ports: Ports): Promise<AuditResult> {
  const state = await ports.state();
  const names = request.run === null ? await runsToAudit(state) : [request.run];
  const step = 'Verifying journals';
  ports.progress({ kind: 'step', step, total: names.length });
  const runs: AuditResult['runs'][number][] = [];
  for (const name of names) {
    ports.signal.throwIfAborted();
    const record = await state.run(name);
    const verdict = await state.verifyJournal(name);
    if (request.run !== null && verdict.entries === 0 && verdict.findings.length === 0 && keptSeal(record) === null) {
      throw new CutoverError('E_RUN_UNKNOWN', `run ${name} has no journal`, { hint: 'cutover audit verify' });
    }
    runs.push(audited(name, record, verdict, request.seal));
    ports.progress({ kind: 'advance', step, by: 1 });
  }
  ports.progress({ kind: 'done', step });
  return { runs, entries: runs.reduce((sum, { entries }) => sum + entries, 0) };
}

async function runsToAudit(state: StateStore): Promise<readonly string[]> {
  const sealed = (await state.runs()).filter((record) => keptSeal(record) !== null);
  return [...new Set([...(await state.journaledRuns()), ...sealed.map(({ id }) => id)])].sort();
}

function audited(runId: string, record: RunRecord | null, verdict: ChainVerdict, noted: string | null): AuditResult['runs'][number] {
  const seal = sealOf(verdict.segments);
  const findings = [...verdict.findings];
  const end = { segment: verdict.segments.at(-1)?.segment ?? 1, sequence: verdict.segments.at(-1)?.entries ?? 0 };
  const kept = keptSeal(record);
  // The run keeps what it answered apart from its journal and from where the segments ended.
  if (kept !== null && findings.length === 0 && (kept.hash !== seal.hash || kept.entries !== seal.entries))
    findings.push({ ...end, problem: `is not where the run ended: it had ${kept.entries} entries then, and has ${seal.entries} now` });
  if (noted !== null && noted !== seal.hash) findings.push({ ...end, problem: 'does not have the hash that was noted as the seal' });
  const status = findings.length > 0 ? 'broken' : verdict.sealed ? 'intact' : 'not-sealed';
  const { entries, guards } = verdict;
  return { runId, command: record?.command ?? null, capability: record?.capability ?? null, status, entries, seal: seal.hash, guards, findings };
}

/** What a load answered of its journal when it ended. */
function keptSeal(record: RunRecord | null): Pick<JournalHead, 'entries' | 'hash'> | null {
  const data = record?.data as { readonly seal?: Partial<JournalHead> } | null | undefined;
  const { entries, hash } = data?.seal ?? {};
  return entries === undefined || hash === undefined ? null : { entries, hash };
}
