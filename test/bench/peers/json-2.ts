/** The barest client of Odoo's JSON-2 API. */
export interface Target {
  readonly url: string;
  readonly database: string;
  readonly apiKey: string;
}

export async function call<Result>(odoo: Target, model: string, method: string, body: Readonly<Record<string, unknown>>): Promise<Result> {
  const response = await fetch(`${odoo.url}/json/2/${model}/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `bearer ${odoo.apiKey}`, 'X-Odoo-Database': odoo.database },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${model}.${method}: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text) as Result;
}

/** Works through the items with so many calls under way. */
export async function inLanes<Item>(calls: number, items: readonly Item[], size: number, work: (batch: readonly Item[]) => Promise<void>): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
  let next = 0;
  const lane = async () => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) await work(batch);
  };
  await Promise.all(Array.from({ length: calls }, lane));
}
