/** What is predicted of a merge, and what Odoo's own wizard then does. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MergeImpact } from '../../src/domain/merge-impact.ts';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { mergeImpact } from '../../src/workflows/match/merge-impact.ts';
import { connectTo, refusal } from '../contract/target.ts';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { census, mergeAsPredicted, mergePartners, predicted, vanished } from './merging.ts';

describe('the impact of a merge, and the merge', () => {
  let server: RealOdoo;
  let odoo: OdooConnection;
  beforeAll(async () => {
    server = await startRealOdoo({ version: 19 });
    odoo = await connectTo({ ...server, apiKey: server.apiKey ?? '', uuid: server.uuid ?? '' });
  });
  afterAll(() => server?.stop());

  const create = (model: string, ...values: Readonly<Record<string, unknown>>[]) => odoo.call<number[]>(model, 'create', { vals_list: values });
  const partners = async (...names: string[]): Promise<number[]> => {
    const ids: number[] = [];
    // one call each: records of one call are of one moment
    for (const name of names) ids.push(...(await create('res.partner', { name })));
    return ids;
  };
  const follow = (model: string, id: number, ...followers: number[]) => odoo.call(model, 'message_subscribe', { ids: [id], partner_ids: followers });
  const impactOf = (ids: readonly number[], survivor?: number): Promise<MergeImpact> =>
    mergeImpact({ model: 'res.partner', ids, ...(survivor === undefined ? {} : { survivor }) }, odoo);

  const mergeAndCompare = async (impact: MergeImpact): Promise<Record<string, number[]>> => {
    const gone = await mergeAsPredicted(odoo, impact);
    expect(gone).toEqual(predicted(impact));
    return gone;
  };

  test('with orders, prices, tags, accounts, followers, files and messages: exactly the rows that were named are gone', async () => {
    const [stays = 0, twin = 0, third = 0, reader = 0] = await partners('Acme', 'ACME Inc.', 'Acme (old)', 'Reader');
    const [blue, red, green] = await create('res.partner.category', { name: 'blue' }, { name: 'red' }, { name: 'green' });
    await odoo.call('res.partner', 'write', { ids: [stays], vals: { category_id: [[6, 0, [blue]]], ref: 'S-1', city: 'Ghent' } });
    await odoo.call('res.partner', 'write', { ids: [twin], vals: { category_id: [[6, 0, [blue, red]]], ref: 'S-2', zip: '9000' } });
    await odoo.call('res.partner', 'write', { ids: [third], vals: { category_id: [[6, 0, [red, green]]], active: false } });
    const [product = 0] = await create('product.product', { name: 'Gauze', type: 'consu' });
    const orders = await create(
      'purchase.order',
      ...[stays, twin, twin].map((partner_id) => ({ partner_id, order_line: [[0, 0, { product_id: product, product_qty: 1, price_unit: 2 }]] })),
    );
    const template = (await odoo.read('product.product', [product], ['product_tmpl_id']))[0]?.product_tmpl_id;
    await create('product.supplierinfo', ...[stays, twin].map((partner_id) => ({ partner_id, product_tmpl_id: template, price: 3 })));
    const account = (partner_id: number, acc_number: string) => ({ partner_id, acc_number });
    const accounts = await create(
      'res.partner.bank',
      account(stays, 'BE 11'),
      account(twin, 'BE-11'),
      account(twin, 'BE 22'),
      account(twin, 'BE 33'),
      account(third, 'BE 22'),
      account(third, 'BE 44'),
    );
    await odoo.call('res.partner.bank', 'write', { ids: accounts.slice(3, 4), vals: { active: false } });
    await follow('purchase.order', orders[0] ?? 0, stays, twin, reader);
    await follow('purchase.order', orders[1] ?? 0, twin, third);
    await follow('res.partner', stays, reader);
    await follow('res.partner', twin, reader, stays, third);
    await follow('res.partner', third, third, twin);
    await create('ir.attachment', { name: 'contract', res_model: 'res.partner', res_id: twin, datas: 'YQ==' });
    await create('mail.activity', { res_model_id: (await odoo.searchIds('ir.model', [['model', '=', 'res.partner']]))[0], res_id: twin, summary: 'call' });
    await create('ir.model.data', { module: 'mergetest', name: 'twin', model: 'res.partner', res_id: twin });
    await odoo.call('res.partner', 'message_post', { ids: [twin], body: 'seen' });
    await partners('Child');
    const impact = await impactOf([third, twin, stays]);

    expect(impact.survivor).toMatchObject({ id: stays, chosenBy: 'odoo' });
    expect(impact.merge).toEqual({ wizard: 'base.partner.merge.automatic.wizard', refuses: [], fails: [] });
    const pointing = new Map(impact.pointing.map((one) => [`${one.model}.${one.field}`, one]));
    const countsOf = (name: string) => Object.fromEntries((pointing.get(name)?.rows ?? []).map(({ id, count }) => [id, count]));
    expect(countsOf('purchase.order.partner_id')).toEqual({ [stays]: 1, [twin]: 2 });
    expect(pointing.get('purchase.order.partner_id')?.outcome).toBe('moved');
    expect(countsOf('product.supplierinfo.partner_id')).toEqual({ [stays]: 1, [twin]: 1 });
    expect(countsOf('res.partner.bank.partner_id')).toEqual({ [stays]: 1, [twin]: 3, [third]: 2 });
    expect(countsOf('ir.attachment.res_id')).toEqual({ [twin]: 1 });
    expect(countsOf('mail.activity.res_id')).toEqual({ [twin]: 1 });
    expect(countsOf('ir.model.data.res_id')).toEqual({ [twin]: 1 });
    expect(countsOf('mail.message.res_id')[twin]).toBeGreaterThan(0);
    const tags = impact.pointing.find(({ model, kind }) => kind === 'many2many' && model.startsWith('res.partner'));
    expect(tags).toMatchObject({ doubled: 2 });
    expect(impact.givingWay.find(({ id }) => id === twin)?.fields).toEqual(expect.arrayContaining(['name', 'ref']));
    const lostAccounts = impact.lost.find(({ model }) => model === 'res.partner.bank')?.ids;
    expect(impact.collisions.map(({ model, field }) => `${model}.${field}`)).toEqual(
      expect.arrayContaining(['res.partner.bank.partner_id', 'mail.followers.partner_id', 'mail.followers.res_id']),
    );
    expect(lostAccounts).toContain(accounts[1]);

    const gone = await mergeAndCompare(impact);
    expect(gone['res.partner.bank']).toEqual(lostAccounts);
    expect(await odoo.allExternalIds('res.partner', [stays])).toEqual(new Map([[stays, ['mergetest.twin']]]));
    expect((await odoo.searchIds('purchase.order', [['partner_id', '=', stays]])).sort()).toEqual([...orders].sort());
  });

  test('where nothing collides nothing but the records is gone', async () => {
    const [stays = 0, goes = 0] = await partners('Kestrel', 'Kestrel Ltd');
    await create('res.partner.bank', { partner_id: goes, acc_number: 'K 1' });
    await create('purchase.order', { partner_id: goes });
    await create('res.partner', { name: 'Contact', parent_id: goes });
    await follow('res.partner', goes, stays);
    const impact = await impactOf([goes, stays], stays);
    expect(impact).toMatchObject({ survivor: { id: stays, chosenBy: 'request' }, collisions: [], lost: [], merge: { fails: [], refuses: [] } });
    const gone = await mergeAndCompare(impact);
    expect(gone).toEqual({ 'res.partner': [goes] });
  });

  test('archived accounts of the survivor, and a barcode it has not, break the merge off', async () => {
    const [stays = 0, goes = 0] = await partners('Harbor', 'Harbor Inc');
    const [old = 0] = await create('res.partner.bank', { partner_id: stays, acc_number: 'H 1' });
    await odoo.call('res.partner.bank', 'write', { ids: [old], vals: { active: false } });
    await create('res.partner.bank', { partner_id: goes, acc_number: 'H-1' });
    const [first = 0, second = 0] = await partners('Code', 'Code Inc');
    await odoo.call('res.partner', 'write', { ids: [second], vals: { barcode: 'B-1' } });
    for (const ids of [
      [stays, goes],
      [first, second],
    ]) {
      const impact = await impactOf(ids);
      expect(impact.merge.fails).toHaveLength(1);
      const before = await census(odoo);
      expect(await refusal(mergePartners(odoo, ids, ids[0]))).toMatchObject({ failure: 'validation' });
      expect(vanished(before, await census(odoo))).toEqual({});
    }
    // the other way round the one that has the barcode keeps it
    expect((await impactOf([first, second], second)).merge.fails).toEqual([]);
    await mergePartners(odoo, [first, second], second);
  });

  test('what the wizard refuses to begin with is told', async () => {
    const many = await partners('a', 'b', 'c', 'd');
    expect((await impactOf(many)).merge.refuses).toEqual(['it merges no more than 3 contacts at once']);
    expect(await refusal(mergePartners(odoo, many))).toMatchObject({ exception: 'odoo.exceptions.UserError' });
    const [parent = 0] = many;
    const [child = 0] = await create('res.partner', { name: 'child', parent_id: parent });
    expect((await impactOf([parent, child])).merge.refuses).toEqual([`${child} stands below ${parent}: a contact is not merged with its parent`]);
    expect(await refusal(mergePartners(odoo, [parent, child]))).toMatchObject({ exception: 'odoo.exceptions.UserError' });
    const users = await create('res.users', ...['u1', 'u2'].map((login) => ({ name: login, login: `${login}-${Date.now()}` })));
    const persons = (await odoo.read('res.users', users, ['partner_id'])).map((user) => Number(user.partner_id));
    const impact = await impactOf(persons);
    expect(impact.merge.refuses).toEqual([expect.stringContaining('they have 2 users')]);
    expect(await refusal(mergePartners(odoo, persons))).toMatchObject({ exception: 'odoo.exceptions.UserError' });
  });

  test('members of one chat: the member that goes is deleted, with all its other chats', async () => {
    const [stays = 0, goes = 0] = await partners('Chat', 'Chat 2');
    const channels = await create('discuss.channel', { name: 'one', channel_type: 'channel' }, { name: 'two', channel_type: 'channel' });
    const member = (channel_id: number | undefined, partner_id: number) => ({ channel_id, partner_id });
    await create('discuss.channel.member', member(channels[0], stays), member(channels[0], goes), member(channels[1], goes));
    const impact = await impactOf([stays, goes]);
    expect(impact.lost.find(({ model }) => model === 'discuss.channel.member')?.ids).toHaveLength(2);
    await mergeAndCompare(impact);
  });

  test('the oldest active one survives, and who has no rights is told what was not checked', async () => {
    const [oldest = 0, middle = 0, newest = 0] = await partners('old', 'mid', 'new');
    await odoo.call('res.partner', 'write', { ids: [oldest], vals: { active: false } });
    expect((await impactOf([newest, middle, oldest])).survivor.id).toBe(middle);
    await mergePartners(odoo, [newest, middle, oldest]);
    expect(await odoo.searchIds('res.partner', [['id', 'in', [oldest, middle, newest]]])).toEqual([middle]);

    const login = `clerk-${Date.now()}`;
    const groups = [...(await odoo.resolveExternalIds(['base.group_user', 'purchase.group_purchase_user'])).values()].map(({ id }) => id);
    await create('res.users', { name: login, login, password: login, group_ids: [[6, 0, groups]] });
    const clerk = await connectTo({ ...server, apiKey: '', uuid: '', login, password: login });
    const [one = 0, other = 0] = await partners('x', 'y');
    const blind = await mergeImpact({ model: 'res.partner', ids: [one, other] }, clerk);
    expect(blind).toMatchObject({ pointing: [], collisions: [], lost: [] });
    expect(blind.notChecked).toContain('what points to res.partner (ir.model.fields): this user may not read it');
  });

  test('products: there is no merge; what points to them and their templates is listed', async () => {
    const [one = 0, other = 0] = await create(
      'product.product',
      { name: 'Gauze', barcode: 'G-1', default_code: 'G' },
      { name: 'Gauze', barcode: 'G-2', default_code: 'G' },
    );
    const [partner = 0] = await partners('Vendor');
    await create('purchase.order', { partner_id: partner, order_line: [[0, 0, { product_id: other, product_qty: 1 }]] });
    const template = (await odoo.read('product.product', [other], ['product_tmpl_id']))[0]?.product_tmpl_id;
    await create('product.supplierinfo', { partner_id: partner, product_tmpl_id: template, price: 3 });
    const impact = await mergeImpact({ model: 'product.product', ids: [one, other] }, odoo);
    expect(impact).toMatchObject({ merge: { wizard: null, refuses: [], fails: [] }, collisions: [], lost: [] });
    expect(impact.rules).toEqual([expect.stringContaining('no merge for products'), expect.stringContaining('a barcode is used once per company')]);
    expect(impact.givingWay).toEqual([{ id: other, fields: expect.arrayContaining(['barcode']) }]);
    const pointing = impact.pointing.map(({ to, model, field, rows }) => [`${to} ← ${model}.${field}`, rows] as const);
    expect(pointing).toContainEqual(['product.product ← purchase.order.line.product_id', [{ id: other, count: 1 }]]);
    expect(pointing).toContainEqual(['product.template ← product.supplierinfo.product_tmpl_id', [{ id: other, count: 1 }]]);
  });
});
