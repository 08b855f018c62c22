/** The helper in Odoo: compare and write, or make under a new External ID, each in one transaction (Odoo 14 and 19, and the sandbox). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { helperExternalId, helperName, helperText } from '../../src/domain/odoo-helper.ts';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { helperState } from '../../src/workflows/odoo-helper/helper-state.ts';
import { defaultGroup, installHelper, proposeHelper, removeHelper } from '../../src/workflows/odoo-helper/install-helper.ts';
import { type Bench, benchOn, connectTo, type GiveTarget, refusal } from './target.ts';

export function describeHelper(target: GiveTarget): void {
  describe('the helper', () => {
    let plain: OdooConnection;
    let odoo: OdooConnection;
    let bench: Bench;
    beforeAll(async () => {
      plain = await connectTo(target());
      // asked before there is one
      expect(await plain.helper()).toBeNull();
      await installHelper(plain, { group: defaultGroup, replaceEdited: true });
      odoo = await connectTo(target());
    });
    afterAll(() => removeHelper(plain));
    beforeEach(() => {
      bench = benchOn(odoo);
    });
    afterEach(() => bench.clean());

    const partner = async (values: object): Promise<number> => (await bench.create('res.partner', { name: bench.tag, ...values }))[0] as number;

    describe('comparing and writing', () => {
      test('writes where every expected value is still there, and answers what is there where one is not', async () => {
        const [one, two] = [await partner({ city: 'Ghent', zip: '9000' }), await partner({ city: 'Bruges', zip: '8000' })];
        const answers = await odoo.saveGuarded(
          'res.partner',
          [
            { id: one, expected: { city: 'Ghent', street: false }, values: { city: 'Aalst', street: 'Main' } },
            { id: two, expected: { city: 'Ypres', zip: '8000' }, values: { city: 'Aalst' } },
          ],
          {},
        );
        expect(answers).toEqual([
          { id: one, found: null },
          { id: two, found: { city: 'Bruges', zip: '8000' } },
        ]);
        expect(await odoo.read('res.partner', [one, two], ['city', 'street'])).toEqual([
          { id: one, city: 'Aalst', street: 'Main' },
          { id: two, city: 'Bruges', street: false },
        ]);
      });

      test('does not touch a record that has other values: its write_date stays', async () => {
        const id = await partner({ city: 'Ghent' });
        const before = await bench.first('res.partner', id, 'write_date');
        await new Promise((resolve) => setTimeout(resolve, 1100));
        await odoo.saveGuarded('res.partner', [{ id, expected: { city: 'Ypres' }, values: { city: 'Aalst' } }], {});
        await odoo.saveGuarded('res.partner', [{ id, expected: { city: 'Ghent' }, values: {} }], {});
        expect(await bench.first('res.partner', id, 'write_date')).toEqual(before);
      });

      test('says of a record that is gone that nothing is there, and writes the others', async () => {
        const [one, gone] = [await partner({ city: 'Ghent' }), await partner({ city: 'Ghent' })];
        await odoo.unlink('res.partner', [gone]);
        const changes = [gone, one].map((id) => ({ id, expected: { city: 'Ghent' }, values: { city: 'Aalst' } }));
        expect(await odoo.saveGuarded('res.partner', changes, {})).toEqual([
          { id: gone, found: {} },
          { id: one, found: null },
        ]);
        expect(await bench.first('res.partner', one, 'city')).toMatchObject({ city: 'Aalst' });
      });

      test('compares as the API answers: no value, references, numbers, dates, lists of records, archived ones among them', async () => {
        const [country = 0] = await odoo.searchIds('res.country', [['code', '=', 'BE']]);
        const tags = await odoo.call<number[]>('res.partner.category', 'create', {
          vals_list: [{ name: `${bench.tag} a` }, { name: `${bench.tag} b`, active: false }],
        });
        const id = await partner({ country_id: country, color: 3, category_id: [[6, 0, tags]], is_company: true, zip: '' });
        const fields = ['country_id', 'state_id', 'color', 'category_id', 'is_company', 'zip', 'ref', 'create_date', 'partner_latitude'];
        const expected = await bench.first('res.partner', id, ...fields.filter((field) => field !== 'id'));
        const { id: _, ...values } = expected;
        expect(values).toMatchObject({ country_id: country, state_id: false, zip: '' });
        expect([...(values.category_id as number[])].sort()).toEqual([...tags].sort());
        const written = await odoo.saveGuarded(
          'res.partner',
          [{ id, expected: { ...values, partner_latitude: '0.0', ref: null }, values: { city: 'Aalst' } }],
          {},
        );
        expect(written).toEqual([{ id, found: null }]);
        for (const [field, other] of Object.entries({ country_id: false, color: 4, category_id: tags.slice(0, 1), is_company: false, zip: false })) {
          const [answer] = await odoo.saveGuarded('res.partner', [{ id, expected: { [field]: other }, values: { city: 'Lost' } }], {});
          expect(answer?.found, field).not.toBeNull();
        }
        expect(await bench.first('res.partner', id, 'city')).toMatchObject({ city: 'Aalst' });
        await odoo.unlink('res.partner.category', tags);
      });

      test('compares prices exactly, given as numbers or as text', async () => {
        const [id = 0] = await bench.create('product.product', { name: bench.tag, list_price: 47.47 });
        const save = (price: unknown, list_price: number) =>
          odoo.saveGuarded('product.product', [{ id, expected: { list_price: price }, values: { list_price } }], {});
        expect(await save('47.470', 12.5)).toEqual([{ id, found: null }]);
        expect(await save(12.5, 0.1)).toEqual([{ id, found: null }]);
        expect(await save('0.10', 3)).toEqual([{ id, found: null }]);
        expect(await save('3.01', 4)).toEqual([{ id, found: { list_price: 3 } }]);
      });

      test('all or none: one refused value, and nothing of the call is written', async () => {
        const [one, two] = [await partner({ city: 'Ghent' }), await partner({ city: 'Ghent' })];
        const changes = (values: object) => [
          { id: one, expected: { city: 'Ghent' }, values: { city: 'Aalst' } },
          { id: two, expected: { city: 'Ghent' }, values: values as Record<string, unknown> },
        ];
        const refused = (values: object) => refusal(odoo.saveGuarded('res.partner', changes(values), {}));
        const selection = await refused({ type: 'nope' });
        expect(selection).toMatchObject({ failure: 'validation', exception: 'builtins.ValueError', message: "Wrong value for res.partner.type: 'nope'" });
        expect(await refused({ nope: 1 })).toMatchObject({ failure: 'missing-field', message: expect.stringMatching(/^Invalid field (name )?'nope'/) });
        const nameless = await refused({ name: false });
        expect(nameless).toMatchObject({ failure: 'validation' });
        expect(nameless.message).not.toContain(bench.tag);
        expect(await refused({ color: 99_999_999_999 })).toMatchObject({ failure: 'validation', exception: 'psycopg2.errors.NumericValueOutOfRange' });
        expect(await refusal(odoo.saveGuarded('res.nope', changes({}), {}))).toMatchObject({ failure: 'missing-model' });
        expect(await odoo.read('res.partner', [one, two], ['city'])).toEqual([one, two].map((id) => ({ id, city: 'Ghent' })));
      });

      test('compares what `read` answers, whatever the context of the write', async () => {
        const tags = await odoo.call<number[]>('res.partner.category', 'create', { vals_list: [{ name: bench.tag, active: false }] });
        const id = await partner({ category_id: [[6, 0, tags]] });
        const change = { id, expected: { category_id: tags }, values: { city: 'Aalst' } };
        expect(await odoo.saveGuarded('res.partner', [change], { active_test: true, tracking_disable: true })).toEqual([{ id, found: null }]);
        await odoo.unlink('res.partner.category', tags);
        expect(await odoo.saveGuarded('res.partner', [], {})).toEqual([]);
      });
    });

    describe('several at once', () => {
      const clients = () => Promise.all([1, 2, 3].map(() => connectTo(target(), { concurrency: 1 })));

      test('three that count up one record together lose no count', async () => {
        const id = await partner({ color: 0 });
        const rounds = 4;
        const countUp = async (client: OdooConnection): Promise<number> => {
          let overtaken = 0;
          for (let done = 0; done < rounds; ) {
            const [{ color } = { color: -1 }] = await client.read('res.partner', [id], ['color']);
            const [answer] = await client.saveGuarded('res.partner', [{ id, expected: { color }, values: { color: Number(color) + 1 } }], {});
            if (answer?.found === null) done += 1;
            else overtaken += 1;
          }
          return overtaken;
        };
        await Promise.all((await clients()).map(countUp));
        expect(await bench.first('res.partner', id, 'color')).toMatchObject({ color: 3 * rounds });
      }, 120_000);

      test('three that make one External ID together make one record; two are told of it', async () => {
        const name = bench.externalId('same');
        const make = (client: OdooConnection) => client.loadNew('res.partner', ['id', 'name'], [[name, bench.tag]], [name], {});
        const answers = await Promise.all((await clients()).map(make));
        const ids = await odoo.searchIds('res.partner', [['name', '=', bench.tag]]);
        bench.remember('res.partner', ids);
        expect(ids).toHaveLength(1);
        expect(answers.filter((answer) => 'ids' in answer)).toHaveLength(1);
        for (const answer of answers) if ('taken' in answer) expect(answer.taken).toEqual(new Map([[name, { model: 'res.partner', id: ids[0] }]]));
      }, 120_000);
    });

    describe('making records', () => {
      const rows = (names: readonly string[]) => names.map((name) => [bench.externalId(name), `${bench.tag} ${name}`]);
      const make = (...names: string[]) => odoo.loadNew('res.partner', ['id', 'name'], rows(names), names.map(bench.externalId), {});

      test('makes them with their External IDs, and nothing once one of these names a record', async () => {
        const made = await make('a', 'b');
        if (!('ids' in made) || made.ids === null) throw new Error('nothing was made');
        bench.remember('res.partner', made.ids);
        expect(await odoo.externalIds('res.partner', made.ids)).toEqual(new Map(made.ids.map((id, at) => [id, bench.externalId(at === 0 ? 'a' : 'b')])));
        await odoo.save('res.partner', [{ id: made.ids[1] as number, values: { name: 'as a user calls it' } }], {});
        expect(await make('c', 'b')).toEqual({ taken: new Map([[bench.externalId('b'), { model: 'res.partner', id: made.ids[1] }]]) });
        expect(await odoo.searchIds('res.partner', [['name', '=', `${bench.tag} c`]])).toEqual([]);
        expect(await bench.first('res.partner', made.ids[1] as number, 'name')).toMatchObject({ name: 'as a user calls it' });
        // without the helper, `load` writes to it
        const again = await plain.loadNew('res.partner', ['id', 'name'], rows(['b']), [bench.externalId('b')], {});
        expect(again).toMatchObject({ ids: [made.ids[1]] });
        expect(await bench.first('res.partner', made.ids[1] as number, 'name')).toMatchObject({ name: `${bench.tag} b` });
      });

      test('answers what `load` has to say about a row, and makes none', async () => {
        const answer = await odoo.loadNew('res.partner', ['id', 'name'], [...rows(['a']), [bench.externalId('b'), '']], ['a', 'b'].map(bench.externalId), {});
        expect(answer).toMatchObject({ ids: null, messages: [{ type: 'error', rows: { from: 1, to: 1 } }] });
        expect(await odoo.searchIds('res.partner', [['name', '=', `${bench.tag} a`]])).toEqual([]);
      });

      test('an External ID whose record was deleted names nothing', async () => {
        const made = await make('a');
        if (!('ids' in made) || made.ids === null) throw new Error('nothing was made');
        await odoo.unlink('res.partner', made.ids);
        const again = await make('a');
        expect(again).toMatchObject({ ids: [expect.any(Number)] });
        if ('ids' in again && again.ids !== null) bench.remember('res.partner', again.ids);
      });
    });

    describe('installing', () => {
      const action = async () => (await odoo.resolveExternalIds([helperExternalId])).get(helperExternalId)?.id as number;
      const editAction = async (vals: object) => odoo.call('ir.actions.server', 'write', { ids: [await action()], vals });

      test('is one server action under a name that tells its text, and installing again changes nothing', async () => {
        const before = await bench.first('ir.actions.server', await action(), 'name', 'code', 'state', 'write_date');
        expect(before).toMatchObject({ name: helperName(1, helperText), state: 'code' });
        expect(String(before.code).trim()).toBe(helperText.trim());
        expect(await installHelper(odoo, { group: defaultGroup, replaceEdited: false })).toMatchObject({
          action: 'nothing',
          text: 'as-shipped',
          isRunnable: true,
        });
        expect(await bench.first('ir.actions.server', await action(), 'name', 'code', 'state', 'write_date')).toEqual(before);
        expect(await odoo.searchIds('ir.actions.server', [['name', '=like', 'cutover helper %']])).toHaveLength(1);
      });

      test('refuses to be started by hand', async () => {
        const error = await refusal(odoo.call('ir.actions.server', 'run', { ids: [await action()] }));
        expect(error).toMatchObject({ failure: 'validation', message: 'This action is called by cutover. Started by hand it does nothing.' });
      });

      test('an edited text is not used, is said to be edited, and is replaced only when that is wanted', async () => {
        await editAction({ code: `${helperText}\n# and a line of our own\n` });
        try {
          expect(await (await connectTo(target())).helper()).toBeNull();
          expect(await helperState(odoo)).toMatchObject({ installed: true, text: 'edited' });
          const proposal = await proposeHelper(odoo, defaultGroup);
          expect(proposal).toMatchObject({ action: 'replace', isEdited: true });
          expect(proposal.text).toMatch(/^- # and a line of our own$/m);
          const refused = await refusal(installHelper(odoo, { group: defaultGroup, replaceEdited: false }));
          expect(refused).toMatchObject({ code: 'E_HELPER_EDITED' });
          expect(await helperState(odoo)).toMatchObject({ text: 'edited' });
        } finally {
          expect(await installHelper(odoo, { group: defaultGroup, replaceEdited: true })).toMatchObject({ action: 'replaced', text: 'as-shipped' });
        }
      });

      test('the text of another version is replaced without being told', async () => {
        const other = helperText.replace('version 1', 'version 0');
        await editAction({ code: other, name: helperName(0, other) });
        expect(await helperState(odoo)).toMatchObject({ text: 'other-version', version: 0 });
        expect(await installHelper(odoo, { group: defaultGroup, replaceEdited: false })).toMatchObject({ action: 'replaced', version: 1, text: 'as-shipped' });
      });

      test('removing takes away the action and its External ID, and the connection that used it says so', async () => {
        const id = await partner({ city: 'Ghent' });
        expect(await odoo.saveGuarded('res.partner', [{ id, expected: {}, values: { city: 'Aalst' } }], {})).toEqual([{ id, found: null }]);
        expect((await removeHelper(odoo)).removed).toEqual([helperName(1, helperText)]);
        expect(await odoo.searchIds('ir.model.data', [['module', '=', 'cutover']])).toEqual([]);
        expect(await helperState(odoo)).toMatchObject({ installed: false, isRunnable: false });
        const error = await refusal(odoo.saveGuarded('res.partner', [{ id, expected: {}, values: { city: 'Lost' } }], {}));
        expect(error).toMatchObject({ failure: 'missing-model', message: expect.stringContaining('taken away') });
        expect(await removeHelper(odoo)).toEqual({ removed: [] });
        await installHelper(odoo, { group: defaultGroup, replaceEdited: false });
        odoo = await connectTo(target());
      });
    });
  });
}
