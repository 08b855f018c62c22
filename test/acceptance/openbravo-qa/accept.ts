/** Openbravo's sample company: opening balances and open items of Spain (EUR) and USA (USD) from a PostgreSQL dump into two companies of one Odoo, posted,
 *  reconciled, paid and taken back. The figures in expected.json were computed by hand with psql and decimal arithmetic. An Odoo without these companies
 *  (the sandbox) is given the legacy side only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadRunResult, MapResult, MatchResult, PlanResult, ReconcileResult } from '../../../src/domain/results.ts';
import { type BareOdoo, type BareRecord, call, readAll } from '../bare-client.ts';
import { type Checks, sum } from '../checks.ts';
import { restoreDump } from '../restore-dump.ts';
import type { Acceptance, AcceptanceTarget } from '../run.ts';
import { breakOnPurpose } from './break-on-purpose.ts';
import { type CompanyWorkspace, openWorkspace } from './company-workspace.ts';
import { type ExpectedCommitments, loadOrders } from './purchase-orders.ts';

interface Found {
  readonly count: number;
  readonly measure: string;
}

interface Expected {
  readonly companies: Readonly<Record<string, ExpectedCompany>>;
  readonly sharedIdentifier: { readonly field: string; readonly records: readonly string[] };
  readonly bills: Readonly<Record<string, readonly [string, string, string, number]>>;
  readonly paid: { readonly number: string; readonly key: string; readonly amount: string };
}

interface ExpectedCompany {
  readonly currency: string;
  readonly trialBalance: Readonly<Record<string, string>>;
  readonly debit: string;
  readonly clearing: string;
  readonly documents: Readonly<Record<string, number>>;
  readonly openBills: string;
  readonly openInvoices: string;
  readonly parallelLedger: Found;
  readonly exchangeRounding: Found;
  readonly accountsLinked: number;
  /** Left out: the company has ordered nothing. */
  readonly commitments?: ExpectedCommitments;
}

const expected = JSON.parse(readFileSync(join(import.meta.dirname, 'expected.json'), 'utf8')) as Expected;

export const acceptance: Acceptance = {
  needs: ['openbravo_qa/openbravo_qa_pg15.sql.gz'],
  async run(target) {
    const legacy = await restoreDump(join(target.data, 'openbravo_qa/openbravo_qa_pg15.sql.gz'));
    try {
      const there = new Map((await readAll(target.odoo, 'res.company', [], ['name'])).map((company) => [company.name, company.id]));
      for (const [name, figures] of Object.entries(expected.companies)) {
        const workspace = openWorkspace(name, legacy.url, target);
        try {
          const id = there.get(name);
          await legacySide(workspace, target.checks, name, figures);
          if (id === undefined) target.log(`this Odoo has no company ${name}: only the legacy side was looked at (--real accounting has it)`);
          else await walk({ workspace, target, name, figures, company: id });
        } finally {
          workspace.close();
        }
      }
    } finally {
      await legacy.stop();
    }
  },
};

async function legacySide({ run }: CompanyWorkspace, checks: Checks, name: string, figures: ExpectedCompany): Promise<void> {
  await run(['pull', 'openbravo', '--capability', 'finance']);
  const { data } = await run<MapResult>(['map', 'finance'], [0, 3]);
  for (const entity of data.entities) {
    checks.equal(`${name}: map rejects nothing of ${entity.entity}`, 0, entity.rejected);
    checks.equal(`${name}: every row of ${entity.entity} is accounted for`, entity.input, entity.mapped + entity.rejected + entity.filtered);
  }
  for (const [entity, count] of Object.entries(figures.documents))
    checks.equal(`${name}: open ${entity}`, count, data.entities.find((one) => one.entity === entity)?.mapped);
  const found = (entity: string, check: string): Found => {
    const one = data.checks.find((candidate) => candidate.entity === entity && candidate.name === check);
    return { count: one?.count ?? -1, measure: plain(one?.measure ?? '') };
  };
  checks.equal(`${name}: the second ledger is said to be left out`, figures.parallelLedger, found('ledger_balance', 'parallel-ledger'));
  checks.equal(`${name}: exchange rounding is named`, figures.exchangeRounding, found('opening_line', 'exchange-rounding'));
  checks.equal(
    `${name}: open items are the ledger's, by partner and control account`,
    { count: 0, measure: '0' },
    found('control_balance', 'open-items-differ-from-ledger'),
  );
  checks.equal(`${name}: but for what exchange rates left`, figures.exchangeRounding, found('control_balance', 'exchange-rounding'));
  if (figures.commitments !== undefined) {
    const { open, orders } = figures.commitments;
    checks.equal(
      `${name}: received and not invoiced, for a rule to say where`,
      { count: open, measure: figures.commitments.openAmount },
      found('commitment', 'received-not-invoiced'),
    );
    checks.equal(
      `${name}: every order that straddles has its rule`,
      [orders, 0, 0],
      [
        data.entities.find((one) => one.entity === 'commitment')?.mapped,
        found('commitment', 'straddle-undeclared').count,
        found('commitment', 'commitment-differs').count,
      ],
    );
  }
  checks.equal(`${name}: the opening entry balances`, { count: 0, measure: '0' }, found('opening_entry', 'entry-does-not-balance'));
}

interface Walk {
  readonly workspace: CompanyWorkspace;
  readonly target: AcceptanceTarget;
  readonly name: string;
  readonly figures: ExpectedCompany;
  /** Id of the company in Odoo. */
  readonly company: number;
}

/** Drafts, then posted, then a payment by hand, then back. */
async function walk(asked: Walk): Promise<void> {
  const { workspace, target, name, figures, company } = asked;
  const { run, pull, file } = workspace;
  const { checks, odoo } = target;
  const before = await trialBalance(odoo, company);
  await run(['pull', 'odoo', '--capability', 'finance']);
  const matched = (await run<MatchResult>(['match', 'finance'], [0, 3])).data;
  checks.equal(`${name}: accounts of the installed chart found by code`, figures.accountsLinked, entityOf(matched.entities, 'account')?.crosswalk.new);
  checks.equal(`${name}: one tax id on two vendors`, [expected.sharedIdentifier], conflictsOf(matched));

  const drafts = await load(asked, 'drafts');
  await pull('odoo');
  const drafted = (await run<ReconcileResult>(['reconcile', 'finance'], [3])).data;
  checks.equal(`${name}: before posting nothing differs but the trial balance`, ['account'], entitiesWithBreaks(drafted));

  workspace.replace('state: "\'draft\'"', 'state: "\'posted\'"');
  await run(['match', 'finance'], [0, 3]);
  const posted = await load(asked, 'posted');
  await pull('odoo');
  const agreed = (await run<ReconcileResult>(['reconcile', 'finance'])).data;
  checks.equal(`${name}: posted`, 'RECONCILED', agreed.verdict);
  checkControls(checks, name, figures, agreed);
  const debit = agreed.coverage.find((item) => item.entity === 'ledger_balance' && item.field === 'debit')?.sum ?? '0';
  checks.equal(`${name}: debit of the ledger that is carried`, plain(figures.debit), plain(sum([debit, negated(figures.parallelLedger.measure)], 2)));
  checks.equal(`${name}: trial balance in Odoo, by an independent client`, plainEach(figures.trialBalance), minus(await trialBalance(odoo, company), before));
  if (figures.documents['vendor_bill'] !== 0) await checkBills(checks, odoo, company);
  checks.equal(
    `${name}: a plan after posting writes nothing`,
    [0, 0, 0],
    writesOf((await run<PlanResult>(['plan', 'finance', '--out', file('again.plan')])).data),
  );

  const isPaid = figures.documents['vendor_bill'] !== 0;
  if (isPaid) await payByHand(asked);
  await takeBack(asked, { drafts, posted, before, isPaid });
  if (isPaid) await breakOnPurpose({ workspace, target, company });
  if (figures.commitments !== undefined) await loadOrders({ workspace, target, name, company, expected: figures.commitments });
}

async function load({ workspace: { run, file }, target: { checks }, name }: Walk, what: string): Promise<string> {
  const planned = (await run<PlanResult>(['plan', 'finance', '--out', file(`${what}.plan`)])).data;
  checks.equal(`${name}: the plan of the ${what} refuses nothing`, [], planned.refusals);
  const { data, runId } = await run<LoadRunResult>(['load', file(`${what}.plan`)]);
  checks.equal(
    `${name}: ${what} loaded, nothing unknown, refused or left`,
    [0, 0, 0, 0, 0],
    [data.unknown, data.conflict, data.deadLettered, data.blocked, data.remaining],
  );
  return runId as string;
}

function checkControls(checks: Checks, name: string, figures: ExpectedCompany, data: ReconcileResult): void {
  const sides = (control: string, dimension: string): Record<string, string[]> =>
    Object.fromEntries(
      data.controls
        .filter((one) => one.name === control && dimension in one.dimension)
        .map((one) => [String(one.dimension[dimension]), [plain(one.legacy), plain(one.odoo)]]),
    );
  const accounts = Object.entries(sides('trial-balance', 'account')).filter(([, [legacy, odoo]]) => legacy !== '0' || odoo !== '0');
  checks.equal(
    `${name}: trial balance of both sides`,
    Object.fromEntries(
      Object.entries(figures.trialBalance)
        .sort()
        .map(([code, amount]) => [`${name} ${code} ${figures.currency}`, [plain(amount), plain(amount)]]),
    ),
    Object.fromEntries(accounts.sort()),
  );
  checks.equal(
    `${name}: the clearing account ends at nothing`,
    ['0', '0'],
    sides('trial-balance', 'account')[`${name} ${figures.clearing} ${figures.currency}`],
  );
  const total = (control: string) => data.controls.find((one) => one.name === control && Object.keys(one.dimension).length === 0);
  for (const [control, amount] of [
    ['open-bills-open', figures.openBills],
    ['open-invoices-open', figures.openInvoices],
  ] as const)
    checks.equal(`${name}: ${control}`, [plain(amount), plain(amount)], [plain(total(control)?.legacy ?? ''), plain(total(control)?.odoo ?? '')]);
  const residuals = data.controls.filter((control) => plain(control.residual) !== '0').map((control) => control.name);
  checks.equal(`${name}: every difference is explained`, [], residuals);
}

/** Number, dates and amount of the original survive posting. */
async function checkBills(checks: Checks, odoo: BareOdoo, company: number): Promise<void> {
  const context = { allowed_company_ids: [company] };
  const partners = new Map((await readAll(odoo, 'res.partner', [['ref', '!=', false]], ['ref'])).map((partner) => [partner.id, partner.ref]));
  const bills = await call<BareRecord[]>(odoo, 'account.move', 'search_read', {
    domain: [
      ['move_type', '=', 'in_invoice'],
      ['company_id', '=', company],
    ],
    fields: ['ref', 'partner_id', 'invoice_date', 'invoice_date_due', 'amount_total'],
    order: 'ref',
    load: null,
    context,
  });
  checks.equal(
    'bills in Odoo: number, vendor, date, due date, amount',
    expected.bills,
    Object.fromEntries(bills.map((bill) => [bill.ref, [partners.get(bill.partner_id as number), bill.invoice_date, bill.invoice_date_due, bill.amount_total]])),
  );
}

async function payByHand({ workspace: { run, pull, breaks }, target: { odoo, checks }, company, name }: Walk): Promise<void> {
  const context = { allowed_company_ids: [company] };
  const domain = [
    ['ref', '=', expected.paid.number],
    ['company_id', '=', company],
  ];
  const [bill] = await call<BareRecord[]>(odoo, 'account.move', 'search_read', { domain, fields: ['ref'], context });
  const paying = { ...context, active_model: 'account.move', active_ids: [bill?.id] };
  const [wizard] = await call<number[]>(odoo, 'account.payment.register', 'create', { vals_list: [{ payment_date: '2012-01-10' }], context: paying });
  await call(odoo, 'account.payment.register', 'action_create_payments', { ids: [wizard], context: paying });
  await pull('odoo');
  await run<ReconcileResult>(['reconcile', 'finance'], [3]);
  const found = breaks().filter((one) => one.entity === 'vendor_bill');
  checks.equal(
    `${name}: the payment is one break, to return to legacy`,
    [{ key: expected.paid.key, field: 'open_amount', legacy: expected.paid.amount, odoo: '0', direction: 'return-to-legacy' }],
    found.map(({ key, field, legacy, odoo: there, direction }) => ({ key, field, legacy, odoo: there, direction })),
  );
}

interface TakingBack {
  readonly drafts: string;
  readonly posted: string;
  readonly before: Readonly<Record<string, string>>;
  readonly isPaid: boolean;
}

async function takeBack({ workspace: { run }, target: { odoo, checks }, company, name, figures }: Walk, back: TakingBack): Promise<void> {
  const unposted = (await run<LoadRunResult>(['rollback', back.posted], back.isPaid ? [4] : [0])).data;
  checks.equal(
    `${name}: only the paid bill stays posted`,
    back.isPaid ? [expected.paid.key] : [],
    unposted.conflicts.map(({ key }) => key),
  );
  const gone = (await run<LoadRunResult>(['rollback', back.drafts], back.isPaid ? [4] : [0])).data;
  const documents = Object.values(figures.documents).reduce((total, count) => total + count, 1);
  const moves = await call<number>(odoo, 'account.move', 'search_count', {
    domain: [
      ['company_id', '=', company],
      ['move_type', 'in', ['entry', 'in_invoice', 'out_invoice']],
      ['origin_payment_id', '=', false],
    ],
    context: { allowed_company_ids: [company] },
  });
  checks.equal(`${name}: of ${documents} documents only the paid one is left`, back.isPaid ? 1 : 0, moves);
  checks.equal(
    `${name}: what is kept is listed`,
    back.isPaid ? [expected.paid.key] : [],
    gone.conflicts.map(({ key }) => key),
  );
  const left = minus(await trialBalance(odoo, company), back.before);
  const clearing = Object.keys(left).filter((code) => code === figures.clearing);
  checks.equal(
    `${name}: the trial balance is as before, but for the paid bill`,
    back.isPaid ? [plain(expected.paid.amount)] : [],
    clearing.map((code) => left[code]),
  );
}

/** Posted balances by account code, as Odoo's own lines sum up: nothing of the product has a hand in it. */
async function trialBalance(odoo: BareOdoo, company: number): Promise<Record<string, string>> {
  const context = { allowed_company_ids: [company] };
  const domain = [
    ['parent_state', '=', 'posted'],
    ['company_id', '=', company],
  ];
  const lines = await call<BareRecord[]>(odoo, 'account.move.line', 'search_read', { domain, fields: ['account_id', 'balance'], load: null, context });
  const accounts = await call<BareRecord[]>(odoo, 'account.account', 'search_read', { domain: [], fields: ['code'], load: null, context });
  const codes = new Map(accounts.map((account) => [account.id, String(account.code)]));
  const byCode = Map.groupBy(lines, (line) => codes.get(line.account_id as number) ?? 'unknown');
  const balances = [...byCode].map(
    ([code, own]) =>
      [
        code,
        plain(
          sum(
            own.map((line) => line.balance as number),
            2,
          ),
        ),
      ] as const,
  );
  return Object.fromEntries(balances.filter(([, balance]) => balance !== '0').sort());
}

function minus(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): Record<string, string> {
  const codes = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  const rest = codes.map((code) => [code, plain(sum([left[code] ?? '0', negated(right[code] ?? '0')], 2))] as const);
  return Object.fromEntries(rest.filter(([, amount]) => amount !== '0'));
}

function negated(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

function plainEach(amounts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts)
      .sort()
      .map(([code, amount]) => [code, plain(amount)]),
  );
}

/** Without superfluous zeros. */
function plain(amount: string): string {
  const text = amount.includes('.') ? amount.replace(/0+$/, '').replace(/\.$/, '') : amount;
  return text === '-0' || text === '' ? '0' : text;
}

function conflictsOf(matched: MatchResult): unknown[] {
  const file = matched.files.find((one) => one.endsWith('match.ndjson'));
  const rows = readFileSync(file ?? '', 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind?: string; field?: string; records?: { system: string | null; key: string | null; odoo_id: number | null }[] });
  return rows.flatMap(({ kind, field, records = [] }) => {
    const names = records.map(({ system, key, odoo_id }) => (system === null ? `odoo/${odoo_id}` : `${system}/${key}`));
    return kind === 'conflict' ? [{ field, records: names }] : [];
  });
}

function entitiesWithBreaks(data: ReconcileResult): string[] {
  return data.entities.filter((entity) => Object.keys(entity.breaks).length > 0).map(({ entity }) => entity);
}

function entityOf<Item extends { readonly entity: string }>(items: readonly Item[], name: string): Item | undefined {
  return items.find(({ entity }) => entity === name);
}

function writesOf({ actions }: PlanResult): number[] {
  return [actions.create, actions.update, actions.refuse];
}
