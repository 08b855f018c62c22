/** AdventureWorks purchasing, from its PostgreSQL dump into Odoo and back. The figures in expected.json were computed by hand with psql and decimal arithmetic. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { ControlTotal, CoverageItem } from '../../../src/domain/difference.ts';
import type { LoadRunResult, MapResult, MatchResult, PlanResult, ReconcileResult } from '../../../src/domain/results.ts';
import { type BareOdoo, type BareRecord, call, count, dump, readAll } from '../bare-client.ts';
import { type Checks, sum } from '../checks.ts';
import { cutover } from '../command-line.ts';
import { restoreDump } from '../restore-dump.ts';
import type { Acceptance, AcceptanceTarget } from '../run.ts';

const expected = JSON.parse(readFileSync(join(import.meta.dirname, 'expected.json'), 'utf8')) as {
  records: Record<string, number>;
  untaxedInOdoo: { total: string; byYear: Record<string, string>; byState: Record<string, string> };
  untaxedOfOrders: Record<string, string>;
  ordersByState: Record<string, number>;
  legacy: { total: string; byYear: Record<string, string>; byState: Record<string, string> };
  rounding: string;
  notCarried: Record<string, string>;
  checks: Record<string, { count?: number; measure?: string }>;
  unitsLinked: number;
};

/** Models whose every count and, of the records that were there before, every stored field must be as before once the load is rolled back. */
const countedModels = [
  'res.partner',
  'res.partner.bank',
  'product.template',
  'product.product',
  'product.supplierinfo',
  'purchase.order',
  'purchase.order.line',
  'stock.picking',
  'stock.move',
  'ir.model.data',
  'uom.uom',
  'product.category',
];
const dumpedModels = countedModels.filter((model) => model !== 'ir.model.data');

export const acceptance: Acceptance = {
  needs: ['adventureworks/adventureworks_pg15.sql.gz'],
  async run(target) {
    const legacy = await restoreDump(join(target.data, 'adventureworks/adventureworks_pg15.sql.gz'));
    const workspace = mkdtempSync(join(tmpdir(), 'cutover-adventureworks-'));
    try {
      cpSync(join(import.meta.dirname, 'workspace'), workspace, { recursive: true });
      await walk(target, legacy.url, workspace);
    } finally {
      await legacy.stop();
      if (target.keep) target.log(`kept ${workspace}`);
      else rmSync(workspace, { recursive: true, force: true });
    }
  },
};

async function walk({ odoo, checks, log }: AcceptanceTarget, legacyUrl: string, workspace: string): Promise<void> {
  const environment = { ADVENTUREWORKS_URL: legacyUrl, ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey };
  const run = async <Data>(args: readonly string[], accepted: readonly number[] = [0]) => {
    const answer = await cutover<Data>(args, { workspace, environment, accepted });
    log(`cutover ${args.join(' ')}: ${answer.status}, ${answer.seconds.toFixed(1)} s`);
    return answer;
  };
  const before = await witness(odoo);

  await run(['pull', '--capability', 'procurement']);
  checkMapping(checks, (await run<MapResult>(['map', 'procurement'], [0, 3])).data);
  const unlinked = await run<MatchResult>(['match', 'procurement'], [0, 3]);
  checks.equal('match takes nothing in Odoo for one of these records', 0, unlinked.data.crosswalk.new);
  await run<ReconcileResult>(['reconcile', 'procurement'], [3]);
  const planned = await run<PlanResult>(['plan', 'procurement', '--out', join(workspace, 'load.plan')]);
  checks.equal('plan refuses nothing', 0, planned.data.actions.refuse);
  checks.equal('plan links the units Odoo has', expected.unitsLinked, planned.data.actions.link);
  const loaded = await run<LoadRunResult>(['load', join(workspace, 'load.plan')]);
  checkLoad(checks, 'load', loaded.data);

  await checkOdoo(checks, odoo, legacyUrl);

  await run(['pull', 'odoo', '--capability', 'procurement']);
  const linked = (await run<MatchResult>(['match', 'procurement'], [0, 3])).data;
  checks.equal(
    'match finds every loaded record linked',
    { linked: loaded.data.records.created + loaded.data.records.linked, new: 0, repointed: 0, dangling: 0 },
    linked.crosswalk,
  );
  checkReconciled(checks, (await run<ReconcileResult>(['reconcile', 'procurement'], [0])).data);

  const stamps = await writeDates(odoo);
  const second = await run<PlanResult>(['plan', 'procurement', '--out', join(workspace, 'second.plan')]);
  const { noop, ...others } = second.data.actions;
  checks.equal(
    'second plan writes nothing',
    0,
    Object.values(others).reduce((total, actions) => total + actions, 0),
  );
  checks.equal('second plan finds everything in place', true, noop > 0);
  checkLoad(checks, 'second load', (await run<LoadRunResult>(['load', join(workspace, 'second.plan')])).data);
  checks.equal('no write_date in Odoo moved', true, stamps === (await writeDates(odoo)));

  checkLoad(checks, 'rollback', (await run<LoadRunResult>(['rollback', loaded.runId as string])).data);
  const after = await witness(odoo);
  for (const model of countedModels) checks.equal(`after the rollback: count of ${model}`, before.counts.get(model), after.counts.get(model));
  for (const model of dumpedModels)
    checks.equal(`after the rollback: ${model} records that differ`, [], differing(before.dumps.get(model), after.dumps.get(model)));
  await run(['pull', 'odoo', '--capability', 'procurement']);
  const again = await run<ReconcileResult>(['reconcile', 'procurement'], [3]);
  checks.equal(
    'after the rollback: reconcile finds every order only in legacy',
    { 'only-legacy': expected.records['purchase.order'] },
    again.data.entities.find((entity) => entity.entity === 'purchase_order')?.breaks,
  );
}

function checkMapping(checks: Checks, data: MapResult): void {
  for (const entity of data.entities) checks.equal(`map: ${entity.entity} has no rejects`, 0, entity.rejected);
  for (const [name, figures] of Object.entries(expected.checks)) {
    const found = data.checks.find((check) => check.name === name);
    if (figures.count !== undefined) checks.equal(`check ${name}: rows`, figures.count, found?.count);
    if (figures.measure !== undefined) checks.equal(`check ${name}: sum`, figures.measure, decimal(found?.measure));
  }
}

function checkLoad(checks: Checks, name: string, data: LoadRunResult): void {
  checks.equal(`${name}: conserved`, data.planned, data.applied + data.noop + data.conflict + data.deadLettered + data.blocked + data.remaining);
  checks.equal(`${name}: nothing unknown, refused or left`, [0, 0, 0, 0, 0], [data.unknown, data.conflict, data.deadLettered, data.blocked, data.remaining]);
}

function checkReconciled(checks: Checks, data: ReconcileResult): void {
  checks.equal('reconcile after the load', 'RECONCILED', data.verdict);
  for (const entity of data.entities) checks.equal(`no break in ${entity.entity}`, {}, entity.breaks);
  const totals = data.controls.filter((control) => control.name === 'line-amount');
  const total = totals.find((control) => Object.keys(control.dimension).length === 0);
  checkTotal(checks, 'line amount', total, expected.legacy.total, expected.untaxedInOdoo.total);
  checks.equal('difference of the line amounts', expected.rounding, decimal(total?.difference, 4));
  for (const dimension of ['year', 'state'] as const) {
    const figures = dimension === 'year' ? [expected.legacy.byYear, expected.untaxedInOdoo.byYear] : [expected.legacy.byState, expected.untaxedInOdoo.byState];
    for (const [value, amount] of Object.entries(figures[0] ?? {})) {
      const cells = totals.filter((control) => control.dimension[dimension] === value);
      checks.equal(
        `legacy line amount, ${dimension} ${value}`,
        decimal(amount),
        decimal(
          sum(
            cells.map((cell) => cell.legacy),
            4,
          ),
        ),
      );
      checks.equal(
        `Odoo line amount, ${dimension} ${value}`,
        decimal(figures[1]?.[value]),
        decimal(
          sum(
            cells.map((cell) => cell.odoo),
            4,
          ),
        ),
      );
    }
  }
  for (const control of data.controls)
    checks.equal(`residual of ${control.entity}.${control.name} ${JSON.stringify(control.dimension)}`, '0', decimal(control.residual));
  for (const [field, amount] of Object.entries(expected.notCarried))
    checks.equal(`not carried: ${field}`, decimal(amount), decimal(notCarried(data.coverage, field)?.sum));
}

function checkTotal(checks: Checks, name: string, control: ControlTotal | undefined, legacy: string, odoo: string): void {
  checks.equal(`${name}: legacy total`, decimal(legacy), decimal(control?.legacy));
  checks.equal(`${name}: Odoo total`, decimal(odoo), decimal(control?.odoo));
  checks.equal(`${name}: the difference is rounding`, decimal(control?.difference), decimal(control?.classes.rounding));
}

function notCarried(coverage: readonly CoverageItem[], field: string): CoverageItem | undefined {
  return coverage.find((item) => item.reason === 'not-carried' && `${item.entity}.${item.field}` === field);
}

/** A decimal text without superfluous zeros, or with exactly `digits`. */
function decimal(text: string | null | undefined, digits?: number): string | null {
  if (text === null || text === undefined) return null;
  const [whole = '0', fraction = ''] = text.split('.');
  const kept = fraction.replace(/0+$/, '').padEnd(digits ?? 0, '0');
  return kept === '' ? whole : `${whole}.${kept}`;
}

// ---- what the bare client sees -----------------------------------------------------------------------------------------------------

async function checkOdoo(checks: Checks, odoo: BareOdoo, legacyUrl: string): Promise<void> {
  for (const [model, records] of Object.entries(expected.records))
    checks.equal(
      `${model} under our External IDs`,
      records,
      await count(odoo, 'ir.model.data', [
        ['module', '=', 'adventureworks'],
        ['model', '=', model],
      ]),
    );
  const orders = await readAll(
    odoo,
    'purchase.order',
    [['name', '=like', 'AW-%']],
    ['name', 'partner_id', 'state', 'locked', 'amount_untaxed', 'date_order', 'date_approve'],
  );
  const lines = await readAll(odoo, 'purchase.order.line', [['order_id.name', '=like', 'AW-%']], ['order_id', 'price_subtotal']);
  const byId = new Map(orders.map((order) => [order.id, order]));
  const orderOf = (line: BareRecord) => byId.get(line.order_id as number) as BareRecord;
  const untaxed = (of: readonly BareRecord[]) =>
    sum(
      of.map((line) => line.price_subtotal as number),
      2,
    );
  checks.equal('Odoo untaxed total, by line', expected.untaxedInOdoo.total, untaxed(lines));
  for (const [year, amount] of Object.entries(expected.untaxedInOdoo.byYear))
    checks.equal(`Odoo untaxed ${year}`, amount, untaxed(lines.filter((line) => String(orderOf(line).date_order).startsWith(year))));
  for (const [state, amount] of Object.entries(expected.untaxedInOdoo.byState))
    checks.equal(`Odoo untaxed ${state}`, amount, untaxed(lines.filter((line) => stateOf(orderOf(line)) === state)));
  // The total an order itself carries follows the company's rounding method.
  const [company] = await readAll(odoo, 'res.company', [], ['tax_calculation_rounding_method']);
  const method = String(company?.tax_calculation_rounding_method);
  const ofOrders = sum(
    orders.map((order) => order.amount_untaxed as number),
    2,
  );
  checks.equal(`Odoo untaxed total of the orders (company: ${method})`, expected.untaxedOfOrders[method], ofOrders);
  const byState = new Map<string, BareRecord[]>();
  for (const order of orders) grow(byState, stateOf(order), order);
  for (const [state, records] of Object.entries(expected.ordersByState)) checks.equal(`orders ${state}`, records, byState.get(state)?.length);
  await checkRows(checks, odoo, legacyUrl, orders);
}

/** Row by row against the legacy tables: supplier, dates, product, quantity, price. */
async function checkRows(checks: Checks, odoo: BareOdoo, legacyUrl: string, orders: readonly BareRecord[]): Promise<void> {
  const database = new pg.Client({ connectionString: legacyUrl });
  await database.connect();
  try {
    const { rows: headers } = await database.query<{ name: string; vendor: string; ordered: string; approved: string | false }>(
      `select 'AW-' || lpad(purchaseorderid::text, 5, '0') as name, accountnumber as vendor, to_char(orderdate, 'YYYY-MM-DD HH24:MI:SS') as ordered,
              case when status in (2, 4) then to_char(orderdate, 'YYYY-MM-DD HH24:MI:SS') end as approved
       from purchasing.purchaseorderheader join purchasing.vendor on businessentityid = vendorid order by 1`,
    );
    const partners = new Map((await readAll(odoo, 'res.partner', [['ref', '!=', false]], ['ref'])).map((partner) => [partner.id, partner.ref]));
    const inOdoo = orders
      .map((order) => [order.name, partners.get(order.partner_id as number), order.date_order, order.date_approve === false ? null : order.date_approve])
      .sort(byText);
    const inLegacy = headers.map((header) => [header.name, header.vendor, header.ordered, header.approved]).sort(byText);
    checks.equal('orders whose supplier or dates differ from the legacy table', [], firstDifferences(inLegacy, inOdoo));

    const { rows: lines } = await database.query<{ name: string; product: string; quantity: string; price: string; due: string }>(
      `select 'AW-' || lpad(purchaseorderid::text, 5, '0') as name, productnumber as product, orderqty::text as quantity, unitprice::text as price,
              to_char(duedate, 'YYYY-MM-DD HH24:MI:SS') as due
       from purchasing.purchaseorderdetail join production.product using (productid)`,
    );
    const products = new Map(
      (await readAll(odoo, 'product.product', [['default_code', '!=', false]], ['default_code'])).map((product) => [product.id, product.default_code]),
    );
    const names = new Map(orders.map((order) => [order.id, order.name]));
    const odooLines = (
      await readAll(odoo, 'purchase.order.line', [['order_id.name', '=like', 'AW-%']], ['order_id', 'product_id', 'product_qty', 'price_unit', 'date_planned'])
    ).map((line) => [
      names.get(line.order_id as number),
      products.get(line.product_id as number),
      decimal(String(line.product_qty)),
      decimal(String(line.price_unit)),
      line.date_planned,
    ]);
    checks.equal(
      'lines that differ from the legacy table',
      [],
      firstDifferences(
        lines.map((line) => [line.name, line.product, decimal(line.quantity), decimal(line.price), line.due]).sort(byText),
        odooLines.sort(byText),
      ),
    );
  } finally {
    await database.end();
  }
}

function stateOf(order: BareRecord): string {
  if (order.state === 'purchase') return order.locked === true ? 'closed' : 'confirmed';
  return order.state === 'cancel' ? 'cancelled' : String(order.state);
}

function grow(groups: Map<string, BareRecord[]>, key: string, record: BareRecord): void {
  groups.set(key, [...(groups.get(key) ?? []), record]);
}

function byText(left: readonly unknown[], right: readonly unknown[]): number {
  const [a, b] = [JSON.stringify(left), JSON.stringify(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function firstDifferences(expectedRows: readonly unknown[][], actualRows: readonly unknown[][]): string[] {
  const missing = new Set(expectedRows.map((row) => JSON.stringify(row)));
  const extra = actualRows.map((row) => JSON.stringify(row)).filter((row) => !missing.delete(row) && missing.size >= 0);
  return expectedRows.length === actualRows.length && JSON.stringify(expectedRows) === JSON.stringify(actualRows) ? [] : [...missing, ...extra].slice(0, 5);
}

async function witness(odoo: BareOdoo): Promise<{ counts: Map<string, number>; dumps: Map<string, Map<number, string>> }> {
  const counts = new Map<string, number>();
  const dumps = new Map<string, Map<number, string>>();
  for (const model of countedModels) counts.set(model, await count(odoo, model));
  for (const model of dumpedModels) dumps.set(model, await dump(odoo, model));
  return { counts, dumps };
}

function differing(before: Map<number, string> | undefined, after: Map<number, string> | undefined): string[] {
  if (before === undefined || after === undefined) return ['not read'];
  return [...before]
    .filter(([id, text]) => after.get(id) !== text)
    .map(([id, text]) => `${id}: ${text} → ${after.get(id) ?? 'gone'}`.slice(0, 600))
    .slice(0, 3);
}

async function writeDates(odoo: BareOdoo): Promise<string> {
  const stamps = await Promise.all(
    Object.keys(expected.records).map((model) =>
      call<BareRecord[]>(odoo, model, 'search_read', { domain: [], fields: ['write_date'], order: 'id', load: null }),
    ),
  );
  return JSON.stringify(stamps);
}
