import { expect, test } from 'vitest';
import { gateOf } from './gate.ts';

/** Works that stay open until they are told to end. */
function works(most: number) {
  const gate = gateOf(most);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    gate,
    begun,
    async begin(name: string, ahead = false) {
      const ended = new Promise<void>((resolve) => ends.set(name, resolve));
      void gate.pass(() => {
        begun.push(name);
        return ended;
      }, ahead);
      await settled();
    },
    async end(name: string) {
      ends.get(name)?.();
      await settled();
    },
    settled,
  };
}

test('at most so many are through at a time, in their order, and reads go before what else waits', async () => {
  const { begin, end, begun } = works(2);
  for (const name of ['a', 'b', 'c', 'd']) await begin(name);
  await begin('read', true);
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  await end('a');
  await end('read');
  expect(begun).toEqual(['a', 'b', 'read', 'c', 'd']);
});

test('the limit can be lowered and raised while calls are under way, never beyond what it was opened for', async () => {
  const { gate, begin, end, begun, settled } = works(3);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await begin(name);
  gate.limit(1);
  await end('a');
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('c');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  gate.limit(9);
  await settled();
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});
