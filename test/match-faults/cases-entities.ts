/** Cases of identifiers on the wrong thing, and of things with the wrong identifiers. */
import type { Chance } from './chance.ts';
import { type Case, nameOf, type Seeding, type Thing, type Values, valuesOf, write } from './world.ts';

interface Words {
  /** Identifiers that are the whole world's. */
  readonly strong: readonly string[];
  /** What else of a record tells that it is the same thing. */
  readonly about: readonly string[];
  readonly key: string;
}

export const supplierWords: Words = {
  strong: ['gln', 'ein', 'vat', 'lei', 'npi', 'duns', 'iban'],
  about: ['street', 'city', 'phone', 'email'],
  key: 'supplier_no',
};
export const productWords: Words = { strong: ['gtin', 'ndc', 'pzn'], about: ['catalogue_no', 'maker', 'size'], key: 'product_no' };

/** Another way to write a name. */
export function respelt(name: string, chance: Chance): string {
  const words = name.split(' ');
  const last = words.length - 1;
  switch (chance.below(6)) {
    case 0:
      return name.toUpperCase();
    case 1:
      return words.length > 3 ? [...words.slice(0, last), 'Limited'].join(' ') : name;
    case 2: {
      const at = 3 + chance.below(3);
      return name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2);
    }
    case 3:
      return name.replace(/a/, 'á').replace(/o/, 'ö');
    case 4:
      return `${name.replace(' ', '  ')},`;
    default: {
      const at = 2 + chance.below(4);
      return name.slice(0, at) + name.slice(at + 1);
    }
  }
}

const pairs = (names: Words, one: (field: string) => Omit<Case, 'name'> & { readonly name: string }) => names.strong.slice(0, 4).map(one);

const only = (values: Values, kept: readonly string[]): Values =>
  Object.fromEntries(Object.keys(values).map((field) => [field, kept.includes(field) ? (values[field] ?? null) : null]));

/** Gives the second thing the first one's number; both nights. */
function give(giver: Thing, taker: Thing, field: string): void {
  write(taker, 'legacy', 'both', { [field]: likeSystem(taker, field, valuesOf(giver, 'legacy')[field] as string) });
}

export function sharingCases(words: Words): Case[] {
  return [
    ...pairs(words, (field) => ({
      ...{ name: `two unlinked records share a ${field}`, things: 2, needs: [field], linked: false },
      work: ({ truth }, [a, b]) => {
        give(a as Thing, b as Thing, field);
        truth({ class: 'shared-identifier', field, records: [nameOf(a as Thing, 'legacy'), nameOf(b as Thing, 'legacy')], fault: 'typed for another' });
      },
    })),
    ...pairs(words, (field) => ({
      ...{ name: `two linked records share a ${field} in legacy`, things: 2, needs: [field], linked: true },
      work: ({ truth, also }, [a, b]) => {
        give(a as Thing, b as Thing, field);
        const [left, right] = [nameOf(a as Thing, 'legacy'), nameOf(b as Thing, 'legacy')];
        truth({ class: 'shared-identifier', field, records: [left, right, nameOf(a as Thing, 'odoo')], fault: 'typed for another, linked' });
        also({ class: 'many-identifiers', field, records: [right, nameOf(b as Thing, 'odoo')] });
      },
    })),
    ...pairs(words, (field) => ({
      ...{ name: `a stranger in Odoo has the ${field}`, things: 1, needs: [field], linked: true },
      work: ({ world, truth, newId, freshName }, [a]) => {
        const values = valuesOf(a as Thing, 'odoo');
        const id = newId();
        world.moreOdoo.push({ id, nights: 'both', values: { ...only(values, [field]), name: freshName() } });
        truth({
          class: 'shared-identifier',
          field,
          records: [nameOf(a as Thing, 'legacy'), nameOf(a as Thing, 'odoo'), `odoo/${id}`],
          fault: 'a stranger in Odoo',
        });
      },
    })),
    {
      ...{ name: 'three names with one number', things: 3, needs: [words.strong[0] as string], linked: false },
      work: ({ truth }, [a, b, c]) => {
        const field = words.strong[0] as string;
        give(a as Thing, b as Thing, field);
        give(a as Thing, c as Thing, field);
        truth({ class: 'shared-identifier', field, records: [a, b, c].map((thing) => nameOf(thing as Thing, 'legacy')), fault: 'three names' });
      },
    },
    {
      ...{ name: 'shared although one is written otherwise', things: 2, needs: [words.strong[0] as string], linked: false },
      work: ({ truth }, [a, b]) => {
        const field = words.strong[0] as string;
        give(a as Thing, b as Thing, field);
        write(b as Thing, 'legacy', 'both', { [field]: `\u200b${valuesOf(a as Thing, 'legacy')[field]}` });
        const records = [nameOf(a as Thing, 'legacy'), nameOf(b as Thing, 'legacy')];
        truth({ class: 'shared-identifier', field, records, fault: 'shared, one with an invisible character' });
        truth({ class: 'homoglyph', field, records: [records[1] as string], fault: 'shared, invisible character' });
      },
    },
  ];
}

/** A second record of a thing, in legacy. */
function secondLegacy({ world }: Seeding, thing: Thing, key: string, values: Values): string {
  world.moreLegacy.push({ system: thing.system, key, values, nights: 'both' });
  return `${thing.system}/${key}`;
}
const otherKey = (thing: Thing) => `9${thing.key.slice(1)}`;

export function oneThingCases(words: Words): Case[] {
  const [strong = '', second = ''] = words.strong;
  const named = [words.key, 'name'];
  return [
    ...pairs(words, (field) => ({
      ...{ name: `the same thing twice with two ${field}`, things: 1, needs: [field, words.about[0] as string], linked: false },
      work: (seeding, [a]) => {
        const values = valuesOf(a as Thing, 'legacy');
        const copy = {
          ...only(values, [...named, ...words.about]),
          [words.key]: otherKey(a as Thing),
          [field]: likeSystem(a as Thing, field, seeding.fresh(field)),
        };
        const other = secondLegacy(seeding, a as Thing, otherKey(a as Thing), copy);
        seeding.truth({ class: 'many-identifiers', field, records: [nameOf(a as Thing, 'legacy'), other], fault: 'keyed in twice with two numbers' });
      },
    })),
    ...pairs(words, (field) => ({
      ...{ name: `Odoo has another ${field}`, things: 1, needs: [field], linked: true },
      work: ({ truth, fresh }, [a]) => {
        write(a as Thing, 'odoo', 'both', { [field]: fresh(field) });
        truth({ class: 'many-identifiers', field, records: [nameOf(a as Thing, 'legacy'), nameOf(a as Thing, 'odoo')], fault: 'Odoo has another' });
      },
    })),
    ...pairs(words, (field) => ({
      ...{ name: `the same thing twice with one ${field}`, things: 1, needs: [field], linked: false },
      work: (seeding, [a]) => {
        const values = valuesOf(a as Thing, 'legacy');
        const kept = seeding.chance.happens(0.5) ? words.about : [];
        const copy = { ...only(values, [...named, field, ...kept]), [words.key]: otherKey(a as Thing), name: respelt(values.name as string, seeding.chance) };
        const other = secondLegacy(seeding, a as Thing, otherKey(a as Thing), copy);
        seeding.truth({ class: 'duplicate-record', field, records: [nameOf(a as Thing, 'legacy'), other], fault: 'keyed in twice' });
      },
    })),
    ...pairs(words, (field) => ({
      ...{ name: `in Odoo already, not linked, by ${field}`, things: 1, needs: [field], linked: false },
      work: ({ world, truth, newId, chance }, [a]) => {
        const values = valuesOf(a as Thing, 'legacy');
        const id = newId();
        world.moreOdoo.push({ id, nights: 'both', values: { ...only(values, [field, ...words.about]), name: respelt(values.name as string, chance) } });
        truth({ class: 'duplicate-record', field, records: [nameOf(a as Thing, 'legacy'), `odoo/${id}`], fault: 'in Odoo already' });
      },
    })),
    ...pairs(words, (field) => ({
      ...{ name: `twice in Odoo, by ${field}`, things: 1, needs: [field], linked: true },
      work: ({ world, truth, newId, chance }, [a]) => {
        const values = valuesOf(a as Thing, 'odoo');
        const id = newId();
        world.moreOdoo.push({ id, nights: 'both', values: { ...only(values, [field]), name: respelt(values.name as string, chance) } });
        const records = [nameOf(a as Thing, 'legacy'), nameOf(a as Thing, 'odoo'), `odoo/${id}`];
        truth({ class: 'duplicate-record', field, records, fault: 'twice in Odoo' });
      },
    })),
    ...(second === ''
      ? []
      : [
          {
            ...{
              name: 'renamed here, under its old name in Odoo and not linked',
              things: 1,
              needs: [strong, words.about[0] as string, 'phone'],
              linked: false,
            },
            isFit: (thing: Thing) => words.strong.filter((field) => (thing.legacy?.[field] ?? null) !== null).length >= 2,
            work: ({ world, truth, newId, freshName }: Seeding, [a]: readonly Thing[]) => {
              const values = valuesOf(a as Thing, 'legacy');
              const id = newId();
              world.moreOdoo.push({ id, nights: 'both', values: { ...values, [words.key]: null, name: freshName() } });
              const records = [nameOf(a as Thing, 'legacy'), `odoo/${id}`];
              for (const field of words.strong)
                if (values[field] !== null) truth({ class: 'duplicate-record', field, records, fault: 'renamed, all numbers and the address kept' });
            },
          },
        ]
    ).filter(({ needs }) => !needs.includes('phone') || words.about.includes('phone')),
    {
      ...{ name: 'one number the same, another different', things: 1, needs: [strong, second], linked: false },
      work: (seeding, [a]) => {
        const values = valuesOf(a as Thing, 'legacy');
        const copy = {
          ...only(values, [...named, strong, ...words.about]),
          [words.key]: otherKey(a as Thing),
          [second]: likeSystem(a as Thing, second, seeding.fresh(second)),
        };
        const records = [nameOf(a as Thing, 'legacy'), secondLegacy(seeding, a as Thing, otherKey(a as Thing), copy)];
        seeding.truth({ class: 'duplicate-record', field: strong, records, fault: 'one number the same' });
        seeding.truth({ class: 'many-identifiers', field: second, records, fault: 'another number different' });
      },
    },
  ];
}

/** As the thing's system writes it. */
export function likeSystem(thing: Thing, field: string, number: string): string {
  if (field !== 'gtin' || thing.system === 'erp') return number;
  const length = thing.system === 'wms' ? 14 : 13;
  const whole = number.padStart(14, '0');
  return whole.startsWith('0') ? whole.slice(14 - length) : whole;
}
