/** Breaks as a hospital's nights have them, any number, the same each time. */
import { createHash } from 'node:crypto';
import type { Break } from '../../domain/difference.ts';

export type Chance = () => number;

/** Mulberry32. */
export function chance(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Values = Pick<Break, 'legacy' | 'odoo'>;
interface FieldModel {
  readonly entity: string;
  readonly field: string;
  /** Of 1,000 breaks. */
  readonly weight: number;
  readonly pii?: boolean;
  readonly values: (next: Chance, row: number) => Values;
}

const pick = <Item>(next: Chance, items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item;
const digits = (next: Chance, count: number): string => Array.from({ length: count }, () => Math.floor(next() * 10)).join('');
const names = ['Müller Medizintechnik GmbH', 'Østerbro Apotek A/S', 'B. Braun Melsungen AG', 'Sanität Nord e. K.', 'Dräger Safety', 'Łódź Surgical Sp. z o.o.'];
const articles = ['Infusion set 150 cm, sterile', 'Cannula 20G × 1½"', 'Nitrile glove, blue, M', 'Suture 3-0 absorbable', 'Catheter Ch 14 <balloon 10 ml>'];
const amount = (next: Chance): string => `${Math.floor(next() * 90_000)}.${digits(next, 2)}`;
const day = (next: Chance): string => `2026-${String(1 + Math.floor(next() * 12)).padStart(2, '0')}-${String(1 + Math.floor(next() * 28)).padStart(2, '0')}`;
const token = (next: Chance): string =>
  `tok_${Math.floor(next() * 2 ** 48)
    .toString(16)
    .padStart(12, '0')}`;

const fields: readonly FieldModel[] = [
  {
    entity: 'supplier',
    field: 'name',
    weight: 60,
    values: (next, row) => cased(`${pick(next, names)} ${row}`),
  },
  { entity: 'supplier', field: 'iban', weight: 20, pii: true, values: (next) => ({ legacy: token(next), odoo: token(next) }) },
  { entity: 'supplier', field: 'phone', weight: 30, values: (next) => ({ legacy: `+49 30 ${digits(next, 7)}`, odoo: `030/${digits(next, 7)}` }) },
  { entity: 'product', field: 'code', weight: 200, values: (next, row) => padded(`${row}${digits(next, 2)}`) },
  { entity: 'product', field: 'name', weight: 150, values: (next, row) => truncated(`${pick(next, articles)}, lot ${row}`, 24) },
  { entity: 'product', field: 'price', weight: 90, values: (next) => tenfold(amount(next)) },
  { entity: 'purchase_order', field: 'due_date', weight: 120, values: (next) => ({ legacy: day(next), odoo: day(next) }) },
  {
    entity: 'purchase_order',
    field: 'state',
    weight: 60,
    values: (next) => ({ legacy: pick(next, ['ordered', 'received']), odoo: pick(next, ['draft', 'cancelled']) }),
  },
  { entity: 'purchase_order_line', field: 'quantity', weight: 120, values: (next) => ({ legacy: digits(next, 2), odoo: digits(next, 3) }) },
  {
    entity: 'purchase_order_line',
    field: 'description',
    weight: 100,
    values: (next, row) => spaced(pick(next, articles), row),
  },
];

function truncated(text: string, length: number): Values {
  return { legacy: text, odoo: text.slice(0, length) };
}

function cased(text: string): Values {
  return { legacy: text.toUpperCase(), odoo: text };
}

function padded(code: string): Values {
  return { legacy: `000${code}`, odoo: code };
}

function spaced(article: string, row: number): Values {
  return { legacy: ` ${article}  ${row}`, odoo: `${article} ${row}` };
}

function tenfold(price: string): Values {
  return { legacy: price, odoo: `${price.replace('.', '')}.00` };
}

/** In the order in which a source has them: entities in load order, records by system and key. */
export function* breaksOf(count: number, seed = 7): Iterable<readonly Break[]> {
  const next = chance(seed);
  let batch: Break[] = [];
  let made = 0;
  const total = fields.reduce((sum, one) => sum + one.weight, 0);
  for (const entity of [...new Set(fields.map((one) => one.entity))]) {
    const models = fields.filter((one) => one.entity === entity);
    const weight = models.reduce((sum, one) => sum + one.weight, 0);
    const isLast = entity === fields.at(-1)?.entity;
    const wanted = isLast ? count - made : Math.round((count * weight) / total);
    const drawn = models.flatMap((model) => Array.from({ length: model.weight }, () => model));
    for (let index = 0; index < wanted; index += 1) {
      const system = index < wanted * 0.7 ? 'meditech' : 'orbis';
      batch.push(breakOf(pick(next, drawn), system, index, next));
      if (batch.length === 2048) {
        yield batch;
        batch = [];
      }
    }
    made += wanted;
  }
  if (batch.length > 0) yield batch;
}

function breakOf(model: FieldModel, system: string, index: number, next: Chance): Break {
  const { entity, field, pii = false } = model;
  const key = `${entity === 'supplier' ? 'V' : entity === 'product' ? 'A' : 'PO-'}${String(index * 3 + 100_000).padStart(7, '0')}`;
  const id = createHash('sha256')
    .update(JSON.stringify([entity, system, key, field, index]))
    .digest('hex')
    .slice(0, 16);
  const lot = next();
  const life = lot < 0.2 ? 'new' : lot < 0.97 ? 'persisting' : 'reopened';
  const nights = life === 'new' ? 1 : 1 + Math.floor(next() * 40);
  const age = next();
  const status = age < 0.93 ? 'open' : age < 0.96 ? 'pending' : 'waived';
  const common = { id, entity, system, key, status, life, nights, firstSeen: nightBefore(nights - 1) } as const;
  const dates = { pendingUntil: status === 'pending' ? '2026-11-24T02:00:00.000Z' : null, waivedUntil: status === 'waived' ? '2026-12-31' : null };
  const valueHash = digest(id);
  if (next() < 0.03) {
    return {
      ...common,
      ...dates,
      odooId: null,
      class: 'only-legacy',
      rule: 'only-legacy',
      field: null,
      legacy: null,
      odoo: null,
      baseline: null,
      movement: null,
      owner: null,
      direction: 'create-in-odoo',
      valueHash,
      masked: false,
    };
  }
  const values = model.values(next, index);
  const missing = next() < 0.05;
  const odoo = missing ? null : values.odoo;
  const movement = pick(next, ['legacy-changed', 'odoo-changed', 'both-changed', 'never-agreed'] as const);
  const owner = pick(next, ['legacy', 'legacy', 'odoo', null] as const);
  const baseline = movement === 'never-agreed' ? null : movement === 'odoo-changed' ? values.legacy : odoo;
  const direction = owner === 'legacy' ? 'update-odoo' : owner === 'odoo' ? 'return-to-legacy' : 'decide';
  return {
    ...common,
    ...dates,
    odooId: 20_000 + index,
    class: missing ? 'missing-value' : 'value',
    rule: field,
    field,
    ...values,
    odoo,
    baseline,
    movement,
    owner,
    direction,
    valueHash: pii && index % 2 === 0 ? null : valueHash,
    masked: pii,
  };
}

function nightBefore(nights: number): string {
  return new Date(Date.UTC(2026, 10, 23, 2) - nights * 86_400_000).toISOString();
}

function digest(text: string): string {
  return createHash('sha256').update(`values of ${text}`).digest('hex').slice(0, 16);
}
