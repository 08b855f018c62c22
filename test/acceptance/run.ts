/** `npm run accept -- NAME [--odoo URL | --real bare|demo|accounting] [--json] [--keep]`: an acceptance workspace against the sandbox (default), an Odoo by URL
 *  (ODOO_DB, ODOO_API_KEY, ODOO_LOGIN), or a real Odoo 19 brought up from Debian packages. Exits 1 if a check is not ok, 4 if the data is absent. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSandbox } from '../../src/sandbox/server.ts';
import { startRealOdoo } from '../real-odoo/harness.ts';
import type { BareOdoo } from './bare-client.ts';
import { Checks } from './checks.ts';

/** What each `<name>/accept.ts` exports. */
export interface Acceptance {
  /** Paths below the shared data folder that must be there. */
  readonly needs: readonly string[];
  run(target: AcceptanceTarget): Promise<void>;
}

export interface AcceptanceTarget {
  readonly data: string;
  readonly odoo: BareOdoo & { readonly login: string };
  readonly checks: Checks;
  readonly keep: boolean;
  log(text: string): void;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { odoo: { type: 'string' }, real: { type: 'string' }, json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
});
const name = positionals[0];
const folder = import.meta.dirname;
if (name === undefined || !existsSync(join(folder, name, 'accept.ts'))) {
  console.error('usage: npm run accept -- NAME [--odoo URL | --real bare|demo|accounting] [--json] [--keep]; NAME is a folder of test/acceptance');
  process.exit(2);
}
const { acceptance } = (await import(join(folder, name, 'accept.ts'))) as { acceptance: Acceptance };
const data = process.env.CUTOVER_SHARED_DATA ?? join(folder, '../../../shared/data');
const absent = acceptance.needs.filter((path) => !existsSync(join(data, path)));
if (absent.length > 0) {
  console.error(`the data of ${name} is not on this machine: ${absent.join(', ')} (set CUTOVER_SHARED_DATA to its folder)`);
  process.exit(4);
}

const target = await openTarget();
const checks = new Checks();
try {
  await acceptance.run({ data, odoo: target.odoo, checks, keep: values.keep, log: (text) => console.error(text) });
} finally {
  await target.stop();
}
const failed = checks.list.filter((check) => !check.ok).length;
if (values.json) console.log(JSON.stringify(checks.list, null, 2));
else
  for (const check of checks.list)
    console.log(
      `${check.ok ? 'ok    ' : 'NOT OK'} ${check.check}${check.ok ? '' : `\n         expected ${JSON.stringify(check.expected)}\n         actual   ${JSON.stringify(check.actual)}`}`,
    );
console.error(`${checks.list.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function openTarget(): Promise<{ odoo: BareOdoo & { login: string }; stop(): Promise<void> }> {
  if (values.odoo !== undefined) {
    const { ODOO_DB: database, ODOO_API_KEY: apiKey, ODOO_LOGIN: login = 'admin' } = process.env;
    if (database === undefined || apiKey === undefined) throw new Error('with --odoo URL, set ODOO_DB and ODOO_API_KEY');
    return { odoo: { url: values.odoo, database, apiKey, login }, stop: async () => undefined };
  }
  if (values.real !== undefined) {
    const real = await startRealOdoo({ version: 19, demo: values.real === 'demo', accounting: values.real === 'accounting' });
    if (real.apiKey === undefined) throw new Error('the real Odoo came up without an API key');
    return { odoo: { url: real.url, database: real.database, apiKey: real.apiKey, login: real.login }, stop: () => real.stop() };
  }
  const sandbox = await startSandbox({});
  return { odoo: { url: sandbox.url, database: sandbox.database, apiKey: sandbox.apiKey, login: sandbox.login }, stop: () => sandbox.stop() };
}
