/** Two bare streams of `read` over the ids of a model, rows parsed and thrown away; and the bare sweep of ids and write dates. */
import { call, inLanes, type Target } from './json-2.ts';

const { odoo, model, fields } = JSON.parse(process.argv[2] ?? '{}') as { odoo: Target; model: string; fields: readonly string[] };
const context = { active_test: false, tz: 'UTC' };

async function read(names: readonly string[]): Promise<{ rows: number; seconds: number }> {
  const began = performance.now();
  const ids = await call<number[]>(odoo, model, 'search', { domain: [], order: 'id', context });
  let rows = 0;
  await inLanes(2, ids, 2000, async (batch) => {
    rows += (await call<unknown[]>(odoo, model, 'read', { ids: batch, fields: names, load: null, context })).length;
  });
  return { rows, seconds: (performance.now() - began) / 1000 };
}

console.log(JSON.stringify({ read: await read(fields), sweep: await read(['write_date']) }));
