/** Compares the two sides of a capability, entity by entity: the work that reconcile and plan share. */
import { join } from 'node:path';
import type { RecordClass } from '../../domain/difference.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { literal } from '../../domain/sql.ts';
import { type FieldRule, fieldRules } from '../sides/field-rules.ts';
import { gatherSides } from '../sides/gather-sides.ts';
import { latestMatch } from '../sides/latest-match.ts';
import { codesOf, odooSideSql, openSides } from '../sides/open-sides.ts';
import type { EntitySides, Sides, SidesRequest } from '../sides/sides.ts';
import { entityTable, linesTableSql, linkedLegacySql } from '../sides/sides-sql.ts';
import { stageLinks } from '../sides/stage-links.ts';
import { baselineSql, newestLayer } from './baseline.ts';
import {
  type BreakContext,
  breaksTableSql,
  candidatesTableSql,
  classCountsSql,
  classedLegacySql,
  classedOdooSql,
  differingTableSql,
  fieldBreaksSql,
  odooClassesTableSql,
  pairsTableSql,
  recordBreaksSql,
  recordsSql,
  toParquetSql,
} from './compare-sql.ts';
import type { Comparison, EntityComparison } from './comparison.ts';

/** E_NO_SNAPSHOT, E_ODOO_METADATA, E_CONFIG, E_CONSERVATION. */
export async function compareCapability(request: SidesRequest, ports: Ports): Promise<Comparison> {
  const inputs = await gatherSides(request, ports);
  const directory = await ports.runs.runDirectory(request.runId);
  const plane = await ports.openPlane();
  try {
    const match = await latestMatch(ports, inputs.world.uuid, request.capability.name);
    await stageLinks(request, ports, inputs.world, match, plane);
    const comparing = new Comparing(request, ports, inputs, plane, directory);
    const entities = await comparing.all();
    const snapshots = uniqueSnapshots([...inputs.facts, ...inputs.lookups.values(), ...inputs.entities.flatMap(snapshotsOf)]);
    return { capability: request.capability.name, asOf: request.asOf, world: inputs.world, entities, snapshots, match };
  } finally {
    await plane.close();
  }
}

class Comparing {
  readonly #request: SidesRequest;
  readonly #ports: Ports;
  readonly #inputs: Sides;
  readonly #plane: DataPlane;
  readonly #directory: string;

  constructor(request: SidesRequest, ports: Ports, inputs: Sides, plane: DataPlane, directory: string) {
    this.#request = request;
    this.#ports = ports;
    this.#inputs = inputs;
    this.#plane = plane;
    this.#directory = directory;
  }

  async all(): Promise<EntityComparison[]> {
    await openSides(this.#inputs.entities, this.#plane);
    const entities: EntityComparison[] = [];
    for (const one of this.#inputs.entities) {
      const step = `compare ${one.definition.contract.entity}`;
      this.#ports.progress({ kind: 'step', step });
      entities.push(await this.#compare(one));
      this.#ports.progress({ kind: 'done', step });
    }
    return entities;
  }

  async #compare(inputs: EntitySides): Promise<EntityComparison> {
    const { definition, odoo, mapped, datasets } = inputs;
    const { entity } = definition.contract;
    const file = (part: string) => join(this.#directory, `${entity}.${part}.parquet`);
    const files = {
      legacy: file('legacy'),
      odoo: file('odoo'),
      breaks: file('breaks'),
      records: file('records'),
      candidates: file('candidates'),
      baseline: file('baseline'),
    };
    const [following] = await this.#plane.rows<{ followers: number }>(
      `SELECT count(*) AS followers FROM ${entityTable(entity, 'follows')} AS w
SEMI JOIN (SELECT _system, _key FROM ${entityTable(entity, 'legacy')} WHERE NOT _duplicate) AS p ON p._system = w._system AND p._key = w._key`,
    );
    const followers = following?.followers ?? 0;
    const { world } = this.#inputs;
    const rules = odoo === null ? [] : fieldRules({ definition, binding: odoo.binding, mapped, world, hasFollowers: followers > 0 });
    await this.#classify(inputs, rules, files);
    // Read before the layers are merged: a layer that comes in between makes this comparison look older than it is, never newer.
    const baselineLayer = await newestLayer(this.#ports, { odooUuid: this.#inputs.world.uuid, capability: this.#request.capability.name, entity });
    await this.#compareFields(
      inputs,
      rules.filter((rule) => rule.compared),
      files,
    );
    const rows = await this.#plane.rows<{ class: RecordClass; records: number; differing: number }>(classCountsSql(files.records));
    const counts = Object.fromEntries(recordClasses.map((one) => [one, rows.find((row) => row.class === one)?.records ?? 0])) as Record<RecordClass, number>;
    const [unknown] = await this.#plane.rows<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${entityTable(entity, 'rejects')} WHERE _key IS NULL AND NOT is_null_key`,
    );
    return {
      ...{ entity, definition, binding: odoo?.binding ?? null, mapped, ...files, baselineLayer, counts, followers, datasets },
      equal: counts.linked - rows.reduce((sum, row) => sum + row.differing, 0),
      rejectedWithoutKey: unknown?.rows ?? 0,
      snapshots: snapshotsOf(inputs).map(identityOf),
    };
  }

  /** Links, lines, candidates, and both sides written with their classes. */
  async #classify(inputs: EntitySides, rules: readonly FieldRule[], files: Files): Promise<void> {
    const { definition, odoo } = inputs;
    const { contract } = definition;
    const codes = codesOf(inputs, this.#inputs);
    const lines = await this.#stageLines(inputs, rules);
    const legacy = linkedLegacySql({ contract, refs: this.#refsOf(inputs), codes, lines });
    const canonical = await odooSideSql(inputs, codes, this.#plane);
    if (odoo === null || canonical === null) {
      await this.#plane.run(candidatesTableSql({ entity: contract.entity, legacy, odoo: null, linkBy: [] }));
      await this.#plane.run(toParquetSql(classedLegacySql(contract.entity, legacy, 'SELECT NULL::BIGINT AS id WHERE false'), files.legacy));
      await this.#plane.run(
        toParquetSql('SELECT NULL::BIGINT AS _odoo_id, NULL::VARCHAR AS _key, NULL::BOOLEAN AS _in_scope, NULL::VARCHAR AS _class WHERE false', files.odoo),
      );
    } else {
      const { snapshot } = odoo;
      const sets = contract.link_by ?? [contract.key];
      const linkBy = sets
        .map((fields) => fields.flatMap((field) => rules.filter((rule) => rule.field === field)))
        .filter((set, index) => set.length === sets[index]?.length);
      const keyRules = contract.key.flatMap((field) => rules.filter((rule) => rule.field === field));
      await this.#plane.run(candidatesTableSql({ entity: contract.entity, legacy, odoo: canonical, linkBy }));
      await this.#plane.run(toParquetSql(classedLegacySql(contract.entity, legacy, `SELECT id FROM read_parquet(${literal(snapshot.data)})`), files.legacy));
      await this.#plane.run(odooClassesTableSql(contract.entity, canonical, keyRules.length === contract.key.length ? keyRules : null));
      await this.#plane.run(toParquetSql(classedOdooSql(contract.entity, canonical), files.odoo));
    }
    await this.#plane.run(toParquetSql(`FROM ${entityTable(contract.entity, 'candidates')} ORDER BY _system, _key, _odoo_id`, files.candidates));
  }

  /** Pairs, breaks and records, each in an order of its own. */
  async #compareFields(inputs: EntitySides, rules: readonly FieldRule[], files: Files): Promise<void> {
    const { contract } = inputs.definition;
    const { entity } = contract;
    const of = { odooUuid: this.#inputs.world.uuid, capability: this.#request.capability.name, entity };
    const fields = rules.map((rule) => rule.field);
    await this.#plane.run(toParquetSql(await baselineSql(this.#ports, this.#plane, of, fields), files.baseline));
    await this.#plane.run(`CREATE OR REPLACE VIEW ${entityTable(entity, 'baseline')} AS FROM read_parquet(${literal(files.baseline)})`);
    await this.#plane.run(pairsTableSql(entity, rules, files));
    await this.#plane.run(differingTableSql(entity, files));
    await this.#plane.run(breaksTableSql(entity));
    const context: BreakContext = {
      capability: this.#request.capability.name,
      contract,
      odooSystem: this.#request.workspace.file.odoo,
      files,
      refs: this.#refsOf(inputs),
    };
    if (inputs.odoo !== null) {
      await this.#plane.run(recordBreaksSql(context));
      for (const rule of rules) await this.#plane.run(fieldBreaksSql(context, rule));
    }
    await this.#plane.run(toParquetSql(`FROM ${entityTable(entity, 'breaks')} ORDER BY system, key, odoo_id, field NULLS FIRST, id`, files.breaks));
    await this.#plane.run(toParquetSql(recordsSql(context), files.records));
    for (const part of ['pairs', 'differing', 'breaks'] as const) await this.#plane.run(`DROP TABLE ${entityTable(entity, part)}`);
  }

  /** What the documents' lines come to, for amounts that Odoo makes of them; the fields there are. */
  async #stageLines({ definition }: EntitySides, rules: readonly FieldRule[]): Promise<string[]> {
    const { entity } = definition.contract;
    const amounts = rules.flatMap((rule) => {
      const { contract } = rule;
      if (rule.rounding === null || contract.type !== 'money' || typeof contract.rounding !== 'object') return [];
      const [lines = '', of = ''] = contract.rounding.lines.split('.');
      return [{ field: rule.field, lines, of }];
    });
    const lines = amounts[0]?.lines;
    if (lines === undefined) return [];
    const lineContract = this.#inputs.entities.find((one) => one.definition.contract.entity === lines)?.definition.contract;
    const parent = Object.entries(lineContract?.fields ?? {}).find(([, field]) => field.type === 'ref' && field.entity === entity)?.[0];
    if (parent === undefined) return [];
    const { currencyDigits: digits, rounding } = this.#inputs.world;
    const own = amounts.filter((amount) => amount.lines === lines);
    await this.#plane.run(linesTableSql({ entity, lines, parent, amounts: own, digits, rounding }));
    return own.map((amount) => amount.field);
  }

  #refsOf({ definition }: EntitySides): ReadonlyMap<string, string> {
    const known = new Set(this.#inputs.entities.map((one) => one.definition.contract.entity));
    return new Map(
      Object.entries(definition.contract.fields).flatMap(([name, field]) => (field.type === 'ref' && known.has(field.entity) ? [[name, field.entity]] : [])),
    );
  }
}

type Files = Readonly<Record<'legacy' | 'odoo' | 'breaks' | 'records' | 'candidates' | 'baseline', string>>;

const recordClasses: readonly RecordClass[] = [
  'linked',
  'only-legacy',
  'only-odoo',
  'exists-unlinked',
  'duplicate-key',
  'null-key',
  'rejected',
  'missing-in-odoo',
  'missing-in-legacy',
  'outside-scope',
];

function snapshotsOf({ sources, odoo }: EntitySides): readonly Snapshot[] {
  return odoo === null ? sources : [...sources, odoo.snapshot];
}

function identityOf({ manifest }: Snapshot): { system: string; entity: string; id: string } {
  return { system: manifest.system, entity: manifest.entity, id: manifest.id };
}

function uniqueSnapshots(snapshots: readonly Snapshot[]): Comparison['snapshots'] {
  const order = (one: { system: string; entity: string }) => `${one.system} ${one.entity}`;
  const unique = new Map(snapshots.map((snapshot) => [order(snapshot.manifest), identityOf(snapshot)]));
  return [...unique.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
