/** Every call goes through here: its context, its place in the queue, its retries. */
import type { OdooAttempt } from '../../domain/odoo-attempt.ts';
import { OdooError } from '../../domain/ports.ts';
import type { Gate } from './gate.ts';
import { isReading, type OdooProtocol } from './protocol.ts';
import { type RetryPolicy, withRetries } from './retry.ts';

export type Context = Readonly<Record<string, unknown>>;

export interface CallArguments {
  readonly ids?: readonly number[];
  readonly context?: Context;
  readonly [parameter: string]: unknown;
}

/** `judge` may refuse an answer that came as a success, by throwing; what it throws is retried like a refusal of Odoo's own. */
export type Caller = (model: string, method: string, args: CallArguments, judge?: (answer: unknown) => void) => Promise<unknown>;

/** UTC, because `load` reads datetimes in the context's time zone. No `lang`: names are written in the language the database was made in, and refusals
 *  come in English. */
const everywhere: Context = { tz: 'UTC' };

/** Archived records are records. Only where something is read: in a write it would make Odoo's own rules work on archived taxes and routes. */
const withArchived: Context = { active_test: false };

/** What keeps mail from leaving while the chatter goes on (read in mail_thread.py and mail_activity.py of 14 and 19):
 *  - mail_create_nosubscribe: who loads does not follow, so later messages on the record do not go to them
 *  - mail_auto_subscribe_no_notify: no "You have been assigned to …" to a buyer or responsible
 *  - mail_activity_quick_update: no mail about an activity that a step schedules for someone
 *  - mail_post_autofollow, mail_post_autofollow_author_skip: no one starts following through a message of ours
 *  - mail_notify_force_send: what a follower must still be told waits for the mail queue, and is gone if the transaction is
 *  - no_reset_password: a user that is created gets no invitation
 *  A tracked change of state that has a message subtype (an order that is confirmed) still tells those who follow the record already;
 *  only `tracking_disable`, which the binding decides, silences that. */
const withoutMail: Context = {
  mail_create_nosubscribe: true,
  mail_auto_subscribe_no_notify: true,
  mail_activity_quick_update: true,
  mail_post_autofollow: false,
  mail_post_autofollow_author_skip: true,
  mail_notify_force_send: false,
  no_reset_password: true,
};

export interface CallerOptions {
  readonly protocol: OdooProtocol;
  readonly gate: Gate;
  readonly retry: RetryPolicy;
  /** Added to every context: the company. */
  readonly context: Context;
  /** Never to appear in a message, whatever a server says. */
  readonly secrets: readonly string[];
  /** Are told of every attempt. */
  readonly watchers: ReadonlySet<(attempt: OdooAttempt) => void>;
}

export function callerOf({ protocol, gate, retry, context, secrets, watchers }: CallerOptions): Caller {
  return async (model, method, args, judge) => {
    const reads = isReading(method);
    const { ids, context: own, ...parameters } = args;
    const merged = { ...everywhere, ...(reads ? withArchived : withoutMail), ...context, ...own };
    const call = { model, method, context: merged, parameters, reads, ...(ids ? { ids } : {}) };
    const attempt = async () => {
      let seconds = 0;
      const tell = (failure: OdooAttempt['failure']) => {
        for (const heard of watchers) heard({ reads, seconds, failure });
      };
      try {
        const answer = await gate.pass(async () => {
          const began = performance.now();
          return await protocol.execute(call).finally(() => {
            seconds = (performance.now() - began) / 1000;
          });
        }, reads);
        judge?.(answer);
        tell(null);
        return answer;
      } catch (error) {
        if (error instanceof OdooError) tell(error.failure);
        throw error;
      }
    };
    try {
      // The place is given back while waiting, so that a retry does not hold up the others.
      return await withRetries(retry, attempt);
    } catch (error) {
      throw error instanceof OdooError ? withoutSecrets(error, secrets) : error;
    }
  };
}

function withoutSecrets(error: OdooError, secrets: readonly string[]): OdooError {
  const message = secrets.reduce((text, secret) => (secret ? text.replaceAll(secret, '***') : text), error.message);
  return message === error.message ? error : new OdooError(error.failure, message, error.exception);
}

/** For answers whose form is Odoo's promise. */
export function expectIds(answer: unknown, what: string): number[] {
  if (Array.isArray(answer) && answer.every((id) => typeof id === 'number')) return answer as number[];
  throw new OdooError('validation', `${what} did not answer a list of ids`);
}

export function chunked<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
