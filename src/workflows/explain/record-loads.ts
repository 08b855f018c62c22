/** What plans, loads and rollbacks did with a record. */

import type { ExplainedRecord } from '../../domain/explanation.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import type { Ports, RunRecord, StateStore } from '../../domain/ports.ts';

/** Runs that are looked through: a journal of a million records is read from its beginning. */
const RUNS_READ = 4;

export interface LoadedRecord {
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  /** Odoo's own words may quote a value. */
  readonly isSecret: boolean;
}

type Loads = ExplainedRecord['loads'];

/** The last plan and the last loads and rollbacks, newest first; runs that had nothing to do with it are left out. */
export async function loadsOf(record: LoadedRecord, capability: string, ports: Ports): Promise<Loads> {
  const state = await ports.state();
  const runs = await state.runs({ capability, limit: 500 });
  const plan = runs.find((run) => run.command === 'plan');
  const wrote = runs.filter((run) => run.command === 'load' || run.command === 'rollback').slice(0, RUNS_READ);
  const found: { readonly at: string; readonly load: Loads[number] }[] = [];
  const planned = plan === undefined ? null : await plannedAs(record, plan, ports);
  if (plan !== undefined && planned !== null) found.push({ at: plan.startedAt, load: planned });
  for (const run of wrote) {
    const outcome = await loadedAs(record, run, state);
    if (outcome !== null) found.push({ at: outcome.at ?? run.startedAt, load: outcome });
  }
  return found.sort((one, other) => other.at.localeCompare(one.at)).map(({ load }) => load);
}

async function plannedAs({ entity, system, key }: LoadedRecord, run: RunRecord, ports: Ports): Promise<Loads[number] | null> {
  const file = (run.data as { file?: unknown } | null)?.file;
  if (typeof file !== 'string' || !(await ports.runs.exists(file))) return null;
  const isThis = (one: PlannedRecord) => one.entity === entity && one.system === system && one.key === key;
  const quoted = JSON.stringify(key);
  for await (const line of ports.runs.readLines(file)) {
    if (!line.includes(quoted)) continue;
    const action = JSON.parse(line) as Partial<PlanAction>;
    if (action.action === undefined || action.lines === undefined) continue;
    const own = [action as PlanAction, ...action.lines].find(isThis);
    if (own !== undefined) return { runId: run.id, command: 'plan', at: run.startedAt, outcome: own.action, reason: own.reason };
  }
  return null;
}

const outcomes: Partial<Record<JournalEntry['kind'], string>> = {
  intent: 'sent',
  answer: 'written',
  resolved: 'written',
  unknown: 'unknown',
  conflict: 'conflict',
  'dead-letter': 'dead-letter',
  blocked: 'blocked',
};

/** The last word of a run on the record. */
async function loadedAs(record: LoadedRecord, run: RunRecord, state: StateStore): Promise<Loads[number] | null> {
  let last: Loads[number] | null = null;
  for await (const entries of state.journalOf(run.id)) {
    for (const entry of entries) {
      const outcome = outcomes[entry.kind];
      if (outcome === undefined || !concerns(entry, record)) continue;
      last = { runId: run.id, command: run.command, at: entry.at, outcome, reason: reasonOf(entry, record) };
    }
  }
  return last;
}

function concerns({ entity, system, key, payload }: JournalEntry, record: LoadedRecord): boolean {
  const isThis = (one: { entity: string | null; system: string | null; key: string | null }) =>
    one.entity === record.entity && one.system === record.system && one.key === record.key;
  return isThis({ entity, system, key }) || (payload.lines ?? []).some(isThis);
}

function reasonOf({ kind, payload }: JournalEntry, { isSecret }: LoadedRecord): string | null {
  if (payload.refusal !== undefined) return isSecret || payload.refusal.message === '' ? payload.refusal.name : payload.refusal.message;
  if (payload.conflict !== undefined) return `changed in Odoo since the plan: ${payload.conflict.map((one) => one.field).join(', ')}`;
  return kind === 'answer' || kind === 'intent' ? (payload.action ?? null) : null;
}
