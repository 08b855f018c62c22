import { describe, expect, test } from 'vitest';
import type { PlanAction, PlanActionKind, PlanManifest } from '../../domain/plan.ts';
import { Batcher } from './batcher.ts';
import { Lanes } from './lanes.ts';

const manifest = { entities: { supplier: { batch: 2 }, category: { batch: 2 } } } as unknown as PlanManifest;

const twoAtATime = { most: () => 2, check: () => undefined };

function action(seq: number, kind: PlanActionKind, entity = 'supplier', parent: string | null = null): PlanAction {
  return {
    ...{ seq, action: kind, entity, system: 's', key: String(seq), externalId: `m.${seq}`, odooId: kind === 'create' ? null : seq, reason: null },
    ...{ lines: [], steps: [], rollback: { will: '', cannot: null } },
    patch: parent === null ? [] : [{ op: 'add', path: '/parent_id', value: { $ref: { entity, system: 's', key: parent } } }],
  };
}

/** What ran beside what: each batch stays open until two are, or nothing more can come. */
async function inFlight(actions: readonly PlanAction[], selfReferring: readonly string[] = []): Promise<{ most: number; batches: string[] }> {
  const lanes = new Lanes(twoAtATime);
  const batches: string[] = [];
  let open = 0;
  let most = 0;
  const batcher = new Batcher(manifest, {
    start: (batch) =>
      lanes.start(async () => {
        batches.push(batch.map((one) => one.seq).join(' '));
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setTimeout(resolve, 5));
        open -= 1;
      }),
    drain: () => lanes.drain(),
    size: (_, most) => most,
    refersToItself: async (entity) => selfReferring.includes(entity),
  });
  for (const one of actions) await batcher.add(one);
  await batcher.flush();
  return { most, batches };
}

describe('batches', () => {
  const creates = [1, 2, 3, 4, 5, 6].map((seq) => action(seq, 'create'));

  test('two are in flight at once, and never three', async () => {
    expect(await inFlight(creates)).toEqual({ most: 2, batches: ['1 2', '3 4', '5 6'] });
  });

  test('a record waits for the one it refers to', async () => {
    const child = action(3, 'create', 'category', '1');
    expect(await inFlight([action(1, 'create', 'category'), action(2, 'create', 'category'), child])).toMatchObject({ most: 1, batches: ['1 2', '3'] });
  });

  test('a record that follows another waits for it, and so does a second change of one record of Odoo', async () => {
    const follower = { ...action(3, 'link'), odooId: null, follows: { $ref: { entity: 'supplier', system: 's', key: '1' } } };
    expect(await inFlight([action(1, 'create'), action(2, 'create'), follower])).toMatchObject({ most: 1, batches: ['1 2', '3'] });
    expect(await inFlight([action(1, 'update'), { ...action(2, 'link'), odooId: 1 }])).toMatchObject({ most: 1, batches: ['1', '2'] });
    expect(await inFlight([action(1, 'detach'), { ...action(2, 'delete'), odooId: 1 }])).toMatchObject({ most: 1, batches: ['1', '2'] });
  });

  test('deletes go side by side as well, except where a parent may stand behind its children', async () => {
    const deletes = (entity: string): readonly PlanAction[] => Array.from({ length: 20 }, (_, index) => action(index + 1, 'delete', entity));
    expect((await inFlight(deletes('supplier'))).most).toBe(2);
    expect((await inFlight(deletes('category'), ['category'])).most).toBe(1);
  });

  test('an entity begins when the one before it has ended', async () => {
    expect(await inFlight([action(1, 'create', 'category'), action(2, 'create'), action(3, 'create')])).toMatchObject({ most: 1, batches: ['1', '2 3'] });
  });
});

test('a pause lets what has begun land and nothing else begin, and a failure is heard through it', async () => {
  const lanes = new Lanes(twoAtATime);
  const begun: number[] = [];
  await lanes.start(async () => void begun.push(1));
  lanes.hold();
  const second = lanes.start(async () => void begun.push(2));
  await lanes.drain();
  expect(begun).toEqual([1]);
  lanes.release();
  await second;
  expect(begun).toEqual([1, 2]);
  await lanes.start(() => new Promise((_, reject) => setTimeout(() => reject(new Error('no')), 5)));
  lanes.hold();
  await expect(lanes.start(async () => undefined)).rejects.toThrow('no');
});

test('what fails in one lane stops the intake, and the other lane lands first', async () => {
  const lanes = new Lanes(twoAtATime);
  let landed = false;
  await lanes.start(async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    landed = true;
  });
  await lanes.start(() => Promise.reject(new Error('no')));
  await expect(lanes.drain()).rejects.toThrow('no');
  expect(landed).toBe(true);
  await expect(lanes.start(async () => undefined)).rejects.toThrow('no');
});
