/** Where the demo plays: a workspace in a temporary directory, the hospital's legacy systems beside it, and an Odoo. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildHospital, type Hospital } from '../../fixtures/hospital/hospital.ts';
import type { Ledgerworks } from '../../fixtures/hospital/ledgerworks.ts';
import { buildLedgerworks } from '../../fixtures/hospital/ledgerworks-faults.ts';
import { departmentExports, meditrackSql, type Truth, truthOf } from '../../fixtures/hospital/write.ts';
import { ledgerworksExports, ledgerworksTruth } from '../../fixtures/hospital/write-ledgerworks.ts';
import { packageDirectory } from '../context.ts';
import { CutoverError } from '../domain/errors.ts';
import type { OdooConnection } from '../domain/ports.ts';
import type { RoundingMethod } from './expectations.ts';

export interface Stage {
  readonly directory: string;
  readonly hospital: Hospital;
  readonly truth: Truth;
  /** The books as they are found, and what is wrong with them. */
  readonly ledger: Ledgerworks;
  readonly ledgerTruth: Truth;
  readonly odoo: OdooTarget;
  remove(): Promise<void>;
}

export interface OdooTarget {
  /** As a person would call it. */
  readonly name: string;
  readonly url: string;
  readonly isSandbox: boolean;
  readonly environment: Readonly<Record<'ODOO_URL' | 'ODOO_DB' | 'ODOO_LOGIN' | 'ODOO_API_KEY', string>>;
  stop(): Promise<void>;
}

/** Builds the workspace (0700) with the legacy database and the departments' exports in it. */
export async function raiseStage(odoo: OdooTarget, tell: (text: string) => void): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-demo-'));
  try {
    const hospital = buildHospital();
    await cp(join(packageDirectory, 'fixtures', 'hospital', 'workspace'), directory, { recursive: true });
    tell('the materials management database');
    await writeLegacyDatabase(join(directory, 'legacy', 'meditrack'), meditrackSql(hospital));
    tell('the departments’ exports');
    await writeExports(directory, departmentExports(hospital));
    const ledger = buildLedgerworks();
    await writeExports(directory, ledgerworksExports(ledger));
    return {
      ...{ directory, hospital, truth: truthOf(hospital), ledger, ledgerTruth: ledgerworksTruth(ledger), odoo },
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Files of legacy systems, by their paths below the folder of exports. */
export async function writeExports(directory: string, exports: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of exports) {
    const file = join(directory, 'legacy', 'exports', path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, bytes, { mode: 0o600 });
  }
}

async function writeLegacyDatabase(directory: string, sql: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { PGlite } = await import('@electric-sql/pglite');
  const database = new PGlite(directory);
  try {
    await database.exec(sql);
  } finally {
    await database.close();
  }
}

/** The Odoo at `url` with the coordinates of the environment, or the sandbox. */
export async function openOdoo(url: string | null): Promise<OdooTarget> {
  if (url === null) {
    const { startSandbox } = await import('../sandbox/server.ts');
    const sandbox = await startSandbox({});
    return {
      name: 'the sandbox, an Odoo 19 stand-in inside this process',
      url: sandbox.url,
      isSandbox: true,
      environment: { ODOO_URL: sandbox.url, ODOO_DB: sandbox.database, ODOO_LOGIN: sandbox.login, ODOO_API_KEY: sandbox.apiKey },
      stop: () => sandbox.stop(),
    };
  }
  const given = { ODOO_DB: process.env.ODOO_DB ?? '', ODOO_LOGIN: process.env.ODOO_LOGIN ?? '', ODOO_API_KEY: process.env.ODOO_API_KEY ?? '' };
  const missing = Object.entries(given).flatMap(([name, value]) => (value === '' ? [name] : []));
  if (missing.length > 0) {
    throw new CutoverError(
      'E_SECRET_MISSING',
      `with --odoo the environment has to name the database, the login and its API key; not set: ${missing.join(', ')}`,
      {
        hint: `ODOO_DB=… ODOO_LOGIN=… ODOO_API_KEY=… cutover demo --odoo ${url}`,
      },
    );
  }
  return { name: `Odoo at ${url}, database ${given.ODOO_DB}`, url, isSandbox: false, environment: { ODOO_URL: url, ...given }, stop: async () => undefined };
}

/** Runs `work` with the coordinates of Odoo where the workspace's `${ODOO_URL}` and its sisters look for them. */
export async function withEnvironment<Result>(environment: Readonly<Record<string, string>>, work: () => Promise<Result>): Promise<Result> {
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, environment);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** What lives in Odoo already: the supplier that somebody keyed in by hand, and a partner who has nothing to do with the hospital. */
export async function seedOdoo(odoo: OdooConnection, { hospital, truth }: Stage): Promise<readonly number[]> {
  const known = truth.faults.flatMap((fault) => (fault.expect.kind === 'exists-unlinked' ? [fault.key] : []));
  const partners = known.map((number) => ({
    name: hospital.vendors.find((vendor) => vendor.vend_no === number)?.vend_name ?? number,
    ref: number,
    is_company: true,
    supplier_rank: 1,
  }));
  return odoo.call<number[]>('res.partner', 'create', { vals_list: [...partners, { name: 'City Water Works', is_company: true, supplier_rank: 1 }] });
}

/** Refuses an Odoo in which an earlier demo has left something: nothing could be proven on it. */
export async function refuseUsedOdoo(odoo: OdooConnection, namespace: string): Promise<void> {
  const left = await odoo.searchIds('ir.model.data', [['module', '=', namespace]]);
  if (left.length === 0) return;
  throw new CutoverError('E_NAMESPACE', `this Odoo holds ${left.length} External IDs of ${namespace} already, perhaps of an earlier demo`, {
    hint: 'use a database without them, or roll the earlier demo back: cutover rollback RUN --workspace DIR',
  });
}

/** How the company of the user rounds. */
export async function roundingMethod(odoo: OdooConnection): Promise<RoundingMethod> {
  const { userId } = await odoo.identity();
  const [user] = await odoo.read('res.users', [userId], ['company_id']);
  const [company] = await odoo.read('res.company', [Number(user?.company_id)], ['tax_calculation_rounding_method']);
  return company?.tax_calculation_rounding_method === 'round_globally' ? 'round_globally' : 'round_per_line';
}
