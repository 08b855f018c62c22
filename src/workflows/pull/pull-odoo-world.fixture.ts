/** Pulls of a sandbox of their own: contracts as literals, a store per workspace, everything else real (DuckDB, the stores, PGlite, the client). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { connectOdoo } from '../../adapters/odoo/connection.ts';
import { openState } from '../../adapters/state/state-store.ts';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../adapters/store/snapshot-store.ts';
import { CapabilityFile, EntityContract } from '../../domain/contract.ts';
import type { DataPlane, DataRow, OdooConnection, Ports, ProgressEvent, StateStore } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { literal } from '../../domain/sql.ts';
import { type Capability, type Workspace, WorkspaceFile } from '../../domain/workspace.ts';
import { startSandbox } from '../../sandbox/server.ts';
import type { OnlyRecords } from './only-records.ts';
import { pullOdoo } from './pull-odoo.ts';

export const supplier = {
  entity: 'supplier',
  version: 1,
  key: ['supplier_no'],
  fields: {
    supplier_no: { type: 'identifier', scheme: 'code' },
    name: { type: 'text' },
    country: { type: 'code', codes: 'country' },
    payment_term: { type: 'code', codes: 'payment-term' },
  },
  odoo: {
    model: 'res.partner',
    scope: [['ref', '!=', false]],
    fields: { supplier_no: 'ref', name: 'name', country: { field: 'country_id', by: 'code' }, payment_term: 'property_supplier_payment_term_id' },
  },
} as const;
export const product = {
  entity: 'product',
  version: 1,
  key: ['product_no'],
  fields: { product_no: { type: 'text' }, name: { type: 'text' }, cost: { type: 'money', digits: 4 } },
  odoo: { model: 'product.product', fields: { product_no: 'default_code', name: ['no_such_name', 'name'], cost: 'standard_price' } },
} as const;

export const price = {
  entity: 'supplier_price',
  version: 1,
  key: ['number'],
  fields: { number: { type: 'text' }, supplier: { type: 'ref', entity: 'supplier' }, price: { type: 'money', digits: 4 } },
  odoo: { model: 'product.supplierinfo', fields: { number: 'product_code', supplier: 'partner_id', price: 'price' } },
} as const;

export interface PullWorld {
  readonly ports: Ports;
  readonly events: readonly ProgressEvent[];
  pull(full?: boolean): ReturnType<typeof pullOdoo>;
  /** A second look at these records. */
  again(only: Readonly<Record<string, readonly number[]>>): ReturnType<typeof pullOdoo>;
  latest(entity: string): Promise<Snapshot | null>;
  rows(entity: string, select?: string): Promise<DataRow[]>;
}

/** One Odoo, one state, and as many workspaces as tests need. */
export class PullLaboratory {
  readonly odoo: OdooConnection;
  readonly uuid: string;
  readonly state: StateStore;
  readonly #directory: string;
  readonly #plane: DataPlane;
  readonly #stop: () => Promise<void>;
  #stores = 0;

  private constructor(opened: { odoo: OdooConnection; uuid: string; state: StateStore; directory: string; plane: DataPlane; stop: () => Promise<void> }) {
    this.odoo = opened.odoo;
    this.uuid = opened.uuid;
    this.state = opened.state;
    this.#directory = opened.directory;
    this.#plane = opened.plane;
    this.#stop = opened.stop;
  }

  /** On the sandbox, or on another Odoo. */
  static async open(target?: { url: string; database: string; login: string; apiKey: string; stop(): Promise<void> }): Promise<PullLaboratory> {
    const directory = mkdtempSync(join(tmpdir(), 'pull-odoo-'));
    const { url, database, login, apiKey, stop } = target ?? (await startSandbox({ seed: 'bare' }));
    const odoo = await connectOdoo({ url, database, login, apiKey, concurrency: 2, timeoutSeconds: 120 });
    const { uuid } = await odoo.identity();
    const state = await openState({ url: 'embedded', directory, clock: { now: () => '2026-01-02T00:00:00.000Z' }, holder: 'test' });
    const plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(directory, 'spill') });
    return new PullLaboratory({ odoo, uuid, state, directory, plane, stop });
  }

  async close(): Promise<void> {
    await this.#plane.close();
    await this.state.close();
    await this.#stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A workspace with a store of its own. Its clock is some hours ahead, so that only what changed between two pulls is read again. */
  world(...contracts: readonly unknown[]): PullWorld {
    this.#stores += 1;
    const store = join(this.#directory, `store-${this.#stores}`);
    const { workspace, capability } = workspaceOf(store, contracts);
    const clock = { now: () => new Date(Date.now() + 3 * 3_600_000).toISOString() };
    const events: ProgressEvent[] = [];
    const ports: Ports = {
      openPlane: () => openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(this.#directory, 'spill') }),
      snapshots: directorySnapshotStore(store, clock),
      runs: directoryRunStore(store),
      state: async () => this.state,
      source: () => {
        throw new Error('a pull of Odoo asks no other source');
      },
      odoo: async () => this.odoo,
      piiKey: async () => null,
      clock,
      progress: (event) => events.push(event),
      signal: new AbortController().signal,
    };
    let moment = 0;
    const request = (full: boolean) => {
      moment += 1;
      return { workspace, capability, entity: null, full, asOf: new Date(Date.UTC(2026, 0, 1, 0, 0, moment)).toISOString() };
    };
    const latest = (entity: string) => ports.snapshots.latest('odoo', entity);
    return {
      ports,
      events,
      pull: (full = false) => pullOdoo(request(full), ports),
      again: (records) => pullOdoo({ ...request(false), only: onlyOf(records) }, ports),
      latest,
      rows: async (entity, select = '*') => {
        const snapshot = await latest(entity);
        return await this.#plane.rows(`SELECT ${select} FROM read_parquet(${literal(snapshot?.data ?? '')}) ORDER BY id`);
      },
    };
  }

  async createSuppliers(prefix: string, count: number): Promise<readonly number[]> {
    const values = Array.from({ length: count }, (_, index) => [`hospital.${prefix}_${index}`, `${prefix}${index}`, `Supplier ${prefix}${index}`]);
    return (await this.odoo.load('res.partner', ['id', 'ref', 'name'], values, {})).ids ?? [];
  }

  /** Links as a load leaves them. */
  async link(entity: string, ids: readonly number[], capability = 'procurement'): Promise<void> {
    const shared = { odooUuid: this.uuid, capability, entity, system: 'meditrack', model: 'any', externalId: null, provenance: 'load' as const };
    await this.state.link(ids.map((odooId) => ({ ...shared, key: String(odooId), odooId, runId: 'run', validFrom: '2026-01-01T00:00:00.000Z' })));
  }
}

function onlyOf(records: Readonly<Record<string, readonly number[]>>): OnlyRecords {
  return new Map(Object.entries(records).map(([entity, odooIds]) => [entity, { odooIds, legacyIds: new Map() }]));
}

function workspaceOf(directory: string, contracts: readonly unknown[]): { workspace: Workspace; capability: Capability } {
  const entities = contracts.map((contract) => ({
    contract: EntityContract.parse(contract),
    position: (path: readonly (string | number)[]) => ({ file: 'mappings/entity.yaml', line: path.length, column: 1 }),
    sources: [],
    lines: [],
  }));
  const file = CapabilityFile.parse({ capability: 'procurement', version: 1 });
  const capability: Capability = { name: 'procurement', file, entities, codes: new Map(), hash: 'hash' };
  const workspaceFile = WorkspaceFile.parse({
    version: 1,
    namespace: 'hospital',
    systems: { odoo: { connector: 'odoo', url: 'http://localhost' } },
    capabilities: ['procurement'],
  });
  const decisions = { linkDecisions: [], matchDecisions: [], breakDecisions: [] };
  return { workspace: { directory, file: workspaceFile, capabilities: new Map([['procurement', capability]]), ...decisions }, capability };
}
