/** One review at the keyboard: what each key does. Nothing here knows of a terminal. */
import { type Decision, possibleDecisions, type Review, type ReviewItem, type Said } from '../../domain/review.ts';
import type { Key } from './keys.ts';

/** What is to be seen after a key. */
export type View =
  | {
      readonly kind: 'item';
      readonly item: ReviewItem;
      readonly said: Said | null;
      /** Answers what the last key could not do. */
      readonly message: string | null;
      /** The reason as far as it is typed; null: no reason is being typed. */
      readonly typing: string | null;
      /** Reason kept for the decision to come. */
      readonly reason: string;
    }
  | { readonly kind: 'end' };

export interface DecideCounts {
  readonly decided: Readonly<Record<Decision, number>>;
  /** Items of this review that are still open. */
  readonly open: number;
}

const decisionKeys: Readonly<Record<string, Decision>> = { s: 'same', d: 'different', k: 'keep' };

/** Goes on until q, the end of the keys, or past the last item. */
export async function decideAll(review: Review, keys: AsyncIterable<Key>, show: (view: View) => void): Promise<DecideCounts> {
  const session = new Session(review, show);
  await session.begin();
  for await (const key of keys) {
    await session.press(key);
    if (session.isOver) break;
  }
  return session.counts();
}

class Session {
  isOver = false;
  readonly #review: Review;
  readonly #show: (view: View) => void;
  /** Ordinals in the order they were seen; the last one is before the person. */
  readonly #seen: number[] = [];
  readonly #decided = new Map<number, Decision>();
  /** What a word on another item has settled too. */
  readonly #settled = new Set<number>();
  #item: ReviewItem | null = null;
  #typing: string | null = null;
  /** Typed before the decision it belongs to. */
  #reason = '';

  constructor(review: Review, show: (view: View) => void) {
    this.#review = review;
    this.#show = show;
  }

  counts(): DecideCounts {
    const decided = { same: 0, different: 0, keep: 0 };
    for (const decision of this.#decided.values()) decided[decision] += 1;
    return { decided, open: this.#review.total - this.#decided.size - this.#settled.size };
  }

  async begin(): Promise<void> {
    await this.#goTo(0);
  }

  async press(key: Key): Promise<void> {
    if (key.kind === 'interrupt') this.isOver = true;
    else if (this.#typing !== null) await this.#type(key, this.#typing);
    else await this.#choose(key);
  }

  async #choose(key: Key): Promise<void> {
    const letter = key.kind === 'left' ? 'b' : key.kind === 'right' ? 'n' : key.kind === 'character' ? key.text.toLowerCase() : '';
    const decision = decisionKeys[letter];
    if (letter === 'q') this.isOver = true;
    else if (letter === 'b') await this.#back();
    else if (this.#item === null) this.#show({ kind: 'end' });
    else if (decision !== undefined) await this.#decide(this.#item, decision);
    else if (letter === 'n') await this.#goTo(this.#item.ordinal + 1);
    else if (letter === 'o') {
      this.#typing = this.#review.said(this.#item)?.reason ?? this.#reason;
      this.#present(this.#item);
    } else this.#present(this.#item, key.kind === 'character' ? `${key.text} does nothing here` : null);
  }

  async #decide(item: ReviewItem, decision: Decision): Promise<void> {
    const possible = possibleDecisions(item);
    if (!possible.includes(decision))
      return this.#present(item, `${decision} says nothing of ${item.kind === 'pair' ? 'a pair' : item.class}: ${possible.join(' or ')}`);
    const reason = this.#reason === '' ? (this.#review.said(item)?.reason ?? '') : this.#reason;
    await this.#review.decide(item, { decision, reason });
    this.#decided.set(item.ordinal, decision);
    await this.#goTo(item.ordinal + 1);
  }

  /** Enter keeps the reason, Escape drops what was typed. A reason for what is decided already is written at once. */
  async #type(key: Key, typed: string): Promise<void> {
    if (key.kind === 'character') this.#typing = typed + key.text;
    else if (key.kind === 'backspace') this.#typing = [...typed].slice(0, -1).join('');
    else if (key.kind === 'enter' || key.kind === 'escape') this.#typing = null;
    if (key.kind === 'enter') await this.#keepReason(typed.trim());
    if (this.#item !== null) this.#present(this.#item);
  }

  async #keepReason(reason: string): Promise<void> {
    this.#reason = reason;
    const said = this.#item === null ? null : this.#review.said(this.#item);
    if (this.#item === null || said === null) return;
    await this.#review.decide(this.#item, { decision: said.decision, reason });
    this.#reason = '';
  }

  /** The next item that is still open from `ordinal` on; past the last one the end. */
  async #goTo(ordinal: number): Promise<void> {
    this.#reason = '';
    for (let next = ordinal; next < this.#review.total; next += 1) {
      if (this.#decided.has(next)) continue;
      const item = await this.#review.item(next);
      if (this.#review.said(item) === null) {
        this.#settled.delete(next);
        return this.#look(item);
      }
      this.#settled.add(next);
    }
    this.#item = null;
    this.#show({ kind: 'end' });
  }

  #look(item: ReviewItem): void {
    this.#seen.push(item.ordinal);
    this.#item = item;
    this.#present(item);
  }

  /** To what was seen before, decided or not. */
  async #back(): Promise<void> {
    if (this.#item !== null) this.#seen.pop();
    const before = this.#seen.pop();
    if (before === undefined) {
      if (this.#item === null) return this.#show({ kind: 'end' });
      this.#seen.push(this.#item.ordinal);
      return this.#present(this.#item, 'this is the first one');
    }
    this.#reason = '';
    this.#look(await this.#review.item(before));
  }

  #present(item: ReviewItem, message: string | null = null): void {
    this.#show({ kind: 'item', item, said: this.#review.said(item), message, typing: this.#typing, reason: this.#reason });
  }
}
