/** What only looks like a fault. A finding on any of these is a false alarm. */
import { likeSystem } from './cases-entities.ts';
import { gs1CheckDigit } from './numbers.ts';
import { type Case, nameOf, type Thing, type Values, valuesOf, write } from './world.ts';

const nothing = (values: Values): Values => Object.fromEntries(Object.keys(values).map((field) => [field, null]));

/** Decoys of both entities; `strong` are the identifiers that are the whole world's. */
export function cleanCases(words: { readonly strong: readonly string[]; readonly key: string }): Case[] {
  const fields = words.strong.slice(0, 3);
  return [
    {
      ...{ name: 'renamed, its numbers kept', things: 1, needs: [fields[0] as string], linked: null },
      work: ({ freshName }, [a]) => {
        const name = freshName();
        write(a as Thing, 'legacy', 'now', { name });
        if ((a as Thing).isLinked) write(a as Thing, 'odoo', 'now', { name });
      },
    },
    {
      ...{ name: 'renamed in legacy long ago, linked', things: 1, needs: [fields[0] as string], linked: true },
      work: ({ freshName }, [a]) => write(a as Thing, 'legacy', 'both', { name: freshName() }),
    },
    ...fields.map(
      (field): Case => ({
        ...{ name: `a ${field} corrected last night`, things: 1, needs: [field], linked: null },
        work: ({ fresh }, [a]) => write(a as Thing, 'legacy', 'now', { [field]: likeSystem(a as Thing, field, fresh(field)) }),
      }),
    ),
    ...fields.map(
      (field): Case => ({
        ...{ name: `a ${field} removed, or filled in`, things: 2, needs: [field], linked: null },
        work: (_, [a, b]) => {
          write(a as Thing, 'legacy', 'now', { [field]: null });
          if ((b as Thing).legacyBefore !== null) Object.assign((b as Thing).legacyBefore as Values, { [field]: null });
        },
      }),
    ),
    {
      ...{ name: 'new last night, or gone and never linked', things: 2, needs: [], linked: false },
      work: (_, [a, b]) => {
        (a as Thing).legacyBefore = null;
        (b as Thing).legacy = null;
      },
    },
    {
      ...{ name: 'the same number in another system is another thing', things: 2, needs: [], linked: null, system: 'erp' },
      work: ({ world, freshName, fresh }, [a]) => {
        const strong = fields[0] as string;
        const values = { ...nothing(valuesOf(a as Thing, 'legacy')), [words.key]: (a as Thing).key, name: freshName(), [strong]: fresh(strong) };
        world.moreLegacy.push({ system: 'lab', key: (a as Thing).key, nights: 'both', values });
      },
    },
    {
      ...{ name: 'a key without zeros is another thing where the one with zeros exists', things: 1, needs: [], linked: null, system: 'erp' },
      work: ({ world, freshName }, [a]) => {
        const key = (a as Thing).key.replace(/^0+/, '');
        world.moreLegacy.push({
          system: 'erp',
          key,
          nights: 'both',
          values: { ...nothing(valuesOf(a as Thing, 'legacy')), [words.key]: key, name: freshName() },
        });
      },
    },
    {
      ...{ name: 'the key without its zeros, of the same thing', things: 1, needs: [], linked: null, system: 'erp' },
      work: ({ world, truth }, [a]) => {
        const key = (a as Thing).key.replace(/^0+/, '');
        const values = valuesOf(a as Thing, 'legacy');
        world.moreLegacy.push({ system: 'erp', key, nights: 'both', values: { ...nothing(values), [words.key]: key, name: values.name as string } });
        truth({ class: 'leading-zeros-lost', field: words.key, records: [`erp/${key}`], fault: 'the thing is there a second time' });
      },
    },
    {
      ...{ name: 'one thing for two systems, decided', things: 2, needs: [], linked: true, system: 'erp' },
      work: ({ world, also }, [a, b]) => {
        (b as Thing).odoo = null;
        (b as Thing).odooBefore = null;
        // who does not see the decision sees a thing twice
        for (const field of words.strong) also({ class: 'duplicate-record', field, records: [nameOf(a as Thing, 'legacy'), nameOf(b as Thing, 'legacy')] });
        for (const links of [world.links, world.linksBefore])
          for (const link of links.filter(({ key }) => key === (a as Thing).key || key === (b as Thing).key))
            Object.assign(link, { odooId: (a as Thing).odooId, provenance: 'decision' });
        for (const ids of [world.externalIds, world.externalIdsBefore]) ids.set(`cutover.${world.entity}__erp__${(b as Thing).key}`, (a as Thing).odooId);
        // one thing has one number of each kind
        for (const field of words.strong) write(b as Thing, 'legacy', 'both', { [field]: valuesOf(a as Thing, 'legacy')[field] ?? null });
        write(b as Thing, 'legacy', 'both', { name: valuesOf(a as Thing, 'legacy').name as string });
      },
    },
  ];
}

const siblings = ['North', 'South', 'East', 'West'];

export const cleanSuppliers: readonly Case[] = [
  ...['ein', 'vat', 'lei'].map(
    (field): Case => ({
      ...{ name: `branches of one company have its ${field}`, things: 3, needs: [field], linked: null },
      work: ({ fresh }, [a, b, c]) => {
        const values = valuesOf(a as Thing, 'legacy');
        const company = Object.fromEntries(['name', 'ein', 'vat', 'lei'].map((each) => [each, values[each] ?? null]));
        for (const branch of [b, c] as Thing[]) {
          const own = {
            gln: fresh('gln'),
            npi: null,
            duns: null,
            iban: null,
            street: fresh('street'),
            city: fresh('city'),
            phone: fresh('phone'),
            email: fresh('email'),
          };
          write(branch, 'legacy', 'both', { ...company, ...own });
          if (branch.isLinked) write(branch, 'odoo', 'both', { ...company, ...own });
        }
      },
    }),
  ),
  {
    ...{ name: 'namesakes in different towns', things: 2, needs: ['gln'], linked: null },
    work: (_, [a, b]) => {
      const name = valuesOf(a as Thing, 'legacy').name as string;
      write(b as Thing, 'legacy', 'both', { name });
      if ((b as Thing).isLinked) write(b as Thing, 'odoo', 'both', { name });
    },
  },
  {
    ...{ name: 'sister companies in one house', things: 3, needs: ['gln', 'phone'], linked: null },
    work: ({ chance }, things) => {
      const values = valuesOf(things[0] as Thing, 'legacy');
      const house = { street: values.street ?? null, city: values.city ?? null, phone: values.phone ?? null, email: values.email ?? null };
      const [first = '', ...rest] = (values.name as string).split(' ');
      for (const [at, thing] of things.entries()) {
        const change = { ...house, name: [first, siblings[at] as string, ...(chance.happens(0.5) ? rest : rest.slice(1))].join(' ') };
        write(thing, 'legacy', 'both', change);
        if (thing.isLinked) write(thing, 'odoo', 'both', change);
      }
    },
  },
  ...(
    [
      { ein: '12-1212121' },
      { ein: '31-3131310' },
      { ein: '10-0000001' },
      { duns: '100000009' },
      { duns: '012345679' },
      { npi: '1234567893' },
      { gln: '1000000000009' },
      { account_no: '00000017' },
      { account_no: '01111111' },
      { account_no: '01234567' },
      { vendor_ref: 'TEST-KIT-3' },
      { vendor_ref: 'NA100' },
      { vendor_ref: '777' },
      { vendor_ref: '0017' },
      { vendor_ref: '00' },
      { vendor_ref: 'UNK-7' },
      { vendor_ref: 'A O I l' },
      { vendor_ref: '123456' },
    ] as Values[]
  ).map((change): Case => {
    const [field = '', text = ''] = Object.entries(change)[0] as [string, string];
    return {
      ...{ name: `${field} ${text} is a real one`, things: 1, needs: [field], linked: null },
      work: ({ world }, [a]) => {
        // a real one is one firm's alone
        if (!['account_no', 'vendor_ref'].includes(field) && world.things.some((thing) => thing.legacy?.[field] === text)) return;
        write(a as Thing, 'legacy', 'both', { [field]: text });
        if ((a as Thing).isLinked) write(a as Thing, 'odoo', 'both', { [field]: text });
      },
    };
  }),
];

const packaging = (gtin13: string): string => {
  const text = `1${gtin13.slice(0, 12)}`;
  return text + gs1CheckDigit(text);
};

export const cleanProducts: readonly Case[] = [
  {
    ...{
      name: 'one article in two packs',
      things: 1,
      needs: ['gtin', 'maker'],
      linked: false,
      system: 'erp',
      isFit: (thing) => thing.legacy?.gtin?.length === 13,
    },
    work: ({ world, fresh }, [a]) => {
      const values = valuesOf(a as Thing, 'legacy');
      const key = `7${(a as Thing).key.slice(1)}`;
      const pack = {
        ...values,
        product_no: key,
        gtin: packaging(values.gtin as string),
        ndc: null,
        pzn: null,
        catalogue_no: fresh('catalogue_no'),
        maker_ref: null,
      };
      world.moreLegacy.push({ system: 'erp', key, nights: 'both', values: pack });
    },
  },
  {
    ...{ name: 'sizes of one article', things: 3, needs: ['gtin'], linked: null },
    work: (_, things) => {
      const name = (valuesOf(things[0] as Thing, 'legacy').name as string).replace(/ \d+ \S+$/, '');
      for (const [at, thing] of things.entries()) {
        write(thing, 'legacy', 'both', { name: `${name} ${['S', 'M', 'L'][at]}` });
        if (thing.isLinked) write(thing, 'odoo', 'both', { name: `${name} ${['S', 'M', 'L'][at]}` });
      }
    },
  },
  {
    ...{ name: 'two articles of one maker with one name', things: 2, needs: ['gtin'], linked: null },
    work: (_, [a, b]) => {
      const { name = null, maker = null } = valuesOf(a as Thing, 'legacy');
      write(b as Thing, 'legacy', 'both', { name, maker });
      if ((b as Thing).isLinked) write(b as Thing, 'odoo', 'both', { name, maker });
    },
  },
  ...(['TEST-10', 'NA1', '999', '007', 'XX-1', 'N-95', 'O2', 'L1', '12345'] as const).map(
    (text): Case => ({
      ...{ name: `maker_ref ${text} is a real one`, things: 1, needs: ['maker_ref'], linked: null },
      work: (_, [a]) => {
        write(a as Thing, 'legacy', 'both', { maker_ref: text });
        if ((a as Thing).isLinked) write(a as Thing, 'odoo', 'both', { maker_ref: text });
      },
    }),
  ),
];

/** Links of things that were rejected by the mapping: they are not gone. */
export function rejectedCase(rejected: { system: string; key: string }[]): Case {
  return {
    ...{ name: 'rejected by the mapping, linked', things: 1, needs: [], linked: true },
    work: (_, [a]) => {
      (a as Thing).legacy = null;
      rejected.push({ system: (a as Thing).system, key: (a as Thing).key });
    },
  };
}
