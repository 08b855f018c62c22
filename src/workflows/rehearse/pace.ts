/** How long each entity took, from the journal of a run. */
import type { StateStore } from '../../domain/ports.ts';
import type { EntityPace } from '../../domain/rehearsal-results.ts';

/** A stretch is so many documents: fewer say little of the pace. */
const STRETCH = 25;
/** Of the stretches, the quickest and slowest tenth count as chance. */
const TAIL = 0.1;

interface Measured {
  documents: number;
  records: number;
  seconds: number;
  readonly stretches: number[];
  stretch: { documents: number; seconds: number };
}

/** In the order in which they began. */
export async function paceOf(state: StateStore, runId: string): Promise<ReadonlyMap<string, EntityPace>> {
  const found = new Map<string, Measured>();
  let last: number | null = null;
  for await (const page of state.journalOf(runId)) {
    for (const { kind, step, entity, at, payload } of page) {
      const now = Date.parse(at);
      const passed = last === null ? 0 : Math.max(0, (now - last) / 1000);
      last = last === null ? now : Math.max(last, now);
      if (entity === null) continue;
      const measured = found.get(entity) ?? { documents: 0, records: 0, seconds: 0, stretches: [], stretch: { documents: 0, seconds: 0 } };
      found.set(entity, measured);
      measured.seconds += passed;
      measured.stretch.seconds += passed;
      if (kind !== 'answer' && kind !== 'resolved') continue;
      const isDocument = step === 'record';
      if (isDocument || step?.startsWith('lines-') === true) measured.records += (isDocument ? 1 : 0) + (payload.lines?.length ?? 0);
      if (!isDocument) continue;
      measured.documents += 1;
      measured.stretch.documents += 1;
    }
    for (const measured of found.values()) endStretch(measured, STRETCH);
  }
  return new Map([...found].map(([entity, measured]) => [entity, paceFrom(measured)]));
}

/** What was passed between the answers of a stretch belongs to it: it ends where there is time to count. */
function endStretch(measured: Measured, least: number): void {
  const { documents, seconds } = measured.stretch;
  if (documents < least) return;
  measured.stretches.push(seconds / documents);
  measured.stretch = { documents: 0, seconds: 0 };
}

function paceFrom(measured: Measured): EntityPace {
  const { documents, records, seconds } = measured;
  if (measured.stretches.length > 0) endStretch(measured, 1);
  const typical = documents === 0 ? 0 : seconds / documents;
  const sorted = measured.stretches.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? typical;
  return { documents, records, seconds, low: Math.min(typical, at(TAIL)), high: Math.max(typical, at(1 - TAIL)) };
}
