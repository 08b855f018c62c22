/** The finance act: the books are found with their faults, mended, loaded as drafts, posted, tied, paid from, and taken back. */
import { join } from 'node:path';
import { Decimal } from 'decimal.js';
import type { OpenItem } from '../../fixtures/hospital/ledgerworks.ts';
import { amountText, buildLedgerworks } from '../../fixtures/hospital/ledgerworks-faults.ts';
import type { ControlTotal } from '../domain/difference.ts';
import type { ReconcileResult } from '../domain/results.ts';
import { type Census, differences, takeCensus } from './census.ts';
import { checkLoad, checkMap, type Mistakes, same, sameNames } from './checks.ts';
import { breaksOf, documentsOf } from './evidence.ts';
import { faultText } from './expectations.ts';
import { FINANCE_MODELS, mendBooks, type PaymentByHand, payByHand, sayPosted, unpayByHand } from './finance-stage.ts';
import type { Proof } from './proof.ts';
import type { Stage } from './stage.ts';
import type { Verbs } from './verbs.ts';
import type { Finding, Step } from './walk.ts';

export interface FinanceAct {
  readonly steps: readonly Step[];
  /** Loads that have not been rolled back, oldest first. */
  readonly openLoads: readonly string[];
}

interface Play {
  readonly stage: Stage;
  readonly verbs: Verbs;
  readonly proof: Proof;
  readonly memory: { before: Census | null; paid: PaymentByHand | null; readonly loads: string[] };
  /** The books as they are once they are mended. */
  readonly books: ReturnType<typeof buildLedgerworks>;
}

/** Entities that a plan refuses where something is wrong with them. */
const DOCUMENTS: ReadonlySet<string> = new Set(['opening_entry', 'vendor_bill', 'customer_invoice']);
const CLEARING = '1999';

export function financeAct(stage: Stage, verbs: Verbs, proof: Proof, applies: () => boolean): FinanceAct {
  const memory: Play['memory'] = { before: null, paid: null, loads: [] };
  const play: Play = { stage, verbs, proof, memory, books: buildLedgerworks({ mended: true }) };
  const owed = () => memory.loads.length > 0;
  const steps: readonly Step[] = [
    { name: 'books', title: 'finance   the books of the year’s end, and what is wrong with them', work: () => findFaults(play) },
    { name: 'books-plan', title: 'plan      each document with a mistake is refused by name', work: () => planFaulty(play) },
    { name: 'books-load', title: 'load      mended: opening balances and open items, as drafts', work: () => loadDrafts(play) },
    { name: 'books-drafts', title: 'reconcile the drafts: all but what is still to be posted', work: () => reconcileDrafts(play) },
    { name: 'books-post', title: 'load      the totals tie: everything is posted', work: () => post(play) },
    { name: 'books-tie', title: 'reconcile posted: balances and open items to the cent', work: () => reconcilePosted(play) },
    { name: 'books-paid', title: 'somebody pays a bill in Odoo: one break, to return to legacy', work: () => pay(play) },
    { name: 'books-back', title: 'rollback  the paid bill is kept until its payment is gone', owed, work: () => takeBack(play) },
  ];
  return { steps: steps.map((step) => ({ ...step, applies })), openLoads: memory.loads };
}

async function findFaults({ stage, verbs, proof, memory }: Play): Promise<Finding> {
  memory.before = await verbs.odoo((odoo) => takeCensus(odoo, FINANCE_MODELS));
  await verbs.pull(['ledgerworks', 'bank', 'odoo']);
  const { data } = await verbs.map();
  const rows = data.entities.reduce((sum, { input }) => sum + input, 0);
  const { faults } = stage.ledgerTruth;
  proof.faults = [...proof.faults, ...faults];
  return {
    detail: `${rows} rows, ${faults.length} faults seeded`,
    notes: faults.map(faultText),
    mistakes: checkMap(data, stage.ledgerTruth, { rejects: new Map() }),
  };
}

async function planFaulty({ stage, verbs }: Play): Promise<Finding> {
  const { data } = await verbs.plan('books.plan');
  const refused = (await documentsOf(join(stage.directory, 'books.plan'))).filter(({ action }) => action === 'refuse');
  const wanted = stage.ledgerTruth.faults.flatMap(({ entity, key }) => (DOCUMENTS.has(entity) ? [`${entity} ${key}`] : []));
  return {
    detail: `${data.actions.create} to create, ${refused.length} refused with their reason`,
    mistakes: sameNames(
      'refused',
      wanted,
      refused.map(({ entity, key }) => `${entity} ${key}`),
    ),
  };
}

async function loadDrafts(play: Play): Promise<Finding> {
  await mendBooks(play.stage);
  await play.verbs.pull(['ledgerworks']);
  return planAndLoad(play, 'drafts.plan');
}

async function planAndLoad({ verbs, memory }: Play, file: string): Promise<Finding> {
  const planned = await verbs.plan(file);
  const { runId, data } = await verbs.load(file, null);
  memory.loads.push(runId);
  const { create, update } = planned.data.actions;
  return {
    detail: `${data.applied} documents ${create > 0 ? `made of ${data.records.created} records` : 'posted'} in ${data.seconds.toFixed(1)} s`,
    mistakes: [...same('refused', 0, planned.data.actions.refuse), ...checkLoad(data, { applied: create + update, noop: data.noop, remaining: 0 })],
  };
}

async function reconcileDrafts({ verbs, books }: Play): Promise<Finding> {
  await verbs.pull(['odoo']);
  const { data } = await verbs.reconcile();
  const breaks = await breaksOf(data);
  return {
    detail: `${breaks.length} balances wait for the posting, everything else is equal`,
    mistakes: [
      ...sameNames('differing', ['account balance'], new Set(breaks.map(({ entity, field }) => `${entity} ${field}`))),
      ...same('accounts that wait for the posting', movedAccounts(books).length, breaks.length),
      ...checkUnexplained(data),
    ],
  };
}

/** Accounts whose balance at the end of the year is not 0.00. */
function movedAccounts({ carried }: Play['books']): readonly string[] {
  const balances = new Map<string, Decimal>();
  for (const { account, cents } of carried) balances.set(account, (balances.get(account) ?? new Decimal(0)).plus(cents));
  return [...balances].flatMap(([account, cents]) => (cents.isZero() ? [] : [account]));
}

async function post(play: Play): Promise<Finding> {
  await sayPosted(play.stage);
  return planAndLoad(play, 'posted.plan');
}

async function reconcilePosted({ stage, verbs, proof, books }: Play): Promise<Finding> {
  await verbs.pull(['odoo']);
  const { data } = await verbs.reconcile();
  proof.books = data;
  const [clearing] = controlsOf(data, 'trial-balance', 'account').filter(({ dimension }) => dimension.account?.includes(` ${CLEARING} `) === true);
  const open = (side: OpenItem['side']) => amountText(books.openItems.reduce((sum, item) => sum + (item.side === side ? item.open : 0), 0));
  return {
    detail: `${data.verdict}; clearing account ${amountText(0)} on both sides`,
    mistakes: [
      ...same('verdict', 'RECONCILED', data.verdict),
      ...checkTied('clearing account', '0', clearing),
      ...checkTied('open bills', open('AP'), totalOf(data, 'open-bills-open')),
      ...checkTied('open invoices', open('AR'), totalOf(data, 'open-invoices-open')),
      ...checkPayments(data, stage),
      ...checkTied('opening entries', '0', totalOf(data, 'opening-balance')),
      ...checkUnexplained(data),
    ],
  };
}

/** Payments without a bill are told apart by the rules of the mapping, and the one that was made twice is told. */
function checkPayments({ explained, allocations }: ReconcileResult, { ledgerTruth: { faults } }: Stage): Mistakes {
  const classes = Map.groupBy(
    faults.flatMap(({ expect }) => (expect.kind === 'explained' ? [expect.class] : [])),
    (name) => name,
  );
  const repeats = faults.filter(({ expect }) => expect.kind === 'repeat').length;
  return [
    ...[...classes].flatMap(([name, of]) => same(`payments explained as ${name}`, of.length, explained.find((one) => one.class === name)?.rows)),
    ...same('payments made twice', repeats, allocations.find(({ payments }) => payments === 'payment')?.repeats),
  ];
}

function controlsOf(data: ReconcileResult, name: string, dimension: string): readonly ControlTotal[] {
  return data.controls.filter((control) => control.name === name && dimension in control.dimension);
}

export function totalOf(data: ReconcileResult, name: string): ControlTotal | undefined {
  return data.controls.find((control) => control.name === name && Object.keys(control.dimension).length === 0);
}

/** Both sides are the amount that the books say. */
function checkTied(what: string, amount: string, control: ControlTotal | undefined): Mistakes {
  const plain = (text: string | undefined) => (text === undefined ? 'nothing' : new Decimal(text).toFixed(2));
  const wanted = plain(amount);
  return [...same(`${what} in legacy`, wanted, plain(control?.legacy)), ...same(`${what} in Odoo`, wanted, plain(control?.odoo))];
}

function checkUnexplained({ controls }: ReconcileResult): Mistakes {
  return controls.filter(({ residual }) => !new Decimal(residual).isZero()).map(({ name, residual }) => `unexplained in ${name}: ${residual}`);
}

async function pay({ verbs, memory, books }: Play): Promise<Finding> {
  const [bill] = books.openItems;
  if (bill === undefined) throw new Error('the books hold no open bill');
  memory.paid = await verbs.odoo((odoo) => payByHand(odoo, bill.number));
  await verbs.pull(['odoo']);
  const { data } = await verbs.reconcile();
  const breaks = (await breaksOf(data)).filter(({ entity }) => entity === 'vendor_bill');
  return {
    detail: `${bill.number}, ${amountText(bill.open)}: what is open of it is 0.00 in Odoo`,
    mistakes: [
      ...sameNames(
        'breaks of bills',
        [`${bill.partner}/${bill.number} open_amount return-to-legacy`],
        breaks.map(({ key, field, direction }) => `${key} ${field} ${direction}`),
      ),
      ...checkUnexplained(data),
    ],
  };
}

async function takeBack({ verbs, proof, memory, books }: Play): Promise<Finding> {
  const mistakes: string[] = [];
  let deleted = 0;
  const kept: string[] = [];
  for (const runId of [...memory.loads].reverse()) {
    const { data } = await verbs.rollback(runId, `rollback-${runId}.plan`);
    deleted += data.records.deleted;
    kept.push(...data.conflicts.map(({ key }) => String(key)));
    mistakes.push(
      ...same('dead letters', 0, data.deadLettered),
      ...same('left for later', 0, data.remaining),
      ...same('unknown', 0, data.unknown),
      ...data.refusals.map((refusal) => `Odoo refused ${refusal.count} ${refusal.entity}: ${refusal.reason}`),
    );
    const { paid } = memory;
    if (paid !== null) await verbs.odoo((odoo) => unpayByHand(odoo, paid));
    memory.paid = null;
    memory.loads.splice(memory.loads.indexOf(runId), 1);
  }
  const [bill] = books.openItems;
  if (proof.books !== null) mistakes.push(...sameNames('kept', [`${bill?.partner}/${bill?.number}`], kept));
  const after = await verbs.odoo((odoo) => takeCensus(odoo, FINANCE_MODELS));
  const left = memory.before === null ? [] : differences(memory.before, after);
  return {
    detail: `${kept.join(', ')} kept; without the payment it goes too: ${deleted} records deleted, ${left.length === 0 ? 'nothing left' : `${left.length} models differ`}`,
    mistakes: [...mistakes, ...left.map((line) => `after the rollback ${line}`)],
  };
}
