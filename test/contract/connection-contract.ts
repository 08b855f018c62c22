/** What cutover relies on in the port itself: the same on every version, over both protocols. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CutoverError } from '../../src/domain/errors.ts';
import type { OdooConnection, OdooRecord } from '../../src/domain/ports.ts';
import { type Bench, benchOn, connectTo, type GiveTarget, refusal } from './target.ts';

export function describeConnection(target: GiveTarget, protocol: 'json-2' | 'json-rpc'): void {
  describe(`the connection over ${protocol}`, () => {
    let odoo: OdooConnection;
    let bench: Bench;
    beforeAll(async () => {
      odoo = await connectTo(target());
    });
    beforeEach(() => {
      bench = benchOn(odoo);
    });
    afterEach(() => bench.clean());

    const partner = (name: string, ...rest: (string | null)[]) => [bench.externalId(name), `${bench.tag} ${name}`, ...rest];

    describe('connecting', () => {
      test('says which database, user and version it is', async () => {
        const identity = await odoo.identity();
        expect(identity).toMatchObject({ url: target().url, database: target().database, uuid: target().uuid, protocol });
        expect(identity.version).toMatch(/^\d+\.\d+$/);
        expect(identity.userId).toBeGreaterThan(0);
      });

      test('refuses a wrong key or password', async () => {
        const wrong = target().apiKey ? { apiKey: 'wrong' } : { password: 'wrong' };
        const error = (await connectTo(target(), wrong).catch((caught: unknown) => caught)) as CutoverError;
        expect(error.code).toBe('E_ODOO_AUTHENTICATION');
        expect(error.hint).toContain('cutover doctor');
      });

      test('names the companies there are when it is given another', async () => {
        const error = (await connectTo(target(), { company: 'No Such Hospital' }).catch((caught: unknown) => caught)) as CutoverError;
        expect(error.code).toBe('E_ODOO_METADATA');
        expect(error.details).not.toHaveLength(0);
        await expect(connectTo(target(), { company: error.details[0] })).resolves.toBeDefined();
      });

      test('says that nothing answers at an address', async () => {
        const error = (await connectTo(target(), { url: 'http://127.0.0.1:9' }).catch((caught: unknown) => caught)) as CutoverError;
        expect(error.code).toBe('E_ODOO_UNREACHABLE');
      });
    });

    describe('refusals', () => {
      test('a model that is not there is missing-model', async () => {
        expect(await refusal(odoo.fields('res.nope'))).toMatchObject({ failure: 'missing-model' });
        expect(await refusal(odoo.searchIds('res.nope', []))).toMatchObject({ failure: 'missing-model' });
      });

      test('a method that is not there is missing-model', async () => {
        expect(await refusal(odoo.call('res.partner', 'no_such_method', { ids: [1] }))).toMatchObject({ failure: 'missing-model' });
      });

      test('a method that is not for outsiders is an access refusal', async () => {
        expect(await refusal(odoo.call('res.partner', '_search', { domain: [] }))).toMatchObject({ failure: 'access' });
      });

      test('an unknown field is missing-field', async () => {
        const error = await refusal(bench.create('res.partner', { name: bench.tag, nope: 1 }));
        expect(error).toMatchObject({ failure: 'missing-field', exception: 'builtins.ValueError' });
        expect(error.message).toMatch(/^Invalid field 'nope' (in|on model) 'res.partner'$/);
      });

      test('a value that is no choice is a validation refusal', async () => {
        const error = await refusal(bench.create('res.partner', { name: bench.tag, type: 'nope' }));
        expect(error).toMatchObject({ failure: 'validation', exception: 'builtins.ValueError', message: "Wrong value for res.partner.type: 'nope'" });
      });

      test('a partner without a name is a validation refusal', async () => {
        expect(await refusal(bench.create('res.partner', { city: bench.tag }))).toMatchObject({
          failure: 'validation',
          exception: 'odoo.exceptions.ValidationError',
        });
      });

      test('a number too large is a validation refusal', async () => {
        const error = await refusal(bench.create('res.partner', { name: bench.tag, color: 99_999_999_999 }));
        expect(error).toMatchObject({ failure: 'validation', exception: 'psycopg2.errors.NumericValueOutOfRange' });
      });

      test('a reference to nothing is a validation refusal', async () => {
        expect(await refusal(bench.create('res.partner', { name: bench.tag, country_id: 999_999 }))).toMatchObject({
          failure: 'validation',
          exception: 'odoo.exceptions.ValidationError',
        });
      });

      test('create of a good and a bad record makes neither', async () => {
        await refusal(bench.create('res.partner', { name: bench.tag }, { name: bench.tag, type: 'nope' }));
        expect(await odoo.searchIds('res.partner', [['name', '=', bench.tag]])).toEqual([]);
      });

      test('a record that is gone: writing is refused for the whole call, reading leaves it out', async () => {
        const [id, gone] = (await bench.create('res.partner', { name: `${bench.tag} a` }, { name: `${bench.tag} b` })) as [number, number];
        await odoo.unlink('res.partner', [gone]);
        for (const work of [
          () => odoo.call('res.partner', 'write', { ids: [id, gone], vals: { city: 'Lost' } }),
          () => odoo.unlink('res.partner', [id, gone]),
          () => odoo.save('res.partner', [{ id: gone, values: { city: 'Lost' } }], {}),
        ]) {
          expect(await refusal(work())).toMatchObject({ failure: 'missing-record', exception: 'odoo.exceptions.MissingError' });
        }
        expect(await odoo.read('res.partner', [gone, id], ['city'])).toEqual([{ id, city: false }]);
        // The `read` of 19 answers ghosts when it is asked for nothing but the id; that of 14 does not.
        const { version } = await odoo.identity();
        if (version === '19.0') expect(await odoo.call('res.partner', 'read', { ids: [gone, id], fields: ['id'] })).toEqual([{ id: gone }, { id }]);
        expect(await odoo.read('res.partner', [gone, id], ['id'])).toEqual([{ id }]);
      });
    });

    describe('reading', () => {
      test('describes fields', async () => {
        const fields = await odoo.fields('res.partner');
        expect(fields.get('type')?.selection).toContain('invoice');
        expect(fields.get('country_id')).toMatchObject({ type: 'many2one', relation: 'res.country', store: true });
        expect(fields.get('property_supplier_payment_term_id')).toMatchObject({ companyDependent: true });
        expect(fields.has('nope')).toBe(false);
      });

      test('answers a many2one as its id, nothing as false, in the order asked for', async () => {
        const [country] = await odoo.searchIds('res.country', [['code', '=', 'US']]);
        const [one, two] = (await bench.create('res.partner', { name: `${bench.tag} a`, country_id: country }, { name: `${bench.tag} b` })) as [number, number];
        expect(await odoo.read('res.partner', [two, one], ['country_id', 'ref', 'email', 'color', 'is_company', 'category_id'])).toEqual([
          { id: two, country_id: false, ref: false, email: false, color: 0, is_company: false, category_id: [] },
          { id: one, country_id: country, ref: false, email: false, color: 0, is_company: false, category_id: [] },
        ]);
      });

      test('finds and pages archived records as well, by ascending id', async () => {
        const made = await bench.create('res.partner', { name: bench.tag, active: false }, { name: bench.tag }, { name: bench.tag, active: false });
        const domain = [['name', '=', bench.tag]];
        expect(await odoo.searchIds('res.partner', domain)).toEqual([...made].sort((a, b) => a - b));
        const rows: OdooRecord[] = [];
        for await (const page of odoo.pages('res.partner', domain, ['active'])) rows.push(...page);
        expect(rows).toEqual([
          { id: made[0], active: false },
          { id: made[1], active: true },
          { id: made[2], active: false },
        ]);
      });

      test('pages every record of a domain with an operator in front', async () => {
        const made = await bench.create('res.partner', { name: `${bench.tag} a` }, { name: `${bench.tag} b` }, { name: `${bench.tag} c` });
        const domain = ['|', ['name', '=', `${bench.tag} a`], ['name', '=', `${bench.tag} c`]];
        const ids: number[] = [];
        for await (const page of odoo.pages('res.partner', domain, ['name'])) ids.push(...page.map((row) => row.id));
        expect(ids).toEqual([made[0], made[2]]);
      });

      test('pages ids and write dates as `read` answers them, archived and hidden filters alike', async () => {
        const made = await bench.create('res.partner', { name: bench.tag, active: false }, { name: bench.tag }, { name: `${bench.tag} b` });
        for (const domain of [
          ['name', '=', bench.tag],
          ['name', 'ilike', bench.tag],
        ]) {
          const ids = await odoo.searchIds('res.partner', [domain]);
          const rows: OdooRecord[] = [];
          for await (const page of odoo.pages('res.partner', [domain], ['write_date'])) rows.push(...page);
          expect(rows).toEqual(await odoo.read('res.partner', ids, ['write_date']));
        }
        await odoo.unlink('res.partner', made);
        for await (const page of odoo.pages('res.partner', [['name', '=', bench.tag]], ['write_date'])) expect(page).toEqual([]);
      });

      test('answers no page for no record', async () => {
        for await (const page of odoo.pages('res.partner', [['name', '=', bench.tag]], ['name'])) expect(page).toEqual([]);
        expect(await odoo.read('res.partner', [], ['name'])).toEqual([]);
      });

      test('keeps text as it was sent: spaces, an empty text is not false', async () => {
        const [id] = (await bench.create('res.partner', { name: `  ${bench.tag}  x `, city: '', zip: ' 01234 ' })) as [number];
        expect(await bench.first('res.partner', id, 'name', 'city', 'zip', 'street')).toEqual({
          id,
          name: `  ${bench.tag}  x `,
          city: '',
          zip: ' 01234 ',
          street: false,
        });
      });
    });

    describe('External IDs', () => {
      test('go from record to name and back, archived records included', async () => {
        const [one, two] = (await bench.loaded('res.partner', ['id', 'name', 'active'], [partner('a', 'True'), partner('b', 'False')])) as [number, number];
        expect(await odoo.externalIds('res.partner', [one, two])).toEqual(
          new Map([
            [one, bench.externalId('a')],
            [two, bench.externalId('b')],
          ]),
        );
        expect(await odoo.externalIds('res.partner', 'all', bench.tag)).toEqual(
          new Map([
            [one, bench.externalId('a')],
            [two, bench.externalId('b')],
          ]),
        );
        expect(await odoo.externalIds('res.partner', [one], 'nobody')).toEqual(new Map());
        expect(await odoo.resolveExternalIds([bench.externalId('b'), bench.externalId('nope'), bench.externalId('a')])).toEqual(
          new Map([
            [bench.externalId('a'), { model: 'res.partner', id: one }],
            [bench.externalId('b'), { model: 'res.partner', id: two }],
          ]),
        );
      });

      test('are several of one record, each found, sorted; the oldest where one is asked for', async () => {
        const [one, bare] = [
          ...(await bench.loaded('res.partner', ['id', 'name'], [partner('m')])),
          ...(await bench.create('res.partner', { name: bench.tag })),
        ];
        const more = [`${bench.tag}.b`, `a${bench.tag}.z`].map((name) => name.split('.'));
        await bench.create('ir.model.data', ...more.map(([module, name]) => ({ module, name, model: 'res.partner', res_id: one })));
        const ids = [one, bare] as number[];
        expect(await odoo.allExternalIds('res.partner', ids)).toEqual(new Map([[one, [`a${bench.tag}.z`, `${bench.tag}.b`, `${bench.tag}.m`]]]));
        expect(await odoo.allExternalIds('res.partner', 'all', bench.tag)).toEqual(new Map([[one, [`${bench.tag}.b`, `${bench.tag}.m`]]]));
        expect(await odoo.externalIds('res.partner', ids)).toEqual(new Map([[one, `${bench.tag}.m`]]));
        const [{ xmlids }] = await odoo.call<[{ xmlids?: { xmlid: string }[] }]>('res.partner', 'get_metadata', { ids: [one as number] });
        const { version } = await odoo.identity();
        if (version === '19.0') expect(xmlids?.map(({ xmlid }) => xmlid)).toEqual([`${bench.tag}.m`, `${bench.tag}.b`, `a${bench.tag}.z`]);
      });

      test('go away with their record', async () => {
        const ids = await bench.loaded('res.partner', ['id', 'name'], [partner('a')]);
        await odoo.unlink('res.partner', ids);
        expect(await odoo.resolveExternalIds([bench.externalId('a')])).toEqual(new Map());
        expect(await odoo.searchIds('ir.model.data', [['module', '=', bench.tag]])).toEqual([]);
      });

      test('get_external_id and check_object_reference answer them one by one', async () => {
        const [id] = (await bench.loaded('res.partner', ['id', 'name'], [partner('a')])) as [number];
        const [bare] = (await bench.create('res.partner', { name: bench.tag })) as [number];
        expect(await odoo.call('res.partner', 'get_external_id', { ids: [id, bare] })).toEqual({ [id]: bench.externalId('a'), [bare]: '' });
        const found = await odoo.call('ir.model.data', 'check_object_reference', { module: bench.tag, xml_id: 'a' });
        expect(found).toEqual(['res.partner', id]);
        const missing = await refusal(odoo.call('ir.model.data', 'check_object_reference', { module: bench.tag, xml_id: 'nope' }));
        expect(missing).toMatchObject({ failure: 'validation', exception: 'builtins.ValueError' });
        expect(missing.message).toContain('External ID not found in the system');
      });
    });

    describe('saving', () => {
      test('writes different values to each record, and the same to all', async () => {
        const [one, two] = (await bench.create('res.partner', { name: `${bench.tag} a` }, { name: `${bench.tag} b` })) as [number, number];
        await odoo.save(
          'res.partner',
          [
            { id: one, values: { city: 'Ghent', zip: '9000' } },
            { id: two, values: { city: false, street: 'Main' } },
          ],
          {},
        );
        expect(await odoo.read('res.partner', [one, two], ['city', 'zip', 'street'])).toEqual([
          { id: one, city: 'Ghent', zip: '9000', street: false },
          { id: two, city: false, zip: false, street: 'Main' },
        ]);
        await odoo.save(
          'res.partner',
          [one, two].map((id) => ({ id, values: { zip: null } })),
          {},
        );
        expect(await odoo.read('res.partner', [one, two], ['zip'])).toEqual([
          { id: one, zip: false },
          { id: two, zip: false },
        ]);
      });

      test('refuses an unknown field by its name', async () => {
        const ids = await bench.create('res.partner', { name: `${bench.tag} a` }, { name: `${bench.tag} b` });
        const changes = ids.map((id) => ({ id, values: { city: `Ghent ${id}`, nope: 1 } }));
        for (const some of [changes, changes.slice(0, 1)]) {
          const error = await refusal(odoo.save('res.partner', some, {}));
          expect(error).toMatchObject({ failure: 'missing-field', message: expect.stringMatching(/^Invalid field (name )?'nope'/) });
        }
      });

      test('deletes records, and nothing when there is nothing to delete', async () => {
        const ids = await bench.create('res.partner', { name: bench.tag });
        await odoo.unlink('res.partner', []);
        await odoo.unlink('res.partner', ids);
        expect(await odoo.searchIds('res.partner', [['name', '=', bench.tag]])).toEqual([]);
      });
    });
  });
}
