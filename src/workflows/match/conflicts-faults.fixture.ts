/** Suppliers with seeded identifier faults and the truth about them: which records each class has to find. */
import { withCheckDigits } from './conflicts-numbers.fixture.ts';

export interface Supplier {
  key: string;
  name: string;
  gln: string;
  tax: string;
  npi: string;
  iban: string;
  street: string;
  phone: string;
  email: string;
}
export interface OdooSupplier extends Supplier {
  id: number;
}
export interface Night {
  legacy: Supplier[];
  odoo: OdooSupplier[];
  links: { key: string; id: number; externalId: string; provenance: string }[];
  externalIds: { externalId: string; id: number }[];
}
export interface World {
  readonly now: Night;
  readonly before: Night;
  /** `class place` → records, as `key` or `odoo <id>`. */
  readonly truth: ReadonlyMap<string, ReadonlySet<string>>;
}

export type Random = (below: number) => number;

/** mulberry32 */
export function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const syllables = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bra cle dri flo gru kra ple sti tro vul'.split(' ');
const trades = ['Medical', 'Surgical', 'Pharma', 'Devices', 'Diagnostics', 'Laboratories', 'Instruments', 'Care', 'Imaging', 'Dental'];

function word(random: Random): string {
  const text = Array.from({ length: 2 + random(3) }, () => syllables[random(syllables.length)]).join('');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const digits = (random: Random, length: number) => Array.from({ length }, () => String(random(10))).join('');

function supplierOf(key: string, random: Random, zero: boolean): Supplier {
  const name = `${word(random)} ${word(random)} ${trades[random(trades.length)]} ${['Ltd', 'GmbH', 'Inc', 'LLC'][random(4)]}`;
  return {
    key,
    name,
    ...withCheckDigits(random, zero),
    street: `${1 + random(400)} ${word(random)} ${word(random)} Street`,
    phone: `+1 555 ${digits(random, 7)}`,
    email: `office@${word(random).toLowerCase()}${digits(random, 4)}.example`,
  };
}

const nightOf = (suppliers: readonly Supplier[], isLinked: (index: number) => boolean): Night => {
  const odoo = suppliers.flatMap((supplier, index) => (isLinked(index) ? [{ ...supplier, id: 1000 + index }] : []));
  const links = odoo.map(({ key, id }) => ({ key, id, externalId: `cutover.supplier__erp__${key}`, provenance: 'load' }));
  return { legacy: suppliers.map((one) => ({ ...one })), odoo, links, externalIds: links.map(({ externalId, id }) => ({ externalId, id })) };
};

/** Fault k hits the suppliers whose number ends in k (of a hundred). Of every five suppliers one is not in Odoo yet; `evidence: false` leaves out Odoo, links and last night. */
export function makeWorld(count: number, seed: number): World {
  const random = randomOf(seed);
  const suppliers = Array.from({ length: count }, (_, index) => supplierOf(`V${String(100_000 + index)}`, random, index % 100 === 1 || index % 37 === 0));
  const before = nightOf(suppliers, (index) => index % 5 !== 4);
  const now = nightOf(suppliers, (index) => index % 5 !== 4);
  const truth = new Map<string, Set<string>>();
  const tell = (what: string, ...records: string[]) => {
    const known = truth.get(what) ?? new Set<string>();
    truth.set(what, known);
    for (const record of records) known.add(record);
  };
  for (let hundred = 0; hundred + 100 <= count; hundred += 100) seedHundred({ hundred, now, before, random, tell });
  return { now, before, truth };
}

interface Seeding {
  readonly hundred: number;
  readonly now: Night;
  readonly before: Night;
  readonly random: Random;
  readonly tell: (what: string, ...records: string[]) => void;
}

function seedHundred(seeding: Seeding): void {
  seedDamage(seeding);
  seedSharing(seeding);
  seedTime(seeding);
  seedCrosswalk(seeding);
}

function seedDamage({ hundred, now, random, tell }: Seeding): void {
  const at = (offset: number) => now.legacy[hundred + offset] as Supplier;
  const damage = (offset: number, what: string, change: (supplier: Supplier) => void) => {
    change(at(offset));
    tell(`${what} within-legacy`, at(offset).key);
  };
  const wrongDigit = (text: string, from: number) => {
    const place = from + random(text.length - from);
    return text.slice(0, place) + String((Number(text.charAt(place)) + 1 + random(9)) % 10) + text.slice(place + 1);
  };
  damage(0, 'check-digit-fails', (one) => (one.gln = wrongDigit(one.gln, 1)));
  damage(1, 'leading-zeros-lost', (one) => (one.gln = one.gln.replace(/^0+/, '')));
  damage(2, 'truncated', (one) => (one.gln = one.gln.slice(0, 12 - random(3))));
  damage(3, 'homoglyph', (one) => (one.gln = alien(one.gln, random)));
  damage(4, 'placeholder', (one) => (one.gln = ['0000000000000', 'N/A', '9999999999999', 'unknown'][random(4)] as string));
  damage(5, 'placeholder', (one) => (one.tax = ['12-3456789', '99-9999999', '00-0000000'][random(3)] as string));
  damage(6, 'format-variant', (one) => (one.tax = one.tax.replace('-', '')));
  damage(7, 'check-digit-fails', (one) => (one.npi = wrongDigit(one.npi, 1)));
  damage(8, 'check-digit-fails', (one) => (one.iban = wrongDigit(one.iban, 2)));
  damage(9, 'truncated', (one) => (one.iban = one.iban.slice(0, -1 - random(4))));
  damage(
    60,
    'homoglyph',
    (one) => (one.iban = one.iban.slice(0, 4) + one.iban.slice(4).replace(/[015]/, (digit) => ({ 0: 'O', 1: 'I', 5: 'S' })[digit] ?? '')),
  );
  damage(61, 'truncated', (one) => (one.tax = one.tax.slice(0, -1 - random(3))));
  damage(62, 'homoglyph', (one) => (one.tax = `${one.tax}\u00a0`));
  // one valid number typed for many suppliers that had none
  for (let offset = 63; offset < 70; offset += 1) damage(offset, 'placeholder', (one) => (one.npi = (now.legacy[hundred + 63] as Supplier).npi));
}

function alien(text: string, random: Random): string {
  switch (random(4)) {
    case 0:
      return `${text.slice(0, 6)} ${text.slice(6)}`;
    case 1:
      return `\u200b${text}`;
    case 2:
      return text.replace(/[01]/, (digit) => (digit === '0' ? 'О' : 'l')) === text ? `${text}\t` : text.replace(/[01]/, (digit) => (digit === '0' ? 'О' : 'l'));
    default:
      return `${text}\u00a0`;
  }
}

function seedSharing({ hundred, now, before, random, tell }: Seeding): void {
  const at = (offset: number) => now.legacy[hundred + offset] as Supplier;
  const was = (offset: number) => before.legacy[hundred + offset] as Supplier;
  const odoo = (night: Night, offset: number) => {
    const { key: wanted } = at(offset);
    return night.odoo.find(({ key }) => key === wanted) as OdooSupplier;
  };
  // 14 and 19 are not in Odoo
  for (const side of [at, was]) side(14).gln = side(19).gln;
  tell('shared-identifier within-legacy', at(14).key, at(19).key);
  tell('shared-identifier across', at(24).key, `odoo ${odoo(now, 25).id}`);
  // the second legacy holder of the same number is linked, and so within legacy it is shared too
  tell('shared-identifier within-legacy', at(24).key, at(25).key);
  for (const side of [at, was]) side(24).gln = side(25).gln;
  const twin = (offset: number, change: Partial<Supplier>): Supplier => ({
    ...at(offset),
    key: `W${at(offset).key.slice(1)}`,
    email: 'other@other.example',
    ...change,
  });
  const many = twin(29, { gln: withCheckDigits(random, false).gln, tax: withCheckDigits(random, false).tax, npi: '', iban: '' });
  now.legacy.push(many);
  before.legacy.push({ ...many });
  tell('many-identifiers within-legacy', at(29).key, many.key);
  const double = twin(34, { name: at(34).name.replace(/(.)(.)(?=[a-z]* )/, '$2$1'), tax: '', npi: '', iban: '', street: '', phone: '' });
  now.legacy.push(double);
  before.legacy.push({ ...double });
  tell('duplicate-record within-legacy', at(34).key, double.key);
  const copy = { ...odoo(now, 35), id: 500_000 + hundred, key: `X${100_000 + hundred}`, name: odoo(now, 35).name.toUpperCase(), tax: '', npi: '', iban: '' };
  now.odoo.push(copy);
  before.odoo.push({ ...copy });
  tell('duplicate-record within-odoo', `odoo ${odoo(now, 35).id}`, `odoo ${copy.id}`);
  tell('duplicate-record across', at(35).key, `odoo ${copy.id}`);
  const known = { ...at(39), id: 600_000 + hundred, key: `Y${100_000 + hundred}` };
  now.odoo.push(known);
  before.odoo.push({ ...known });
  tell('duplicate-record across', at(39).key, `odoo ${known.id}`);
  const other = withCheckDigits(random, false).gln;
  for (const night of [now, before]) odoo(night, 40).gln = other;
  tell('many-identifiers across', at(40).key, `odoo ${odoo(now, 40).id}`);
  for (const night of [now, before]) {
    const [left, right] = [odoo(night, 41), odoo(night, 42)];
    [left.gln, right.gln] = [right.gln, left.gln];
  }
  tell('identifiers-swapped across', at(41).key, at(42).key, `odoo ${odoo(now, 41).id}`, `odoo ${odoo(now, 42).id}`);
  now.legacy.push({ ...at(43) });
  tell('key-not-unique within-legacy', at(43).key);
}

function seedTime({ hundred, now, random, tell }: Seeding): void {
  const at = (offset: number) => now.legacy[hundred + offset] as Supplier;
  // not in Odoo: what Odoo still has would tell of them too, in other words
  const stranger = supplierOf('', random, false);
  Object.assign(at(44), { ...stranger, key: at(44).key, tax: stranger.tax });
  tell('identifier-reused over-time', at(44).key);
  const [giver, taker] = [at(49), at(54)];
  taker.tax = giver.tax;
  giver.tax = withCheckDigits(random, false).tax;
  tell('identifier-reused over-time', taker.key);
  [at(59).npi, at(74).npi] = [at(74).npi, at(59).npi];
  tell('identifiers-swapped over-time', at(59).key, at(74).key);
}

function seedCrosswalk({ hundred, now, tell }: Seeding): void {
  const link = (offset: number) => {
    const { key: wanted } = now.legacy[hundred + offset] as Supplier;
    return now.links.find(({ key }) => key === wanted) as Night['links'][number];
  };
  const drop = (id: number) =>
    now.odoo.splice(
      now.odoo.findIndex((one) => one.id === id),
      1,
    );
  const [a, b] = [link(75), link(76)];
  [a.id, b.id] = [b.id, a.id];
  tell('identifiers-swapped crosswalk', a.key, b.key, `odoo ${a.id}`, `odoo ${b.id}`);
  const [kept, forked] = [link(77), link(78)];
  drop(forked.id);
  forked.id = kept.id;
  const moved = now.externalIds.find(({ externalId }) => externalId === forked.externalId);
  if (moved !== undefined) moved.id = kept.id;
  tell('crosswalk-fork crosswalk', kept.key, forked.key, `odoo ${kept.id}`);
  const lost = link(80);
  drop(lost.id);
  now.externalIds.splice(
    now.externalIds.findIndex(({ externalId }) => externalId === lost.externalId),
    1,
  );
  tell('crosswalk-dangling crosswalk', lost.key, `odoo ${lost.id}`);
  const merged = link(81);
  drop(merged.id);
  const named = now.externalIds.find(({ externalId }) => externalId === merged.externalId);
  if (named !== undefined) named.id = link(82).id;
  tell('crosswalk-repointed crosswalk', merged.key, `odoo ${merged.id}`, `odoo ${link(82).id}`);
}
