/** What it means when the place a state lives in fails, in our own words: everything else that goes wrong in it is a mistake of ours. */
import { CutoverError } from '../../domain/errors.ts';
import type { StateStore } from '../../domain/ports.ts';

/** SQLSTATE classes and codes: connection exceptions, a server that is shut down, crashes or starts. */
const GONE = /^(08...|57P0[1-3])$/;
/** Of the operating system, below a connection. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** How `pg` and knex say it, without a code. */
const WORDS =
  /connection (?:terminated|ended|error)|not queryable|terminating connection|timeout acquiring a connection|connection is closed|client was closed/i;
/** Insufficient resources (a full disk), system errors, damaged data. */
const UNWRITABLE = /^(53...|58...|XX00[12])$/;
const DISK = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);
const DISK_WORDS = /no space left|disk quota|input\/output error|read-only file system|could not (?:write|extend|fsync)/i;
/** An embedded PostgreSQL that has panicked answers nothing any more. */
const DEAD_CLUSTER = /unreachable|program terminated|aborted\(|pglite is closed|memory access out of bounds/i;

/** E_STATE_UNREACHABLE or E_STATE_UNWRITABLE; anything else stays what it is, without the contents of what was to be written. */
export function stateFailure(error: unknown, isEmbedded: boolean): unknown {
  if (error instanceof CutoverError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (UNWRITABLE.test(code) || DISK.has(code) || DISK_WORDS.test(error.message) || (isEmbedded && DEAD_CLUSTER.test(error.message))) {
    const isFull = code === '53100' || code === 'ENOSPC' || /no space left/i.test(error.message);
    const reason = isFull ? 'its disk is full' : (DISK_WORDS.exec(error.message)?.[0].toLowerCase() ?? (code === '' ? 'it does not run any more' : code));
    return new CutoverError('E_STATE_UNWRITABLE', `the ${isEmbedded ? 'embedded state' : 'state database'} could not be written: ${reason}`, {
      hint: 'cutover doctor',
      cause: wordsOf(error),
    });
  }
  if (isEmbedded || !(GONE.test(code) || UNREACHABLE.has(code) || WORDS.test(error.message))) return withoutContents(error);
  return new CutoverError('E_STATE_UNREACHABLE', `the state database does not answer any more${code === '' ? '' : ` (${code})`}`, {
    hint: 'cutover doctor',
    cause: wordsOf(error),
  });
}

/** What went wrong, without the statement. */
function wordsOf({ message, stack = '' }: Error): Error {
  const at = message.lastIndexOf(' - ');
  const words = new Error(at === -1 ? message : message.slice(at + 3));
  words.stack = `${words.message}\n${stack.slice(stack.indexOf(message) + message.length)}`;
  return words;
}

/** A database hands what was to be written back with its errors: parameters, rows, keys. Nothing of that belongs in a log. */
function withoutContents(error: Error): Error {
  for (const name of ['params', 'bindings', 'detail', 'where', 'query', 'internalQuery']) Reflect.deleteProperty(error, name);
  return error;
}

/** The same store, with failures of its place told so. What `withLock` does under the lock is not its own. */
export function tellingFailures(store: StateStore, isEmbedded: boolean): StateStore {
  const told = Object.entries(store).map(([name, method]: [string, (...given: readonly unknown[]) => unknown]) => {
    if (name === 'withLock' || name === 'close') return [name, method];
    return [
      name,
      (...given: readonly unknown[]): unknown => {
        const answer = method(...given);
        if (answer instanceof Promise) {
          return answer.catch((error: unknown) => {
            throw stateFailure(error, isEmbedded);
          });
        }
        return telling(answer as AsyncIterable<unknown>, isEmbedded);
      },
    ];
  });
  return Object.fromEntries(told) as StateStore;
}

async function* telling(pages: AsyncIterable<unknown>, isEmbedded: boolean): AsyncIterable<unknown> {
  try {
    yield* pages;
  } catch (error) {
    throw stateFailure(error, isEmbedded);
  }
}
