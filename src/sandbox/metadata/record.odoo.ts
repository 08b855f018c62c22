/** Records what a real Odoo 19 says about itself, trimmed to what the sandbox serves, into models.json and records.json beside this file.
 *  Run on a fresh database without demo data (test/real-odoo makes one):
 *      node src/sandbox/metadata/record.odoo.ts URL DATABASE API_KEY */
import { writeFile } from 'node:fs/promises';
import { everywhere, machinery, servedModels } from './served.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const [url = '', database = '', apiKey = ''] = process.argv.slice(2);

async function call(model: string, method: string, body: JsonObject): Promise<Json> {
  const response = await fetch(`${url}/json/2/${model}/${method}`, {
    method: 'POST',
    headers: { Authorization: `bearer ${apiKey}`, 'X-Odoo-Database': database, 'Content-Type': 'application/json' },
    body: JSON.stringify({ context: { active_test: false, lang: 'en_US', tz: 'UTC' }, ...body }),
  });
  const answer = (await response.json()) as Json;
  if (!response.ok) throw new Error(`${model}.${method}: ${JSON.stringify(answer).slice(0, 500)}`);
  return answer;
}

const rows = async (model: string, domain: unknown, fields: string[]): Promise<JsonObject[]> =>
  (await call(model, 'search_read', { domain: domain as Json, fields, load: null, order: 'id' })) as JsonObject[];

const attributes = ['type', 'string', 'required', 'readonly', 'store', 'searchable', 'sortable', 'company_dependent', 'translate', 'relation'];
const moreAttributes = ['relation_field', 'selection', 'digits', 'currency_field', 'size', 'related'];

function keep(model: string, name: string, field: JsonObject): boolean {
  const served = servedModels[model];
  if (!served || machinery.test(name) || served.without?.includes(name)) return false;
  const relation = field.relation;
  if (typeof relation === 'string' && !(relation in servedModels)) return false;
  if (everywhere.has(name) || served.computed.includes(name)) return true;
  if (served.only && !served.only.includes(name)) return false;
  const computed = (field.depends as Json[]).length > 0 || field.related !== undefined;
  return field.store === true && !computed && !['binary', 'properties', 'properties_definition', 'json'].includes(String(field.type));
}

async function recordModel(model: string): Promise<JsonObject> {
  const all = (await call(model, 'fields_get', {})) as { [name: string]: JsonObject };
  const [description] = await rows('ir.model', [['model', '=', model]], ['name', 'order']);
  const details = await rows('ir.model.fields', [['model', '=', model]], ['name', 'on_delete', 'store']);
  const onDelete = new Map(details.map((detail) => [String(detail.name), detail.on_delete ?? false]));
  const asked = servedModels[model]?.isContextual ? [] : Object.keys(all);
  const defaults = asked.length === 0 ? {} : ((await call(model, 'default_get', { fields: asked, context: {} })) as JsonObject);
  const fields: JsonObject = {};
  for (const [name, field] of Object.entries(all)) {
    if (!keep(model, name, field)) continue;
    const trimmed: JsonObject = {};
    for (const attribute of attributes) if (field[attribute] !== undefined) trimmed[attribute] = field[attribute] ?? null;
    for (const attribute of moreAttributes) if (field[attribute]) trimmed[attribute] = field[attribute];
    if (name === 'tz' || trimmed.type === 'reference') trimmed.selection = [];
    if (field.type === 'many2one' && field.store && onDelete.get(name)) trimmed.on_delete = onDelete.get(name) ?? false;
    fields[name] = trimmed;
  }
  const keptDefaults: JsonObject = {};
  for (const [name, value] of Object.entries(defaults)) if (name in fields) keptDefaults[name] = value;
  return { description: description?.name ?? model, order: description?.order ?? 'id', defaults: keptDefaults, fields };
}

/** Stored values only; what is empty is left out. */
async function recordRows(model: string, domain: readonly unknown[], fields: JsonObject): Promise<JsonObject[]> {
  const names = Object.entries(fields).filter(([name, field]) => {
    const { type, store } = field as JsonObject;
    return store === true && type !== 'one2many' && !['create_uid', 'create_date', 'write_uid', 'write_date'].includes(name);
  });
  const read = await rows(
    model,
    domain,
    names.map(([name]) => name),
  );
  return read.map((row) =>
    Object.fromEntries(
      Object.entries(row).filter(([, value]) => value !== false && value !== 0 && value !== '' && !(Array.isArray(value) && value.length === 0)),
    ),
  );
}

/** One item per line, so that a difference reads as one. */
function lines(items: JsonObject): string {
  return `{\n${Object.entries(items)
    .map(([name, item]) => ` ${JSON.stringify(name)}: ${JSON.stringify(item)}`)
    .join(',\n')}\n}`;
}

const models: { [model: string]: JsonObject } = {};
const records: { [model: string]: JsonObject[] } = {};
for (const [model, served] of Object.entries(servedModels)) {
  const recorded = await recordModel(model);
  models[model] = recorded;
  if (served.seed) records[model] = await recordRows(model, served.seed, recorded.fields as JsonObject);
}
const externalIds: Json[] = [];
for (const [model, seeded] of Object.entries(records)) {
  const ids = seeded.map((row) => row.id ?? 0);
  const data = await rows(
    'ir.model.data',
    [
      ['model', '=', model],
      ['res_id', 'in', ids],
    ],
    ['module', 'name', 'res_id', 'noupdate'],
  );
  for (const row of data) externalIds.push([model, row.res_id ?? 0, row.module ?? '', row.name ?? '', row.noupdate ?? false]);
}

const modelText = Object.entries(models).map(
  ([name, { fields, ...rest }]) => `${JSON.stringify(name)}: {${JSON.stringify(rest).slice(1, -1)}, "fields": ${lines(fields as JsonObject)}}`,
);
await writeFile(new URL('models.json', import.meta.url), `{\n${modelText.join(',\n')}\n}\n`);
const recordText = Object.entries(records).map(
  ([name, seeded]) => `${JSON.stringify(name)}: [\n${seeded.map((row) => ` ${JSON.stringify(row)}`).join(',\n')}\n]`,
);
await writeFile(
  new URL('records.json', import.meta.url),
  `{\n"records": {\n${recordText.join(',\n')}\n},\n"externalIds": [\n${externalIds.map((row) => ` ${JSON.stringify(row)}`).join(',\n')}\n]\n}\n`,
);
console.log(
  Object.entries(models)
    .map(([name, model]) => `${name}: ${Object.keys(model.fields as JsonObject).length} fields, ${records[name]?.length ?? 0} records`)
    .join('\n'),
);
