/** What a journal says about a run that is taken up again: which stages were answered, which were begun and never answered. */
import type { JournalEntry, JournalPayload } from '../../domain/journal.ts';
import type { PlanAction, PlannedEntity } from '../../domain/plan.ts';

/** An action's end, once the journal knows it. */
export type FinalOutcome = 'conflict' | 'deadLettered' | 'blocked';

const onlyRecord: ReadonlySet<string> = new Set(['record']);
const nothing: ReadonlySet<string> = new Set();

export class Settlement {
  /** Action → stages answered. Most actions have one stage and share one set. */
  readonly #answered = new Map<number, ReadonlySet<string>>();
  readonly #begun = new Map<string, JournalPayload>();
  readonly #final = new Map<number, FinalOutcome>();
  /** Of documents that are not through: Odoo id, and by-products that were there before. */
  readonly #odooIds = new Map<number, number>();
  readonly #before = new Map<number, NonNullable<JournalPayload['byproducts']>>();
  /** Of documents and lines (by External ID) that users had changed in part: the fields. */
  readonly #told = new Map<string, Set<string>>();
  readonly #conflicts = new Set<number>();
  #segments = 0;

  /** Segments used so far; a taken-up run writes the next. */
  get segments(): number {
    return this.#segments;
  }

  add(entry: JournalEntry): void {
    this.#segments = Math.max(this.#segments, entry.segment);
    if (entry.action === null || entry.step === null) return;
    const stage = `${entry.action} ${entry.step}`;
    switch (entry.kind) {
      case 'intent':
        this.#begun.set(stage, entry.payload);
        if (entry.step === 'record' && entry.payload.byproducts !== undefined && entry.payload.byproducts.length > 0)
          this.#before.set(entry.action, entry.payload.byproducts);
        return;
      case 'answer':
      case 'resolved':
        this.#begun.delete(stage);
        this.#answer(entry.action, entry.step);
        if (entry.step === 'record' && entry.odooId !== null) this.#odooIds.set(entry.action, entry.odooId);
        return;
      case 'conflict':
        if (entry.payload.partial === true) {
          this.tell(entry.action, entry);
          return;
        }
        this.#final.set(entry.action, 'conflict');
        break;
      case 'dead-letter':
        this.#final.set(entry.action, 'deadLettered');
        break;
      case 'blocked':
        this.#final.set(entry.action, 'blocked');
        break;
      case 'unknown':
      case 'settled':
      case 'discarded':
      case 'seal':
        return;
    }
    this.#begun.delete(stage);
  }

  /** A user had changed part of a document or line. */
  tell(action: number, { externalId, payload }: Pick<JournalEntry, 'externalId' | 'payload'>): void {
    const name = `${action} ${payload.lines?.[0]?.externalId ?? externalId ?? ''}`;
    const fields = this.#told.get(name) ?? new Set();
    this.#told.set(name, fields);
    for (const { field } of payload.conflict ?? []) fields.add(field);
    this.#conflicts.add(action);
  }

  #answer(action: number, step: string): void {
    const before = this.#answered.get(action);
    if (before === undefined && step === 'record') this.#answered.set(action, onlyRecord);
    else this.#answered.set(action, new Set([...(before ?? []), step]));
  }

  isAnswered(action: number, stage: string): boolean {
    return this.#answered.get(action)?.has(stage) ?? false;
  }

  odooId(action: number): number | null {
    return this.#odooIds.get(action) ?? null;
  }

  /** By-products that were there before the document was first touched, or null when it was not. */
  before(action: number): NonNullable<JournalPayload['byproducts']> | null {
    return this.#before.get(action) ?? (this.#begun.has(`${action} record`) || this.isAnswered(action, 'record') ? [] : null);
  }

  /** What was intended and never answered, or null. */
  begun(action: number, stage: string): JournalPayload | null {
    return this.#begun.get(`${action} ${stage}`) ?? null;
  }

  /** Fields of a document or line (by External ID) that a user had changed when it was come to. */
  told(action: number, externalId: string): ReadonlySet<string> {
    return this.#told.get(`${action} ${externalId}`) ?? nothing;
  }

  /** A user had led the document into another state than the plan was made on. */
  isMoved({ seq, externalId }: Pick<PlanAction, 'seq' | 'externalId'>, { stateFields }: PlannedEntity): boolean {
    const told = this.told(seq, externalId);
    return stateFields.some((field) => told.has(field));
  }

  /** A user had changed part of the document, or of a line of it. */
  hasConflict(action: number): boolean {
    return this.#conflicts.has(action);
  }

  /** Actions with a call that was begun and never answered: what became of it is asked of Odoo. */
  openActions(): ReadonlySet<number> {
    return new Set([...this.#begun.keys()].map((stage) => Number.parseInt(stage, 10)));
  }

  /** A blocked action may go on: what it waited for may have been mended since. */
  final(action: number): FinalOutcome | null {
    const outcome = this.#final.get(action) ?? null;
    return outcome === 'blocked' ? null : outcome;
  }
}

export async function settlementOf(journal: AsyncIterable<readonly JournalEntry[]>): Promise<Settlement> {
  const settlement = new Settlement();
  for await (const page of journal) for (const entry of page) settlement.add(entry);
  return settlement;
}
