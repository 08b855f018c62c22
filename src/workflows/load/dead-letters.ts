/** Dead letters over all runs, made from their journals: what Odoo refused, how often, and whether it is settled or given up by now. */
import { sha256 } from '../../domain/digest.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { JournalEntry, JournalLine, JournalPlace } from '../../domain/journal.ts';
import type { PlanManifest } from '../../domain/plan.ts';
import type { StateStore } from '../../domain/ports.ts';
import type { Refusal } from './isolate.ts';
import { referenceName } from './references.ts';

/** One time it was refused. */
export interface Attempt extends JournalPlace {
  readonly at: string;
  readonly action: number;
  readonly step: string;
  readonly odooId: number | null;
  readonly refusal: Refusal;
  /** The line of the document that was refused; null: the document itself, or it is not known which. */
  readonly line: JournalLine | null;
}

/** A document that Odoo refused, in every run that tried it. */
export interface DeadLetter {
  /** The same for the same record in every run: 12 hexadecimal digits. */
  readonly id: string;
  /** Of the plan that was loaded last with it. */
  readonly manifest: PlanManifest;
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly externalId: string;
  /** Oldest first, never empty. */
  readonly attempts: readonly Attempt[];
  readonly status: 'open' | 'settled' | 'discarded';
  /** How the last attempt came to its end; null while it is open. */
  readonly ended: { readonly at: string; readonly runId: string; readonly by: string | null; readonly reason: string | null } | null;
}

export function lastAttempt(letter: DeadLetter): Attempt {
  return letter.attempts.at(-1) as Attempt;
}

/** All there have ever been, in order of their last attempt. E_RUN_UNKNOWN where a journal has lost its beginning, unless such runs are to be skipped. */
export async function deadLettersOf(state: StateStore, damaged: 'refuse' | 'skip' = 'refuse'): Promise<readonly DeadLetter[]> {
  const manifests = new Map<string, PlanManifest>();
  const refused = new Map<string, JournalEntry[]>();
  const ends = new Map<string, JournalEntry>();
  for await (const page of state.deadLetters()) {
    for (const entry of page) {
      for (const place of entry.payload.ends ?? []) ends.set(placeName(place), entry);
      if (entry.kind !== 'dead-letter') continue;
      const manifest = manifests.get(entry.runId) ?? (await manifestOf(state, entry.runId));
      if (manifest === null && damaged === 'skip') continue;
      if (manifest === null) throw withoutBeginning(entry.runId);
      manifests.set(entry.runId, manifest);
      const id = idOf(manifest, entry);
      refused.set(id, [...(refused.get(id) ?? []), entry]);
    }
  }
  const letters = [...refused].map(([id, entries]) => {
    const inTime = entries.toSorted((left, right) => compare(left.at, right.at) || compare(left.runId, right.runId));
    const last = inTime.at(-1) as JournalEntry;
    return letterOf(id, inTime, manifests.get(last.runId) as PlanManifest, ends.get(placeName(last)));
  });
  return letters.sort((left, right) => compare(lastAttempt(left).at, lastAttempt(right).at) || compare(left.id, right.id));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `entries`: every time it was refused, oldest first; `end`: what ended the last. */
function letterOf(id: string, entries: readonly JournalEntry[], manifest: PlanManifest, end: JournalEntry | undefined): DeadLetter {
  const { entity, system, key, externalId } = entries.at(-1) as JournalEntry;
  const { by = null, reason = null } = end?.payload ?? {};
  return {
    ...{ id, manifest, attempts: entries.map(attemptOf) },
    ...{ entity: entity ?? '', system: system ?? '', key: key ?? '', externalId: externalId ?? '' },
    status: end === undefined ? 'open' : end.kind === 'settled' ? 'settled' : 'discarded',
    ended: end === undefined ? null : { at: end.at, runId: end.runId, by, reason },
  };
}

function attemptOf({ runId, segment, sequence, at, action, step, odooId, payload }: JournalEntry): Attempt {
  const refusal = payload.refusal ?? { name: '', message: 'no reason was journalled' };
  return { runId, segment, sequence, at, action: action ?? 0, step: step ?? 'record', odooId, refusal, line: payload.lines?.[0] ?? null };
}

/** Of a record in one direction: a load that is refused and a rollback that is refused are two things. */
function idOf(manifest: PlanManifest, { entity, system, key }: JournalEntry): string {
  return sha256(JSON.stringify([manifest.odoo.uuid, manifest.capability, manifest.kind, entity, system, key])).slice(0, 12);
}

function placeName({ runId, segment, sequence }: JournalPlace): string {
  return `${segment} ${sequence} ${runId}`;
}

/** What the plan of a run said of itself; null where its journal has lost its beginning. */
async function manifestOf(state: StateStore, runId: string): Promise<PlanManifest | null> {
  for await (const page of state.journalOf(runId)) return page.find((entry) => entry.payload.plan !== undefined)?.payload.plan ?? null;
  return null;
}

function withoutBeginning(runId: string): CutoverError {
  return new CutoverError('E_RUN_UNKNOWN', `the journal of run ${runId} does not begin with its plan`, { hint: `cutover audit verify ${runId}` });
}

/** Open dead letters that a run of this plan settles when the record turns out well, by `referenceName`. */
export async function openPlaces(state: StateStore, manifest: PlanManifest): Promise<ReadonlyMap<string, readonly JournalPlace[]>> {
  // A damaged journal of another run is no reason not to load tonight.
  const letters = await deadLettersOf(state, 'skip');
  const ours = letters.filter(({ status, manifest: of }) => status === 'open' && of.kind === manifest.kind && of.odoo.uuid === manifest.odoo.uuid);
  return new Map(ours.map((letter) => [referenceName(letter), letter.attempts.map(({ runId, segment, sequence }) => ({ runId, segment, sequence }))]));
}
