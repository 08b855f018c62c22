import { describe, expect, test } from 'vitest';
import { stateFailure } from './state-failure.ts';

const failed = (message: string, facts: Readonly<Record<string, unknown>> = {}): Error => Object.assign(new Error(message), facts);

describe('a state that fails', () => {
  test.each([
    ['a connection that is refused', failed('connect ECONNREFUSED', { code: 'ECONNREFUSED' })],
    ['a server that shuts down', failed('select 1 - terminating connection due to administrator command', { code: '57P01' })],
    ['a connection that is cut', failed('select 1 - Connection terminated unexpectedly')],
    ['a server that starts', failed('the database system is starting up', { code: '57P03' })],
  ])('%s is one that cannot be reached', (_, error) => {
    expect(stateFailure(error, false)).toMatchObject({ code: 'E_STATE_UNREACHABLE', exitCode: 7 });
  });

  test.each([
    ['a full disk', failed('insert - could not extend file: No space left on device', { code: '53100' }), 'its disk is full'],
    ['a disk that fails', failed('insert - could not write block', { code: '58030' }), 'could not write'],
    ['an embedded PostgreSQL that has broken down', failed('unreachable'), 'it does not run any more'],
  ])('%s is one that cannot be written', (_, error, reason) => {
    expect(stateFailure(error, true)).toMatchObject({ code: 'E_STATE_UNWRITABLE', message: expect.stringContaining(reason) });
  });

  test('nothing of what was to be written goes with an error, whatever it is', () => {
    const contents = { params: ['DE02120300000000202051'], detail: 'Key (key)=(DE02120300000000202051) already exists.' };
    for (const code of ['53100', '23505']) {
      const told = stateFailure(failed('insert into x values ($1) - no', { code, ...contents }), true) as Error;
      expect(JSON.stringify([told, Object.entries(told), told.cause, Object.entries(told.cause ?? {})])).not.toContain('DE02120300000000202051');
    }
  });

  test('a mistake of ours stays one', () => {
    const mistake = failed('column "x" does not exist', { code: '42703' });
    expect(stateFailure(mistake, false)).toBe(mistake);
    expect(stateFailure(mistake, true)).toBe(mistake);
  });
});
