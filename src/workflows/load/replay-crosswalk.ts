/** The crosswalk follows the journal; a process killed between the two leaves it behind. A resumed run catches up first. */
import type { JournalEntry, JournalPayload } from '../../domain/journal.ts';
import type { PlannedRecord } from '../../domain/plan.ts';
import type { LoadRun } from './load-run.ts';

type Effect = { readonly record: PlannedRecord; readonly odooId: number | null; readonly kind: 'make' | 'decide' | 'end' };

/** Linking twice changes nothing, and neither does ending a link that has ended. */
export async function replayCrosswalk(run: LoadRun): Promise<void> {
  for await (const page of run.state.journalOf(run.runId, { kinds: ['answer', 'resolved'] })) {
    const effects = page.flatMap(effectsOf);
    await run.link(effects.flatMap(({ record, odooId, kind }) => (kind === 'end' || odooId === null ? [] : [{ record, odooId, created: kind === 'make' }])));
    await run.unlink(effects.flatMap(({ record, kind }) => (kind === 'end' ? [record] : [])));
  }
}

function effectsOf(entry: JournalEntry): Effect[] {
  const { entity, system, key, externalId, odooId, payload } = entry;
  const effects: Effect[] = [];
  if (entry.step === 'record' && entity !== null && system !== null && key !== null) {
    const kind = kindOf(payload.action ?? '', entry.kind === 'resolved');
    if (kind !== null)
      effects.push({ record: recordOf({ entity, system, key, externalId: externalId ?? '', odooId, ...provenanceOf(payload) }), odooId, kind });
  }
  for (const line of payload.lines ?? []) {
    const kind = kindOf(line.action, false);
    if (kind !== null) effects.push({ record: recordOf({ ...line, ...provenanceOf(line) }), odooId: line.odooId, kind });
  }
  return effects;
}

/** A record found under its External ID and adopted is journaled as a link that was found out. */
function kindOf(action: string, adopted: boolean): Effect['kind'] | null {
  if (action === 'create' || (action === 'link' && adopted)) return 'make';
  if (action === 'link') return 'decide';
  return action === 'delete' || action === 'detach' ? 'end' : null;
}

function provenanceOf({ provenance }: Pick<JournalPayload, 'provenance'>): Pick<PlannedRecord, 'provenance'> {
  return provenance === undefined ? {} : { provenance };
}

type Named = Pick<PlannedRecord, 'entity' | 'system' | 'key' | 'externalId' | 'odooId' | 'provenance'>;

function recordOf({ entity, system, key, externalId, odooId, ...how }: Named): PlannedRecord {
  return { entity, system, key, externalId, odooId, action: 'noop', reason: null, patch: [], ...provenanceOf(how) };
}
