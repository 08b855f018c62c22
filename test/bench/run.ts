/** `npm run bench -- NAME… [--size N] [--rounds N] [--json] [--write]`: figures of the product beside those of a peer, in one run on one machine.
 *  --write puts them into BENCHMARKS.md, in the place of the same bench's last figures. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './child.ts';
import { type Bench, type Measurement, machine } from './measurement.ts';
import { printTable, writeBenchmarks } from './report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const folder = join(import.meta.dirname, 'benches');
const known = readdirSync(folder)
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();
const unknown = positionals.filter((name) => !existsSync(join(folder, `${name}.ts`)));
if (positionals.length === 0 || unknown.length > 0) {
  console.error(`usage: npm run bench -- NAME… [--size N] [--rounds N] [--json] [--write]; NAME is one of ${known.join(', ')}`);
  process.exit(2);
}

const all: Measurement[] = [];
for (const name of positionals) {
  const { bench } = (await import(join(folder, `${name}.ts`))) as { bench: Bench };
  const directory = mkdtempSync(join(tmpdir(), `cutover-bench-${name}-`));
  try {
    const size = values.size === undefined ? bench.size : Number(values.size);
    console.error(`${name}: ${bench.about} (size ${size}, ${values.rounds} rounds)`);
    const measurements = await bench.run({ name, size, rounds: Number(values.rounds), directory, log: (text) => console.error(`  ${text}`) });
    all.push(...measurements);
    if (values.write)
      writeBenchmarks(join(root, 'BENCHMARKS.md'), { name, about: bench.about, size, rounds: Number(values.rounds), machine: machine(root), measurements });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
if (values.json) console.log(JSON.stringify(all, null, 2));
else printTable(all, machine(root));
