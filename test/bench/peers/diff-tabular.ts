/** Two sorted CSVs compared by tabular-data-differ: one pass over both, the changes as JSON out. */
import { join } from 'node:path';

const { folder, legacy, odoo, key, output } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const { diff } = (await import(join(String(folder), 'dist/index.js'))) as {
  diff(options: unknown): { to(output: unknown): Promise<{ added: number; deleted: number; modified: number }> };
};
const stats = await diff({ oldSource: legacy, newSource: odoo, keys: [key] }).to({ destination: { format: 'json', stream: output } });
console.log(JSON.stringify({ changed: stats.modified, added: stats.added, removed: stats.deleted }));
