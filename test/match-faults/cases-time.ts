/** Cases that two nights, the crosswalk or the keys show. */
import { likeSystem } from './cases-entities.ts';
import { type Case, type Link, nameOf, type Seeding, type Thing, type Values, valuesOf, type World, write } from './world.ts';

interface Words {
  readonly strong: readonly string[];
  readonly about: readonly string[];
  readonly key: string;
}

/** Everything of a record anew, but its key. */
function stranger({ fresh, freshName }: Seeding, thing: Thing, words: Words): Values {
  const values = valuesOf(thing, 'legacy');
  const renewed = Object.keys(values).filter((field) => ![words.key, 'name', 'maker', 'size'].includes(field) && values[field] !== null);
  return { ...Object.fromEntries(renewed.map((field) => [field, likeSystem(thing, field, fresh(field))])), name: freshName() };
}

export function timeCases(words: Words): Case[] {
  const fields = words.strong.slice(0, 3);
  const [strong = ''] = fields;
  return [
    {
      ...{ name: 'a key given to another thing', things: 1, needs: [strong], linked: null },
      work: (seeding, [a]) => {
        write(a as Thing, 'legacy', 'now', stranger(seeding, a as Thing, words));
        seeding.truth({ class: 'identifier-reused', field: words.key, records: [nameOf(a as Thing, 'legacy')], fault: 'key given to another thing' });
        if ((a as Thing).isLinked)
          for (const field of words.strong)
            seeding.also({ class: 'many-identifiers', field, records: [nameOf(a as Thing, 'legacy'), nameOf(a as Thing, 'odoo')] });
      },
    },
    ...fields.map(
      (field): Case => ({
        ...{ name: `a ${field} moves to another thing`, things: 2, needs: [field], linked: false },
        work: ({ truth, fresh }, [a, b]) => {
          const number = valuesOf(a as Thing, 'legacy')[field] as string;
          write(b as Thing, 'legacy', 'now', { [field]: number });
          write(a as Thing, 'legacy', 'now', { [field]: likeSystem(a as Thing, field, fresh(field)) });
          truth({ class: 'identifier-reused', field, records: [nameOf(b as Thing, 'legacy')], fault: 'moved to another thing' });
        },
        isFit: (thing) => thing.system === 'erp',
      }),
    ),
    ...fields.map(
      (field): Case => ({
        ...{ name: `a ${field} of a thing that is gone comes back on a new one`, things: 1, needs: [field], linked: false },
        work: ({ world, truth, freshName }, [a]) => {
          const values = valuesOf(a as Thing, 'legacy');
          const key = `8${(a as Thing).key.slice(1)}`;
          const taken: Values = Object.fromEntries(Object.keys(values).map((name) => [name, null]));
          world.moreLegacy.push({
            system: (a as Thing).system,
            key,
            nights: 'now',
            values: { ...taken, [words.key]: key, name: freshName(), [field]: values[field] as string },
          });
          (a as Thing).legacy = null;
          truth({ class: 'identifier-reused', field, records: [`${(a as Thing).system}/${key}`], fault: 'of a thing that is gone' });
        },
      }),
    ),
    ...fields.flatMap((field) => [swapped(field, false), swapped(field, true)]),
    ...fields.map(
      (field): Case => ({
        ...{ name: `Odoo has two ${field} the wrong way round`, things: 2, needs: [field], linked: true },
        work: ({ truth }, [a, b]) => {
          const [left, right] = [valuesOf(a as Thing, 'odoo')[field] as string, valuesOf(b as Thing, 'odoo')[field] as string];
          write(a as Thing, 'odoo', 'both', { [field]: right });
          write(b as Thing, 'odoo', 'both', { [field]: left });
          const records = [a, b].flatMap((thing) => [nameOf(thing as Thing, 'legacy'), nameOf(thing as Thing, 'odoo')]);
          truth({ class: 'identifiers-swapped', field, records, fault: 'the wrong way round in Odoo' });
        },
      }),
    ),
    {
      ...{ name: 'two keys exchanged', things: 2, needs: [strong], linked: false, isFit: (thing) => thing.system === 'erp' },
      work: ({ truth }, [a, b]) => {
        const [left, right] = [{ ...valuesOf(a as Thing, 'legacy') }, { ...valuesOf(b as Thing, 'legacy') }];
        write(a as Thing, 'legacy', 'now', { ...right, [words.key]: (a as Thing).key });
        write(b as Thing, 'legacy', 'now', { ...left, [words.key]: (b as Thing).key });
        truth({
          class: 'identifiers-swapped',
          field: words.key,
          records: [nameOf(a as Thing, 'legacy'), nameOf(b as Thing, 'legacy')],
          fault: 'keys exchanged',
        });
      },
    },
  ];
}

/** Two records of one system that have each other's number since last night. */
function swapped(field: string, linked: boolean): Case {
  return {
    ...{ name: `two ${field} exchanged, ${linked ? 'linked' : 'not linked'}`, things: 2, needs: [field], linked, isFit: (thing) => thing.system === 'erp' },
    work: ({ truth, also }, [a, b]) => {
      const [left, right] = [valuesOf(a as Thing, 'legacy')[field] as string, valuesOf(b as Thing, 'legacy')[field] as string];
      write(a as Thing, 'legacy', 'now', { [field]: right });
      write(b as Thing, 'legacy', 'now', { [field]: left });
      truth({ class: 'identifiers-swapped', field, records: [nameOf(a as Thing, 'legacy'), nameOf(b as Thing, 'legacy')], fault: 'exchanged' });
      if (linked) also({ class: 'identifiers-swapped', field, records: [nameOf(a as Thing, 'odoo'), nameOf(b as Thing, 'odoo')] });
    },
  };
}

const linkOf = (links: readonly Link[], thing: Thing) => links.find(({ system, key }) => system === thing.system && key === thing.key) as Link;

export function crosswalkCases(): Case[] {
  const at = (world: World, thing: Thing) => linkOf(world.links, thing);
  const inOdoo = (thing: Thing) => nameOf(thing, 'odoo');
  const inLegacy = (thing: Thing) => nameOf(thing, 'legacy');
  const linked = { needs: [], linked: true } as const;
  return [
    {
      ...{ name: 'two links to one record', things: 2, ...linked, system: 'erp' },
      work: ({ world, truth }, [a, b]) => {
        (b as Thing).odoo = null;
        const link = at(world, b as Thing);
        link.odooId = (a as Thing).odooId;
        world.externalIds.set(link.externalId, (a as Thing).odooId);
        truth({
          class: 'crosswalk-fork',
          field: null,
          records: [inLegacy(a as Thing), inLegacy(b as Thing), inOdoo(a as Thing)],
          fault: 'two links to one record',
        });
      },
    },
    {
      ...{ name: 'a third link to a record, and nothing gone', things: 2, ...linked, system: 'wms' },
      work: ({ world, truth }, [a, b]) => {
        at(world, b as Thing).odooId = (a as Thing).odooId;
        linkOf(world.linksBefore, b as Thing).odooId = (a as Thing).odooId;
        truth({
          class: 'crosswalk-fork',
          field: null,
          records: [inLegacy(a as Thing), inLegacy(b as Thing), inOdoo(a as Thing)],
          fault: 'its own record is there still',
        });
        truth({
          class: 'crosswalk-repointed',
          field: null,
          records: [inLegacy(b as Thing), inOdoo(a as Thing), inOdoo(b as Thing)],
          fault: 'link and External ID differ',
        });
      },
    },
    {
      ...{ name: 'deleted in Odoo', things: 1, ...linked },
      work: ({ world, truth }, [a]) => {
        (a as Thing).odoo = null;
        world.externalIds.delete(at(world, a as Thing).externalId);
        truth({ class: 'crosswalk-dangling', field: null, records: [inLegacy(a as Thing), inOdoo(a as Thing)], fault: 'deleted in Odoo' });
      },
    },
    {
      ...{ name: 'deleted in legacy', things: 1, ...linked },
      work: ({ truth }, [a]) => {
        (a as Thing).legacy = null;
        truth({ class: 'crosswalk-dangling', field: null, records: [inLegacy(a as Thing)], fault: 'deleted in legacy' });
      },
    },
    {
      ...{ name: 'merged in Odoo', things: 2, ...linked },
      work: ({ world, truth, also }, [a, b]) => {
        (b as Thing).odoo = null;
        world.externalIds.set(at(world, b as Thing).externalId, (a as Thing).odooId);
        truth({ class: 'crosswalk-repointed', field: null, records: [inLegacy(b as Thing), inOdoo(a as Thing), inOdoo(b as Thing)], fault: 'merged in Odoo' });
        also({ class: 'crosswalk-fork', field: null, records: [inLegacy(a as Thing), inLegacy(b as Thing), inOdoo(a as Thing)] });
      },
    },
    {
      ...{ name: 'two links exchanged', things: 2, ...linked },
      work: ({ world, truth }, [a, b]) => {
        at(world, a as Thing).odooId = (b as Thing).odooId;
        at(world, b as Thing).odooId = (a as Thing).odooId;
        const records = [a, b].flatMap((thing) => [inLegacy(thing as Thing), inOdoo(thing as Thing)]);
        truth({ class: 'identifiers-swapped', field: null, records, fault: 'links exchanged' });
      },
    },
  ];
}

export function keyCases(words: Words): Case[] {
  return [
    {
      ...{ name: 'a row twice', things: 1, needs: [], linked: null },
      work: ({ world, truth }, [a]) => {
        world.moreLegacy.push({ system: (a as Thing).system, key: (a as Thing).key, nights: 'both', values: { ...valuesOf(a as Thing, 'legacy') } });
        truth({ class: 'key-not-unique', field: words.key, records: [nameOf(a as Thing, 'legacy')], fault: 'a row twice' });
      },
    },
    {
      ...{ name: 'two things with one key', things: 1, needs: [], linked: null },
      work: (seeding, [a]) => {
        const values = { ...valuesOf(a as Thing, 'legacy'), ...stranger(seeding, a as Thing, words) };
        seeding.world.moreLegacy.push({ system: (a as Thing).system, key: (a as Thing).key, nights: 'both', values });
        seeding.truth({ class: 'key-not-unique', field: words.key, records: [nameOf(a as Thing, 'legacy')], fault: 'two things with one key' });
      },
    },
    {
      ...{ name: 'a key twice in Odoo', things: 1, needs: [], linked: true, system: 'erp' },
      work: ({ world, truth, newId, freshName }, [a]) => {
        const id = newId();
        const values = valuesOf(a as Thing, 'odoo');
        const empty: Values = Object.fromEntries(Object.keys(values).map((name) => [name, null]));
        world.moreOdoo.push({ id, nights: 'both', values: { ...empty, [words.key]: (a as Thing).key, name: freshName() } });
        truth({ class: 'key-not-unique', field: words.key, records: [nameOf(a as Thing, 'odoo'), `odoo/${id}`], fault: 'a key twice in Odoo' });
      },
    },
  ];
}
