/** How long a person waits for `cutover --help`, and whether anything heavy was loaded for it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../child.ts';
import { type Bench, measurement, median } from '../measurement.ts';

const HEAVY = ['@duckdb', 'knex', 'pg', '@electric-sql', 'pino'];

export const bench: Bench = {
  about: 'Start-up of `cutover --help` from the build, against a Node that does nothing',
  size: 15,
  async run({ name, size, log }) {
    const [help, bare]: [number[], number[]] = [[], []];
    timed([join(root, 'bin/run.js'), '--help']);
    for (let round = 0; round < size; round += 1) {
      help.push(timed([join(root, 'bin/run.js'), '--help']));
      bare.push(timed(['--eval', '0']));
    }
    const loaded = heavyPackages();
    log(`heavy packages loaded: ${loaded.length === 0 ? 'none' : loaded.join(', ')}`);
    return [
      measurement(
        name,
        { case: 'cutover --help', metric: 'wall time', value: median(help), unit: 'ms', peer: median(bare), against: 'node --eval 0' },
        { of: 'value', atMost: 250 },
      ),
      measurement(
        name,
        { case: 'cutover --help', metric: 'packages of DuckDB, knex, pg, PGlite, pino loaded', value: loaded.length, unit: '' },
        { of: 'value', atMost: 0 },
      ),
    ];
  },
};

function timed(args: readonly string[]): number {
  const began = performance.now();
  const ended = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (ended.status !== 0) throw new Error(`${args.join(' ')} ended with ${ended.status}`);
  return performance.now() - began;
}

/** Asks the module loader itself: every file that was opened is told by NODE_DEBUG of the ESM and CommonJS loaders. */
function heavyPackages(): readonly string[] {
  const hook = `
    import { registerHooks } from 'node:module';
    import { appendFileSync } from 'node:fs';
    registerHooks({ load(url, context, next) { process._loaded ??= new Set(); process._loaded.add(url); return next(url, context); } });
    process.on('exit', () => process.stderr.write([...(process._loaded ?? [])].join('\\n')));`;
  const ended = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, join(root, 'bin/run.js'), '--help'], {
    encoding: 'utf8',
  });
  return HEAVY.filter((heavy) => ended.stderr.includes(`/node_modules/${heavy}/`));
}
