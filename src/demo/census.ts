/** A census of Odoo: how many records there are, and a fingerprint of every stored field of each. Two of them tell what really changed. */
import { createHash } from 'node:crypto';
import type { OdooConnection, OdooRecord } from '../domain/ports.ts';

/** Every model that procurement touches, by-products included. */
export const COUNTED_MODELS = [
  'res.partner',
  'res.partner.bank',
  'product.category',
  'product.template',
  'product.product',
  'product.supplierinfo',
  'uom.uom',
  'purchase.order',
  'purchase.order.line',
  'stock.picking',
  'stock.move',
] as const;

/** Thousands of names of other modules: it is enough to see which there are. */
const NAMES = 'ir.model.data';

export interface Census {
  /** Model → id → fingerprint. */
  readonly records: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

/** Kept by Odoo itself about a record, or computed from other models: no part of what a load writes. */
const leftOut = /^(message|activity|website_message|rating)_/;

export async function takeCensus(odoo: OdooConnection, models: readonly string[] = COUNTED_MODELS): Promise<Census> {
  const records = new Map<string, ReadonlyMap<number, string>>();
  for (const model of models) {
    const fields = [...(await odoo.fields(model)).values()]
      .filter((field) => field.store && field.type !== 'binary' && !leftOut.test(field.name))
      .map((field) => field.name)
      .sort();
    records.set(model, await fingerprints(odoo, model, fields));
  }
  records.set(NAMES, new Map((await odoo.searchIds(NAMES, [])).map((id) => [id, ''])));
  return { records };
}

/** Only the moments of the last writes. */
export async function takeWriteDates(odoo: OdooConnection, models: readonly string[] = COUNTED_MODELS): Promise<Census> {
  const records = new Map<string, ReadonlyMap<number, string>>();
  for (const model of models) records.set(model, await fingerprints(odoo, model, ['write_date']));
  return { records };
}

async function fingerprints(odoo: OdooConnection, model: string, fields: readonly string[]): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  for await (const page of odoo.pages(model, [], fields)) {
    for (const record of page) found.set(record.id, fingerprint(record, fields));
  }
  return found;
}

function fingerprint(record: OdooRecord, fields: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(fields.map((field) => record[field] ?? null)))
    .digest('hex')
    .slice(0, 16);
}

export function countOf(census: Census): number {
  return [...census.records.values()].reduce((sum, records) => sum + records.size, 0);
}

/** One line per model in which something came, went or changed. */
export function differences(before: Census, after: Census): readonly string[] {
  return [...before.records].flatMap(([model, was]) => {
    const is = after.records.get(model) ?? new Map<number, string>();
    const gone = [...was.keys()].filter((id) => !is.has(id));
    const come = [...is.keys()].filter((id) => !was.has(id));
    const changed = [...was].filter(([id, print]) => is.has(id) && is.get(id) !== print).map(([id]) => id);
    const parts = [some('more', come), some('gone', gone), some('changed', changed)].filter((part) => part !== '');
    return parts.length === 0 ? [] : [`${model}: ${parts.join(', ')}`];
  });
}

function some(what: string, ids: readonly number[]): string {
  return ids.length === 0 ? '' : `${ids.length} ${what} (id ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''})`;
}
