/** Cases of damaged values: on either side, of linked and unlinked records, since last night or for ever, alone or several on one record. */
import type { Chance } from './chance.ts';
import { type Damage, damages } from './damage.ts';
import { type Case, type Nights, nameOf, type Seeding, type Side, type Thing, valuesOf, write } from './world.ts';

/** One stand-in on many names. */
const GENERIC_NAMES = 6;

export function damageCases(fields: readonly string[]): Case[] {
  const possible = damages.filter(({ field }) => fields.includes(field));
  const single = possible.map(
    (damage): Case => ({
      name: `${damage.class} ${damage.field} ${damage.fault}`,
      things: 1,
      needs: [damage.field],
      linked: null,
      isFit: (thing) => isHarmable(damage, thing),
      work: (seeding, [thing]) => harm(seeding, thing as Thing, damage, sideOf(thing as Thing, seeding.chance), seeding.chance.of(['now', 'both'])),
    }),
  );
  return [...single, ...several(possible, fields), ...generics(fields)];
}

const sideOf = (thing: Thing, chance: Chance): Side => (thing.isLinked && chance.happens(0.35) ? 'odoo' : 'legacy');

const still: Chance = {
  below: () => 0,
  of: (items) => items[0] as (typeof items)[number],
  happens: () => false,
  digits: (n) => '1'.repeat(n),
  letters: (n) => 'A'.repeat(n),
};

/** Odoo's column holds what all systems write. */
const systemOf = (thing: Thing, side: Side) => (side === 'odoo' ? 'erp' : thing.system);

function isHarmable(damage: Damage, thing: Thing): boolean {
  const text = thing.legacy?.[damage.field] ?? null;
  return text !== null && damage.harm(text, still, thing.system) !== null;
}

function harm(seeding: Seeding, thing: Thing, damage: Damage, wanted: Side, nights: Nights): boolean {
  const { field } = damage;
  const text = valuesOf(thing, wanted)[field];
  if (text === null || text === undefined) return false;
  // what a column of all systems holds has no length of its own
  const side = damage.harm(text, still, systemOf(thing, wanted)) === null ? 'legacy' : wanted;
  const harmed = damage.harm(text, seeding.chance, systemOf(thing, side));
  if (harmed === null || harmed === text) return false;
  write(thing, side, nights, { [field]: harmed });
  const hasTwin = thing.isLinked || nights === 'now';
  const alone = damage.alone?.(harmed, text) ?? null;
  seeding.truth({
    ...{ class: damage.class, field, fault: damage.fault, records: [nameOf(thing, side)], alone },
    ...(alone === null || hasTwin ? {} : { notIdentifiable: alone }),
  });
  return true;
}

/** Three damaged fields of one record, and both sides of one thing damaged in different ways. */
function several(possible: readonly Damage[], fields: readonly string[]): Case[] {
  const isSupplier = fields.includes('gln');
  const onOne = isSupplier ? ['gln', 'ein', 'duns'] : ['gtin', 'catalogue_no'];
  const pick = (field: string, thing: Thing, chance: Chance) => {
    const some = possible.filter((damage) => damage.field === field && damage.class !== 'malformed' && isHarmable(damage, thing));
    return some.length === 0 ? null : chance.of(some);
  };
  return [
    {
      name: 'several damaged values on one record',
      things: 1,
      needs: onOne,
      linked: null,
      work: (seeding, [thing]) => {
        for (const field of onOne) {
          const damage = pick(field, thing as Thing, seeding.chance);
          if (damage !== null) harm(seeding, thing as Thing, damage, 'legacy', seeding.chance.of(['now', 'both']));
        }
      },
    },
    {
      name: 'both sides damaged in their own ways',
      things: 1,
      needs: onOne,
      linked: true,
      work: (seeding, [thing]) => {
        const [first = '', second = ''] = onOne;
        const [left, right] = [pick(first, thing as Thing, seeding.chance), pick(second, thing as Thing, seeding.chance)];
        if (left !== null) harm(seeding, thing as Thing, left, 'legacy', 'both');
        if (right !== null) harm(seeding, thing as Thing, right, 'odoo', 'both');
      },
    },
    {
      name: 'damaged and renamed in one night',
      things: 1,
      needs: [onOne[0] as string, onOne[1] as string],
      linked: null,
      work: (seeding, [thing]) => {
        const damage = pick(onOne[0] as string, thing as Thing, seeding.chance);
        if (damage === null) return;
        if (harm(seeding, thing as Thing, damage, 'legacy', 'now')) write(thing as Thing, 'legacy', 'now', { name: seeding.freshName() });
      },
    },
  ];
}

/** A real number that somebody types wherever one is demanded. */
function generics(fields: readonly string[]): Case[] {
  const possible = fields.includes('gln') ? ['gln', 'ein', 'npi'] : ['gtin'];
  return possible.map((field) => ({
    name: `one ${field} on ${GENERIC_NAMES} names`,
    things: GENERIC_NAMES,
    needs: [field],
    linked: false,
    work: (seeding, things) => {
      const number = seeding.fresh(field);
      const text = field === 'gtin' ? number : number;
      for (const thing of things) {
        write(thing, 'legacy', 'both', { [field]: field === 'gtin' && thing.system === 'wms' ? text.padStart(14, '0') : text });
        seeding.truth({ class: 'placeholder', field, records: [nameOf(thing, 'legacy')], fault: 'one number on many names' });
      }
    },
  }));
}
