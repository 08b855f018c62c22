/** `load` and what becomes of values (Odoo 19). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { type Bench, benchOn, connectTo, existing, type GiveTarget, refusal } from './target.ts';

export function describeLoad(target: GiveTarget): void {
  describe('load and values', () => {
    let odoo: OdooConnection;
    let bench: Bench;
    beforeAll(async () => {
      odoo = await connectTo(target());
    });
    beforeEach(() => {
      bench = benchOn(odoo);
    });
    afterEach(() => bench.clean());

    describe('load', () => {
      const fields = ['id', 'name', 'ref', 'city'];
      const row = (key: string, ref: string | null = null, city: string | null = null) => [bench.externalId(key), `${bench.tag} ${key}`, ref, city];

      test('makes records with their External IDs, and the same ones again', async () => {
        const ids = await bench.loaded('res.partner', fields, [row('a', '1'), row('b', '2')]);
        expect(ids).toHaveLength(2);
        expect(await bench.loaded('res.partner', fields, [row('b', '2'), row('a', '1')])).toEqual([ids[1], ids[0]]);
        expect(await odoo.searchIds('res.partner', [['name', 'like', bench.tag]])).toHaveLength(2);
      });

      test('an identical row still moves write_date', async () => {
        const [id] = (await bench.loaded('res.partner', fields, [row('a', '1')])) as [number];
        const before = await bench.first('res.partner', id, 'write_date');
        await sleep(1100);
        await bench.loaded('res.partner', fields, [row('a', '1')]);
        const loaded = await bench.first('res.partner', id, 'write_date');
        expect(loaded.write_date).not.toBe(before.write_date);
        await sleep(1100);
        await odoo.call('res.partner', 'write', { ids: [id], vals: { ref: '1' } });
        expect((await bench.first('res.partner', id, 'write_date')).write_date).not.toBe(loaded.write_date);
      });

      test('touches only its columns; an empty cell clears', async () => {
        const [id] = (await bench.loaded('res.partner', fields, [row('a', '1', 'Ghent')])) as [number];
        await bench.loaded('res.partner', ['id', 'ref'], [[bench.externalId('a'), null]]);
        expect(await bench.first('res.partner', id, 'ref', 'city')).toEqual({ id, ref: false, city: 'Ghent' });
      });

      test('one bad row: no ids, no record, and a message about the row', async () => {
        const result = await odoo.load(
          'res.partner',
          ['id', 'name', 'type'],
          [
            [bench.externalId('a'), `${bench.tag} a`, 'contact'],
            [bench.externalId('b'), `${bench.tag} b`, 'nonsense'],
          ],
          {},
        );
        expect(result.ids).toBeNull();
        expect(result.messages).toEqual([
          expect.objectContaining({ type: 'error', rows: { from: 1, to: 1 }, field: 'type', message: expect.stringContaining("'nonsense'") }),
        ]);
        expect(await odoo.searchIds('res.partner', [['name', 'like', bench.tag]])).toEqual([]);
        expect(await odoo.searchIds('ir.model.data', [['module', '=', bench.tag]])).toEqual([]);
      });

      test('a rule broken in the database is a message about the row as well', async () => {
        const result = await odoo.load('res.partner', ['id', 'name', 'ref'], [row('a').slice(0, 3), [bench.externalId('b'), null, 'x']], {});
        expect(result.ids).toBeNull();
        expect(result.messages.map((message) => [message.type, message.rows])).toContainEqual(['error', { from: 1, to: 1 }]);
        expect(await odoo.searchIds('res.partner', [['name', 'like', bench.tag]])).toEqual([]);
      });

      test('an unknown column is refused as a whole', async () => {
        const error = await refusal(odoo.load('res.partner', ['id', 'name', 'nope'], [[bench.externalId('a'), bench.tag, 'x']], {}));
        expect(error).toMatchObject({ failure: 'missing-field', exception: 'builtins.ValueError' });
        expect(error.message).toContain('nope');
      });

      test('an External ID with a space is refused', async () => {
        const result = await odoo.load('res.partner', ['id', 'name'], [[bench.externalId('a b'), bench.tag]], {});
        expect(result.ids).toBeNull();
        expect(result.messages[0]).toMatchObject({ type: 'error' });
      });

      test('an External ID of a record of another model is refused', async () => {
        await bench.loaded('res.partner', fields, [row('a')]);
        const result = await odoo.load('product.category', ['id', 'name'], [[bench.externalId('a'), bench.tag]], {}).catch((error: unknown) => error);
        expect(result).not.toMatchObject({ ids: expect.any(Array) });
      });

      test('the last of two rows with one External ID wins, and both answer its id', async () => {
        const ids = await bench.loaded(
          'res.partner',
          ['id', 'name', 'ref'],
          [
            [bench.externalId('a'), bench.tag, '1'],
            [bench.externalId('a'), bench.tag, '2'],
          ],
        );
        expect(ids[0]).toBe(ids[1]);
        expect(await bench.first('res.partner', ids[0]!, 'ref')).toMatchObject({ ref: '2' });
      });

      test('a deleted record is made again, an archived one stays archived', async () => {
        const [first] = (await bench.loaded('res.partner', fields, [row('a')])) as [number];
        await odoo.unlink('res.partner', [first]);
        const [second] = (await bench.loaded('res.partner', fields, [row('a')])) as [number];
        expect(second).not.toBe(first);
        await odoo.call('res.partner', 'write', { ids: [second], vals: { active: false } });
        expect(await bench.loaded('res.partner', fields, [row('a', '7')])).toEqual([second]);
        expect(await bench.first('res.partner', second, 'active', 'ref')).toMatchObject({ active: false, ref: '7' });
      });

      test('two clients with the same new rows make them once', async () => {
        const other = await connectTo(target());
        const rows = Array.from({ length: 40 }, (_, at) => row(`r${at}`));
        const results = await Promise.all([odoo, other, odoo, other].map((one) => one.load('res.partner', fields, rows, { tracking_disable: true })));
        for (const result of results) bench.remember('res.partner', result.ids ?? []);
        expect(new Set(results.map((result) => JSON.stringify(result.ids))).size).toBe(1);
        expect(await odoo.searchIds('res.partner', [['name', 'like', bench.tag]])).toHaveLength(40);
      });

      test('refers to records by id and by External ID, archived ones included', async () => {
        const [parent] = (await bench.loaded('res.partner', ['id', 'name', 'active', 'is_company'], [[bench.externalId('p'), bench.tag, 'False', 'True']])) as [
          number,
        ];
        const [byId] = await bench.loaded('res.partner', ['id', 'name', 'parent_id/.id'], [[bench.externalId('a'), bench.tag, parent]]);
        const [byName] = await bench.loaded('res.partner', ['id', 'name', 'parent_id/id'], [[bench.externalId('b'), bench.tag, bench.externalId('p')]]);
        expect(await odoo.read('res.partner', [byId!, byName!], ['parent_id'])).toEqual([
          { id: byId, parent_id: parent },
          { id: byName, parent_id: parent },
        ]);
        const missing = await odoo.load('res.partner', ['id', 'name', 'parent_id/.id'], [[bench.externalId('c'), bench.tag, 99_999_999]], {});
        expect(missing.ids).toBeNull();
        expect(missing.messages[0]).toMatchObject({ type: 'error', rows: { from: 0, to: 0 }, field: 'parent_id' });
      });

      test('a bare relation column is looked up by name', async () => {
        const [id] = (await bench.loaded('res.partner', ['id', 'name', 'country_id'], [[bench.externalId('a'), bench.tag, 'Belgium']])) as [number];
        const [belgium] = await odoo.searchIds('res.country', [['code', '=', 'BE']]);
        expect(await bench.first('res.partner', id, 'country_id')).toMatchObject({ country_id: belgium });
        const none = await odoo.load('res.partner', ['id', 'name', 'country_id'], [[bench.externalId('b'), bench.tag, 'Atlantis']], {});
        expect(none.ids).toBeNull();
        expect(none.messages[0]).toMatchObject({ type: 'error', rows: { from: 0, to: 0 }, field: 'country_id' });
      });

      test('boolean cells are words', async () => {
        const words = ['True', '1', 'yes', 'False', '0', 'no', null];
        const ids = await bench.loaded(
          'res.partner',
          ['id', 'name', 'is_company'],
          words.map((word, at) => [bench.externalId(`b${at}`), bench.tag, word]),
        );
        const rows = await odoo.read('res.partner', ids, ['is_company']);
        expect(rows.map((record) => record.is_company)).toEqual([true, true, true, false, false, false, false]);
      });

      test('JSON booleans in cells break it', async () => {
        const call = odoo.call('res.partner', 'load', { fields: ['id', 'name', 'is_company'], data: [[bench.externalId('a'), bench.tag, true]] });
        expect(await refusal(call)).toMatchObject({ failure: 'validation', exception: 'builtins.AttributeError' });
      });

      test('numbers have a point and no thousands', async () => {
        for (const cell of ['12,50', '1,234.50']) {
          const result = await odoo.load('product.product', ['id', 'name', 'list_price'], [[bench.externalId('a'), bench.tag, cell]], {});
          expect(result.ids).toBeNull();
          expect(result.messages[0]).toMatchObject({ type: 'error', field: 'list_price' });
        }
      });

      test('datetimes are read in the time zone of the context, dates as ISO only', async () => {
        const [vendor] = (await bench.create('res.partner', { name: bench.tag })) as [number];
        const columns = ['id', 'partner_id/.id', 'date_order'];
        const [utc] = await bench.loaded('purchase.order', columns, [[bench.externalId('a'), vendor, '2026-01-02 03:04:05']]);
        expect(await bench.first('purchase.order', utc!, 'date_order')).toMatchObject({ date_order: '2026-01-02 03:04:05' });
        const answer = await odoo.call<{ ids: number[] }>('purchase.order', 'load', {
          fields: columns,
          data: [[bench.externalId('b'), String(vendor), '2026-01-02 03:04:05']],
          context: { tz: 'Europe/Brussels' },
        });
        bench.remember('purchase.order', answer.ids);
        expect(await bench.first('purchase.order', answer.ids[0]!, 'date_order')).toMatchObject({ date_order: '2026-01-02 02:04:05' });
        const slashed = await odoo.load('purchase.order', columns, [[bench.externalId('c'), vendor, '02/01/2026']], {});
        expect(slashed.ids).toBeNull();
        expect(slashed.messages[0]).toMatchObject({ type: 'error', field: 'date_order' });
      });
    });

    describe('suppliers', () => {
      test('take every column of the pack in one call, archived included; only the website is altered', async () => {
        const [us] = await odoo.searchIds('res.country', [['code', '=', 'US']]);
        const [california] = await odoo.searchIds('res.country.state', [
          ['code', '=', 'CA'],
          ['country_id', '=', us],
        ]);
        const [term] = await odoo.searchIds('account.payment.term', []);
        const [id] = (await bench.loaded(
          'res.partner',
          [
            'id',
            'ref',
            'name',
            'is_company',
            'supplier_rank',
            'active',
            'vat',
            'street',
            'street2',
            'city',
            'zip',
            'state_id/.id',
            'country_id/.id',
            'email',
            'phone',
            'website',
            'property_supplier_payment_term_id/.id',
          ],
          [
            [
              bench.externalId('a'),
              'V-1',
              ` ${bench.tag}  Inc. `,
              'True',
              '1',
              'False',
              '12-3456789',
              'Main 1',
              null,
              'City',
              '01234',
              california!,
              us!,
              'AP@Acme.COM',
              '(617) 555-0100',
              'www.acme.example',
              term!,
            ],
          ],
          { tracking_disable: true },
        )) as [number];
        expect(
          await bench.first(
            'res.partner',
            id,
            'name',
            'active',
            'vat',
            'street2',
            'zip',
            'state_id',
            'email',
            'phone',
            'website',
            'supplier_rank',
            'is_company',
            'property_supplier_payment_term_id',
          ),
        ).toEqual({
          id,
          name: ` ${bench.tag}  Inc. `,
          active: false,
          vat: '12-3456789',
          street2: false,
          zip: '01234',
          state_id: california,
          email: 'AP@Acme.COM',
          phone: '(617) 555-0100',
          website: 'http://www.acme.example',
          supplier_rank: 1,
          is_company: true,
          property_supplier_payment_term_id: term,
        });
        await odoo.save('res.partner', [{ id, values: { website: 'https://acme.example' } }], {});
        expect(await bench.first('res.partner', id, 'website')).toMatchObject({ website: 'https://acme.example' });
      });
    });

    describe('bank accounts', () => {
      test('are unique per partner, and deleting only archives them', async () => {
        const [one, two] = (await bench.create('res.partner', { name: `${bench.tag} a` }, { name: `${bench.tag} b` })) as [number, number];
        const columns = ['id', 'partner_id/.id', 'acc_number', 'acc_holder_name'];
        const [account] = (await bench.loaded('res.partner.bank', columns, [[bench.externalId('x'), one, 'DE89 3704 0044 0532 0130 00', 'Beta']])) as [number];
        expect(await bench.first('res.partner.bank', account, 'acc_number', 'sanitized_acc_number', 'allow_out_payment', 'company_id')).toEqual({
          id: account,
          acc_number: 'DE89 3704 0044 0532 0130 00',
          sanitized_acc_number: 'DE89370400440532013000',
          allow_out_payment: false,
          company_id: false,
        });
        const again = await odoo.load('res.partner.bank', columns, [[bench.externalId('y'), one, 'DE89370400440532013000', null]], {});
        expect(again).toMatchObject({ ids: null, messages: [{ message: 'The combination Account Number/Partner must be unique.' }] });
        await bench.loaded('res.partner.bank', columns, [[bench.externalId('z'), two, 'DE89370400440532013000', null]]);
        await odoo.unlink('res.partner.bank', [account]);
        expect(await bench.first('res.partner.bank', account, 'active')).toMatchObject({ active: false });
        const archived = await odoo.load('res.partner.bank', columns, [[bench.externalId('w'), one, 'DE89370400440532013000', null]], {});
        expect(archived.ids).toBeNull();
        expect(archived.messages[0]?.message).toContain('but is archived. Please unarchive it instead.');
        await odoo.unlink('res.partner', [one]);
        expect(await existing(odoo, 'res.partner.bank', [account])).toEqual([]);
      });
    });

    describe('units and categories', () => {
      test('a pack is made of its factor and base unit; its whole factor follows', async () => {
        const [each] = await odoo.searchIds('uom.uom', [['name', '=', 'Units']]);
        const columns = ['id', 'name', 'relative_factor', 'relative_uom_id/.id'];
        const [box] = (await bench.loaded('uom.uom', columns, [[bench.externalId('box'), `${bench.tag} box`, '12', each!]])) as [number];
        const [shelf] = (await bench.loaded('uom.uom', columns, [[bench.externalId('shelf'), `${bench.tag} shelf`, '10', box]])) as [number];
        expect(await odoo.read('uom.uom', [box, shelf], ['factor'])).toEqual([
          { id: box, factor: 12 },
          { id: shelf, factor: 120 },
        ]);
        const zero = await odoo.load('uom.uom', columns, [[bench.externalId('zero'), `${bench.tag} zero`, '0', each!]], {});
        expect(zero).toMatchObject({ ids: null, messages: [{ field: 'relative_factor', message: 'The conversion ratio for a unit of measure cannot be 0!' }] });
      });

      test('units of Odoo itself cannot be deleted', async () => {
        const found = await odoo.resolveExternalIds(['uom.product_uom_unit', 'uom.product_uom_dozen']);
        const unit = found.get('uom.product_uom_unit');
        expect(unit?.model).toBe('uom.uom');
        const error = await refusal(odoo.unlink('uom.uom', [unit!.id]));
        expect(error).toMatchObject({ failure: 'validation', exception: 'odoo.exceptions.UserError' });
        expect(error.message).toContain('are used by the system and cannot be deleted: Units');
      });

      test('a category may name a parent of the same call, and takes its children with it', async () => {
        const ids = await bench.loaded(
          'product.category',
          ['id', 'name', 'parent_id/id'],
          [
            [bench.externalId('a'), `${bench.tag} a`, null],
            [bench.externalId('b'), `${bench.tag} b`, bench.externalId('a')],
          ],
        );
        expect(await bench.first('product.category', ids[1]!, 'parent_id', 'complete_name')).toEqual({
          id: ids[1],
          parent_id: ids[0],
          complete_name: `${bench.tag} a / ${bench.tag} b`,
        });
        await odoo.unlink('product.category', [ids[0]!]);
        expect(await existing(odoo, 'product.category', ids)).toEqual([]);
      });
    });

    describe('products', () => {
      const columns = ['id', 'name', 'default_code', 'uom_id/.id', 'type', 'list_price', 'standard_price', 'purchase_ok', 'active'];
      async function product(key: string, active = 'True'): Promise<number> {
        const [each] = await odoo.searchIds('uom.uom', [['name', '=', 'Units']]);
        const cells = [bench.externalId(key), `${bench.tag} ${key}`, key, each!, 'consu', '5.12345678', '7.123456', 'True', active];
        const [id] = await bench.loaded('product.product', columns, [cells], { tracking_disable: true });
        return id!;
      }

      test('loading one makes its template and both External IDs; prices are not rounded', async () => {
        const id = await product('a');
        const record = await bench.first('product.product', id, 'list_price', 'standard_price', 'product_tmpl_id', 'active', 'type');
        expect(record).toMatchObject({ list_price: 5.12345678, standard_price: 7.123456, active: true, type: 'consu' });
        const template = bench.externalId('a_product_template');
        expect(await odoo.resolveExternalIds([template])).toEqual(new Map([[template, { model: 'product.template', id: record.product_tmpl_id }]]));
      });

      test('a price of its own leaves a product.value, which its deletion does not take away', async () => {
        const id = await product('a');
        const values = await odoo.searchIds('product.value', [['product_id', '=', id]]);
        expect(values).toHaveLength(1);
        await odoo.unlink('product.value', values);
        expect(await odoo.searchIds('product.value', [['product_id', '=', id]])).toEqual([]);
      });

      test('archiving the product leaves its template; deleting takes template and names with it', async () => {
        const id = await product('a', 'False');
        const { product_tmpl_id: template } = await bench.first('product.product', id, 'product_tmpl_id', 'active');
        expect(await bench.first('product.template', template as number, 'active')).toMatchObject({ active: true });
        await odoo.unlink('product.value', await odoo.searchIds('product.value', [['product_id', '=', id]]));
        await odoo.unlink('product.product', [id]);
        expect(await existing(odoo, 'product.template', [template as number])).toEqual([]);
        expect(await odoo.searchIds('ir.model.data', [['module', '=', bench.tag]])).toEqual([]);
      });

      test('a vendor price needs only its product, and has defaults', async () => {
        const id = await product('a');
        const { product_tmpl_id: template } = await bench.first('product.product', id, 'product_tmpl_id');
        const [vendor] = (await bench.create('res.partner', { name: bench.tag })) as [number];
        const [price] = (await bench.loaded(
          'product.supplierinfo',
          ['id', 'partner_id/.id', 'product_id/.id', 'min_qty', 'price', 'product_code'],
          [[bench.externalId('s'), vendor, id, '0', '12.3456', 'SC1']],
        )) as [number];
        expect(
          await bench.first('product.supplierinfo', price, 'product_tmpl_id', 'product_id', 'price', 'delay', 'sequence', 'product_code', 'min_qty'),
        ).toEqual({
          id: price,
          product_tmpl_id: template,
          product_id: id,
          price: 12.3456,
          delay: 1,
          sequence: 1,
          product_code: 'SC1',
          min_qty: 0,
        });
      });

      test('name_search finds by code and by name', async () => {
        const id = await product(bench.tag);
        const found = await odoo.call<[number, string][]>('product.product', 'name_search', { name: bench.tag });
        expect(found).toEqual([[id, `[${bench.tag}] ${bench.tag} ${bench.tag}`]]);
      });
    });
  });
}
