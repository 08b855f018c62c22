/** Dead letters with what was sent of them, why they were refused, and where in the mappings their values come from. */
import type { JournalEntry } from '../../domain/journal.ts';
import type { Ports, StateStore } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { type Attempt, type DeadLetter, deadLettersOf, lastAttempt } from '../load/dead-letters.ts';
import { MASK } from '../load/odoo-words.ts';
import { type Cause, causeOf } from './cause.ts';

type Values = Readonly<Record<string, unknown>>;

/** A dead letter, looked into. */
export interface Case {
  readonly letter: DeadLetter;
  readonly attempt: Attempt;
  readonly cause: Cause;
  /** `file:line` of the mapping that made the value of the field; null where the field is not known or no mapping makes it. */
  readonly mapping: string | null;
  /** Odoo field → what was sent last, of the document. */
  readonly values: Values;
  /** The line that was refused. */
  readonly line: { readonly entity: string; readonly system: string; readonly key: string; readonly values: Values } | null;
}

/** Actions asked for at once. */
const CHUNK = 500;

/** `wanted`: which letters; all that are known when left out. */
export async function casesOf(workspace: Workspace, ports: Ports, wanted: (letter: DeadLetter) => boolean = () => true): Promise<readonly Case[]> {
  const state = await ports.state();
  const letters = (await deadLettersOf(state)).filter(wanted);
  const step = 'Reading dead letters';
  ports.progress({ kind: 'step', step, total: letters.length });
  const cases: Case[] = [];
  for (const [runId, group] of Map.groupBy(letters, (letter) => lastAttempt(letter).runId)) {
    for (let from = 0; from < group.length; from += CHUNK) {
      ports.signal.throwIfAborted();
      const chunk = group.slice(from, from + CHUNK);
      const intents = await intentsOf(state, runId, chunk);
      cases.push(...chunk.map((letter) => caseOf(letter, intents.get(lastAttempt(letter).action) ?? [], workspace)));
      ports.progress({ kind: 'advance', step, by: chunk.length });
    }
  }
  ports.progress({ kind: 'done', step });
  return cases;
}

async function intentsOf(state: StateStore, runId: string, letters: readonly DeadLetter[]): Promise<ReadonlyMap<number, readonly JournalEntry[]>> {
  const actions = letters.map((letter) => lastAttempt(letter).action);
  const intents: JournalEntry[] = [];
  for await (const page of state.journalOf(runId, { actions, kinds: ['intent'] })) intents.push(...page);
  return Map.groupBy(intents, ({ action }) => action ?? 0);
}

function caseOf(letter: DeadLetter, intents: readonly JournalEntry[], workspace: Workspace): Case {
  const attempt = lastAttempt(letter);
  const values: Values = Object.assign({}, ...intents.map(({ payload }) => payload.sent ?? {}));
  const named = attempt.line;
  const sent = intents.findLast(({ step }) => step === attempt.step)?.payload.lines?.find(({ externalId }) => externalId === named?.externalId);
  const line = named === null ? null : { entity: named.entity, system: named.system, key: named.key, values: sent?.after ?? {} };
  const definition = workspace.capabilities.get(letter.manifest.capability)?.entities.find(({ contract }) => contract.entity === letter.entity);
  const refused = { entity: letter.entity, line: line?.entity ?? null, step: attempt.step, refusal: attempt.refusal, values: line?.values ?? values };
  const cause = causeOf(refused, letter.manifest, definition?.contract.odoo?.states?.field ?? null);
  return { letter, attempt, cause, mapping: mappingPlace(workspace, letter.manifest.capability, letter.system, cause), values, line };
}

/** Where the mapping of a system makes a field, or the binding sets it. */
export function mappingPlace(
  workspace: Workspace,
  capability: string,
  system: string,
  { entity, field, odooField }: Pick<Cause, 'entity' | 'field' | 'odooField'>,
): string | null {
  const definition = workspace.capabilities.get(capability)?.entities.find(({ contract }) => contract.entity === entity);
  const source = definition?.sources.find(({ mapping }) => mapping.system === system);
  const position =
    field !== null && source?.mapping.fields[field] !== undefined
      ? source.position(['fields', field])
      : odooField !== null && definition?.contract.odoo?.set[odooField] !== undefined
        ? definition.position(['odoo', 'set', odooField])
        : null;
  return position === null ? null : `${position.file}:${position.line}`;
}

/** A key as it may be shown. */
export function shownKey({ manifest, entity, key }: Pick<DeadLetter, 'manifest' | 'entity' | 'key'>): string {
  return manifest.entities[entity]?.keyIsPii === true ? MASK : key;
}
