/** A load killed after a step and before it looked for by-products: they are looked for now. */
import type { JournalEntry } from '../../domain/journal.ts';
import type { PlanAction, PlanManifest } from '../../domain/plan.ts';
import type { Ports } from '../../domain/ports.ts';
import { byproductsAfter } from '../load/byproducts.ts';
import { pointer } from '../plan/plan-record.ts';
import { lookingRun } from './looking-run.ts';

/** An entry as the load would have written it, or null when the record was never made. */
export async function missingByproducts(
  entries: readonly JournalEntry[],
  answers: readonly JournalEntry[],
  manifest: PlanManifest,
  ports: Ports,
): Promise<JournalEntry | null> {
  const record = answers.find((entry) => entry.step === 'record');
  if (record === undefined || record.odooId === null || record.payload.action !== 'create') return null;
  const intent = entries.find((entry) => entry.kind === 'intent' && entry.step === 'record');
  const run = await lookingRun(manifest, record.runId, ports);
  const seq = record.action ?? 0;
  // The references of the document are among the values that were sent.
  const patch = Object.entries(intent?.payload.sent ?? {}).map(([field, value]) => ({ op: 'add' as const, path: pointer(field), value }));
  const action: PlanAction = {
    ...{ seq, action: 'create', entity: record.entity ?? '', system: record.system ?? '', key: record.key ?? '', externalId: record.externalId ?? '' },
    ...{ odooId: record.odooId, reason: null, patch, lines: [], steps: [], rollback: { will: '', cannot: null } },
  };
  const before = new Map([[seq, intent?.payload.byproducts ?? []]]);
  const made = await byproductsAfter(run, [{ action, id: record.odooId, state: null, wrote: true, ended: false }], new Map(), before);
  return { ...record, kind: 'resolved', step: 'byproducts', payload: { byproducts: made.get(seq) ?? [] } };
}
