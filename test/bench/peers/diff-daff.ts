/** Two CSVs compared by daff: the whole of both in memory, an aligned table out. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Table {
  readonly data: readonly (readonly unknown[])[];
}
interface Daff {
  readonly Csv: new () => { parseTable(text: string, table: Table): void; renderTable(table: Table): string };
  readonly TableView: new (rows: readonly unknown[]) => Table;
  readonly CompareFlags: new () => { addPrimaryKey(name: string): void; show_unchanged: boolean; unchanged_context: number };
  compareTables(left: Table, right: Table, flags: unknown): { align(): unknown };
  readonly TableDiff: new (alignment: unknown, flags: unknown) => { hilite(output: Table): boolean };
}

const { folder, legacy, odoo, key, output } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const daff = createRequire(import.meta.url)(String(folder)) as Daff;
const tableOf = (file: string | undefined): Table => {
  const table = new daff.TableView([]);
  new daff.Csv().parseTable(readFileSync(String(file), 'utf8'), table);
  return table;
};
const flags = new daff.CompareFlags();
flags.addPrimaryKey(String(key));
flags.show_unchanged = false;
flags.unchanged_context = 0;
const alignment = daff.compareTables(tableOf(legacy), tableOf(odoo), flags).align();
const result = new daff.TableView([]);
new daff.TableDiff(alignment, flags).hilite(result);
writeFileSync(String(output), new daff.Csv().renderTable(result));
const counts = { changed: 0, added: 0, removed: 0 };
for (const [mark] of result.data) {
  if (typeof mark !== 'string') continue;
  if (mark.includes('->')) counts.changed += 1;
  else if (mark === '+++') counts.added += 1;
  else if (mark === '---') counts.removed += 1;
}
console.log(JSON.stringify(counts));
