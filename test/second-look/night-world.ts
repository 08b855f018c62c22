/** A night between a folder of exports and an Odoo: pull, compare, judge, and the second look. Everything is real but the contracts, which are literals. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { filesSource } from '../../src/adapters/files/files-source.ts';
import { connectOdoo } from '../../src/adapters/odoo/connection.ts';
import { sqlSource } from '../../src/adapters/sql/sql-source.ts';
import { openState } from '../../src/adapters/state/state-store.ts';
import { directoryRunStore } from '../../src/adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../src/adapters/store/snapshot-store.ts';
import { CapabilityFile, EntityContract, SourceMapping } from '../../src/domain/contract.ts';
import type { DataRow, OdooConnection, Ports, StateStore } from '../../src/domain/ports.ts';
import { externalId } from '../../src/domain/record-key.ts';
import { literal } from '../../src/domain/sql.ts';
import { type Capability, FilesSystem, SqlSystem, type Workspace, WorkspaceFile } from '../../src/domain/workspace.ts';
import { pull } from '../../src/workflows/pull/pull.ts';
import { compareCapability } from '../../src/workflows/reconcile/compare.ts';
import { coverageOf } from '../../src/workflows/reconcile/coverage.ts';
import { type JudgedComparison, judgeBreaks } from '../../src/workflows/reconcile/judge.ts';
import { keepNight } from '../../src/workflows/reconcile/ledger.ts';
import { type SecondLook, secondLook } from '../../src/workflows/reconcile/second-look.ts';

export interface NightTarget {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  readonly password?: string;
  /** Absent: JSON-RPC with the password. */
  readonly apiKey?: string;
  stop(): Promise<void>;
}

const supplier = {
  entity: 'supplier',
  version: 1,
  key: ['supplier_no'],
  fields: { supplier_no: { type: 'text' }, name: { type: 'text' }, city: { type: 'text' } },
  odoo: { model: 'res.partner', fields: { supplier_no: 'ref', name: 'name', city: 'city' } },
} as const;
const order = {
  entity: 'purchase_order',
  version: 1,
  key: ['order_no'],
  fields: { order_no: { type: 'text' }, supplier: { type: 'ref', entity: 'supplier' }, amount: { type: 'money', digits: 2 } },
  odoo: { model: 'purchase.order', fields: { order_no: 'name', supplier: 'partner_id', amount: { field: 'amount_untaxed', send: false } } },
} as const;
const line = {
  entity: 'purchase_order_line',
  version: 1,
  parent: 'purchase_order',
  key: ['order', 'line_no'],
  fields: {
    order: { type: 'ref', entity: 'purchase_order' },
    line_no: { type: 'integer' },
    price: { type: 'money', digits: 2 },
  },
  odoo: { model: 'purchase.order.line', in: 'order_line', parent_field: 'order_id', fields: { order: 'order_id', price: 'price_unit' } },
} as const;
const sources = {
  supplier: { from: 'VENDOR.csv', fields: { supplier_no: 'NO', name: 'NAME', city: 'CITY' } },
  purchase_order: { from: 'ORDER.csv', fields: { order_no: 'NO', supplier: 'VENDOR', amount: 'AMOUNT' } },
  purchase_order_line: { from: 'LINE.csv', fields: { order: 'ORDER_NO', line_no: 'LINE', price: 'PRICE' } },
} as const;

const fromDatabase = { from: 'vendor', id: 'id', fields: { supplier_no: 'no', name: 'name', city: 'city' } } as const;

export interface NightOptions {
  readonly settleMinutes?: number;
  readonly newBreaks?: number;
  /** Purchase orders and their lines too. */
  readonly withOrders?: boolean;
  /** Suppliers are rows of a database (table vendor) that names them by an id. */
  readonly fromDatabase?: boolean;
}

/** One Odoo and one state; worlds have names of their own in it. */
export class NightLaboratory {
  readonly odoo: OdooConnection;
  readonly state: StateStore;
  readonly directory: string;
  readonly uuid: string;
  readonly #stop: () => Promise<void>;
  #worlds = 0;

  private constructor(odoo: OdooConnection, uuid: string, state: StateStore, directory: string, stop: () => Promise<void>) {
    this.odoo = odoo;
    this.uuid = uuid;
    this.state = state;
    this.directory = directory;
    this.#stop = stop;
  }

  static async open({ url, database, login, password, apiKey, stop }: NightTarget): Promise<NightLaboratory> {
    const directory = mkdtempSync(join(tmpdir(), 'second-look-'));
    const secret = apiKey === undefined ? { password: password ?? '' } : { apiKey };
    const odoo = await connectOdoo({ url, database, login, ...secret, concurrency: 2, timeoutSeconds: 120 });
    const state = await openState({ url: 'embedded', directory, clock: { now: () => new Date().toISOString() }, holder: 'test' });
    return new NightLaboratory(odoo, (await odoo.identity()).uuid, state, directory, stop);
  }

  async close(): Promise<void> {
    await this.state.close();
    await this.#stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  world(options: NightOptions = {}): NightWorld {
    this.#worlds += 1;
    return new NightWorld(this, `night${this.#worlds}`, options);
  }
}

export class NightWorld {
  readonly laboratory: NightLaboratory;
  readonly name: string;
  readonly warnings: string[] = [];
  readonly directory: string;
  /** Moment of the latest pull or comparison. */
  moment = Date.now();
  ports: Ports;
  readonly #workspace: Workspace;
  readonly #capability: Capability;
  #runs = 0;

  constructor(laboratory: NightLaboratory, name: string, options: NightOptions) {
    this.laboratory = laboratory;
    this.name = name;
    this.directory = join(laboratory.directory, name);
    mkdirSync(join(this.directory, 'exports'), { recursive: true });
    const domain = { supplier: [['ref', '=like', `${name}-%`]], purchase_order: [['name', '=like', `${name}-%`]], purchase_order_line: [] };
    const contracts = options.withOrders === true ? [supplier, order, line] : [supplier];
    const entities = contracts.map((contract) => ({
      contract: EntityContract.parse({ ...contract, settle_minutes: options.settleMinutes ?? 0, odoo: { ...contract.odoo, domain: domain[contract.entity] } }),
      position: () => ({ file: 'mappings/entity.yaml', line: 1, column: 1 }),
      sources: [
        {
          mapping: SourceMapping.parse({
            system: 'wards',
            entity: contract.entity,
            ...(options.fromDatabase === true ? fromDatabase : sources[contract.entity]),
          }),
          position: () => ({ file: 'mappings/source.yaml', line: 1, column: 1 }),
        },
      ],
      lines: contract.entity === 'purchase_order' ? ['purchase_order_line'] : [],
    }));
    const database = SqlSystem.parse({ connector: 'sql', client: 'pglite', url: join(this.directory, 'legacy') });
    const files = FilesSystem.parse({ connector: 'files', directory: 'exports' });
    const wards = options.fromDatabase === true ? database : files;
    this.#capability = { name, file: CapabilityFile.parse({ capability: name, version: 1 }), entities, codes: new Map(), hash: name };
    this.#workspace = {
      directory: this.directory,
      file: WorkspaceFile.parse({
        version: 1,
        namespace: name,
        systems: { wards, odoo: { connector: 'odoo', url: 'http://localhost' } },
        capabilities: [name],
        policies: { new_breaks: options.newBreaks ?? 1000, shrink_percent: 100 },
      }),
      capabilities: new Map([[name, this.#capability]]),
      ...{ linkDecisions: [], matchDecisions: [], breakDecisions: [] },
    };
    const clock = { now: () => new Date().toISOString() };
    this.ports = {
      openPlane: () => openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(this.directory, 'spill') }),
      snapshots: directorySnapshotStore(this.directory, clock),
      runs: directoryRunStore(this.directory),
      state: async () => laboratory.state,
      source: (system) => (wards.connector === 'sql' ? sqlSource(system, wards) : filesSource(system, wards, this.directory)),
      odoo: async () => laboratory.odoo,
      piiKey: async () => null,
      clock,
      progress: (event) => {
        if (event.kind === 'warning') this.warnings.push(event.text);
      },
      signal: new AbortController().signal,
    };
  }

  /** A file of the legacy system. */
  export(file: string, rows: readonly string[]): void {
    writeFileSync(join(this.directory, 'exports', file), `${rows.join('\n')}\n`);
  }

  vendors(...rows: readonly (readonly [no: string, name: string, city: string])[]): void {
    this.export('VENDOR.csv', ['NO,NAME,CITY', ...rows.map(([no, ...values]) => [`${this.name}-${no}`, ...values].join(','))]);
  }

  /** In the legacy database. */
  async execute(sql: string): Promise<void> {
    const database = await PGlite.create(join(this.directory, 'legacy'));
    await database.exec(sql);
    await database.close();
  }

  /** Records in Odoo as a load leaves them: with External ID and link. Answers their ids by number. */
  async loaded(...rows: readonly (readonly [no: string, name: string, city: string])[]): Promise<Record<string, number>> {
    const cells = rows.map(([no, ...values]) => [this.#externalId('supplier', `${this.name}-${no}`), `${this.name}-${no}`, ...values]);
    const { ids } = await this.laboratory.odoo.load('res.partner', ['id', 'ref', 'name', 'city'], cells, {});
    if (ids === null) throw new Error('Odoo took none of them');
    await this.link(
      'supplier',
      rows.map(([no], index) => [`${this.name}-${no}`, ids[index] as number]),
    );
    return Object.fromEntries(rows.map(([no], index) => [no, ids[index] as number]));
  }

  async link(entity: string, links: readonly (readonly [key: string, odooId: number])[]): Promise<void> {
    const shared = { odooUuid: this.laboratory.uuid, capability: this.name, entity, system: 'wards', model: 'any', provenance: 'load' as const, runId: 'run' };
    const validFrom = '2026-01-01T00:00:00.000Z';
    await this.laboratory.state.link(links.map(([key, odooId]) => ({ ...shared, key, odooId, externalId: this.#externalId(entity, key), validFrom })));
  }

  #externalId(entity: string, key: string): string {
    return externalId(this.name, entity, 'wards', key, () => '');
  }

  /** `minutes` after now: the pull's as-of. */
  async pull(minutes = 0): Promise<void> {
    this.moment = Date.now() + minutes * 60_000;
    await pull({ ...this.#request, systems: ['wards', 'odoo'], entity: null, full: false }, this.ports);
  }

  get #request() {
    this.#runs += 1;
    const asOf = new Date(this.moment).toISOString();
    return { workspace: this.#workspace, capability: this.#capability, asOf, runId: `20260102T030405-reconcile-${String(this.#runs).padStart(4, '0')}` };
  }

  /** Compares and judges, `minutes` after the pull. */
  async judged(minutes = 0): Promise<JudgedComparison> {
    this.moment += minutes * 60_000 + 1;
    const request = this.#request;
    return await judgeBreaks(await compareCapability(request, this.ports), request, this.ports);
  }

  async lookAgain(judged: JudgedComparison): Promise<SecondLook | null> {
    return await secondLook(judged, { ...this.#request, asOf: judged.asOf }, this.ports);
  }

  /** As `reconcile` does it: a second look, and where it has found something, all of it again. */
  async night(
    between: () => Promise<void> | void,
    minutes = 0,
  ): Promise<{ readonly before: string[]; readonly look: SecondLook | null; readonly after: string[] }> {
    const first = await this.judged(minutes);
    const before = await this.breaks(first);
    await between();
    const look = await this.lookAgain(first);
    const last = look === null ? first : await this.judged();
    await keepNight(last, last.life.open > 0 ? 'BREAKS' : 'RECONCILED', this.#request.runId, this.ports);
    return { before, look, after: await this.breaks(last) };
  }

  /** `key class field legacy→odoo status`, without the world's name. */
  async breaks({ entities }: JudgedComparison): Promise<string[]> {
    const plane = await this.ports.openPlane();
    try {
      const found: string[] = [];
      for (const { breaks } of entities) {
        const rows = await plane.rows<DataRow>(`SELECT * FROM read_parquet(${literal(breaks)})`);
        for (const row of rows) {
          const what = row.field === null ? '' : ` ${row.field} ${row.legacy}→${row.odoo}`;
          found.push(`${row.key ?? '#'} ${row.class}${what} ${row.status}`.replaceAll(`${this.name}-`, ''));
        }
      }
      return found;
    } finally {
      await plane.close();
    }
  }

  async restricted(judged: JudgedComparison): Promise<number> {
    const plane = await this.ports.openPlane();
    try {
      return (await coverageOf(judged, new Map(), plane, this.ports)).filter(({ reason }) => reason === 'restricted').reduce((sum, { rows }) => sum + rows, 0);
    } finally {
      await plane.close();
    }
  }

  async snapshots(): Promise<number> {
    return (await this.ports.snapshots.list()).length;
  }
}
