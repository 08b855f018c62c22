/** One plan over a ledger that is wrong in every way a finance department fears: each fault is refused with its row named, the rest is still planned. */
import { readFileSync } from 'node:fs';
import type { PlanAction } from '../../../src/domain/plan.ts';
import type { MapResult, PlanResult } from '../../../src/domain/results.ts';
import { call } from '../bare-client.ts';
import type { AcceptanceTarget } from '../run.ts';
import type { CompanyWorkspace } from './company-workspace.ts';

interface Broken {
  readonly workspace: CompanyWorkspace;
  readonly target: AcceptanceTarget;
  readonly company: number;
}

/** Entity and key → what the refusal must say. */
const refused: Readonly<Record<string, RegExp>> = {
  'opening_entry OPENING Spain EUR': /entry-does-not-balance.*source row Spain, EUR/,
  'vendor_bill VSports/10000010': /rejected by the mapping \(tax: unmapped-code\) \(source row Spain 10000010 in the query of .*vendor-bill\.yaml\)/,
  'vendor_bill VSports/10000012': /key is not unique.*source row Spain 10000012, Spain 10000015 in/,
  'vendor_bill VShirts/10000013': /account refers to account 987654, which is refused, rejected or missing.*source row Spain 10000013/,
  'vendor_bill VTec/10000014': /lines-do-not-sum.*source row Spain 10000014/,
  'account 700000': /kind is liability_payable, and income on the record of Odoo.*source row Spain, 70000 in/,
  'customer_invoice CUSB/I~127': /open-items-differ-from-ledger.*source row Spain, 43000, CUSB in the query of .*control-balance\.yaml/,
  'customer_invoice CUSA/I~126': /no-exchange-rate.*source row Spain I\/26/,
  'customer_invoice CUSA/I~128': /posted_on lies in a period that is locked in Odoo.*source row Spain I\/28/,
};

export async function breakOnPurpose({ workspace, target: { odoo, checks }, company }: Broken): Promise<void> {
  const { run, edit, replace, file } = workspace;
  replace('state: "\'posted\'"', 'state: "\'draft\'"');
  edit('opening-line', 'balance: amount', "balance: case account when '60000' then amount::decimal(18, 5) + 0.01 else amount::decimal(18, 5) end");
  edit('vendor-bill', 'tax: tax_name', "tax: case documentno when '10000010' then 'Luxury tax' else tax_name end");
  edit('vendor-bill', 'number: documentno', "number: case documentno when '10000015' then '10000012' else documentno end");
  edit('vendor-bill', 'lines_total: lines', "lines_total: case documentno when '10000014' then '1' else lines end");
  edit('vendor-bill-line', "then '555900'", "then case documentno when '10000013' then '987654' else '555900' end");
  edit('customer-invoice', 'rate: rate', "rate: case documentno when 'I/26' then null else rate end");
  edit('customer-invoice', "posted_on: date '2011-12-31'", "posted_on: case documentno when 'I/28' then date '2010-06-30' else date '2011-12-31' end");
  edit('control-balance', 'balance: balance', "balance: case partner when 'CUSB' then balance::decimal(18, 5) + 5 else balance::decimal(18, 5) end");
  edit('account', 'kind: coalesce(control,', "kind: coalesce(case code when '70000' then 'payable' end, control,");
  const context = { allowed_company_ids: [company] };
  await call(odoo, 'res.company', 'write', { ids: [company], vals: { fiscalyear_lock_date: '2010-12-31' }, context });
  try {
    await run(['pull', '--capability', 'finance']);
    const mapped = (await run<MapResult>(['map', 'finance'], [0, 3])).data;
    checks.equal(
      'broken: the unknown tax is a reject with its row',
      [{ entity: 'vendor_bill', system: 'openbravo', field: 'tax', rule: 'unmapped-code', count: 1 }],
      mapped.rejects,
    );
    await run(['match', 'finance'], [0, 3]);
    const planned = (await run<PlanResult>(['plan', 'finance', '--out', file('broken.plan')])).data;
    const actions = actionsOf(file('broken.plan'));
    for (const [name, words] of Object.entries(refused)) {
      const action = actions.find(({ entity, key }) => `${entity} ${key}` === name);
      checks.equal(`broken: ${name} is refused (${words.source})`, true, action?.action === 'refuse' && words.test(action.reason ?? ''));
    }
    const documents = actions.filter(({ entity }) => ['opening_entry', 'vendor_bill', 'customer_invoice'].includes(entity));
    checks.equal(
      'broken: every other document is still planned',
      ['customer_invoice CUSA/I~125'],
      documents.filter(({ action }) => action === 'create').map(({ entity, key }) => `${entity} ${key}`),
    );
    checks.equal(
      'broken: the partners too',
      true,
      planned.byEntity.some(({ entity, actions: counts }) => entity === 'partner' && counts.refuse === 0),
    );
  } finally {
    await call(odoo, 'res.company', 'write', { ids: [company], vals: { fiscalyear_lock_date: false }, context });
  }
}

function actionsOf(file: string): PlanAction[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.slice(1, -1).map((line) => JSON.parse(line) as PlanAction);
}
