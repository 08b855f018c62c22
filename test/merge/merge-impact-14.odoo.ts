/** The same for the wizard of Odoo 14, which knows no bank accounts and leaves activities and values per company behind. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { mergeImpact } from '../../src/workflows/match/merge-impact.ts';
import { connectTo } from '../contract/target.ts';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { mergeAsPredicted, predicted } from './merging.ts';

let server: RealOdoo;
let odoo: OdooConnection;
beforeAll(async () => {
  server = await startRealOdoo({ version: 14 });
  odoo = await connectTo({ ...server, apiKey: '', uuid: server.uuid ?? '' });
});
afterAll(() => server?.stop());

const create = (model: string, ...values: Readonly<Record<string, unknown>>[]) => odoo.call<number[]>(model, 'create', { vals_list: values });

test('in Odoo 14 exactly the rows that were named are gone', async () => {
  const [stays = 0, goes = 0, third = 0] = await create('res.partner', { name: 'Acme' }, { name: 'ACME Inc.' }, { name: 'Acme (old)', active: false });
  const orders = await create('purchase.order', { partner_id: stays }, { partner_id: goes });
  await create('res.partner.bank', { partner_id: goes, acc_number: 'BE 1' }, { partner_id: third, acc_number: 'BE 2' });
  for (const order of orders) await odoo.call('purchase.order', 'message_subscribe', { ids: [order], partner_ids: [stays, goes] });
  await odoo.call('res.partner', 'message_subscribe', { ids: [stays], partner_ids: [third] });
  await odoo.call('res.partner', 'message_subscribe', { ids: [third], partner_ids: [stays, goes] });
  const [model] = await odoo.searchIds('ir.model', [['model', '=', 'res.partner']]);
  const [activity = 0] = await create('mail.activity', { res_model_id: model, res_id: goes, summary: 'call' });
  const [term = 0] = await odoo.searchIds('account.payment.term', []);
  await odoo.call('res.partner', 'write', { ids: [goes], vals: { property_supplier_payment_term_id: term } });
  const impact = await mergeImpact({ model: 'res.partner', ids: [stays, goes, third], survivor: stays }, odoo);
  // archived contacts are not seen by it
  expect(impact).toMatchObject({ isComplete: true, goes: [goes], merge: { refuses: [], fails: [] } });
  const lost = new Map(impact.lost.map(({ model: of, field, ids }) => [`${of}.${field}`, ids]));
  expect(lost.get('mail.activity.res_id')).toEqual([activity]);
  expect(lost.get('ir.property.res_id')?.length).toBeGreaterThan(0);
  expect(lost.get('mail.followers.partner_id')?.length).toBeGreaterThanOrEqual(3);
  expect(await mergeAsPredicted(odoo, impact)).toEqual(predicted(impact));
  expect(await odoo.searchIds('res.partner.bank', [['partner_id', '=', stays]])).toHaveLength(1);
  expect(await odoo.searchIds('res.partner', [['id', 'in', [goes, third]]])).toEqual([third]);
});
