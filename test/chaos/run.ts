/** Loads that are disturbed must end as quiet ones do: npm run chaos -- [--rounds N] [--seed S] [--odoo URL|real] [--records N] [--lanes N]. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RoundResult } from './chaos.ts';
import type { LaneOptions, Order, Report } from './lane.fixture.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    /** One seed is replayed once; the rounds of a run are `<seed>-1`, `<seed>-2`, … */
    seed: { type: 'string' },
    odoo: { type: 'string' },
    records: { type: 'string' },
    /** So many rounds at a time, each lane with an Odoo and a state of its own: a round waits more than it works. */
    lanes: { type: 'string', default: '1' },
    /** No round is begun after so long. */
    minutes: { type: 'string', default: '600' },
    /** Two processes, two machines, users at work. */
    writers: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => console.log(text);
const options: LaneOptions = { odoo: values.odoo, records: Number(values.records ?? (values.odoo === undefined ? 300 : 2000)) };
const isReplay = /-\d+$/.test(values.seed ?? '');
const base = values.seed ?? randomBytes(3).toString('hex');
const seeds = isReplay ? [base] : Array.from({ length: Number(values.rounds) }, (_, index) => `${base}-${index + 1}`);
const deadline = performance.now() + Number(values.minutes) * 60_000;

say(`seed ${base}`);
const waiting: Order[] = [...seeds.map((seed) => ({ seed })), ...(values.writers ? (['writers'] as const) : [])];
const results: RoundResult[] = [];
// A database that is given is one, and a replay is one round.
const isShared = values.odoo !== undefined && values.odoo !== 'real';
const count = isShared || isReplay ? 1 : Math.max(1, Number(values.lanes));
const lanes = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    waiting.length = 0;
    for (const child of lanes) child.kill(signal);
  });
}
const broken = (await Promise.all(Array.from({ length: count }, () => lane()))).filter((code) => code !== 0).length;

const left = seeds.length - results.filter(({ seed }) => seeds.includes(seed)).length;
if (left > 0) say(`${left} rounds were not seen to their end within ${values.minutes} minutes`);
const failed = results.filter(({ problems }) => problems.length > 0);
for (const { seed } of failed) {
  if (seeds.includes(seed))
    say(`again: npm run chaos -- --seed ${seed} --records ${options.records}${values.odoo === undefined ? '' : ` --odoo ${values.odoo}`}`);
}
say(`${results.length - failed.length} passed, ${failed.length + broken} failed`);
process.exitCode = failed.length + broken === 0 ? 0 : 3;

/** Rounds one after another until none is left; what the lane's process ended with. */
function lane(): Promise<number | null> {
  const child = fork(fileURLToPath(new URL('./lane.fixture.ts', import.meta.url)), [JSON.stringify(options)]);
  lanes.add(child);
  child.on('message', (report: Report) => {
    if (report === 'idle') child.send(performance.now() > deadline ? 'end' : (waiting.shift() ?? 'end'));
    else if ('text' in report) say(report.text);
    else {
      results.push(report.result);
      tell(report.result);
    }
  });
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      lanes.delete(child);
      resolve(code);
    });
  });
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
