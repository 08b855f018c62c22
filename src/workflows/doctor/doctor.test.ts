import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { filesSource } from '../../adapters/files/files-source.ts';
import { connectOdoo } from '../../adapters/odoo/connection.ts';
import { openState } from '../../adapters/state/state-store.ts';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../adapters/store/snapshot-store.ts';
import { loadWorkspace } from '../../adapters/workspace/load-workspace.ts';
import { resolveText } from '../../adapters/workspace/secrets.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { OdooConnection, Ports, StateStore } from '../../domain/ports.ts';
import type { FilesSystem, Workspace } from '../../domain/workspace.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { namespaceFor, scaffoldFiles } from '../init/scaffold.ts';
import { doctor } from './doctor.ts';

let root: string;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let state: StateStore;
let stateDirectory: string;
const packsDirectory = fileURLToPath(new URL('../../../mappings', import.meta.url));

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
  stateDirectory = mkdtempSync(path.join(tmpdir(), 'doctor-state-'));
  state = await openState({ url: 'embedded', directory: stateDirectory, clock: { now: () => '2026-01-02T03:04:05.000Z' }, holder: 'test' });
});
afterAll(async () => {
  await state.close();
  await sandbox.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'doctor-'));
  const files = scaffoldFiles({ name: 'Northgate General Hospital', namespace: namespaceFor('Northgate General Hospital'), ci: null, today: '2026-01-01' });
  for (const [name, content] of files) write(name, content);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, content: string): void {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function portsOf(workspace: Workspace, odoo: () => Promise<OdooConnection>): Ports {
  const store = path.join(root, '.cutover');
  const clock = { now: () => '2026-01-02T03:04:05.000Z' };
  return {
    openPlane: () => openDataPlane({ memory: '256MB', threads: 1, spillDirectory: path.join(store, 'spill') }),
    snapshots: directorySnapshotStore(store, clock),
    runs: directoryRunStore(store),
    state: async () => state,
    source: (name) => filesSource(name, workspace.file.systems[name] as FilesSystem, root),
    odoo,
    piiKey: async () => null,
    clock,
    progress: () => undefined,
    signal: new AbortController().signal,
  };
}

const reached = () =>
  connectOdoo({ url: sandbox.url, database: sandbox.database, login: sandbox.login, apiKey: sandbox.apiKey, concurrency: 2, timeoutSeconds: 30 });

async function examine(odoo: () => Promise<OdooConnection> = reached) {
  const workspace = await loadWorkspace(root, { packsDirectory, environment: {} });
  const { findings } = await doctor({ workspace }, portsOf(workspace, odoo));
  return {
    findings,
    of: (check: string) => findings.filter((finding) => finding.check === check),
    problems: findings.filter((finding) => finding.status === 'problem').map(({ check, detail }) => `${check}: ${detail}`),
  };
}

describe('a new workspace', () => {
  it('passes as it was written, against an Odoo', async () => {
    const { problems, of, findings } = await examine();
    expect(problems).toEqual([]);
    expect(of('mappings legacy')).toMatchObject([{ status: 'ok', detail: '4 entities: every table, column and expression fits' }]);
    expect(of('models and fields')).toMatchObject([{ status: 'ok' }]);
    expect(of('rights')).toMatchObject([{ status: 'ok' }]);
    expect(of('code maps')).toMatchObject([{ status: 'ok' }]);
    expect(findings.filter((finding) => finding.status !== 'ok').every((finding) => finding.fix !== null || finding.status === 'not-checked')).toBe(true);
  });

  it('passes without an Odoo, which is then said to be missing, and nothing of it is called ok', async () => {
    const workspace = await loadWorkspace(root, { packsDirectory, environment: {} });
    const { problems, of } = await examine(async () => {
      await resolveText('${ODOO_API_KEY}', {}, workspace.directory);
      throw new Error('unreachable');
    });
    expect(problems).toEqual([]);
    expect(of('odoo')).toMatchObject([
      { status: 'warning', detail: 'not reachable at http://127.0.0.1:8169: the environment variable ODOO_API_KEY is not set' },
    ]);
    expect(of('models and fields')).toMatchObject([{ status: 'not-checked' }]);
    expect(of('rights')).toMatchObject([{ status: 'not-checked' }]);
  });
});

describe('what is wrong', () => {
  it('with an Odoo on this machine that answers and refuses the key is a problem, not an Odoo that has not been started', async () => {
    const { of } = await examine(async () => {
      throw new CutoverError('E_ODOO_AUTHENTICATION', 'Invalid apikey', { hint: 'check the key' });
    });
    expect(of('odoo')).toEqual([
      { check: 'odoo', status: 'problem', detail: expect.stringMatching(/^cannot be used at http:.*: Invalid apikey$/), fix: 'check the key' },
    ]);
  });

  it('in mappings: every unknown column and table at once, with its place', async () => {
    write('mappings/procurement/sources/legacy/unit.yaml', 'system: legacy\nentity: unit\nfrom: unitz.csv\nfields: {code: CODE, name: CODE}\n');
    write(
      'mappings/procurement/sources/legacy/product-category.yaml',
      'system: legacy\nentity: product_category\nfrom: categories.csv\nfields:\n  code: KODE\n  name: trim(NAMM)\n',
    );
    const { of } = await examine();
    const details = of('mappings legacy').map((finding) => finding.detail);
    expect(details).toEqual([
      expect.stringContaining('mappings/procurement/sources/legacy/unit.yaml:3:7  unitz.csv'),
      expect.stringContaining("mappings/procurement/sources/legacy/product-category.yaml:5:9  no column 'KODE'; did you mean 'CODE'?"),
      expect.stringContaining("mappings/procurement/sources/legacy/product-category.yaml:6:14  no column 'NAMM'; did you mean 'NAME'?"),
    ]);
    expect(of('mappings legacy').every((finding) => finding.status === 'problem' && finding.fix !== null)).toBe(true);
  });

  it('in bindings: fields Odoo does not have, types that do not fit, what cannot be written', async () => {
    write('mappings/procurement/supplier.yaml', 'odoo:\n  set: {is_compny: true}\n  fields:\n    street: stret\n    active: name\n    city: display_name\n');
    const { of } = await examine();
    const details = of('models and fields').map((finding) => finding.detail.replace(/^\S+\s+/, ''));
    expect(details).toEqual(
      expect.arrayContaining([
        "'res.partner' has no field 'stret'; did you mean 'street'?",
        "res.partner has no field 'is_compny'; did you mean 'is_company'?",
        'active is of type boolean, name of this Odoo is char',
        'display_name is worked out by Odoo and cannot be written',
      ]),
    );
  });

  it('in code maps and decisions: targets that Odoo does not have', async () => {
    write('mappings/procurement/codes/payment-term.csv', 'source,target,status\nN30,account.no_such_term,confirmed\nN99,account.other,proposed\n');
    write('decisions/links.csv', 'entity,system,key,odoo,decision,by,at,reason\nunit,legacy,EA,uom.nope,same,me,2026-01-01,\n');
    const { of } = await examine();
    expect(of('code maps').map((finding) => finding.detail)).toEqual([
      'mappings/procurement/codes/payment-term.csv: no External ID in this Odoo for account.no_such_term',
      'decisions/links.csv: no External ID uom.nope in this Odoo',
    ]);
  });

  it('a namespace that is an installed module', async () => {
    const workspace = await loadWorkspace(root, { packsDirectory, environment: {} });
    const named = { ...workspace, file: { ...workspace.file, namespace: 'purchase' } };
    const { findings } = await doctor({ workspace: named }, portsOf(named, reached));
    expect(findings.find((finding) => finding.check === 'namespace')).toMatchObject({ status: 'problem' });
  });
});
