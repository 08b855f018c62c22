/** Loads that are disturbed must end as quiet ones do: npm run chaos -- [--rounds N] [--seed S] [--odoo URL|real] [--records N]. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openChaos, type RoundResult } from './chaos.ts';
import { givenHost, type OdooHost, sandboxHost } from './odoo-hosts.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    /** One seed is replayed once; the rounds of a run are `<seed>-1`, `<seed>-2`, … */
    seed: { type: 'string' },
    odoo: { type: 'string' },
    records: { type: 'string' },
    /** No round is begun after so long. */
    minutes: { type: 'string', default: '600' },
    /** Two processes, two machines, users at work. */
    writers: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
// What is to be cleaned up hangs on the exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const say = (text: string): void => console.log(text);
const host = await hostOf(values.odoo);
const records = Number(values.records ?? (values.odoo === undefined ? 300 : 2000));
const isReplay = /-\d+$/.test(values.seed ?? '');
const base = values.seed ?? randomBytes(3).toString('hex');
const seeds = isReplay ? [base] : Array.from({ length: Number(values.rounds) }, (_, index) => `${base}-${index + 1}`);
const deadline = performance.now() + Number(values.minutes) * 60_000;

say(`seed ${base}`);
let passed = 0;
let failed = 0;
const again: string[] = [];
let begun = 0;
try {
  const chaos = await openChaos({ host, records, timeoutSeconds: values.odoo === undefined ? 5 : 20, say });
  try {
    for (const seed of seeds) {
      if (performance.now() > deadline) break;
      begun += 1;
      const result = await chaos.round(seed);
      if (result.problems.length > 0) again.push(seed);
      count(result);
    }
    if (values.writers) for await (const result of chaos.writers()) count(result);
  } finally {
    await chaos.close();
  }
} finally {
  await host.close();
}
if (begun < seeds.length) say(`${seeds.length - begun} rounds were not begun within ${values.minutes} minutes`);
for (const seed of again) say(`again: npm run chaos -- --seed ${seed} --records ${records}${values.odoo === undefined ? '' : ` --odoo ${values.odoo}`}`);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 3;

/** `real`: brought up from Debian's packages, with a server whose processes are killed as well. */
async function hostOf(odoo: string | undefined): Promise<OdooHost> {
  if (odoo === undefined) return sandboxHost();
  if (odoo !== 'real') return givenHost(odoo);
  const { realHost } = await import('./real-host.ts');
  return realHost();
}

function count(result: RoundResult): void {
  if (result.problems.length === 0) passed += 1;
  else failed += 1;
  tell(result);
}

function tell({ seed, problems, notes, seconds }: RoundResult): void {
  const happened = notes
    .filter((text) => /: (kill|network|no connection|the state|disk|undisturbed)/.test(text))
    .map((text) => text.slice(10))
    .filter((text) => !text.includes(': killed after'));
  say(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${seed}  ${seconds.toFixed(1)} s  ${happened.join(' | ')}`);
  if (problems.length === 0 && !values.verbose) return;
  for (const text of notes) say(`       ${text}`);
  for (const text of problems.slice(0, 25)) say(`       DIFFERS ${text}`);
  if (problems.length > 25) say(`       … and ${problems.length - 25} more`);
}
