/** What a load and its rollback do, on the sandbox and on a real Odoo alike. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Dump, smallHospital, type World } from './world.ts';

export function describeLoad(world: () => World): void {
  test('loads everything, then has nothing to do, then takes it all back', async () => {
    const { verbs } = world();
    const legacy = smallHospital();
    const before = await world().dump();
    await world().pull(legacy);
    const plan = await verbs.plan('first.plan');
    expect(plan.data.refusals).toEqual([]);
    expect(plan.data.actions).toMatchObject({ create: 22, link: 1, refuse: 0 });
    const load = await verbs.load('first.plan', null);
    expect(load.data).toMatchObject({ planned: 23, applied: 23, noop: 0, conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    const loaded = await world().dump();
    expect(namesOf(loaded, 'res.partner', 'ref')).toEqual(expect.arrayContaining(['A B', 'A_B', 'A,B', 'V1', 'V2']));
    expect(statesOf(loaded)).toEqual({
      'PO-1': 'draft',
      'PO-2': 'purchase',
      'PO-3': 'purchase locked',
      'PO-4': 'cancel',
      'PO-5': 'purchase',
      'PO-6': 'purchase locked',
    });
    expect(datesOf(loaded)['PO-3']).toEqual(['2025-03-02 03:04:05', '2025-03-05 10:00:00']);

    await world().pull(legacy);
    const again = await verbs.plan('second.plan');
    expect(again.data.samples.map((sample) => [sample.entity, sample.key, sample.action, sample.reason, sample.fields])).toEqual([]);
    expect(again.data.actions).toMatchObject({ noop: 23 });
    const second = await verbs.load('second.plan', null);
    expect(second.data).toMatchObject({ applied: 0, remaining: 0 });
    expect(await world().dump()).toEqual(loaded);

    const back = await verbs.rollback(load.runId, 'back.plan');
    expect(back.plan.outlook).toMatchObject({ stays: [], gone: 0 });
    expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    expectSame(await world().dump(), before);
  }, 300_000);

  test('a plan is used once, and a changed file is not loaded', async () => {
    const { verbs, directory } = world();
    await world().pull(smallHospital());
    await verbs.plan('once.plan');
    const { readFile, writeFile } = await import('node:fs/promises');
    const text = await readFile(join(directory, 'once.plan'), 'utf8');
    await writeFile(join(directory, 'changed.plan'), text.replace('Supplier V1', 'Supplier V9'));
    await expect(verbs.load('changed.plan', null)).rejects.toMatchObject({ code: 'E_PLAN_INVALID' });
    await writeFile(join(directory, 'cut.plan'), text.slice(0, -100));
    await expect(verbs.load('cut.plan', null)).rejects.toMatchObject({ code: 'E_PLAN_INVALID' });
    const load = await verbs.load('once.plan', 3);
    expect(load.data).toMatchObject({ applied: 3, remaining: load.data.planned - 3 });
    await expect(verbs.load('once.plan', null)).rejects.toMatchObject({ code: 'E_PLAN_USED' });
    const back = await verbs.rollback(load.runId, 'once-back.plan');
    expect(back.data.remaining).toBe(0);
  }, 120_000);
}

function namesOf(dump: Dump, model: string, field: string): unknown[] {
  return Object.values(dump[model] ?? {}).map((record) => record[field]);
}

function statesOf(dump: Dump): Record<string, string> {
  const orders = Object.values(dump['purchase.order'] ?? {}).filter((order) => String(order.name).startsWith('PO-'));
  return Object.fromEntries(orders.map((order) => [String(order.name), `${String(order.state)}${order.locked === true ? ' locked' : ''}`]));
}

function datesOf(dump: Dump): Record<string, unknown[]> {
  return Object.fromEntries(Object.values(dump['purchase.order'] ?? {}).map((order) => [String(order.name), [order.date_order, order.date_approve]]));
}

/** Model by model, so that a difference can be read. */
export function expectSame(now: Dump, before: Dump): void {
  for (const model of Object.keys(before)) expect({ model, records: now[model] }).toEqual({ model, records: before[model] });
}
