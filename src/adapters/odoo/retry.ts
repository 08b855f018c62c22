/** Waits between attempts: exponential, jittered, within a budget. What may be tried again is decided here and nowhere else. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OdooError } from '../../domain/ports.ts';

export interface RetryPolicy {
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** No new attempt is started when the waits together would be longer. */
  readonly budgetMs: number;
  /** 0 ≤ x < 1. */
  readonly jitter: () => number;
  /** Aborted: what is under way ends, nothing is tried again. */
  readonly signal: AbortSignal | undefined;
}

export const defaultWaits = { firstWaitMs: 250, longestWaitMs: 10_000, budgetMs: 60_000 } as const;

export function cryptoJitter(): number {
  return randomInt(1 << 30) / (1 << 30);
}

/** A lost race was rolled back by the server, so anything may be sent again. A call that was not heard may be too: `unavailable` is only said of calls
 *  that read, or that did not leave this machine. `unknown` never is. */
function mayRetry(error: unknown): error is OdooError {
  return error instanceof OdooError && (error.failure === 'concurrency' || error.failure === 'unavailable');
}

/** Exponential, with as much jitter as half of it. */
function waitBefore(policy: RetryPolicy, tries: number): number {
  const longest = Math.min(policy.longestWaitMs, policy.firstWaitMs * 2 ** tries);
  return longest / 2 + (longest / 2) * policy.jitter();
}

export async function backOff(policy: RetryPolicy, tries: number): Promise<void> {
  try {
    await sleep(waitBefore(policy, tries), undefined, policy.signal === undefined ? {} : { signal: policy.signal });
  } catch (error) {
    if (policy.signal?.aborted !== true) throw error;
  }
}

export async function withRetries<Result>(policy: RetryPolicy, attempt: () => Promise<Result>): Promise<Result> {
  let waited = 0;
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const wait = waitBefore(policy, tries);
      if (!mayRetry(error) || policy.signal?.aborted || waited + wait > policy.budgetMs) throw error;
      waited += wait;
      // An abort ends the wait, and with it the attempts.
      await sleep(wait, undefined, { signal: policy.signal }).catch(() => {
        throw error;
      });
    }
  }
}
