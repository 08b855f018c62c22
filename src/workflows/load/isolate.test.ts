import { describe, expect, test } from 'vitest';
import { OdooError } from '../../domain/ports.ts';
import { RowsRefused, type Sending, sendIsolating } from './isolate.ts';

const atOnce = async (): Promise<void> => undefined;
const refusal = (message: string): OdooError => new OdooError('validation', message, 'odoo.exceptions.ValidationError');

/** A server that refuses a call holding one of `bad`; the calls it got. */
function server(bad: ReadonlySet<number>): { readonly calls: (readonly number[])[]; readonly sending: Sending<number, string> } {
  const calls: (readonly number[])[] = [];
  return {
    calls,
    sending: {
      send: async (items) => {
        calls.push(items);
        const culprit = items.find((item) => bad.has(item));
        if (culprit !== undefined) throw refusal(`no ${culprit}`);
        return items.map((item) => `made ${item}`);
      },
      backOff: atOnce,
      settle: async () => {
        throw new Error('nothing is unknown here');
      },
    },
  };
}

describe('one bad record among many', () => {
  test('is found by halving, and the others are made once each', async () => {
    const { calls, sending } = server(new Set([5]));
    const sent = await sendIsolating([0, 1, 2, 3, 4, 5, 6, 7], sending);
    expect(sent.map((one) => ('answer' in one ? one.answer : one.refusal.message))).toEqual([
      ...['made 0', 'made 1', 'made 2', 'made 3', 'made 4', 'no 5', 'made 6', 'made 7'],
    ]);
    expect(calls).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [6, 7]]);
  });

  test('that Odoo names is tried alone, and the others go in one call', async () => {
    const calls: (readonly number[])[] = [];
    const sent = await sendIsolating([0, 1, 2, 3, 4, 5, 6, 7], {
      send: async (items) => {
        calls.push(items);
        const at = items.indexOf(3);
        if (at >= 0) throw new RowsRefused('some row is wrong', new Map([[at, { message: 'too long', field: 'name' }]]));
        return items;
      },
      backOff: atOnce,
      settle: async () => [],
    });
    expect(calls).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 4, 5, 6, 7], [3]]);
    expect(sent.at(-1)).toEqual({ item: 3, refusal: { name: 'load', message: 'too long', field: 'name' } });
  });
});

describe('a call whose outcome is not known', () => {
  test('is looked into, and only what it did not reach is sent again', async () => {
    const calls: (readonly number[])[] = [];
    const sent = await sendIsolating([1, 2, 3], {
      send: async (items) => {
        calls.push(items);
        if (calls.length === 1) throw new OdooError('unknown', 'the connection was cut');
        return items;
      },
      backOff: atOnce,
      settle: async (items) => items.map((item) => (item === 2 ? item : null)),
    });
    expect(calls).toEqual([
      [1, 2, 3],
      [1, 3],
    ]);
    expect(sent.map((one) => one.item).sort()).toEqual([1, 2, 3]);
  });

  test('and that reached nothing is made again in halves: it may have been too much for one call', async () => {
    const sizes: number[] = [];
    const sent = await sendIsolating([1, 2, 3, 4], {
      send: async (items) => {
        sizes.push(items.length);
        if (items.length > 2) throw new OdooError('unknown', 'the connection was reset');
        return items;
      },
      backOff: atOnce,
      settle: async (items) => items.map(() => null),
    });
    expect(sizes).toEqual([4, 2, 2]);
    expect(sent.map((one) => one.item)).toEqual([1, 2, 3, 4]);
  });

  test('that never comes through stops the run after a few tries', async () => {
    const sending: Sending<number, number> = {
      send: () => Promise.reject(new OdooError('unknown', 'the connection was cut')),
      backOff: atOnce,
      settle: async (items) => items.map(() => null),
    };
    await expect(sendIsolating([1], sending)).rejects.toMatchObject({ failure: 'unknown' });
  });

  test('is sent again only after a wait, longer each time', async () => {
    const waits: number[] = [];
    const sending: Sending<number, number> = {
      send: async (items) => {
        if (waits.length < 3) throw new OdooError('unknown', 'HTTP 503');
        return items;
      },
      settle: async (items) => items.map(() => null),
      backOff: async (resends) => {
        waits.push(resends);
      },
    };
    expect(await sendIsolating([1], sending)).toEqual([{ item: 1, answer: 1 }]);
    expect(waits).toEqual([0, 1, 2]);
  });
});

test.each(['access', 'authentication', 'missing-model', 'unavailable'] as const)('%s concerns the whole run and is nobody in particular', async (failure) => {
  const sending: Sending<number, number> = { send: () => Promise.reject(new OdooError(failure, 'no')), settle: async () => [], backOff: atOnce };
  await expect(sendIsolating([1, 2], sending)).rejects.toMatchObject({ failure });
});

test('a lost race is tried again in smaller calls', async () => {
  const calls: (readonly number[])[] = [];
  await sendIsolating([1, 2, 3, 4], {
    send: async (items) => {
      calls.push(items);
      if (items.length === 4) throw new OdooError('concurrency', 'could not serialize access');
      return items;
    },
    backOff: atOnce,
    settle: async () => [],
  });
  expect(calls).toEqual([
    [1, 2, 3, 4],
    [1, 2],
    [3, 4],
  ]);
});
