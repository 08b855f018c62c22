/** Records that a record rule hides: they look as if they were not there, except to who asks by id (Odoo 14 and 19). */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { type Bench, benchOn, connectTo, type GiveTarget, refusal } from './target.ts';

export function describeHidden(target: GiveTarget): void {
  describe('a record rule', () => {
    let odoo: OdooConnection;
    let bench: Bench;
    let rule: number | null = null;
    beforeAll(async () => {
      odoo = await connectTo(target());
    });
    beforeEach(() => {
      bench = benchOn(odoo);
    });
    const liftRule = async () => {
      if (rule !== null) await odoo.unlink('ir.rule', [rule]);
      rule = null;
    };
    // what is hidden cannot be cleaned away
    afterEach(async () => {
      await liftRule();
      await bench.clean();
    });
    const hide = async (domain: string) => {
      const model = (await odoo.resolveExternalIds(['base.model_res_partner'])).get('base.model_res_partner')?.id;
      [rule = null] = await odoo.call<number[]>('ir.rule', 'create', { vals_list: [{ name: bench.tag, model_id: model, domain_force: domain }] });
    };
    const partners = async () => {
      const ids = await bench.loaded(
        'res.partner',
        ['id', 'name', 'ref'],
        ['seen', 'hidden', 'gone'].map((name) => [bench.externalId(name), bench.tag, `${bench.tag}-${name}`]),
      );
      const [seen, hidden, gone] = ids as [number, number, number];
      await odoo.unlink('res.partner', [gone]);
      await hide(`['|', ('ref', '=', False), ('ref', '!=', '${bench.tag}-hidden')]`);
      return { ids, seen, hidden, gone };
    };
    const read = (ids: readonly number[]) => odoo.call('res.partner', 'read', { ids, fields: ['ref'], load: null });

    test('leaves a record out of searches, refuses to read it, and answers nothing for one that was deleted', async () => {
      const { ids, seen, hidden, gone } = await partners();
      expect(await odoo.searchIds('res.partner', [['id', 'in', ids]])).toEqual([seen]);
      expect(await read([seen, gone])).toEqual([{ id: seen, ref: `${bench.tag}-seen` }]);
      expect(await refusal(read([hidden]))).toMatchObject({ failure: 'access', exception: 'odoo.exceptions.AccessError' });
      expect(await refusal(read(ids))).toMatchObject({ failure: 'access', exception: 'odoo.exceptions.AccessError' });
      await liftRule();
      expect(await read(ids)).toHaveLength(2);
    });

    test('hides it from External IDs too, whose rows are still there', async () => {
      const { ids, seen, hidden } = await partners();
      expect(await odoo.resolveExternalIds([bench.externalId('seen'), bench.externalId('hidden')])).toEqual(
        new Map([[bench.externalId('seen'), { model: 'res.partner', id: seen }]]),
      );
      expect(await odoo.call('ir.model.data', 'search_count', { domain: [['module', '=', bench.tag]] })).toBe(2);
      expect(await odoo.call('res.partner', 'get_external_id', { ids })).toMatchObject({ [String(hidden)]: bench.externalId('hidden') });
    });

    test('keeps it from being written, deleted and loaded again', async () => {
      const { hidden } = await partners();
      expect(await refusal(odoo.save('res.partner', [{ id: hidden, values: { name: 'x' } }], {}))).toMatchObject({ failure: 'access' });
      expect(await refusal(odoo.unlink('res.partner', [hidden]))).toMatchObject({ failure: 'access' });
      const again = await odoo.load('res.partner', ['id', 'name'], [[bench.externalId('hidden'), 'x']], {});
      expect(again).toMatchObject({ ids: null, messages: [{ type: 'error', rows: { from: 0, to: 0 } }] });
    });
  });
}
