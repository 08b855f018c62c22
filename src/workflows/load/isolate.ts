/** Sending a batch so that one bad record does not hold back the others: what is refused is halved until the culprit stands alone. */
import { OdooError } from '../../domain/ports.ts';

/** What Odoo says of a row: its words, and the column of `load` where it names one. */
export interface Complaint {
  readonly message: string;
  readonly field: string | null;
}

/** `load` refused rows: Odoo's messages, and which of the items they are about. */
export class RowsRefused extends Error {
  readonly suspects: ReadonlyMap<number, Complaint>;

  constructor(message: string, suspects: ReadonlyMap<number, Complaint>) {
    super(message);
    this.suspects = suspects;
  }
}

export type Sent<Item, Answer> = { readonly item: Item; readonly answer: Answer } | { readonly item: Item; readonly refusal: Refusal };

/** Why an item was refused: Odoo's exception (or `load`) and its words. */
export interface Refusal {
  readonly name: string;
  readonly message: string;
  /** Column of `load` that Odoo named. */
  readonly field?: string;
}

export interface Sending<Item, Answer> {
  /** One call for all items: all of them or none. */
  readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** The outcome of a call is not known: find out which items it reached. Null: not reached, so it may be sent again. */
  readonly settle: (items: readonly Item[], error: OdooError) => Promise<readonly (Answer | null)[]>;
  /** Waits before something is sent again, longer each time. */
  readonly backOff: (resends: number) => Promise<void>;
}

/** Halvings after lost races; the connection has tried each call for a minute before. */
const HALVINGS = 5;
/** Of what was not reached by calls without an answer, in halves; with the waits between them about half a minute. */
const RESENDS = 8;

/** Throws what concerns the whole run (access, login, a model that is missing, a server that does not answer). */
export async function sendIsolating<Item, Answer>(items: readonly Item[], sending: Sending<Item, Answer>, resends = 0): Promise<Sent<Item, Answer>[]> {
  if (items.length === 0) return [];
  try {
    const answers = await sending.send(items);
    return items.map((item, index) => ({ item, answer: answers[index] as Answer }));
  } catch (error) {
    if (error instanceof RowsRefused) return isolateRows(items, sending, error);
    if (!(error instanceof OdooError)) throw error;
    switch (error.failure) {
      case 'validation':
      case 'missing-record':
        return isolate(items, sending, { name: error.exception || error.failure, message: error.message });
      case 'concurrency':
        // The connection has already tried for a minute; smaller calls hold fewer locks.
        if (items.length === 1 || resends >= HALVINGS) throw error;
        return halves(items, sending, resends + 1);
      case 'unknown':
        return settleUnknown(items, sending, error, resends);
      default:
        throw error;
    }
  }
}

async function settleUnknown<Item, Answer>(
  items: readonly Item[],
  sending: Sending<Item, Answer>,
  error: OdooError,
  resends: number,
): Promise<Sent<Item, Answer>[]> {
  const found = await sending.settle(items, error);
  const reached: Sent<Item, Answer>[] = [];
  const missing: Item[] = [];
  items.forEach((item, index) => {
    const answer = found[index] ?? null;
    if (answer === null) missing.push(item);
    else reached.push({ item, answer });
  });
  if (missing.length > 0 && resends >= RESENDS) throw error;
  if (missing.length > 0) await sending.backOff(resends);
  // Too much for one call, perhaps: a worker that came to its limits takes the call with it and says nothing.
  const again = reached.length === 0 ? halves : sendIsolating;
  return [...reached, ...(await again(missing, sending, resends + 1))];
}

/** Odoo named rows: the others are sent without them; each suspect is then tried alone, since it may have been named for its neighbour. */
async function isolateRows<Item, Answer>(items: readonly Item[], sending: Sending<Item, Answer>, error: RowsRefused): Promise<Sent<Item, Answer>[]> {
  const [only] = items;
  if (items.length === 1 && only !== undefined) {
    const { message, field } = error.suspects.get(0) ?? { message: error.message, field: null };
    return [{ item: only, refusal: { name: 'load', message, ...(field === null ? {} : { field }) } }];
  }
  if (error.suspects.size === 0 || error.suspects.size > items.length / 4) return halves(items, sending, 0);
  const rest = items.filter((_, index) => !error.suspects.has(index));
  const outcomes = await sendIsolating(rest, sending);
  for (const suspect of items.filter((_, index) => error.suspects.has(index))) outcomes.push(...(await sendIsolating([suspect], sending)));
  return outcomes;
}

async function isolate<Item, Answer>(items: readonly Item[], sending: Sending<Item, Answer>, refusal: Refusal): Promise<Sent<Item, Answer>[]> {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return [{ item: only, refusal }];
  return halves(items, sending, 0);
}

async function halves<Item, Answer>(items: readonly Item[], sending: Sending<Item, Answer>, resends: number): Promise<Sent<Item, Answer>[]> {
  const middle = Math.ceil(items.length / 2);
  const first = await sendIsolating(items.slice(0, middle), sending, resends);
  return [...first, ...(await sendIsolating(items.slice(middle), sending, resends))];
}
