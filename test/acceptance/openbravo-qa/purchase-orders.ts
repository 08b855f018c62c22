/** The purchase orders of the company into the same Odoo by the procurement pack, and their value against what finance says is ordered, billed and committed. */
import type { LoadRunResult, MapResult, PlanResult, ReconcileResult } from '../../../src/domain/results.ts';
import { type BareOdoo, call } from '../bare-client.ts';
import { sum } from '../checks.ts';
import type { AcceptanceTarget } from '../run.ts';
import type { CompanyWorkspace } from './company-workspace.ts';

export interface ExpectedCommitments {
  readonly orders: number;
  readonly lines: number;
  /** Ordered, and received. */
  readonly quantity: string;
  readonly untaxed: string;
  readonly total: string;
  /** Billed of them, which is what is owed: none of it was paid. */
  readonly invoiced: string;
  /** Orders received and not billed, and what they come to. */
  readonly open: number;
  readonly openAmount: string;
}

interface Orders {
  readonly workspace: CompanyWorkspace;
  readonly target: AcceptanceTarget;
  readonly name: string;
  /** Id of the company in Odoo. */
  readonly company: number;
  readonly expected: ExpectedCommitments;
}

export async function loadOrders({ workspace: { run, file }, target: { checks, odoo }, name, company, expected }: Orders): Promise<void> {
  await giveWarehouse(odoo, name, company);
  await run(['pull', '--capability', 'procurement']);
  const mapped = (await run<MapResult>(['map', 'procurement'], [0, 3])).data;
  checks.equal(
    `${name}: map rejects no order`,
    [],
    mapped.entities.flatMap(({ entity, rejected }) => (rejected === 0 ? [] : [entity])),
  );
  await run(['match', 'procurement'], [0, 3]);
  const planned = (await run<PlanResult>(['plan', 'procurement', '--out', file('orders.plan')])).data;
  checks.equal(`${name}: the plan of the orders refuses nothing`, [], planned.refusals);
  const { data: loaded } = await run<LoadRunResult>(['load', file('orders.plan')]);
  checks.equal(`${name}: orders loaded`, [0, 0, 0, 0], [loaded.conflict, loaded.deadLettered, loaded.blocked, loaded.remaining]);
  await run(['pull', 'odoo', '--capability', 'procurement']);
  await run(['match', 'procurement'], [0, 3]);
  const { data } = await run<ReconcileResult>(['reconcile', 'procurement'], [0, 3]);
  const sides = (control: string): readonly string[] => {
    const total = data.controls.find((one) => one.name === control && Object.keys(one.dimension).length === 0);
    return [total?.legacy ?? '', total?.odoo ?? ''].map(plain);
  };
  const both = (value: string | number): readonly string[] => [String(value), String(value)];
  checks.equal(
    `${name}: orders, lines and their untaxed value on both sides`,
    [both(expected.orders), both(expected.lines), both(expected.untaxed)],
    [sides('orders'), sides('lines'), sides('order-untaxed-amount')],
  );
  const carried = (entity: string, field: string): string => plain(data.coverage.find((one) => one.entity === entity && one.field === field)?.sum ?? '');
  checks.equal(`${name}: ordered is received`, expected.quantity, carried('purchase_order_line', 'received_quantity'));
  checks.equal(`${name}: with the tax of the legacy system`, expected.total, plain(sum([expected.untaxed, carried('purchase_order', 'tax_amount')], 2)));
  checks.equal(`${name}: ordered is billed and still committed`, expected.total, plain(sum([expected.invoiced, expected.openAmount], 2)));
}

/** Odoo takes no order of a company that has nowhere to receive it. */
async function giveWarehouse(odoo: BareOdoo, name: string, company: number): Promise<void> {
  const context = { allowed_company_ids: [company] };
  const domain = [['company_id', '=', company]];
  if ((await call<number>(odoo, 'stock.warehouse', 'search_count', { domain, context })) > 0) return;
  await call(odoo, 'stock.warehouse', 'create', { vals_list: [{ name, code: name.slice(0, 5).toUpperCase(), company_id: company }], context });
}

function plain(amount: string): string {
  return amount.includes('.') ? amount.replace(/0+$/, '').replace(/\.$/, '') : amount;
}
