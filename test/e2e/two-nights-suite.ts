/** Nights on checkouts that share nothing but the store, the state and what git holds. The same for a state on a server and an embedded one. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openState } from '../../src/adapters/state/state-store.ts';
import type { Break } from '../../src/domain/difference.ts';
import type { StateStore } from '../../src/domain/ports.ts';
import type { LoadRunResult, PlanResult, PullResult, ReconcileResult } from '../../src/domain/results.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type Desk, openDesk, type Transcript } from './transcript.ts';

export interface SharedServers {
  /** The legacy database as cutover.yaml names it. */
  readonly legacy: { readonly client: 'pg' | 'pglite'; readonly url: string };
  execute(sql: string): Promise<void>;
  /** URL of an empty database for the state, or `embedded`. */
  newState(): Promise<string>;
  /** As if a newer version of the tool had raised the schema of the state. */
  raiseSchema(state: string, store: string): Promise<void>;
}

interface Site extends Desk {
  readonly store: string;
  readonly state: string;
  readonly odooUuid: string;
  /** Opens the state as a colleague's machine would. */
  colleague(holder: string): Promise<StateStore>;
  in(checkout: string, ...args: string[]): Promise<Transcript>;
  step<Data>(checkout: string, exit: number, ...args: string[]): Promise<{ data: Data; runId: string }>;
  /** A new clone of what was committed. */
  clone(checkout: string): void;
}

const VENDORS = `
  drop table if exists vendor;
  create table vendor (vend_no integer primary key, vend_name text not null, changed timestamp not null);
  insert into vendor values (17, 'Kestrel Medical Supplies', '2026-03-01 08:00'), (23, 'Alder & Finch Instruments', '2026-03-02 08:00'), (31, 'Old Quarry Linen', '2026-03-03 08:00');`;

const SUPPLIERS = `system: mm
entity: supplier
from: vendor
watermark: changed
id: vend_no
fields:
  supplier_no: "lpad(vend_no::VARCHAR, 6, '0')"
  name: vend_name
`;

/** One workspace in git, a legacy database, an Odoo, a store and a state. */
async function openSite(servers: SharedServers): Promise<Site> {
  const desk = await openDesk();
  const sandbox = await startSandbox({});
  onTestFinished(() => sandbox.stop());
  await servers.execute(VENDORS);
  const store = join(desk.directory, 'shared/store');
  const state = await servers.newState();
  const environment = { ODOO_API_KEY: sandbox.apiKey, STATE_URL: state, LEGACY_URL: servers.legacy.url };
  const inCheckout = (checkout: string, ...args: string[]) => desk.runWith(environment, ...args, '--workspace', checkout, '--json');

  expect((await desk.run('init', 'origin', '--name', 'Two Nights', '--json')).exit).toBe(0);
  const config = join(desk.directory, 'origin/cutover.yaml');
  const shared = (await readFile(config, 'utf8'))
    .replace('http://127.0.0.1:8169', sandbox.url)
    .replace('systems:', `systems:\n  mm: {connector: sql, client: ${servers.legacy.client}, url: "\${LEGACY_URL}"}`)
    .replace('policies:', `state: ${state === 'embedded' ? 'embedded' : `"\${STATE_URL}"`}\nstore: ${store}\npolicies:`);
  await writeFile(config, shared);
  const sources = join(desk.directory, 'origin/mappings/procurement/sources');
  await rm(join(sources, 'legacy/supplier.yaml'));
  await mkdir(join(sources, 'mm'));
  await writeFile(join(sources, 'mm/supplier.yaml'), SUPPLIERS);
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.example', ...args], { cwd: desk.directory });
  git('init', '-q', 'origin');
  git('-C', 'origin', 'add', '.');
  git('-C', 'origin', 'commit', '-q', '-m', 'workspace');

  return {
    ...desk,
    store,
    state,
    odooUuid: sandbox.uuid,
    in: inCheckout,
    clone: (checkout) => void git('clone', '-q', 'origin', checkout),
    async step(checkout, exit, ...args) {
      const told = await inCheckout(checkout, ...args);
      expect([args.join(' '), told.exit, told.exit === exit ? '' : told.stdout + told.stderr]).toEqual([args.join(' '), exit, '']);
      return { data: told.json.data as never, runId: told.json.runId ?? '' };
    },
    async colleague(holder) {
      const clock = { now: () => new Date().toISOString() };
      return await openState({ url: state, directory: store, clock, holder });
    },
  };
}

export function continuesOnAFreshCheckout(serversOf: () => SharedServers): void {
  test('a night on a fresh checkout continues the night before', { timeout: 300_000 }, async () => {
    const site = await openSite(serversOf());
    site.clone('a');
    const first = await site.step<ReconcileResult>('a', 3, 'run', 'procurement');
    const planned = await site.step<PlanResult>('a', 0, 'plan', 'procurement', '--out', join(site.directory, 'first.plan'));
    const documents = planned.data.actions.create + planned.data.actions.link;
    const loaded = await site.step<LoadRunResult>('a', 0, 'load', join(site.directory, 'first.plan'));
    expect(loaded.data).toMatchObject({ planned: documents, applied: documents });
    await rm(join(site.directory, 'a'), { recursive: true });
    await rm(join(site.directory, 'first.plan'));

    site.clone('b');
    const second = await site.step<ReconcileResult & { pull: PullResult }>('b', 0, 'run', 'procurement');
    expect(second.data.verdict).toBe('RECONCILED');
    const modes = new Map(second.data.pull.snapshots.map(({ system, entity, mode }) => [`${system}/${entity}`, mode]));
    expect([modes.get('mm/supplier'), modes.get('legacy/unit')]).toEqual(['incremental', 'full']);
    const again = await site.step<PlanResult>('b', 0, 'plan', 'procurement', '--out', join(site.directory, 'second.plan'));
    expect(again.data.actions).toMatchObject({ create: 0, update: 0, link: 0, archive: 0, noop: documents, refuse: 0 });

    // What was agreed at the first load is known here: a difference says who moved.
    await serversOf().execute("update vendor set vend_name = 'Alder and Finch', changed = '2026-03-04 08:00' where vend_no = 23");
    const third = await site.step<ReconcileResult>('b', 3, 'run', 'procurement');
    const breaks = third.data.files.find((file) => file.endsWith('breaks.ndjson')) ?? '';
    const found = (await readFile(breaks, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Partial<Break>);
    expect(found.filter(({ field }) => field !== undefined)).toEqual([
      expect.objectContaining({ key: '000023', field: 'name', movement: 'legacy-changed', baseline: 'Alder & Finch Instruments', legacy: 'Alder and Finch' }),
    ]);
    await serversOf().execute("update vendor set vend_name = 'Alder & Finch Instruments', changed = '2026-03-05 08:00' where vend_no = 23");

    const back = await site.step<LoadRunResult>('b', 0, 'rollback', loaded.runId);
    expect(back.data).toMatchObject({ planned: documents, applied: documents, conflict: 0, deadLettered: 0, remaining: 0 });
    const after = await site.step<ReconcileResult>('b', 3, 'run', 'procurement');
    expect(after.data.entities.map(({ entity, breaks }) => [entity, breaks])).toEqual(first.data.entities.map(({ entity, breaks }) => [entity, breaks]));
    expect(openToOthers(site.store)).toEqual([]);
  });
}

export function turnsAway(serversOf: () => SharedServers): void {
  test('a load while another is writing is turned away, told who is, and can be made afterwards', { timeout: 120_000 }, async () => {
    const site = await openSite(serversOf());
    site.clone('a');
    await site.step('a', 0, 'pull');
    await site.step('a', 0, 'plan', 'procurement', '--out', join(site.directory, 'first.plan'));
    const colleague = await site.colleague('cutover load, run 20260101T000000-load-cafe');
    const refused = await colleague.withLock(`load into ${site.odooUuid}`, 'cutover load, run 20260101T000000-load-cafe', () =>
      site.in('a', 'load', join(site.directory, 'first.plan')),
    );
    await colleague.close();
    expect([refused.exit, refused.json.status, refused.json.error?.code]).toEqual([6, 'refused', 'E_LOCKED']);
    expect(refused.json.error?.message).toContain('20260101T000000-load-cafe');
    await site.step('a', 0, 'load', join(site.directory, 'first.plan'));
  });

  test('a state that a newer version has been at is refused before anything is done', { timeout: 120_000 }, async () => {
    const site = await openSite(serversOf());
    site.clone('a');
    await site.step('a', 0, 'status');
    await serversOf().raiseSchema(site.state, site.store);
    const refused = await site.in('a', 'pull');
    expect([refused.exit, refused.json.status, refused.json.error?.code]).toEqual([5, 'refused', 'E_STATE_NEWER']);
    expect(refused.json.error?.hint).toMatch(/^npm install /);
    expect(site.has('shared/store/snapshots')).toBe(false);
  });
}

/** What others than its owner may read, write or enter. Of an embedded state its folder counts: PGlite gives the files in it modes of its own. */
function openToOthers(store: string): string[] {
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(store, 'state/')) && (statSync(path).mode & 0o077) !== 0);
}
