/** A client of Odoo that shares nothing with the product, so that what it reads is an independent witness. JSON-2 only. */

export interface BareOdoo {
  readonly url: string;
  readonly database: string;
  readonly apiKey: string;
}

export type BareRecord = { id: number; [field: string]: unknown };

export async function call<Result>(odoo: BareOdoo, model: string, method: string, body: Record<string, unknown>): Promise<Result> {
  const response = await fetch(`${odoo.url}/json/2/${model}/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `bearer ${odoo.apiKey}`, 'X-Odoo-Database': odoo.database },
    body: JSON.stringify({ ...body, context: { active_test: false, ...(body.context as object | undefined) } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${model}.${method}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text) as Result;
}

export function count(odoo: BareOdoo, model: string, domain: unknown[] = []): Promise<number> {
  return call<number>(odoo, model, 'search_count', { domain });
}

export async function readAll(odoo: BareOdoo, model: string, domain: unknown[], fields: string[]): Promise<BareRecord[]> {
  const records: BareRecord[] = [];
  for (let last = 0; ; ) {
    const page = await call<BareRecord[]>(odoo, model, 'search_read', { domain: [...domain, ['id', '>', last]], fields, limit: 2000, order: 'id', load: null });
    records.push(...page);
    const end = page.at(-1);
    if (end === undefined) return records;
    last = end.id;
  }
}

/** Every stored field of every record of a model, as one text per record: what a rollback must leave as it was. */
export async function dump(odoo: BareOdoo, model: string, leaveOut: readonly string[] = []): Promise<Map<number, string>> {
  const described = await call<Record<string, { store?: boolean; type: string }>>(odoo, model, 'fields_get', { attributes: ['store', 'type'] });
  const fields = Object.entries(described)
    .filter(
      ([name, field]) =>
        field.store === true && field.type !== 'binary' && !leaveOut.includes(name) && !/^(message|activity|website_message|rating)_/.test(name),
    )
    .map(([name]) => name)
    .sort();
  const records = await readAll(odoo, model, [], fields);
  return new Map(records.map((record) => [record.id, JSON.stringify(record, ['id', ...fields])]));
}
