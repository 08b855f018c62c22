import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Kept } from './coordinates.ts';
import { coordinatesFile, readKept, writeKept } from './coordinates.ts';
import { WebSession } from './web-session.ts';

export type OdooVersion = 19 | 14;

export interface StartOptions {
  version: OdooVersion;
  /** From the template with Odoo's demo data (19 only). Default false. */
  demo?: boolean;
  /** From the template with a second company, of Spain, with a chart of accounts (19 only). Default false. */
  accounting?: boolean;
  /** Name of the database to make; refused if it exists. Default: a fresh name. */
  database?: string;
}

export interface Coordinates {
  url: string;
  database: string;
  login: string;
  /** Empty when the given Odoo came with an API key only. */
  password: string;
  apiKey?: string;
  /** `database.uuid`; absent when a given Odoo does not let this user read it. */
  uuid?: string;
}

export interface RealOdoo extends Coordinates {
  /** Drops the database this call made. A server that was started for such databases ends with the last of them. */
  stop(): Promise<void>;
}

const bringUpScript = fileURLToPath(new URL('bring-up.sh', import.meta.url));
const login = 'admin';
const password = 'admin';
const keyDays = 30;

/** A fresh database on a real Odoo, or the Odoo named by ODOO_URL, which is used as it is.
 *  The first call on a machine installs Odoo (minutes); later ones take about two seconds. */
export async function startRealOdoo(options: StartOptions): Promise<RealOdoo> {
  const given = await givenOdoo();
  if (given) return given;
  const { version, database = freshName() } = options;
  const url = await bringUp(version, 'create', database, templateOf(options));
  let stopped: Promise<string> | undefined;
  const stop = async (): Promise<void> => {
    stopped ??= bringUp(version, 'drop', database);
    await stopped;
  };
  try {
    return { ...(await openDatabase(url, database)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function templateOf({ demo = false, accounting = false }: Pick<StartOptions, 'demo' | 'accounting'>): 'bare' | 'demo' | 'accounting' {
  if (demo && accounting) throw new Error('a template has demo data or accounting of two companies, not both');
  if (accounting) return 'accounting';
  return demo ? 'demo' : 'bare';
}

/** As the tests were started: a test's own world sets the same names for the workspace it works in. */
const environment = { ...process.env };

/** The Odoo of the environment: never made, changed or dropped by this harness. */
async function givenOdoo(): Promise<RealOdoo | undefined> {
  const url = environment.ODOO_URL?.replace(/\/+$/, '');
  if (!url) return undefined;
  const database = environment.ODOO_DB ?? '';
  const apiKey = environment.ODOO_API_KEY;
  const given: RealOdoo = {
    url,
    database,
    login: environment.ODOO_LOGIN ?? '',
    password: environment.ODOO_PASSWORD ?? '',
    ...(apiKey ? { apiKey } : {}),
    stop: () => Promise.resolve(),
  };
  if (!database || !(apiKey || (given.login && given.password))) {
    throw new Error('ODOO_URL also needs ODOO_DB, and ODOO_API_KEY or ODOO_LOGIN with ODOO_PASSWORD');
  }
  const uuid = await givenUuid(given);
  return uuid === undefined ? given : { ...given, uuid };
}

/** Needs an administrator; for anyone else, and for an API key on Odoo before 19 without a login, it stays unknown. */
async function givenUuid({ url, database, login, password, apiKey }: Coordinates): Promise<string | undefined> {
  if (apiKey) {
    const response = await fetch(`${url}/json/2/ir.config_parameter/get_param`, {
      method: 'POST',
      headers: { Authorization: `bearer ${apiKey}`, 'X-Odoo-Database': database, 'Content-Type': 'application/json' },
      body: JSON.stringify({ key: 'database.uuid' }),
    });
    if (response.ok) return String(await response.json());
    if (response.status !== 404 || !login) return undefined;
  }
  try {
    return await readUuid(await WebSession.open(url, database, login, password || (apiKey ?? '')));
  } catch {
    return undefined;
  }
}

async function openDatabase(url: string, database: string): Promise<Required<Coordinates>> {
  const session = await WebSession.open(url, database, login, password);
  const apiKey = await session.mintApiKey(password, keyDays);
  return { url, database, login, password, apiKey, uuid: await readUuid(session) };
}

async function readUuid(session: WebSession): Promise<string> {
  return String(await session.call('ir.config_parameter', 'get_param', ['database.uuid']));
}

function freshName(): string {
  return `t${process.pid}_${randomBytes(4).toString('hex')}`;
}

/** Runs a verb of bring-up.sh and answers what it prints; its progress and errors go to standard error. */
function bringUp(version: OdooVersion, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [bringUpScript, String(version), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output.trim()) : reject(new Error(`bring-up.sh ${version} ${args.join(' ')} failed (${code})`))));
  });
}

// --- command line ----------------------------------------------------------------------------------------------

/** Asked again for the same database, answers the same coordinates. */
async function keep(version: OdooVersion, template: { demo: boolean; accounting: boolean }, database: string): Promise<Kept> {
  const url = await bringUp(version, 'start');
  const exists = (await bringUp(version, 'databases')).split('\n').includes(database);
  const known = (await readKept())[database];
  if (exists && known?.version === version) return known;
  if (exists) throw new Error(`database ${database} exists and was not made by this command; use reset to replace it`);
  await bringUp(version, 'create', database, templateOf(template));
  const kept = { ...(await openDatabase(url, database)), version, ...template };
  await writeKept(database, kept);
  return kept;
}

async function forget(version: OdooVersion, database: string): Promise<void> {
  await bringUp(version, 'drop', database);
  await writeKept(database, undefined);
}

const usage = `usage: node harness.ts start --database NAME [--version 19|14] [--demo|--accounting] [--json]   a database that stays up
       node harness.ts reset --database NAME [--json]                        drop it and make it anew
       node harness.ts stop  --database NAME                                 drop it
       node harness.ts stop  --version 19|14                                 end that server, keep its databases`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      version: { type: 'string' },
      database: { type: 'string' },
      demo: { type: 'boolean' },
      accounting: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const [verb] = positionals;
  const { database } = values;
  const known = database === undefined ? undefined : (await readKept())[database];
  const version = Number(values.version ?? known?.version ?? 19);
  if (version !== 19 && version !== 14) throw new Error(usage);
  if (verb === 'stop' && database === undefined && values.version !== undefined) {
    await bringUp(version, 'stop');
  } else if (verb === 'stop' && database !== undefined) {
    await forget(version, database);
  } else if ((verb === 'start' || verb === 'reset') && database !== undefined) {
    if (known && known.version !== version) throw new Error(`database ${database} is one of Odoo ${known.version}`);
    if (verb === 'reset') await forget(version, database);
    const template = { demo: values.demo ?? known?.demo ?? false, accounting: values.accounting ?? known?.accounting ?? false };
    print(await keep(version, template, database), values.json ?? false);
  } else {
    throw new Error(usage);
  }
}

function print(kept: Kept, asJson: boolean): void {
  if (asJson) console.log(JSON.stringify(kept, null, 2));
  else console.log(`Odoo ${kept.version} at ${kept.url}, database ${kept.database}, login ${kept.login}; key in ${coordinatesFile}`);
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
