/** That no mail leaves: real Odoo only, since the sandbox has no mail to send (Odoo 19). */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { type Bench, benchOn, connectTo, type GiveTarget } from './target.ts';

export function describeMail(target: GiveTarget): void {
  describe('mail', () => {
    let odoo: OdooConnection;
    let bench: Bench;
    let buyer: number;
    beforeAll(async () => {
      odoo = await connectTo(target());
      const groups = await odoo.resolveExternalIds(['base.group_user', 'purchase.group_purchase_user', 'stock.group_stock_user']);
      const login = `buyer-${Date.now()}`;
      const group_ids = [[6, 0, [...groups.values()].map(({ id }) => id)]];
      const values = { name: login, login, email: `${login}@hospital.example`, notification_type: 'email', group_ids };
      [buyer] = (await odoo.call<number[]>('res.users', 'create', { vals_list: [values] })) as [number];
    });
    beforeEach(() => {
      bench = benchOn(odoo);
    });
    afterEach(() => bench.clean());

    const queued = async () => [...(await odoo.searchIds('mail.mail', [])), ...(await odoo.searchIds('mail.notification', []))];
    const columns = ['id', 'partner_id/.id', 'user_id/.id', 'order_line/id', 'order_line/product_id/.id', 'order_line/product_qty', 'order_line/price_unit'];

    async function masters(): Promise<[vendor: number, product: number]> {
      const [vendor] = await bench.create('res.partner', { name: bench.tag, email: 'vendor@example.org' });
      const [product] = await bench.create('product.product', { name: bench.tag });
      return [vendor!, product!];
    }

    test('a supplier loaded with the chatter off has no follower and no message', async () => {
      const columns = ['id', 'name', 'email'];
      const [id] = await bench.loaded('res.partner', columns, [[bench.externalId('a'), bench.tag, 'a@b.example']], { tracking_disable: true });
      expect(await bench.first('res.partner', id!, 'message_follower_ids', 'message_ids')).toEqual({ id, message_follower_ids: [], message_ids: [] });
    });

    test.each([true, false])('none leaves when another user’s order is loaded, confirmed and closed (chatter off: %s)', async (tracking_disable) => {
      const before = await queued();
      const context = tracking_disable ? { tracking_disable } : {};
      const [vendor, product] = await masters();
      const row = [bench.externalId('a'), vendor, buyer, bench.externalId('a1'), product, '1', '2'];
      const ids = await bench.loaded('purchase.order', columns, [row], context);
      await odoo.call('purchase.order', 'button_confirm', { ids, context });
      const { picking_ids } = await bench.first('purchase.order', ids[0]!, 'picking_ids');
      await odoo.call('stock.picking', 'action_cancel', { ids: picking_ids as number[], context });
      await odoo.save('purchase.order', [{ id: ids[0]!, values: { date_approve: '2020-01-03 00:00:00' } }], context);
      await odoo.call('purchase.order', 'button_lock', { ids, context });
      expect(await queued()).toEqual(before);
    });

    test('what would have left: the same order made without the client’s context tells its buyer', async () => {
      const before = await queued();
      const [vendor, product] = await masters();
      const values = { partner_id: vendor, user_id: buyer, order_line: [[0, 0, { product_id: product, product_qty: 1, price_unit: 2 }]] };
      const ids = await odoo.call<number[]>('purchase.order', 'create', { vals_list: [values], context: { mail_auto_subscribe_no_notify: false } });
      bench.remember('purchase.order', ids);
      expect(await queued()).not.toEqual(before);
    });
  });
}
