/** A user with few rights: what is refused, and what the client finds another way (Odoo 19). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { type Bench, benchOn, connectTo, type GiveTarget, refusal, withPassword } from './target.ts';

/** Groups an integration user needs at least for procurement (odoo-19, least privilege), without those that may create contacts. */
const groups = ['base.group_user', 'purchase.group_purchase_user'];

export function describeClerk(target: GiveTarget): void {
  describe('a user with few rights', () => {
    let odoo: OdooConnection;
    let clerk: OdooConnection;
    let user: number;
    let bench: Bench;
    beforeAll(async () => {
      odoo = await connectTo(target());
      const found = await odoo.resolveExternalIds(groups);
      const login = `clerk-${Date.now()}`;
      const password = `${login}-secret`;
      const group_ids = [[6, 0, groups.map((name) => found.get(name)!.id)]];
      [user] = (await odoo.call<number[]>('res.users', 'create', { vals_list: [{ name: login, login, password, group_ids }] })) as [number];
      clerk = await connectTo({ ...withPassword(target()), login, password });
    });
    // A user who did something cannot be deleted.
    afterAll(() => odoo?.call('res.users', 'write', { ids: [user], vals: { active: false } }));
    beforeEach(() => {
      bench = benchOn(odoo);
    });
    afterEach(() => bench.clean());

    test('works under an identity of its own, the same at every connection, without reading the database’s', async () => {
      expect(await refusal(clerk.call('ir.config_parameter', 'get_param', { key: 'database.uuid' }))).toMatchObject({ failure: 'access' });
      const identity = await clerk.identity();
      expect(identity).toMatchObject({ userId: user, database: target().database });
      expect(identity.uuid).toMatch(/^derived-[0-9a-f]{32}$/);
    });

    test('is refused what it may not create, by create and by load', async () => {
      const created = await refusal(clerk.call('res.partner', 'create', { vals_list: [{ name: bench.tag }] }));
      expect(created).toMatchObject({ failure: 'access', exception: 'odoo.exceptions.AccessError' });
      expect(created.message).toContain("You are not allowed to create 'Contact' (res.partner) records.");
      const loaded = await refusal(clerk.load('res.partner', ['id', 'name'], [[bench.externalId('a'), bench.tag]], {}));
      expect(loaded).toMatchObject({ failure: 'access' });
    });

    test('may not read the table of External IDs, and resolves them all the same, archived records included', async () => {
      const [one, two] = (await bench.loaded(
        'res.partner',
        ['id', 'name', 'active'],
        [
          [bench.externalId('a'), bench.tag, 'True'],
          [bench.externalId('b'), bench.tag, 'False'],
        ],
      )) as [number, number];
      expect(await refusal(clerk.searchIds('ir.model.data', []))).toMatchObject({ failure: 'access' });
      expect(await clerk.resolveExternalIds([bench.externalId('a'), bench.externalId('b'), bench.externalId('nope')])).toEqual(
        new Map([
          [bench.externalId('a'), { model: 'res.partner', id: one }],
          [bench.externalId('b'), { model: 'res.partner', id: two }],
        ]),
      );
      expect(await clerk.externalIds('res.partner', [one, two], bench.tag)).toEqual(
        new Map([
          [one, bench.externalId('a')],
          [two, bench.externalId('b')],
        ]),
      );
      await odoo.call('ir.model.data', 'create', { vals_list: [{ module: bench.tag, name: 'A', model: 'res.partner', res_id: one }] });
      expect(await clerk.allExternalIds('res.partner', [one, two])).toEqual(
        new Map([
          [one, [bench.externalId('A'), bench.externalId('a')]],
          [two, [bench.externalId('b')]],
        ]),
      );
      expect(await clerk.externalIds('res.partner', [one, two])).toEqual(await odoo.externalIds('res.partner', [one, two]));
    });
  });
}
