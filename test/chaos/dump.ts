/** Everything a load may touch in an Odoo, without what two equal loads may differ in: database ids, sequence numbers, the time of day. */
import { createHash } from 'node:crypto';
import type { OdooConnection, OdooFieldMetadata, OdooRecord } from '../../src/domain/ports.ts';

const MODELS = [
  ...['res.partner', 'res.partner.bank', 'uom.uom', 'product.category', 'product.template', 'product.product', 'product.supplierinfo', 'product.value'],
  ...[
    'purchase.order',
    'purchase.order.line',
    'stock.picking',
    'stock.move',
    'stock.move.line',
    'stock.reference',
    'mail.message',
    'mail.followers',
    'ir.model.data',
  ],
];
/** Who was last and when; paths made of ids; what is told and counted later. */
const MOVING = new Set([
  ...['create_date', 'write_date', 'write_uid', '__last_update', 'parent_path', 'access_token', 'message_ids', 'message_follower_ids', 'activity_ids'],
  ...['website_message_ids', 'rating_ids', 'message_id', 'avatar_1920', 'notification_ids', 'lead_days_date'],
]);
/** Numbers of sequences, which go on after a call was rolled back; the rank of a price that Odoo notes when an order is confirmed: whichever comes first. */
const NUMBERED = new Set([
  'stock.picking name',
  'stock.move reference',
  'stock.move.line reference',
  'mail.message record_name',
  'product.supplierinfo sequence',
]);

export interface Raw {
  readonly types: ReadonlyMap<string, ReadonlyMap<string, OdooFieldMetadata>>;
  readonly records: ReadonlyMap<string, ReadonlyMap<number, OdooRecord>>;
}
/** Model → name of a record → its fields as text; records that have neither been there before nor have an External ID share one name. */
export type Dump = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

export async function readRaw(odoo: OdooConnection, namespace: string): Promise<Raw> {
  const types = new Map<string, ReadonlyMap<string, OdooFieldMetadata>>();
  const records = new Map<string, ReadonlyMap<number, OdooRecord>>();
  for (const model of MODELS) {
    const known = await odoo.fields(model).catch(() => null);
    if (known === null) continue;
    const stored = [...known.values()].filter((field) => field.store && !MOVING.has(field.name) && !['binary', 'one2many'].includes(field.type));
    const found = new Map<number, OdooRecord>();
    const domain = model === 'ir.model.data' ? [['module', '=', namespace]] : model === 'mail.message' ? [['model', 'in', MODELS]] : [];
    const names = stored.map((field) => field.name);
    for await (const page of odoo.pages(model, domain, names)) for (const record of page) found.set(record.id, record);
    types.set(model, known);
    records.set(model, found);
  }
  return { types, records };
}

/** Names a record of a model for people, and the same in every round. */
export type Naming = (model: string, id: number) => string;

export function namingOf(raw: Raw, before: Raw): Naming {
  const externalIds = new Map(
    [...(raw.records.get('ir.model.data') ?? new Map<number, OdooRecord>()).values()].map((row) => [`${row['model']} ${row['res_id']}`, String(row['name'])]),
  );
  const isOld = (model: string, id: number): boolean => before.records.get(model)?.has(id) ?? !raw.records.has(model);
  let hashes = new Map<string, string>();
  const naming: Naming = (model, id) => {
    const key = `${model} ${id}`;
    return isOld(model, id) ? `#${id}` : (externalIds.get(key) ?? hashes.get(key) ?? (raw.records.get(model)?.has(id) ? 'new' : 'gone'));
  };
  // What has no name of its own is named by what it holds and refers to; three turns reach from a stock move to its order.
  for (let turn = 0; turn < 3; turn += 1) {
    const next = new Map<string, string>();
    for (const [model, list] of raw.records) {
      for (const [id, record] of list) {
        if (isOld(model, id) || externalIds.has(`${model} ${id}`)) continue;
        next.set(
          `${model} ${id}`,
          `new ${createHash('sha256')
            .update(textOf(raw, model, record, naming))
            .digest('hex')
            .slice(0, 12)}`,
        );
      }
    }
    hashes = next;
  }
  return naming;
}

/** What has been made, changed and deleted since `before`. */
export function dumpOf(raw: Raw, before: Raw): Dump {
  const naming = namingOf(raw, before);
  const byId: Naming = (_, id) => `#${id}`;
  const dump = new Map<string, Map<string, string[]>>();
  for (const [model, list] of raw.records) {
    const named = new Map<string, string[]>();
    const add = (name: string, text: string): void => void named.set(name, [...(named.get(name) ?? []), text].sort());
    const old = before.records.get(model) ?? new Map<number, OdooRecord>();
    for (const [id, record] of list) {
      const text = textOf(raw, model, record, naming);
      const was = old.get(id);
      if (was !== undefined && textOf(before, model, was, byId) === text) continue;
      add(model === 'ir.model.data' ? String(record.name) : naming(model, id), text);
    }
    for (const id of old.keys()) if (!list.has(id)) add(`#${id}`, JSON.stringify({ deleted: true }));
    dump.set(model, named);
  }
  return dump;
}

function textOf(raw: Raw, model: string, record: OdooRecord, naming: Naming): string {
  const types = raw.types.get(model);
  const fields = Object.keys(record).filter((field) => field !== 'id' && !NUMBERED.has(`${model} ${field}`));
  return JSON.stringify(Object.fromEntries(fields.sort().map((field) => [field, plain(record, record[field], types?.get(field), naming)])));
}

function plain(record: OdooRecord, value: unknown, field: OdooFieldMetadata | undefined, naming: Naming): unknown {
  const relation = field?.relation ?? null;
  if (field?.name === 'res_id' && typeof value === 'number') return naming(String(record['model'] ?? record['res_model']), value);
  if (field?.type === 'many2one' && typeof value === 'number' && relation !== null) return naming(relation, value);
  if (field?.type === 'many2many' && Array.isArray(value) && relation !== null) return value.map((id) => naming(relation, Number(id))).sort();
  if ((field?.type === 'datetime' || field?.type === 'date') && typeof value === 'string' && isRecent(value)) return 'about now';
  // The chatter names records by their ids.
  if (field?.type === 'html' && typeof value === 'string') return value.replaceAll(/data-oe-id="\d+"/g, 'data-oe-id');
  return value;
}

/** The data of the worlds is years older. */
function isRecent(text: string): boolean {
  return Math.abs(Date.parse(`${text.slice(0, 10)}T00:00:00Z`) - Date.now()) < 3 * 86_400_000;
}

export interface Difference {
  readonly model: string;
  readonly text: string;
}

/** What `now` has otherwise than `wanted`, in words. */
export function differences(now: Dump, wanted: Dump): string[] {
  const found: string[] = [];
  for (const [model, records] of wanted) {
    const others = now.get(model) ?? new Map<string, readonly string[]>();
    const missing: string[] = [];
    const more: string[] = [];
    for (const name of new Set([...records.keys(), ...others.keys()])) {
      const want = records.get(name) ?? [];
      const have = others.get(name) ?? [];
      if (want.length === have.length && want.every((text, index) => text === have[index])) continue;
      if (want.length === 1 && have.length === 1) found.push(`${model} ${name}: ${between(want[0] as string, have[0] as string)}`);
      else {
        missing.push(...want.slice(have.filter((text) => want.includes(text)).length));
        more.push(...have.slice(want.filter((text) => have.includes(text)).length));
      }
    }
    found.push(...paired(model, missing, more));
  }
  return found;
}

/** Records without names of their own: each beside the one most like it. */
function paired(model: string, missing: readonly string[], more: readonly string[]): string[] {
  const left = [...more];
  const texts = missing.map((want) => {
    const [nearest] = [...left].sort((one, other) => between(want, one).length - between(want, other).length);
    if (nearest === undefined) return `${model}: missing ${want.slice(0, 500)}`;
    left.splice(left.indexOf(nearest), 1);
    return `${model}: ${between(want, nearest)}`;
  });
  return [...texts, ...left.map((text) => `${model}: one too many ${text.slice(0, 500)}`)];
}

function between(wanted: string, found: string): string {
  const [want, have] = [JSON.parse(wanted), JSON.parse(found)] as Record<string, unknown>[];
  const fields = Object.keys({ ...want, ...have }).filter((field) => JSON.stringify(want?.[field]) !== JSON.stringify(have?.[field]));
  return fields.map((field) => `${field} is ${JSON.stringify(have?.[field])}, wanted ${JSON.stringify(want?.[field])}`).join('; ');
}
