/** Breaks as a comparison leaves them, from pairs of values: what pattern tests begin with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { openDataPlane } from '../../../adapters/duckdb/data-plane.ts';
import { canonicalRowsSql, storageType } from '../../../domain/canonical.ts';
import { EntityContract, type FieldContract, SourceMapping } from '../../../domain/contract.ts';
import type { Break } from '../../../domain/difference.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import type { Pattern } from '../../../domain/report.ts';
import { identifier, literal } from '../../../domain/sql.ts';
import { type Capability, type CodeMap, type Workspace, WorkspaceFile } from '../../../domain/workspace.ts';
import { TRY_STAYS_WHOLE } from '../../expression/expression.ts';
import type { Comparison, EntityComparison } from '../comparison.ts';
import { findPatterns } from './find-patterns.ts';

export interface SeededBreak {
  readonly field?: string | null;
  readonly system?: string;
  readonly key?: string | null;
  readonly class?: Break['class'];
  readonly legacy?: string | null;
  readonly odoo?: string | null;
  readonly movement?: Break['movement'];
  readonly direction?: Break['direction'];
  readonly status?: Break['status'];
}

export interface Seed {
  readonly fields: Readonly<Record<string, z.input<typeof FieldContract>>>;
  readonly key?: readonly string[];
  /** Field → expression, per system. */
  readonly mappings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly breaks: readonly SeededBreak[];
  /** Linked records that agree: their values of the fields. */
  readonly agreed?: readonly Readonly<Record<string, string | null>>[];
  readonly codes?: Readonly<Record<string, CodeMap['rows']>>;
  readonly clear?: boolean;
  readonly rejects?: readonly { readonly field: string; readonly rule: string; readonly raw: string }[];
}

export class PatternBench {
  readonly #directory = mkdtempSync(join(tmpdir(), 'patterns-'));
  readonly plane: DataPlane;

  private constructor(plane: DataPlane) {
    this.plane = plane;
  }

  static async open(): Promise<PatternBench> {
    const plane = await openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(tmpdir(), 'patterns-spill') });
    await plane.run(TRY_STAYS_WHOLE);
    return new PatternBench(plane);
  }

  async close(): Promise<void> {
    await this.plane.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async patterns(seed: Seed): Promise<Pattern[]> {
    const entity = await this.#entity(seed);
    const capability: Capability = {
      name: 'procurement',
      file: { capability: 'procurement', phase: 'legacy-led' },
      entities: [entity.definition],
      codes: new Map(Object.entries(seed.codes ?? {}).map(([name, rows]) => [name, { name, file: `codes/${name}.csv`, rows }])),
      hash: 'hash',
    };
    const systems = Object.fromEntries(
      Object.keys(mappingsOf(seed)).map((name) => [name, { connector: 'files' as const, directory: 'exports', encoding: 'utf-8' }]),
    );
    const file = WorkspaceFile.parse({
      version: 1,
      namespace: 'hospital',
      systems: { ...systems, odoo: { connector: 'odoo', url: 'http://odoo' } },
      capabilities: ['procurement'],
    });
    const workspace: Workspace = { directory: '', file, capabilities: new Map(), linkDecisions: [], matchDecisions: [], breakDecisions: [] };
    const world = {
      url: '',
      database: '',
      uuid: 'uuid',
      version: '19.0',
      company: { id: 1, name: 'Hospital' },
      currencyDigits: 2,
      rounding: 'round_per_line' as const,
    };
    const comparison: Comparison = { capability: 'procurement', asOf: '2026-01-01T00:00:00.000Z', world, entities: [entity], snapshots: [], match: null };
    return await findPatterns(comparison, { clear: seed.clear ?? false, workspace, capability }, this.plane);
  }

  async #entity(seed: Seed): Promise<EntityComparison> {
    const contract = EntityContract.parse({ entity: 'supplier', version: 1, key: seed.key ?? ['no'], fields: { no: { type: 'text' }, ...seed.fields } });
    const mappings = mappingsOf(seed);
    const breaks = seed.breaks.map((one, index) => ({ ...defaultsOf(seed, index), ...one }));
    const datasets: EntityComparison['datasets'][number][] = [];
    for (const system of Object.keys(mappings))
      datasets.push(await this.#dataset(contract, system, breaks, system === 'meditrack' ? seed : { ...seed, agreed: [], rejects: [] }));
    const records = datasets.map((dataset) => `SELECT _system, _key, 'linked' AS _class FROM ${canonicalRowsSql([dataset])} AS r`).join(' UNION ALL ');
    const columns = ['id', 'entity', 'system', 'key', 'class', 'field', 'legacy', 'odoo', 'movement', 'direction', 'status'] as const;
    const pii = (name: string | null) => name !== null && contract.fields[name]?.pii === true;
    const rows = breaks.map((one, index) => {
      const values: Record<(typeof columns)[number], string | null> = { ...one, id: String(index).padStart(16, '0'), entity: 'supplier' };
      return `(${columns.map((name) => literal(values[name])).join(', ')}, ${pii(one.field)}, ${pii(contract.key[0] as string)}, NULL::BIGINT)`;
    });
    const file = this.#file('breaks');
    await this.plane.run(`COPY (SELECT ${columns.map((name) => `CAST(${name} AS VARCHAR) AS ${name}`).join(', ')}, pii, key_pii, odoo_id
FROM (VALUES ${rows.join(', ')}) AS v(${columns.join(', ')}, pii, key_pii, odoo_id)) TO ${literal(file)} (FORMAT parquet)`);
    const recordsFile = this.#file('records');
    await this.plane.run(`COPY (${records}) TO ${literal(recordsFile)} (FORMAT parquet)`);
    const sources = Object.entries(mappings).map(([system, fields]) => ({
      mapping: SourceMapping.parse({ system, entity: 'supplier', from: 'VENDOR', fields }),
      position: () => ({ file: `mappings/procurement/sources/${system}/supplier.yaml`, line: 1, column: 1 }),
    }));
    return {
      entity: 'supplier',
      definition: { contract, position: () => ({ file: 'supplier.yaml', line: 1, column: 1 }), sources, lines: [] },
      mapped: new Map(Object.keys(contract.fields).map((name) => [name, Object.keys(mappings)])),
      breaks: file,
      records: recordsFile,
      datasets,
    } as unknown as EntityComparison;
  }

  async #dataset(contract: EntityContract, system: string, breaks: readonly (SeededBreak & { key: string | null })[], seed: Seed) {
    const byKey = Map.groupBy(
      breaks.filter((one) => one.system === system && one.field !== undefined && one.field !== null),
      (one) => one.key ?? '',
    );
    const agreed = (seed.agreed ?? []).map((values, index) => [`agreed ${index}`, values] as const);
    const records = [
      ...[...byKey].map(([key, own]) => [key, Object.fromEntries(own.map((one) => [one.field as string, one.legacy ?? null]))] as const),
      ...agreed,
    ];
    const cells = records.map(([key, values]) => {
      const own: Record<string, string | null> = { ...values };
      return `(${literal(key)}, ${Object.keys(contract.fields)
        .map((name) => literal(own[name] ?? null))
        .join(', ')})`;
    });
    const typed = Object.entries(contract.fields).map(([name, field]) => `TRY_CAST(${identifier(name)} AS ${storageType(field)}) AS ${identifier(name)}`);
    const rows = this.#file('rows');
    const none = `(NULL, ${Object.keys(contract.fields)
      .map(() => 'NULL')
      .join(', ')})`;
    await this.plane.run(`COPY (SELECT ${literal(system)} AS _system, CAST(_key AS VARCHAR) AS _key, CAST(NULL AS BIGINT) AS _row, CAST(NULL AS VARCHAR) AS _ref, 'mapped' AS _state, CAST(NULL AS VARCHAR[]) AS _rules, NULL AS _digest, ${typed.join(', ')}
FROM (VALUES ${[none, ...cells].join(', ')}) AS v(_key, ${Object.keys(contract.fields).map(identifier).join(', ')}) WHERE _key IS NOT NULL) TO ${literal(rows)} (FORMAT parquet)`);
    const rejects = this.#file('rejects');
    const reject = [{ field: '', rule: '', raw: '' }, ...(seed.rejects ?? [])].map((one) => `(${[one.field, one.rule, one.raw].map(literal).join(', ')})`);
    await this.plane.run(`COPY (FROM (VALUES ${reject.join(', ')}) AS v(field, rule, raw)) TO ${literal(rejects)} (FORMAT parquet)`);
    return {
      ...{ entity: 'supplier', system, snapshotId: '', inputsHash: '', definitionHash: '', rejects },
      rows: { base: rows, baseRows: records.length, changes: null, duplicates: '' },
      counts: { input: records.length, mapped: records.length, rejected: 0, filtered: 0, duplicates: 0 },
    };
  }

  #files = 0;
  #file(name: string): string {
    this.#files += 1;
    return join(this.#directory, `${name}-${this.#files}.parquet`);
  }
}

function mappingsOf(seed: Seed): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return seed.mappings ?? { meditrack: Object.fromEntries(['no', ...Object.keys(seed.fields)].map((name) => [name, name.toUpperCase()])) };
}

function defaultsOf(seed: Seed, index: number) {
  return {
    ...{
      field: Object.keys(seed.fields)[0] as string | null,
      system: 'meditrack',
      key: String(index).padStart(7, '0') as string | null,
      class: 'value' as Break['class'],
    },
    ...{ legacy: null, odoo: null, movement: 'never-agreed' as Break['movement'], direction: 'update-odoo' as const, status: 'open' as const },
  };
}
