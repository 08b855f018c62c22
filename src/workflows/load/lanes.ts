/** Batches in flight: at most `limit` at a time; the first failure stops the intake and is heard by whoever waits next. */
export class Lanes {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves as soon as the work has begun. */
  async start(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    this.#raise();
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Everything begun has ended. */
  async drain(): Promise<void> {
    await Promise.all(this.#running);
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
