/** Suppliers and products without a fault, two nights of them, of several legacy systems and of Odoo. */
import { type Chance, chanceOf } from './chance.ts';
import * as numbers from './numbers.ts';
import type { Link, Thing, Values, World } from './world.ts';

export const supplierFields = [
  'supplier_no',
  'name',
  'gln',
  'ein',
  'vat',
  'npi',
  'lei',
  'duns',
  'iban',
  'account_no',
  'vendor_ref',
  'street',
  'city',
  'phone',
  'email',
];
export const productFields = ['product_no', 'name', 'gtin', 'ndc', 'pzn', 'catalogue_no', 'maker_ref', 'maker', 'size'];

const starts = 'Ab Bel Cor Dal Em Far Gran Hel Ing Jor Kel Lum Mar Nor Ost Pel Quin Ros Sal Tor Ul Ver Wil Xan Yor Zel'.split(' ');
const middles = 'an er il on ur ad em is or un av el im os ul'.split(' ');
const ends = 'bach berg dale ford gard ham lund mont nau port ridge stein ton vik wood'.split(' ');
const trades =
  'Medical|Surgical|Pharma|Diagnostics|Laboratories|Instruments|Home Care|Imaging|Dental|Orthopaedics|Biotech|Sterile Goods|Optics|Linen Service'.split('|');
const forms = ['GmbH', 'Ltd', 'Inc', 'LLC', 'S.A.', 'B.V.', 'AG', 'Corp.'];
const kinds =
  'Glove|Catheter|Syringe|Suture|Gauze|Cannula|Mask|Scalpel|Drape|Electrode|Stent|Implant|Reagent|Pipette|Dressing|Infusion set|Tourniquet|Forceps'.split('|');
const stuff = 'nitrile|latex-free|sterile|silicone|steel|titanium|absorbable|woven|coated|disposable|reusable|paediatric'.split('|');

const word = (chance: Chance) => chance.of(starts) + chance.of(middles) + (chance.happens(0.5) ? chance.of(middles) : '') + chance.of(ends);

/** Names, none of them twice. */
export function nameMaker(entity: string, chance: Chance): () => string {
  const given = new Set<string>();
  return () => {
    for (;;) {
      const name =
        entity === 'supplier'
          ? `${word(chance)} ${word(chance)} ${chance.of(trades)} ${chance.of(forms)}`
          : `${chance.of(kinds)} ${word(chance)} ${chance.of(stuff)} ${1 + chance.below(60)} ${chance.of(['mm', 'ml', 'cm', 'g'])}`;
      if (given.has(name)) continue;
      given.add(name);
      return name;
    }
  };
}

/** A further number of a field, as its column writes it. */
export function fresher(chance: Chance): (field: string) => string {
  const made: Record<string, () => string> = {
    gln: () => numbers.gs13(chance),
    ein: () => numbers.ein(chance),
    vat: () => numbers.vat(chance),
    npi: () => numbers.npi(chance),
    lei: () => numbers.lei(chance),
    duns: () => numbers.duns(chance),
    iban: () => numbers.iban(chance),
    gtin: () => numbers.gs13(chance),
    ndc: () => numbers.ndc(chance),
    pzn: () => numbers.pzn(chance),
    account_no: () => String(10_000 + chance.below(9_000_000)).padStart(8, '0'),
    catalogue_no: () => `${chance.letters(2).replace(/[OISBZ]/g, 'K')}-${chance.digits(5)}`,
    // what other firms call it: no two write alike
    vendor_ref: () =>
      chance.of([
        () => chance.digits(2 + chance.below(5)),
        () => `${chance.letters(1 + chance.below(3))}${chance.digits(3)}`,
        () => `${chance.letters(2)}-${chance.digits(1 + chance.below(4))}/${chance.letters(1)}`,
      ])(),
    street: () => `${1 + chance.below(400)} ${word(chance)} Street`,
    city: () => `${word(chance)}`,
    phone: () => `+1 ${chance.digits(3)} 555 ${chance.digits(4)}`,
    email: () => `office@${word(chance).toLowerCase()}${chance.digits(4)}.example`,
  };
  made.maker_ref = made.vendor_ref as () => string;
  const given = new Set<string>();
  return (field) => {
    const make = made[field];
    if (make === undefined) throw new Error(`no numbers for ${field}`);
    for (;;) {
      const number = make();
      // what others call it may well be the same; a number of the whole world's may not
      if (field.endsWith('_ref') || field === 'city') return number;
      if (given.has(`${field} ${number}`)) continue;
      given.add(`${field} ${number}`);
      return number;
    }
  };
}

type Make = (chance: Chance, system: string, key: string, fresh: (field: string) => string, name: () => string) => Values;

const supplier: Make = (chance, _system, key, fresh, name) => {
  const isAmerican = chance.happens(0.55);
  const maybe = (share: number, field: string) => (chance.happens(share) ? fresh(field) : null);
  return {
    ...{
      supplier_no: key,
      name: name(),
      gln: maybe(0.85, 'gln'),
      lei: maybe(0.5, 'lei'),
      account_no: fresh('account_no'),
      vendor_ref: maybe(0.7, 'vendor_ref'),
    },
    ...{ ein: isAmerican ? maybe(0.95, 'ein') : null, npi: isAmerican ? maybe(0.7, 'npi') : null, duns: isAmerican ? maybe(0.8, 'duns') : null },
    ...{ vat: isAmerican ? null : maybe(0.95, 'vat'), iban: isAmerican ? null : maybe(0.9, 'iban') },
    ...{ street: fresh('street'), city: fresh('city'), phone: maybe(0.9, 'phone'), email: maybe(0.8, 'email') },
  };
};

/** `erp` writes GTINs at their own length, `wms` in 14 digits, `lab` in 13. */
const product: Make = (chance, system, key, fresh, name) => {
  const length = chance.below(100);
  const own = length < 86 ? fresh('gtin') : length < 93 ? numbers.gtinOf(chance, 12) : length < 98 ? numbers.gtinOf(chance, 14) : numbers.gtinOf(chance, 8);
  const gtin = system === 'erp' ? own : system === 'wms' ? fresh('gtin').padStart(14, '0') : fresh('gtin');
  const isMedicine = chance.happens(0.3);
  return {
    ...{
      product_no: key,
      name: name(),
      gtin: chance.happens(0.9) ? gtin : null,
      ndc: isMedicine ? fresh('ndc') : null,
      pzn: chance.happens(0.25) ? fresh('pzn') : null,
    },
    ...{
      catalogue_no: fresh('catalogue_no'),
      maker_ref: fresh('maker_ref'),
      maker: `${chance.of(starts)}${chance.of(ends)}`,
      size: chance.of(['S', 'M', 'L', 'XL']),
    },
  };
};

export function worldOf(entity: string, size: number, seed: number, fresh: (field: string) => string, freshName: () => string): World {
  const chance = chanceOf(`${entity} ${seed}`);
  const make = entity === 'supplier' ? supplier : product;
  const things = Array.from({ length: size }, (_, index): Thing => {
    const system = ['erp', 'erp', 'erp', 'wms', 'lab'][chance.below(5)] as string;
    // numbers are given in order; the same ones in every system
    const key = String(1_000 + index * 7 + chance.below(7)).padStart(7, '0');
    const values = make(chance, system, key, fresh, freshName);
    const isLinked = chance.happens(0.65);
    const copy = () => ({ ...values });
    return {
      system,
      key,
      odooId: 1_000 + index,
      isLinked,
      legacy: copy(),
      legacyBefore: copy(),
      odoo: isLinked ? copy() : null,
      odooBefore: isLinked ? copy() : null,
    };
  });
  const links = (): Link[] =>
    things.flatMap(({ isLinked, system, key, odooId }) =>
      isLinked ? [{ system, key, odooId, externalId: `cutover.${entity}__${system}__${key}`, provenance: chance.happens(0.9) ? 'load' : 'key' }] : [],
    );
  const externalIds = () =>
    new Map(things.flatMap((thing) => (thing.isLinked ? [[`cutover.${entity}__${thing.system}__${thing.key}`, thing.odooId] as const] : [])));
  return {
    ...{ entity, fields: entity === 'supplier' ? supplierFields : productFields, things, moreLegacy: [], moreOdoo: [] },
    ...{ links: links(), linksBefore: links(), externalIds: externalIds(), externalIdsBefore: externalIds(), truth: [], consequences: [] },
  };
}
