/** Batches under way: at most so many at a time; the first failure stops the intake and is heard by whoever waits next. */

export interface LaneRules {
  /** Asked anew whenever a batch could begin. */
  readonly most: () => number;
  /** Asked before a batch begins: throws when none may any more. */
  readonly check: () => void;
}

export class Lanes {
  readonly #rules: LaneRules;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;
  /** Nothing begins before it resolves. */
  #held: PromiseWithResolvers<void> | null = null;

  constructor(rules: LaneRules) {
    this.#rules = rules;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** Nothing begins until `release`; what has begun goes on. */
  hold(): void {
    this.#held ??= Promise.withResolvers<void>();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  /** Resolves as soon as the work has begun. */
  async start(work: () => Promise<void>): Promise<void> {
    while (this.#held !== null || this.#running.size >= this.#rules.most()) await (this.#held?.promise ?? Promise.race(this.#running));
    this.#raise();
    this.#rules.check();
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
        // A pause does not keep a failure from being heard.
        this.release();
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Everything begun has ended. */
  async drain(): Promise<void> {
    await this.ended();
    this.#raise();
  }

  /** Everything begun has ended, well or not. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  #raise(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
