/** A small world to reconcile: snapshots written by SQL, contracts as literals, everything else real (DuckDB, the stores, PGlite). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { openState } from '../../adapters/state/state-store.ts';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../adapters/store/snapshot-store.ts';
import { CapabilityFile, EntityContract, LinkDecisionRow, SourceMapping } from '../../domain/contract.ts';
import { MatchDecisionRow, type MatchManifest, type Provenance } from '../../domain/matching.ts';
import type { DataPlane, DataRow, Ports, StateStore } from '../../domain/ports.ts';
import type { ReconcileResult } from '../../domain/results.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { type Capability, type PositionOf, type Workspace, WorkspaceFile } from '../../domain/workspace.ts';
import { companyColumns, companySnapshot, fieldColumns, fieldsSnapshot } from '../pull/pull-odoo-facts.ts';
import { columnType } from '../pull/pull-odoo-rows.ts';
import { recordColumns, type StagedColumn } from '../pull/pull-odoo-sql.ts';
import { compareCapability } from './compare.ts';
import type { Comparison } from './comparison.ts';
import { type JudgedComparison, judgeBreaks } from './judge.ts';
import { keepNight } from './ledger.ts';
import { reconcileCapability } from './reconcile.ts';

export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

/** `char`, `many2one res.country`, `float 2` (digits), `char!` (required). */
export type OdooFields = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface WorldDescription {
  readonly entities: readonly { readonly contract: z.input<typeof EntityContract>; readonly sources: readonly z.input<typeof SourceMapping>[] }[];
  readonly fields: OdooFields;
  readonly decisions?: readonly { entity: string; system: string; key: string; odoo: string; decision: 'same' | 'different' }[];
  readonly matchDecisions?: readonly Omit<z.input<typeof MatchDecisionRow>, 'by'>[];
  readonly rounding?: 'round_per_line' | 'round_globally';
  /** Decimals of the company's currency, 2 by default. */
  readonly currencyDigits?: number;
}

export interface MatchFound {
  readonly links?: readonly (readonly [system: string, key: string, odooId: number, provenance: Provenance, weight: number | null])[];
  readonly conflicts?: readonly {
    readonly id: string;
    readonly class: string;
    readonly field?: string;
    readonly resolved?: boolean;
    readonly value_hash?: string;
    readonly records: readonly (readonly [system: string | null, key: string | null, odooId: number | null])[];
  }[];
}

const column = (name: string, type = 'VARCHAR'): StagedColumn => ({ name, type });
const linkColumns = [
  ...[column('_system'), column('_key'), column('odoo_id', 'BIGINT'), column('provenance'), column('evidence')],
  column('weight', 'INTEGER'),
];
const conflictColumns = [
  ...[column('id'), column('class'), column('field'), column('resolved', 'BOOLEAN'), column('value_hash')],
  column('records', 'STRUCT(system VARCHAR, "key" VARCHAR, odoo_id BIGINT)[]'),
];

export const position: PositionOf = () => ({ file: 'mappings/entity.yaml', line: 1, column: 1 });

/** What several worlds share: a directory, a plane to make snapshots with, one embedded state. */
export class Laboratory {
  readonly directory: string;
  readonly plane: DataPlane;
  readonly state: StateStore;
  #worlds = 0;

  private constructor(directory: string, plane: DataPlane, state: StateStore) {
    this.directory = directory;
    this.plane = plane;
    this.state = state;
  }

  static async open(): Promise<Laboratory> {
    const directory = mkdtempSync(join(tmpdir(), 'reconcile-'));
    const plane = await openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(directory, 'spill') });
    const state = await openState({ url: 'embedded', directory, clock: { now: () => '2026-01-02T00:00:00.000Z' }, holder: 'test' });
    return new Laboratory(directory, plane, state);
  }

  async close(): Promise<void> {
    await this.plane.close();
    await this.state.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async world(description: WorldDescription): Promise<ReconcileWorld> {
    this.#worlds += 1;
    const world = new ReconcileWorld(this, `uuid-${this.#worlds}`, description);
    await world.writeFacts();
    return world;
  }
}

export class ReconcileWorld {
  readonly laboratory: Laboratory;
  readonly uuid: string;
  readonly ports: Ports;
  workspace: Workspace;
  readonly capability: Capability;
  asOf = '2026-01-02T03:04:05.000Z';
  readonly #description: WorldDescription;
  #runs = 0;
  #moments = 0;

  constructor(laboratory: Laboratory, uuid: string, description: WorldDescription) {
    this.laboratory = laboratory;
    this.uuid = uuid;
    this.#description = description;
    const store = join(laboratory.directory, uuid);
    const clock = { now: () => '2026-01-02T03:04:05.000Z' };
    const unused = () => {
      throw new Error('reconcile asks for nothing of this');
    };
    this.ports = {
      openPlane: () => openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(laboratory.directory, 'spill') }),
      snapshots: directorySnapshotStore(store, clock),
      runs: directoryRunStore(store),
      state: async () => laboratory.state,
      source: unused,
      odoo: unused,
      piiKey: async () => null,
      clock,
      progress: () => undefined,
      signal: new AbortController().signal,
    };
    const entities = description.entities.map(({ contract, sources }) => ({
      contract: EntityContract.parse(contract),
      position,
      sources: sources.map((mapping) => ({ mapping: SourceMapping.parse(mapping), position })),
      lines: description.entities.filter((one) => one.contract.parent === contract.entity).map((one) => one.contract.entity),
    }));
    const file = CapabilityFile.parse({ capability: 'procurement', version: 1 });
    this.capability = { name: 'procurement', file, entities, codes: new Map(), hash: 'hash' };
    const systems = Object.fromEntries(['meditrack', 'stores'].map((name) => [name, { connector: 'files' as const, directory: 'exports' }]));
    this.workspace = {
      directory: store,
      file: WorkspaceFile.parse({
        version: 1,
        namespace: 'hospital',
        systems: { ...systems, odoo: { connector: 'odoo', url: 'http://localhost' } },
        capabilities: ['procurement'],
      }),
      capabilities: new Map([['procurement', this.capability]]),
      matchDecisions: (description.matchDecisions ?? []).map((row) => MatchDecisionRow.parse({ ...row, by: 'steward' })),
      breakDecisions: [],
      linkDecisions: (description.decisions ?? []).map((row) => LinkDecisionRow.parse({ ...row, by: 'steward', at: '2026-01-01' })),
    };
  }

  async legacy(system: string, entity: string, rows: readonly Row[], columns = Object.keys(rows[0] ?? { none: null })): Promise<void> {
    await this.legacySql(
      system,
      entity,
      valuesSql(
        rows.map((row, index) => ({ _row: index + 1, ...row })),
        ['_row', ...columns].map((name) => ({ name, type: name === '_row' ? 'BIGINT' : 'VARCHAR' })),
      ),
      columns,
    );
  }

  async legacySql(system: string, entity: string, sql: string, columns: readonly string[]): Promise<void> {
    await this.#snapshot(
      system,
      entity,
      sql,
      columns.map((name) => ({ name, type: 'VARCHAR' })),
      'request',
    );
  }

  /** Rows need `id`; `_in_scope`, `_active`, `_external_id` and the rest have defaults. */
  async odoo(entity: string, rows: readonly Row[]): Promise<void> {
    const columns = this.#odooColumns(entity);
    const filled = rows.map((row) => ({ write_date: '2026-01-01 00:00:00', _changed_at: '2026-01-01 00:00:00', _active: true, _in_scope: true, ...row }));
    await this.odooSql(entity, valuesSql(filled, columns));
  }

  async odooSql(entity: string, sql: string): Promise<void> {
    await this.#snapshot('odoo', entity, sql, this.#odooColumns(entity), `${this.uuid}:request`);
  }

  async lookup(model: string, rows: readonly Row[]): Promise<void> {
    const names = [...new Set(['id', 'external_id', ...Object.keys(rows[0] ?? {})])];
    const columns = names.map((name) => ({ name, type: name === 'id' ? 'BIGINT' : 'VARCHAR' }));
    await this.#snapshot('odoo', `lookup.${model}`, valuesSql(rows, columns), columns, `${this.uuid}:request`);
  }

  async link(
    entity: string,
    system: string,
    links: Readonly<Record<string, number>>,
    how: { readonly provenance?: Provenance; readonly validFrom?: string } = {},
  ): Promise<void> {
    const shared = {
      odooUuid: this.uuid,
      capability: 'procurement',
      entity,
      system,
      model: 'any',
      provenance: 'load' as const,
      runId: 'run',
      validFrom: '2026-01-01T00:00:00.000Z',
      ...how,
    };
    await this.laboratory.state.link(
      Object.entries(links).map(([key, odooId]) => ({ ...shared, key, odooId, externalId: `hospital.${entity}__${system}__${odooId}` })),
    );
  }

  async unlink(entity: string, system: string, keys: readonly string[]): Promise<void> {
    await this.laboratory.state.unlink(this.uuid, entity, system, keys, '2026-01-03T00:00:00.000Z', 'run');
  }

  /** What a match of the snapshots there are now leaves behind. */
  async matched(found: Readonly<Record<string, MatchFound>>, manifest: Partial<MatchManifest> = {}): Promise<void> {
    this.#runs += 1;
    const runId = `20260102T030405-match-${String(this.#runs).padStart(4, '0')}`;
    const directory = await this.ports.runs.runDirectory(runId);
    const entities: Record<string, { links: string; conflicts: string }> = {};
    for (const [entity, { links = [], conflicts = [] }] of Object.entries(found)) {
      const files = { links: `${entity}.links.parquet`, conflicts: `${entity}.conflicts.parquet` };
      const proposed = links.map(([system, key, id, provenance, weight]) => ({
        _system: system,
        _key: key,
        odoo_id: id,
        provenance,
        evidence: `${provenance} no`,
        weight,
      }));
      await this.laboratory.plane.run(`COPY (${valuesSql(proposed, linkColumns)}) TO ${literal(join(directory, files.links))} (FORMAT parquet)`);
      const found = conflicts.map(({ records, ...conflict }) => ({
        ...{ field: null, resolved: false, value_hash: 'hash', ...conflict },
        records: `[${records.map(([system, key, id]) => `{'system': ${literal(system)}, 'key': ${literal(key)}, 'odoo_id': ${id ?? 'NULL'}}`).join(', ')}]`,
      }));
      await this.laboratory.plane.run(`COPY (${valuesSql(found, conflictColumns)}) TO ${literal(join(directory, files.conflicts))} (FORMAT parquet)`);
      entities[entity] = files;
    }
    const snapshots = (await this.ports.snapshots.list()).map((one) => ({ system: one.manifest.system, entity: one.manifest.entity, id: one.manifest.id }));
    const complete: MatchManifest = {
      ...{ format: 'cutover-match/1', runId, asOf: '2026-01-02T03:04:05.000Z', capability: 'procurement', odooUuid: this.uuid, mappingHash: 'hash' },
      ...{ snapshots, entities, stale: [], ...manifest },
    };
    const pointer = join(await this.ports.runs.matchDirectory(this.uuid, 'procurement'), 'latest.json');
    await this.ports.runs.writeFile(pointer, JSON.stringify(complete));
  }

  get #request() {
    this.#runs += 1;
    return {
      workspace: this.workspace,
      capability: this.capability,
      asOf: this.asOf,
      runId: `20260102T030405-reconcile-${String(this.#runs).padStart(4, '0')}`,
    };
  }

  async compare(): Promise<Comparison> {
    return await compareCapability(this.#request, this.ports);
  }

  async reconcile(): Promise<ReconcileResult> {
    return await reconcileCapability({ ...this.#request, full: false, clear: false, secondLook: false }, this.ports);
  }

  async judge(options: { readonly since?: string; readonly ports?: Partial<Ports> } = {}): Promise<JudgedComparison> {
    const ports = { ...this.ports, ...options.ports };
    const request = this.#request;
    return await judgeBreaks(await compareCapability(request, ports), { ...request, since: options.since ?? null }, ports);
  }

  /** Compared, judged and kept; `runId` is that of the look. */
  async night(ports: Partial<Ports> = {}): Promise<JudgedComparison & { readonly runId: string }> {
    const all = { ...this.ports, ...ports };
    const request = this.#request;
    const judged = await judgeBreaks(await compareCapability(request, all), request, all);
    await keepNight(judged, judged.life.open > 0 ? 'BREAKS' : 'RECONCILED', request.runId, all);
    return { ...judged, runId: request.runId };
  }

  /** Breaks of an entity as `key class field legacy→odoo movement`. */
  async breaks(comparison: Comparison, entity: string): Promise<string[]> {
    const { breaks } = comparison.entities.find((one) => one.entity === entity) as { breaks: string };
    const rows = await this.rows(`SELECT * FROM read_parquet(${literal(breaks)})`);
    return rows.map((row) =>
      [row.key ?? `#${row.odoo_id}`, row.class, ...(row.field === null ? [] : [row.field, `${row.legacy}→${row.odoo}`, row.movement])].join(' '),
    );
  }

  async rows<Row extends DataRow = DataRow>(sql: string): Promise<Row[]> {
    return await this.laboratory.plane.rows<Row>(sql);
  }

  #fieldsOf(entity: string): Readonly<Record<string, string>> {
    const model = this.capability.entities.find((one) => one.contract.entity === entity)?.contract.odoo?.model ?? '';
    return this.#description.fields[model] ?? {};
  }

  #odooColumns(entity: string): StagedColumn[] {
    const fields = Object.entries(this.#fieldsOf(entity)).map(([name, text]) => ({ name, type: columnType({ ...metadata(name, text) }) }));
    return [...recordColumns, ...fields];
  }

  async writeFacts(): Promise<void> {
    const company = {
      id: 1,
      name: 'Hospital',
      currency: 'USD',
      currency_digits: this.#description.currencyDigits ?? 2,
      rounding: this.#description.rounding ?? 'round_per_line',
      url: 'http://odoo',
      database: 'odoo',
      uuid: this.uuid,
      version: '19.0',
    };
    await this.#snapshot('odoo', companySnapshot, valuesSql([company], companyColumns), companyColumns, `${this.uuid}:request`);
    const rows = Object.entries(this.#description.fields).flatMap(([model, fields]) =>
      Object.entries(fields).map(([name, text]) => {
        const field = metadata(name, text);
        const digits = field.digits === null ? {} : { precision: field.digits[0], scale: field.digits[1] };
        return {
          model,
          name,
          type: field.type,
          relation: field.relation,
          required: field.required,
          readonly: false,
          store: true,
          company_dependent: false,
          ...digits,
        };
      }),
    );
    await this.#snapshot('odoo', fieldsSnapshot, valuesSql(rows, fieldColumns), fieldColumns, `${this.uuid}:request`);
  }

  async #snapshot(system: string, entity: string, sql: string, columns: readonly StagedColumn[], requestHash: string): Promise<void> {
    this.#moments += 1;
    const staged = await this.ports.snapshots.stage(system, entity);
    const file = join(staged.directory, 'data.parquet');
    await this.laboratory.plane.run(`COPY (${sql}) TO ${literal(file)} (FORMAT parquet)`);
    const [count] = await this.laboratory.plane.rows<{ rows: number }>(`SELECT count(*) AS rows FROM read_parquet(${literal(file)})`);
    const asOf = new Date(Date.UTC(2026, 0, 1, 0, 0, this.#moments)).toISOString();
    await staged.commit({ asOf, rows: count?.rows ?? 0, quarantined: 0, columns, requestHash });
  }
}

function metadata(name: string, text: string) {
  const [type = 'char', argument = ''] = text.replace('!', '').split(' ');
  const isNumber = /^\d+$/.test(argument);
  return {
    ...{ name, type, required: text.includes('!'), readonly: false, store: true, selection: null, companyDependent: false },
    relation: argument === '' || isNumber ? null : argument,
    digits: isNumber ? ([16, Number(argument)] as const) : null,
  };
}

function valuesSql(rows: readonly Row[], columns: readonly StagedColumn[]): string {
  const select = (values: readonly string[]) =>
    `SELECT ${columns.map((column, index) => `CAST(${values[index]} AS ${column.type}) AS ${identifier(column.name)}`).join(', ')}`;
  const text = (value: Cell | undefined) => (value === undefined || value === null ? 'NULL' : literal(String(value)));
  if (rows.length === 0) return `${select(columns.map(() => 'NULL'))} WHERE false`;
  return rows.map((row) => select(columns.map((column) => text(row[column.name])))).join(' UNION ALL ');
}
