/** What people do while a night runs, on the sandbox and on a real Odoo. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CutoverError } from '../../src/domain/errors.ts';
import { type OdooConnection, OdooError } from '../../src/domain/ports.ts';
import { NightLaboratory, type NightTarget } from './night-world.ts';

export function describeSecondLook(name: string, start: () => Promise<NightTarget>): void {
  describe(`a second look on ${name}`, () => {
    let laboratory: NightLaboratory;
    beforeAll(async () => {
      laboratory = await NightLaboratory.open(await start());
    });
    afterAll(() => laboratory?.close());
    const edit = (id: number | undefined, values: Record<string, unknown>) => laboratory.odoo.save('res.partner', [{ id: id as number, values }], {});

    it('sees the edit that has mended a difference since the pull, and leaves one that is as it was', async () => {
      const world = laboratory.world();
      world.vendors(['1', 'Acme', 'Lyon'], ['2', 'Bolt', 'Paris'], ['3', 'Cure', 'Nice']);
      const ids = await world.loaded(['1', 'Acme Ltd', 'Lyon'], ['2', 'Bolt', 'Rome'], ['3', 'Cure', 'Nice']);
      await world.pull();
      const { before, look, after } = await world.night(() => edit(ids[1], { name: 'Acme' }));
      expect(before).toEqual(['1 value name Acme→Acme Ltd open', '2 value city Paris→Rome open']);
      expect(look).toEqual({ records: 2, entities: ['supplier'] });
      expect(after).toEqual(['2 value city Paris→Rome open']);
    });

    it('sees the edit that has made another difference of a record that differs, and is not asked about the others', async () => {
      const world = laboratory.world();
      world.vendors(['1', 'Acme', 'Lyon'], ['2', 'Bolt', 'Paris']);
      const ids = await world.loaded(['1', 'Acme Ltd', 'Lyon'], ['2', 'Bolt', 'Paris']);
      await world.pull();
      const { after } = await world.night(async () => {
        await edit(ids[1], { city: 'Metz' });
        await edit(ids[2], { city: 'Metz' });
      });
      expect(after).toEqual(['1 value city Lyon→Metz open', '1 value name Acme→Acme Ltd open']);
      await world.pull();
      expect(await world.breaks(await world.judged())).toContain('2 value city Paris→Metz open');
    });

    it('sees that a record was deleted, and that one is there after all', async () => {
      const world = laboratory.world();
      world.vendors(['1', 'Acme', 'Lyon'], ['2', 'Bolt', 'Paris']);
      const ids = await world.loaded(['1', 'Acme Ltd', 'Lyon'], ['2', 'Bolt', 'Paris']);
      await edit(ids[2], { ref: 'elsewhere' });
      await world.pull();
      const { before, after } = await world.night(async () => {
        await laboratory.odoo.unlink('res.partner', [ids[1] as number]);
        await edit(ids[2], { ref: `${world.name}-2` });
      });
      expect(before).toEqual(['1 value name Acme→Acme Ltd open', '2 missing-in-odoo open']);
      expect(after).toEqual(['1 missing-in-odoo open']);
    });

    it('changes nothing where nothing has changed', async () => {
      const world = laboratory.world();
      world.vendors(['1', 'Acme', 'Lyon']);
      await world.loaded(['1', 'Acme Ltd', 'Lyon']);
      await world.pull();
      const snapshots = await world.snapshots();
      expect((await world.night(() => undefined)).look).toBeNull();
      expect(await world.snapshots()).toBe(snapshots);
    });

    it('asks the legacy system again where a difference has not settled, and lets it become a break when the time has passed', async () => {
      const world = laboratory.world({ settleMinutes: 30 });
      world.vendors(['1', 'Acme', 'Lyon'], ['2', 'Bolt', 'Paris']);
      await world.loaded(['1', 'Acme', 'Metz'], ['2', 'Bolt', 'Rome']);
      await world.pull();
      const { before, look, after } = await world.night(() => world.vendors(['1', 'Acme', 'Metz'], ['2', 'Bolt', 'Paris']));
      expect(before).toEqual(['1 value city Lyon→Metz pending', '2 value city Paris→Rome pending']);
      expect(look?.entities).toEqual(['supplier']);
      expect(after).toEqual(['2 value city Paris→Rome pending']);
      // half an hour later the file may change as it likes: what is left is a break, and files are read by pulls
      const later = await world.night(() => world.vendors(['1', 'Acme', 'Metz'], ['2', 'Bolt', 'Rome']), 31);
      expect(later).toMatchObject({ before: ['2 value city Paris→Rome open'], look: null });
    });

    it('is for few: a flood of differences is reported as it is, and said to be one', async () => {
      const world = laboratory.world({ newBreaks: 1 });
      world.vendors(['1', 'Acme', 'Lyon'], ['2', 'Bolt', 'Paris']);
      const ids = await world.loaded(['1', 'Acme', 'Metz'], ['2', 'Bolt', 'Rome']);
      await world.pull();
      expect((await world.night(() => edit(ids[1], { city: 'Lyon' }))).look).toBeNull();
      expect(world.warnings).toEqual(['second look: 2 records differ, which is no coincidence (policies.new_breaks: 1); they are reported without one']);
    });

    it.each([
      ['does not answer', new CutoverError('E_ODOO_UNREACHABLE', 'connect ECONNREFUSED')],
      ['breaks off', new OdooError('unavailable', 'no answer')],
      ['has no key here', new CutoverError('E_SECRET_MISSING', 'ODOO_API_KEY is not set')],
    ])('leaves the breaks as they were judged when Odoo %s', async (_, failure) => {
      const world = laboratory.world();
      world.vendors(['1', 'Acme', 'Lyon']);
      await world.loaded(['1', 'Acme', 'Metz']);
      await world.pull();
      const judged = await world.judged();
      world.ports = { ...world.ports, odoo: async () => await Promise.reject(failure) };
      expect(await world.lookAgain(judged)).toBeNull();
      expect(world.warnings).toEqual([`second look: odoo could not be asked again (${failure.message}); its breaks stay as they are in the last snapshots`]);
    });

    it('leaves a night of the past alone', async () => {
      const world = laboratory.world();
      world.vendors(['1', 'Acme', 'Lyon']);
      const ids = await world.loaded(['1', 'Acme', 'Metz']);
      await world.pull();
      expect((await world.night(() => edit(ids[1], { city: 'Lyon' }), -60)).look).toBeNull();
      expect(world.warnings).toEqual([]);
    });

    it('takes an order with its lines: one that was added, one that was taken away, and the total they make', async () => {
      const world = laboratory.world({ withOrders: true });
      const { odoo } = laboratory;
      world.vendors(['1', 'Acme', 'Lyon']);
      world.export('ORDER.csv', ['NO,VENDOR,AMOUNT', `${world.name}-P1,${world.name}-1,30`]);
      world.export('LINE.csv', ['ORDER_NO,LINE,PRICE', ...[10, 20].map((price, index) => `${world.name}-P1,${index + 1},${price}`)]);
      const suppliers = await world.loaded(['1', 'Acme', 'Lyon']);
      const [product] = await odoo.call<number[]>('product.product', 'create', { vals_list: [{ name: 'Gauze', type: 'consu' }] });
      const values = (price: number) => [0, 0, { product_id: product, name: 'Gauze', product_qty: 1, price_unit: price, tax_ids: [[6, 0, []]] }];
      const [id = 0] = await odoo.call<number[]>('purchase.order', 'create', {
        vals_list: [{ name: `${world.name}-P1`, partner_id: suppliers[1], order_line: [values(10), values(25)] }],
      });
      const lines = await odoo.searchIds('purchase.order.line', [['order_id', '=', id]]);
      await world.link('purchase_order', [[`${world.name}-P1`, id]]);
      await world.link(
        'purchase_order_line',
        lines.map((line, index) => [`${world.name}-P1/${index + 1}`, line]),
      );
      await world.pull();
      const { before, look, after } = await world.night(() =>
        odoo.save('purchase.order', [{ id, values: { order_line: [values(7), [2, lines[0], 0], [1, lines[1], { price_unit: 20 }]] } }], {}),
      );
      expect(before).toEqual(['P1 value amount 30→35 open', 'P1/2 value price 20→25 open']);
      expect(look).toEqual({ records: 2 + 1, entities: ['purchase_order', 'purchase_order_line'] });
      expect(after).toEqual(['P1 value amount 30→27 open', 'P1/1 missing-in-odoo open']);
    });

    it('counts what a record rule hides as not compared', () => hideAndCount(laboratory, laboratory.odoo));
  });
}

/** `administrator` makes the rules; the laboratory works as the user they are for. */
export async function hideAndCount(laboratory: NightLaboratory, administrator: OdooConnection): Promise<void> {
  const world = laboratory.world();
  world.vendors(['1', 'Acme', 'Lyon'], ['2', 'Bolt', 'Paris'], ['3', 'Cure', 'Nice']);
  const ids = await world.loaded(['1', 'Acme', 'Metz'], ['2', 'Bolt', 'Paris'], ['3', 'Cure', 'Nice']);
  await world.pull();
  expect(await world.restricted(await world.judged())).toBe(0);
  const model = (await administrator.resolveExternalIds(['base.model_res_partner'])).get('base.model_res_partner')?.id;
  const hide = async (hidden: number | undefined) => {
    const values = { name: world.name, model_id: model, domain_force: `[('id', '!=', ${hidden})]` };
    return (await administrator.call<number[]>('ir.rule', 'create', { vals_list: [values] }))[0] as number;
  };
  const rules = [await hide(ids[2])];
  try {
    await laboratory.odoo.unlink('res.partner', [ids[3] as number]);
    await world.pull();
    const { before, look, after } = await world.night(async () => {
      rules.push(await hide(ids[1]));
    });
    expect(before).toEqual(['1 value city Lyon→Metz open', '2 missing-in-odoo open', '3 missing-in-odoo open']);
    expect(look?.entities).toEqual(['supplier']);
    expect(after).toEqual(['1 missing-in-odoo open', '2 missing-in-odoo open', '3 missing-in-odoo open']);
    expect(await world.restricted(await world.judged())).toBe(2);
    expect(world.warnings).toEqual([
      'supplier: 1 records of res.partner are in Odoo and are not shown to this user (record rules, another company): they cannot be compared',
    ]);
  } finally {
    await administrator.unlink('ir.rule', rules);
  }
}
