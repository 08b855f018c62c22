/** AdventureWorks purchasing after some months of drift: loaded into Odoo, then changed on both sides in ways that are known. Every seeded row must be found in
 *  its class and with who moved, no other; the patterns must name what is systematic; every control total must be explained.
 *  ACCEPT_SEED chooses another drift; ACCEPT_ORDERS takes that many orders only, evenly spread. */
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Break } from '../../../src/domain/difference.ts';
import type { ReconcileReport } from '../../../src/domain/report.ts';
import type { LoadRunResult, ReconcileResult } from '../../../src/domain/results.ts';
import { type BareOdoo, count, readAll } from '../bare-client.ts';
import { type Checks, sum } from '../checks.ts';
import { cutover } from '../command-line.ts';
import { restoreDump } from '../restore-dump.ts';
import type { Acceptance, AcceptanceTarget } from '../run.ts';
import { type ExpectedBreak, expectedBreaks } from './expectation.ts';
import { driftLegacy, keepOrders, legacyRows } from './legacy-drift.ts';
import { driftOdoo, putCitiesBack } from './odoo-drift.ts';
import { CUT, chooseDrift, type Drift, generator } from './seed.ts';

const seed = Number(process.env.ACCEPT_SEED ?? 20140630);
const orders = Number(process.env.ACCEPT_ORDERS ?? 0);

export const acceptance: Acceptance = {
  needs: ['adventureworks/adventureworks_pg15.sql.gz'],
  async run(target) {
    const legacy = await restoreDump(join(target.data, 'adventureworks/adventureworks_pg15.sql.gz'));
    const workspace = mkdtempSync(join(tmpdir(), 'cutover-drift-'));
    const database = new pg.Client({ connectionString: legacy.url });
    await database.connect();
    try {
      for (const folder of ['../adventureworks/workspace', 'workspace']) cpSync(join(import.meta.dirname, folder), workspace, { recursive: true });
      await walk(target, { url: legacy.url, database }, workspace);
    } finally {
      await database.end();
      await legacy.stop();
      if (target.keep) target.log(`kept ${workspace}`);
      else rmSync(workspace, { recursive: true, force: true });
    }
  },
};

interface Legacy {
  readonly url: string;
  readonly database: pg.Client;
}

async function walk({ odoo, checks, log }: AcceptanceTarget, legacy: Legacy, workspace: string): Promise<void> {
  const environment = { ADVENTUREWORKS_URL: legacy.url, ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey };
  const run = async <Data>(args: readonly string[], accepted: readonly number[] = [0]) => {
    const answer = await cutover<Data>(args, { workspace, environment, accepted });
    log(`cutover ${args.join(' ')}: ${answer.status}, ${answer.seconds.toFixed(1)} s`);
    return answer.data;
  };
  if (orders > 0) await keepOrders(legacy.database, orders);
  await run(['pull', '--capability', 'procurement']);
  await run(['plan', 'procurement', '--out', join(workspace, 'load.plan')]);
  const loaded = await run<LoadRunResult>(['load', join(workspace, 'load.plan')]);
  checks.equal('load: nothing left', [0, 0, 0, 0], [loaded.conflict, loaded.deadLettered, loaded.blocked, loaded.remaining]);
  await run(['pull', 'odoo', '--capability', 'procurement']);
  checks.equal('reconcile after the load', 'RECONCILED', (await run<ReconcileResult>(['reconcile', 'procurement', '--reports', 'junit'], [0, 3])).verdict);

  const rows = await legacyRows(legacy.database);
  const drift = chooseDrift(rows, generator(seed));
  log(`seed ${seed}: ${rows.orders.length} orders, ${rows.lines.length} lines`);
  await driftLegacy(legacy.database, drift.legacy);
  const cities = new Map(
    (await readAll(odoo, 'res.partner', [['ref', 'in', drift.odoo.cities]], ['ref', 'city'])).map((one) => [String(one.ref), String(one.city)]),
  );
  const made = await driftOdoo(odoo, drift.odoo);
  log('drifted on both sides');

  await run(['pull', '--capability', 'procurement']);
  const found = await run<ReconcileResult>(['reconcile', 'procurement', '--reports', 'junit'], [3]);
  const { report, breaks } = read(found);
  const expected = expectedBreaks(rows, drift, made);
  checkBreaks(checks, expected, breaks);
  checks.equal('verdict', 'BREAKS', found.verdict);
  checks.equal('every break is new and open', [expected.length, expected.length], [found.life.new, found.life.open]);
  const isFlood = expected.length > 1000;
  checks.equal('one alarm where there are more than the policies take for few', isFlood ? { newBreaks: expected.length, limit: 1000 } : null, found.alarm);
  checkPatterns(checks, drift, report);
  await checkControls(checks, odoo, legacy.database, report);

  const again = await run<ReconcileResult>(['reconcile', 'procurement', '--reports', 'junit', '--full', '--as-of', report.asOf], [3]);
  checks.equal('the same snapshots compared whole give the same report', hashes(found), hashes(again));

  appendFileSync(join(workspace, 'cutover.yaml'), '\npolicies: {new_breaks: 100000}\n');
  await putCitiesBack(odoo, cities);
  const looked = await run<ReconcileResult>(['reconcile', 'procurement', '--reports', 'junit', '--second-look'], [3]);
  checks.equal('second look: what was put right since the pull has settled', cities.size, looked.secondLook?.settled);
  checkBreaks(
    checks,
    expected.filter(({ text }) => !text.startsWith('supplier ') || !text.includes(' city ')),
    read(looked).breaks,
    'second look',
  );
}

function fileOf({ files }: ReconcileResult, name: string): string {
  return readFileSync(files.find((file) => file.endsWith(`/${name}`)) as string, 'utf8');
}

function hashes(result: ReconcileResult): string[] {
  return ['breaks.ndjson', 'report.json', 'junit.xml'].map((name) => createHash('sha256').update(fileOf(result, name)).digest('hex'));
}

function read(result: ReconcileResult): { readonly report: ReconcileReport; readonly breaks: readonly Break[] } {
  const lines = fileOf(result, 'breaks.ndjson').split('\n');
  return {
    report: JSON.parse(fileOf(result, 'report.json')) as ReconcileReport,
    breaks: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Break),
  };
}

/** Kind by kind what was seeded, and then that there is nothing else. */
function checkBreaks(checks: Checks, expected: readonly ExpectedBreak[], breaks: readonly Break[], when = 'drift'): void {
  const found = new Set(breaks.map(textOf));
  for (const [kind, seeded] of Map.groupBy(expected, (one) => one.kind)) {
    const missing = seeded.map(({ text }) => text).filter((text) => !found.has(text));
    checks.equal(`${when}: ${kind}: all ${seeded.length} breaks are found in their class, with who moved`, [], missing.slice(0, 5));
  }
  const wanted = new Set(expected.map(({ text }) => text));
  checks.equal(
    `${when}: no other break`,
    [],
    breaks
      .map(textOf)
      .filter((text) => !wanted.has(text))
      .slice(0, 10),
  );
  checks.equal(`${when}: no break twice`, breaks.length, found.size);
}

function textOf({ entity, system, key, odooId, class: kind, field, movement }: Break): string {
  const record = system === 'odoo' ? `#${odooId}` : key;
  return [entity, record, kind, field, movement].filter((part) => part !== null).join(' ');
}

function checkPatterns(checks: Checks, { legacy, odoo }: Drift, report: ReconcileReport): void {
  const systematic: [count: number, text: string][] = [
    [odoo.withoutZeros.length, 'purchase_order.supplier_reference leading-zeros lost in Odoo'],
    [odoo.cutDescription.length, `purchase_order_line.description truncated ${CUT}`],
    [legacy.swappedDueDate.length, 'purchase_order_line.due_at day-month'],
  ];
  const expected = systematic.sort(([one], [other]) => other - one).map(([explains, text]) => `${text}: ${explains}`);
  const first = report.patterns.slice(0, systematic.length);
  checks.equal(
    'the first patterns are the systematic ones, and explain what was seeded',
    expected,
    first.map(
      ({ entity, field, transformation, parameter, explains }) => `${[`${entity}.${field}`, transformation, parameter].filter(Boolean).join(' ')}: ${explains}`,
    ),
  );
}

async function checkControls(checks: Checks, odoo: BareOdoo, database: pg.Client, report: ReconcileReport): Promise<void> {
  checks.equal(
    'every control total is explained',
    [],
    report.controls.filter(({ residual }) => Number(residual) !== 0).map(({ entity, name, dimension, residual }) => [entity, name, dimension, residual]),
  );
  const differing = report.controls.filter(({ legacy, odoo: there, classes, difference }) => {
    const parts = Object.values(classes);
    return Number(sum([legacy], 8)) - Number(sum([there], 8)) !== 0 && sum(parts, 8) !== sum([difference], 8);
  });
  checks.equal(
    'the classes add up to the differences',
    [],
    differing.map(({ entity, name, dimension }) => [entity, name, dimension]),
  );
  const total = (name: string) => report.controls.find((control) => control.name === name && Object.keys(control.dimension).length === 0);
  const { rows } = await database.query<{ lines: string; amount: string; orders: string }>(
    `select count(*) as lines, sum(linetotal) as amount, (select count(*) from purchasing.purchaseorderheader) as orders from purchasing.purchaseorderdetail`,
  );
  const lines = await readAll(odoo, 'purchase.order.line', [['order_id.name', '=like', 'AW-%']], ['price_subtotal']);
  const amounts = lines.map((line) => line.price_subtotal as number);
  const here = { orders: await count(odoo, 'purchase.order', [['name', '=like', 'AW-%']]), lines: lines.length, amount: sum(amounts, 4) };
  checks.equal('orders on both sides', [Number(rows[0]?.orders), here.orders], both(total('orders')).map(Number));
  checks.equal('lines on both sides', [Number(rows[0]?.lines), here.lines], both(total('lines')).map(Number));
  checks.equal(
    'line amount on both sides',
    [sum([rows[0]?.amount ?? ''], 4), here.amount],
    both(total('line-amount')).map((text) => sum([text], 4)),
  );
}

function both(control: { readonly legacy: string; readonly odoo: string } | undefined): string[] {
  return [control?.legacy ?? '', control?.odoo ?? ''];
}
