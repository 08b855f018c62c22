/** A ledger in files, an Odoo, and the verbs between them: what the tests of the finance pack happen in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Context, withContext } from '../../src/context.ts';
import type { OdooConnection } from '../../src/domain/ports.ts';
import type { LoadRunResult, MapResult, PlanResult, ReconcileResult } from '../../src/domain/results.ts';
import type { Capability } from '../../src/domain/workspace.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { mapCapability } from '../../src/workflows/map/map.ts';
import { matchCapability } from '../../src/workflows/match/match.ts';
import { planCapability } from '../../src/workflows/plan/plan.ts';
import { pull } from '../../src/workflows/pull/pull.ts';
import { reconcileCapability } from '../../src/workflows/reconcile/reconcile.ts';
import { planRollback } from '../../src/workflows/rollback/rollback.ts';
import { balanced, type Ledger, ledgerFiles, openBills } from './ledger.ts';

export interface FinanceWorld<Books = Ledger> {
  /** Writes the exports of the ledger and pulls both sides; the first night is matched. */
  night(books: Books): Promise<void>;
  map(): Promise<MapResult>;
  plan(file: string): Promise<PlanResult>;
  load(file: string): Promise<LoadRunResult>;
  reconcile(): Promise<ReconcileResult>;
  /** `refused`: documents that the plan of the rollback refuses, with the reason. */
  rollback(runId: string): Promise<LoadRunResult & { readonly refused: readonly string[] }>;
  odoo<Result>(work: (odoo: OdooConnection) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

interface Target {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  readonly apiKey: string;
}

export function makeFinanceWorld(target: Target): Promise<FinanceWorld> {
  return makeWorldOf(target, ledgerFiles, { state: 'draft', lines: balanced, bills: openBills });
}

/** `filesOf`: the files of the workspace, exports among them, as they are when the books stand so. `isMatched`: none of it is in Odoo already. */
export async function makeWorldOf<Books>(
  target: Target,
  filesOf: (books: Books) => Record<string, string>,
  first: Books,
  isMatched = false,
): Promise<FinanceWorld<Books>> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-finance-'));
  Object.assign(process.env, { ODOO_URL: target.url, ODOO_DB: target.database, ODOO_LOGIN: target.login, ODOO_API_KEY: target.apiKey });
  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), text);
    }
  };
  const inside = async <Data>(command: string, work: (context: Context, capability: Capability) => Promise<Data>): Promise<Data> => {
    const silent = { progress: () => undefined, signal: new AbortController().signal, onRun: () => undefined };
    const { data } = await withContext({ command, workspace: directory, asOf: null, ...silent }, (context) => {
      const capability = context.workspace.capabilities.get('finance') as Capability;
      return context.recorded('finance', async () => ({ status: 'ok' as const, text: () => '', data: await work(context, capability) }));
    });
    return data;
  };
  const load = (file: string) =>
    inside('load', ({ workspace, runId, asOf, ports }) => loadPlan({ workspace, file: join(directory, file), limit: null, resume: null, runId, asOf }, ports));
  await write(filesOf(first));
  let hasMatch = isMatched;
  return {
    async night(books) {
      await write(filesOf(books));
      await inside('pull', ({ workspace, asOf, runId, ports }, capability) =>
        pull({ workspace, capability, systems: ['ledger', 'odoo'], entity: null, full: false, asOf, runId }, ports),
      );
      if (hasMatch) return;
      hasMatch = true;
      await inside('match', ({ workspace, asOf, runId, ports }, capability) =>
        matchCapability({ workspace, capability, entity: null, train: false, asOf, runId }, ports),
      );
    },
    map: () => inside('map', ({ workspace, asOf, runId, ports }, capability) => mapCapability({ workspace, capability, entity: null, asOf, runId }, ports)),
    plan: (file) =>
      inside('plan', ({ workspace, asOf, runId, newNonce, ports }, capability) =>
        planCapability({ workspace, capability, asOf, runId, nonce: newNonce(), file: join(directory, file) }, ports),
      ),
    load,
    reconcile: () =>
      inside('reconcile', ({ workspace, asOf, runId, ports }, capability) =>
        reconcileCapability({ workspace, capability, asOf, runId, full: false, clear: false, secondLook: false }, ports),
      ),
    async rollback(of) {
      const file = `${of}.back.plan`;
      const { refusals } = await inside('rollback', ({ workspace, runId, asOf, newNonce, ports }) =>
        planRollback({ workspace, of, runId, asOf, nonce: newNonce(), file: join(directory, file) }, ports),
      );
      return { ...(await load(file)), refused: refusals.map(({ entity, reason, count }) => `${count} ${entity}: ${reason}`) };
    },
    odoo: (work) => inside('look', async ({ ports }) => work(await ports.odoo())),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
