/** Writes down what a fresh real Odoo answers about its models, for whoever builds or checks the sandbox.
 *  usage: node record.ts OUT_FOLDER [--version 19|14] */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRealOdoo } from './harness.ts';
import type { Json, JsonObject } from './web-session.ts';
import { isObject, WebSession } from './web-session.ts';

const attributes = ['type', 'string', 'required', 'readonly', 'store', 'relation', 'selection', 'size', 'digits', 'company_dependent', 'translate', 'related'];

const described = [
  'res.partner',
  'res.partner.bank',
  'res.bank',
  'res.country',
  'res.country.state',
  'res.currency',
  'res.company',
  'res.users',
  'product.product',
  'product.template',
  'product.category',
  'product.supplierinfo',
  'uom.uom',
  'account.payment.term',
  'purchase.order',
  'purchase.order.line',
  'stock.picking',
  'stock.move',
  'ir.model.data',
  'ir.module.module',
  'decimal.precision',
  'ir.mail_server',
  'ir.config_parameter',
  'res.users.apikeys',
  'account.tax',
];

const created = [
  'res.partner',
  'product.product',
  'product.template',
  'product.supplierinfo',
  'product.category',
  'uom.uom',
  'purchase.order',
  'purchase.order.line',
  'res.partner.bank',
];

/** Records that an installation brings; `fields` absent = every field but the binary ones. */
const reference: { model: string; domain?: Json[]; fields?: string[] }[] = [
  { model: 'uom.uom' },
  { model: 'account.payment.term' },
  { model: 'account.payment.term.line' },
  { model: 'res.currency', domain: [['active', '=', true]] },
  { model: 'decimal.precision' },
  { model: 'res.company' },
  { model: 'product.category' },
  { model: 'account.tax' },
  { model: 'stock.picking.type' },
  { model: 'stock.location' },
  { model: 'ir.module.module', domain: [['state', '=', 'installed']], fields: ['name', 'latest_version', 'shortdesc'] },
  { model: 'res.country', fields: ['code', 'name'] },
  { model: 'res.country.state', domain: [['country_id.code', '=', 'US']], fields: ['code', 'name', 'country_id'] },
];

async function record(session: WebSession, folder: string): Promise<void> {
  for (const model of described) {
    await save(join(folder, 'fields_get', `${model}.json`), await session.call(model, 'fields_get', [], { attributes }));
  }
  for (const model of created) {
    const fields = Object.keys(await fieldsOf(session, model));
    await save(join(folder, 'default_get', `${model}.json`), await session.call(model, 'default_get', [fields]));
  }
  for (const { model, domain = [], fields } of reference) {
    const wanted = fields ?? (await nonBinary(session, model));
    const records = await session.call(model, 'search_read', [domain], { fields: wanted, order: 'id', context: { active_test: false } });
    await save(join(folder, 'records', `${model}.json`), await withExternalIds(session, model, records));
  }
}

async function fieldsOf(session: WebSession, model: string): Promise<JsonObject> {
  const fields = await session.call(model, 'fields_get', [], { attributes: ['type'] });
  if (!isObject(fields)) throw new Error(`${model}: fields_get answered no object`);
  return fields;
}

async function nonBinary(session: WebSession, model: string): Promise<string[]> {
  const fields = Object.entries(await fieldsOf(session, model));
  return fields.filter(([, field]) => isObject(field) && field.type !== 'binary').map(([name]) => name);
}

async function withExternalIds(session: WebSession, model: string, records: Json): Promise<Json> {
  if (!Array.isArray(records)) throw new Error(`${model}: search_read answered no list`);
  const rows = records.filter(isObject);
  const known = await session.call('ir.model.data', 'search_read', [[['model', '=', model]]], { fields: ['complete_name', 'res_id'] });
  const entries = Array.isArray(known) ? known.filter(isObject) : [];
  return rows.map((row) => ({
    xids: entries.filter((entry) => entry.res_id === row.id).map((entry) => entry.complete_name ?? null),
    ...row,
  }));
}

/** Keys in order, so that two recordings can be compared with diff. */
async function save(file: string, answer: Json): Promise<void> {
  const sorted = (_: string, value: Json): Json => (isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, JSON.stringify(answer, sorted, 1) + '\n');
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { version: { type: 'string', default: '19' } } });
const [folder] = positionals;
const version = Number(values.version);
if (folder === undefined || (version !== 19 && version !== 14)) throw new Error('usage: node record.ts OUT_FOLDER [--version 19|14]');
const odoo = await startRealOdoo({ version });
try {
  await record(await WebSession.open(odoo.url, odoo.database, odoo.login, odoo.password), folder);
} finally {
  await odoo.stop();
}
