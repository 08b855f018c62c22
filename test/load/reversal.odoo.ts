/** A posted entry is not deleted: a rollback reverses it, by the wizard, on the day of the plan, and once. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Context, withContext } from '../../src/context.ts';
import type { Capability } from '../../src/domain/workspace.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { planCapability } from '../../src/workflows/plan/plan.ts';
import { pull } from '../../src/workflows/pull/pull.ts';
import { planRollback } from '../../src/workflows/rollback/rollback.ts';
import { startRealOdoo } from '../real-odoo/harness.ts';

const FILES: Readonly<Record<string, string>> = {
  'legacy/entries.csv': 'NO,DATE,JOURNAL,STATE\nE-1,2026-03-31,MISC,posted\nE-2,2026-03-31,MISC,draft\n',
  'legacy/lines.csv': 'NO,LINE,ACCOUNT,DEBIT,CREDIT\nE-1,1,101402,70.25,0\nE-1,2,400000,0,70.25\nE-2,1,101402,5,0\nE-2,2,400000,0,5\n',
  'mappings/ledger/capability.yaml': 'capability: ledger\nentities: [journal_entry]\n',
  'mappings/ledger/codes/journal.csv': 'source,target,status,by,at,reason\nMISC,MISC,confirmed,test,2026-01-01,\n',
  'mappings/ledger/codes/account.csv':
    'source,target,status,by,at,reason\n101402,101402,confirmed,test,2026-01-01,\n400000,400000,confirmed,test,2026-01-01,\n',
  'mappings/ledger/journal-entry.yaml': `
entity: journal_entry
version: 1
key: [entry_no]
fields:
  entry_no: {type: identifier, scheme: code, required: true}
  date: {type: date, required: true}
  journal: {type: code, codes: journal, required: true}
  state: {type: choice, values: [draft, posted], required: true}
odoo:
  model: account.move
  set: {move_type: entry}
  fields: {entry_no: ref, date: date, journal: {field: journal_id, by: code}}
  states:
    field: state
    values:
      draft: {is: {state: [draft]}}
      posted: {is: {state: [posted]}, reach: [post], leave: [reverse], rollback: keep}
    steps:
      post: {call: action_post}
      reverse:
        call: refund_moves
        wizard: {model: account.move.reversal, values: {move_ids: [[6, 0, $ids]], date: $today, journal_id: $journal, reason: taken back}}
        unless: {reversal_move_ids: [true]}
`,
  'mappings/ledger/journal-entry-line.yaml': `
entity: journal_entry_line
version: 1
parent: journal_entry
key: [entry, line_no]
fields:
  entry: {type: ref, entity: journal_entry, required: true}
  line_no: {type: integer, required: true}
  account: {type: code, codes: account, required: true}
  debit: {type: money}
  credit: {type: money}
odoo:
  model: account.move.line
  in: line_ids
  parent_field: move_id
  fields: {entry: move_id, account: {field: account_id, by: code}, debit: debit, credit: credit}
`,
  'mappings/ledger/sources/legacy/journal-entry.yaml':
    'system: legacy\nentity: journal_entry\nfrom: entries.csv\nfields: {entry_no: NO, date: DATE, journal: "code(\'journal\', JOURNAL)", state: STATE}\n',
  'mappings/ledger/sources/legacy/journal-entry-line.yaml':
    'system: legacy\nentity: journal_entry_line\nfrom: lines.csv\nfields: {entry: NO, line_no: LINE, account: "code(\'account\', ACCOUNT)", debit: DEBIT, credit: CREDIT}\n',
  'cutover.yaml':
    'version: 1\nnamespace: ledgertest\nsystems:\n  legacy: {connector: files, directory: legacy}\n  odoo: {connector: odoo, url: "${ODOO_URL}", database: "${ODOO_DB}", login: "${ODOO_LOGIN}", api_key: "${ODOO_API_KEY}"}\ncapabilities: [ledger]\n',
};

test('a posted entry is reversed and stays, a draft is deleted', { timeout: 400_000 }, async () => {
  const odoo = await startRealOdoo({ version: 19 });
  const directory = await mkdtemp(join(tmpdir(), 'cutover-reversal-'));
  onTestFinished(async () => {
    await odoo.stop();
    await rm(directory, { recursive: true, force: true });
  });
  Object.assign(process.env, { ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey ?? odoo.password });
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), text);
  }
  const inside = async <Result>(work: (context: Context, capability: Capability) => Promise<Result>): Promise<Result> => {
    const invocation = { ...{ command: 'test', workspace: directory, asOf: '2026-06-30' }, progress: () => undefined, signal: new AbortController().signal };
    const { data } = await withContext({ ...invocation, onRun: () => undefined }, async (context) => ({
      ...{ status: 'ok' as const, text: () => '' },
      data: await work(context, context.workspace.capabilities.get('ledger') as Capability),
    }));
    return data;
  };
  const limits = [{ entity: 'journal_entry', cannot: 'delete it: it stays, after reverse', count: 1 }];
  const file = join(directory, 'ledger.plan');
  const loaded = await inside(async ({ workspace, asOf, runId, ports, newNonce }, capability) => {
    await pull({ workspace, capability, systems: ['legacy', 'odoo'], entity: null, full: false, asOf, runId }, ports);
    const plan = await planCapability({ workspace, capability, asOf, runId, nonce: newNonce(), file }, ports);
    expect({ refusals: plan.refusals, limits: plan.limits }).toEqual({ refusals: [], limits });
    return loadPlan({ workspace, file, limit: null, resume: null, runId, asOf }, ports);
  });
  expect(loaded).toMatchObject({ applied: 2, deadLettered: 0 });
  const entries = (): Promise<Readonly<Record<string, unknown>>[]> =>
    inside(async ({ ports }) => {
      const connection = await ports.odoo();
      const ids = await connection.searchIds('account.move', [['move_type', '=', 'entry']]);
      return connection.read('account.move', ids, ['ref', 'state', 'date', 'reversed_entry_id', 'amount_total']);
    });
  const back = join(directory, 'back.plan');
  const done = await inside(async ({ workspace, asOf, runId, ports, newNonce }) => {
    const plan = await planRollback({ workspace, of: loaded.runId, runId, asOf, nonce: newNonce(), file: back }, ports);
    expect(plan).toMatchObject({ actions: { update: 1, delete: 1 }, limits: expect.arrayContaining(limits) });
    return loadPlan({ workspace, file: back, limit: null, resume: null, runId, asOf }, ports);
  });
  expect(done).toMatchObject({ applied: 2, conflict: 0, deadLettered: 0 });
  const left = await entries();
  const [original] = left.filter(({ ref }) => ref === 'E-1');
  expect(original).toMatchObject({ state: 'posted', date: '2026-03-31' });
  expect(left.filter(({ id }) => id !== original?.id)).toMatchObject([
    { state: 'posted', date: '2026-06-30', reversed_entry_id: original?.id, amount_total: 70.25 },
  ]);
});
