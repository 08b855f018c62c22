import type { CrosswalkLink } from '../../domain/crosswalk.ts';
import type { JournalEntry } from '../../domain/journal.ts';

export const clock = { now: () => '2026-11-23T06:00:00.000Z' };

export function journalEntry(runId: string, key: string, more: Partial<Omit<JournalEntry, 'sequence'>> = {}): Omit<JournalEntry, 'sequence'> {
  return {
    runId,
    segment: 1,
    kind: 'intent',
    action: 1,
    step: 'record',
    entity: 'supplier',
    system: 'legacy',
    key,
    externalId: `mig.supplier__legacy__${key}`,
    model: 'res.partner',
    odooId: null,
    at: clock.now(),
    payload: { action: 'create', before: null, sent: { name: 'A', price: '1.10', nested: { z: 1, a: [1, null] } } },
    ...more,
  };
}

export function crosswalkLink(key: string, odooId: number, more: Partial<CrosswalkLink> = {}): CrosswalkLink {
  return {
    odooUuid: 'uuid-1',
    capability: 'procurement',
    entity: 'supplier',
    system: 'legacy',
    key,
    model: 'res.partner',
    odooId,
    externalId: null,
    provenance: 'load',
    runId: 'r1',
    validFrom: '2026-11-23T06:00:00.000Z',
    ...more,
  };
}
