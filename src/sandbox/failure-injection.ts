/** Failures that tests ask a sandbox for: what networks, proxies and busy databases do to a client. Never reachable from the command line. */

export type FailureEffect =
  /** The call is carried out and committed, then the connection is cut: the client cannot know. */
  | { readonly kind: 'drop-after-commit' }
  /** The connection is cut before anything was done. */
  | { readonly kind: 'drop-before' }
  /** A proxy answers in Odoo's place, in HTML; nothing was done. */
  | { readonly kind: 'status'; readonly status: 429 | 502 | 503 | 504 }
  /** The answer comes late. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Another transaction was faster: inside `load` HTTP 200 with `ids: false`, elsewhere status 500. */
  | { readonly kind: 'concurrent-update' }
  /** Odoo raises this exception and does nothing: a right that was taken away, a module that was uninstalled, a rule that somebody added. */
  | { readonly kind: 'exception'; readonly status: number; readonly exception: string; readonly message: string };

export interface Failure {
  readonly effect: FailureEffect;
  /** Only calls of this model, of this method. */
  readonly model?: string;
  readonly method?: string;
  /** The nth such call from now on, counted from 1. Default 1. */
  readonly nth?: number;
  /** That many calls in a row. Default 1. */
  readonly times?: number;
}

interface Pending {
  readonly failure: Failure;
  seen: number;
}

export class FailureInjection {
  #pending: Pending[] = [];

  add(failure: Failure): void {
    this.#pending.push({ failure, seen: 0 });
  }

  clear(): void {
    this.#pending = [];
  }

  /** What is to happen to this call, if anything. */
  effectOn(model: string, method: string): FailureEffect | null {
    let effect: FailureEffect | null = null;
    for (const pending of this.#pending) {
      const { failure } = pending;
      if ((failure.model ?? model) !== model || (failure.method ?? method) !== method) continue;
      pending.seen += 1;
      const first = failure.nth ?? 1;
      if (effect === null && pending.seen >= first && pending.seen < first + (failure.times ?? 1)) effect = failure.effect;
    }
    this.#pending = this.#pending.filter(({ failure, seen }) => seen < (failure.nth ?? 1) + (failure.times ?? 1) - 1);
    return effect;
  }
}
