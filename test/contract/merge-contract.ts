/** What Odoo's own merge of partners leaves behind: cutover follows it, and the sandbox does the same (Odoo 19). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { type Bench, benchOn, connectTo, type GiveTarget, refusal, type Values } from './target.ts';

const wizard = 'base.partner.merge.automatic.wizard';

export function describeMerge(target: GiveTarget): void {
  describe('merging partners', () => {
    let odoo: OdooConnection;
    let bench: Bench;
    beforeAll(async () => {
      odoo = await connectTo(target());
    });
    beforeEach(() => {
      bench = benchOn(odoo);
    });
    afterEach(() => bench.clean());

    const merge = async (ids: readonly number[], survivor?: number): Promise<unknown> => {
      const values = { partner_ids: [[6, 0, ids]], ...(survivor === undefined ? {} : { dst_partner_id: survivor }) };
      const [id = 0] = await odoo.call<number[]>(wizard, 'create', { vals_list: [values] });
      const answer = await odoo.call(wizard, 'action_merge', { ids: [id] });
      expect(answer).toEqual({ type: 'ir.actions.act_window', res_model: wizard, res_id: id, view_mode: 'form', target: 'new' });
      return answer;
    };
    const partners = async (...values: Values[]): Promise<[number, number, number]> => {
      const ids: number[] = [];
      for (const [index, own] of values.entries()) ids.push(...(await bench.create('res.partner', { name: `${bench.tag} ${index}`, ...own })));
      return [...ids, 0, 0, 0].slice(0, 3) as [number, number, number];
    };
    const product = async (): Promise<number> => (await bench.create('product.product', { name: bench.tag, type: 'consu' }))[0] as number;

    test('gives the survivor the External IDs of all, and deletes the others', async () => {
      const fields = ['id', 'name'];
      const rows = ['c', 'b', 'a'].map((name) => [bench.externalId(name), `${bench.tag} ${name}`]);
      const [one, two, three] = (await bench.loaded('res.partner', fields, rows)) as [number, number, number];
      await merge([one, two, three], two);
      expect(await odoo.read('res.partner', [one, two, three], ['name'])).toEqual([{ id: two, name: `${bench.tag} b` }]);
      const all = ['a', 'b', 'c'].map(bench.externalId);
      expect(await odoo.allExternalIds('res.partner', [one, two, three])).toEqual(new Map([[two, all]]));
      expect(await odoo.resolveExternalIds(all)).toEqual(new Map(all.map((name) => [name, { model: 'res.partner', id: two }])));
      // an update under the name of one that is gone reaches the survivor
      expect(await bench.loaded('res.partner', ['id', 'city'], [[bench.externalId('c'), 'Ghent']])).toEqual([two]);
      expect(await bench.first('res.partner', two, 'city')).toMatchObject({ city: 'Ghent' });
    });

    test('moves what points to them without touching when it was written, but for accounts', async () => {
      const [stays, goes] = await partners({}, {});
      const item = await product();
      const line = [[0, 0, { product_id: item, product_qty: 1, price_unit: 2 }]];
      const [order = 0] = await bench.create('purchase.order', { partner_id: goes, order_line: line });
      const [price = 0] = await bench.create('product.supplierinfo', { partner_id: goes, product_id: item, price: 3 });
      const [child = 0] = await bench.create('res.partner', { name: bench.tag, parent_id: goes });
      const [account = 0] = await bench.create('res.partner.bank', { partner_id: goes, acc_number: bench.tag });
      const read = async () => ({
        order: await bench.first('purchase.order', order, 'partner_id', 'write_date'),
        price: await bench.first('product.supplierinfo', price, 'partner_id', 'write_date'),
        child: await bench.first('res.partner', child, 'parent_id', 'commercial_partner_id'),
        account: await bench.first('res.partner.bank', account, 'partner_id', 'write_date'),
        stays: await bench.first('res.partner', stays, 'write_date'),
      });
      const before = await read();
      await sleep(1100);
      await merge([goes, stays], stays);
      const after = await read();
      expect(after).toMatchObject({
        order: { partner_id: stays, write_date: before.order.write_date },
        price: { partner_id: stays, write_date: before.price.write_date },
        child: { parent_id: stays, commercial_partner_id: stays },
        account: { partner_id: stays },
      });
      expect(String(after.account.write_date) > String(before.account.write_date)).toBe(true);
      expect(String(after.stays.write_date) > String(before.stays.write_date)).toBe(true);
      expect(await odoo.searchIds('purchase.order.line', [['partner_id', '=', stays]])).toHaveLength(1);
    });

    test('keeps the survivor’s values, fills in what it has not from the last of the others, adds up ranks, joins tags', async () => {
      const tags = await odoo.call<number[]>('res.partner.category', 'create', {
        vals_list: ['a', 'b', 'c'].map((name) => ({ name: `${bench.tag} ${name}` })),
      });
      const [a, b, c] = tags as [number, number, number];
      const [stays, two, three] = await partners(
        { ref: 'one', supplier_rank: 1, category_id: [[6, 0, [a]]], email: 'x@example.org' },
        { ref: 'two', city: 'Ghent', zip: '9000', supplier_rank: 2, category_id: [[6, 0, [a, b]]], email: 'x@example.org' },
        { city: 'Bruges', street: 'Main', supplier_rank: 4, category_id: [[6, 0, [c]]], active: false, email: 'x@example.org' },
      );
      await merge([stays, two, three], stays);
      const found = await bench.first('res.partner', stays, 'name', 'ref', 'zip', 'street', 'supplier_rank', 'active', 'category_id', 'city');
      expect(found).toMatchObject({ name: `${bench.tag} 0`, ref: 'one', zip: '9000', street: 'Main', supplier_rank: 7, active: true });
      expect([...(found.category_id as number[])].sort()).toEqual([...tags].sort());
      // they come in the order of their names, the later one wins
      expect(found.city).toBe('Bruges');
      await odoo.unlink('res.partner.category', tags);
    });

    test('an account whose number the survivor has is deleted, and with it every archived one of those that go', async () => {
      const [stays, goes] = await partners({}, {});
      const [kept = 0] = await bench.create('res.partner.bank', { partner_id: stays, acc_number: `${bench.tag} 1` });
      const [twin = 0, other = 0, old = 0] = await bench.create(
        'res.partner.bank',
        { partner_id: goes, acc_number: `${bench.tag}-1` },
        { partner_id: goes, acc_number: `${bench.tag} 2` },
        { partner_id: goes, acc_number: `${bench.tag} 3` },
      );
      await odoo.call('res.partner.bank', 'write', { ids: [old], vals: { active: false } });
      await bench.create('ir.model.data', { module: bench.tag, name: 'twin', model: 'res.partner.bank', res_id: twin });
      await merge([stays, goes], stays);
      expect(await odoo.read('res.partner.bank', [kept, twin, other, old], ['partner_id', 'active'])).toEqual([
        { id: kept, partner_id: stays, active: true },
        { id: other, partner_id: stays, active: true },
      ]);
      expect(await odoo.externalIds('res.partner.bank', [kept])).toEqual(new Map([[kept, bench.externalId('twin')]]));
    });

    test('archived accounts move along where no number is in the way', async () => {
      const [stays, goes] = await partners({}, {});
      const [old = 0] = await bench.create('res.partner.bank', { partner_id: goes, acc_number: bench.tag });
      await odoo.call('res.partner.bank', 'write', { ids: [old], vals: { active: false } });
      await merge([stays, goes], stays);
      expect(await bench.first('res.partner.bank', old, 'partner_id', 'active')).toMatchObject({ partner_id: stays, active: false });
    });

    test('of those that go the first by name keeps a number that two have', async () => {
      const [stays, two, three] = await partners({}, {}, {});
      const [second = 0, third = 0] = await bench.create(
        'res.partner.bank',
        ...[two, three].map((partner_id) => ({ partner_id, acc_number: `${bench.tag} 1` })),
      );
      await merge([three, two, stays], stays);
      expect(await odoo.read('res.partner.bank', [second, third], ['partner_id'])).toEqual([{ id: second, partner_id: stays }]);
    });

    test('keeps the oldest active one when none is named', async () => {
      const [archived, first] = await partners({ active: false }, {});
      await sleep(1100);
      const [second = 0] = await bench.create('res.partner', { name: bench.tag });
      await merge([second, archived, first]);
      expect(await odoo.searchIds('res.partner', [['id', 'in', [archived, first, second]]])).toEqual([first]);
    });

    test('one contact alone, or none, is left as it is', async () => {
      const [one] = await partners({});
      await merge([one], one);
      await merge([]);
      expect(await odoo.searchIds('res.partner', [['id', '=', one]])).toEqual([one]);
    });

    describe('is refused, and nothing is changed', () => {
      const refused = async (ids: readonly number[], survivor: number, message: string | RegExp): Promise<void> => {
        const error = await refusal(merge(ids, survivor));
        expect(error).toMatchObject({ failure: 'validation' });
        expect(error.message).toMatch(message);
        expect(await odoo.searchIds('res.partner', [['id', 'in', ids]])).toEqual([...ids].sort((left, right) => left - right));
      };

      test('of more than three', async () => {
        const ids = await bench.create('res.partner', ...[1, 2, 3, 4].map((name) => ({ name: `${bench.tag} ${name}` })));
        await refused(ids, ids[0] ?? 0, 'For safety reasons, you cannot merge more than 3 contacts together.');
      });

      test('of a parent and its contact', async () => {
        const [parent] = await partners({});
        const [child = 0] = await bench.create('res.partner', { name: bench.tag, parent_id: parent });
        await refused([parent, child], parent, 'You cannot merge a contact with one of his parent.');
      });

      test('when the survivor has an archived account of a number', async () => {
        const [stays, goes] = await partners({}, {});
        const [old = 0] = await bench.create('res.partner.bank', { partner_id: stays, acc_number: `${bench.tag} 1` });
        await odoo.call('res.partner.bank', 'write', { ids: [old], vals: { active: false } });
        await bench.create('res.partner.bank', { partner_id: goes, acc_number: `${bench.tag} 1` });
        await refused([stays, goes], stays, 'The combination Account Number/Partner must be unique.');
      });

      test('when the survivor would take over a barcode', async () => {
        const [stays, goes] = await partners({}, { barcode: bench.tag });
        await refused([stays, goes], stays, 'Another partner already has this barcode');
        await merge([stays, goes], goes);
      });
    });
  });
}
