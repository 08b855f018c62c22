/** Compares the two sides of a capability, entity by entity: the work that reconcile and plan share. */
import { join } from 'node:path';
import { canonicalFiles } from '../../domain/canonical.ts';
import type { RecordClass } from '../../domain/difference.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { copyToParquetSql, literal } from '../../domain/sql.ts';
import { type FieldRule, fieldRules } from '../sides/field-rules.ts';
import { gatherSides } from '../sides/gather-sides.ts';
import { latestMatch } from '../sides/latest-match.ts';
import { codesOf, odooSideSql, openSides } from '../sides/open-sides.ts';
import type { EntitySides, Sides, SidesRequest } from '../sides/sides.ts';
import { entityTable, type LegacyColumns, legacyRowsSql, linesTableSql, linkedLegacySql, targetColumns } from '../sides/sides-sql.ts';
import { stageLinks } from '../sides/stage-links.ts';
import { knownLayers, mergedBaselineSql } from './baseline.ts';
import { candidatesTableSql, goneTableSql, legacyMarksSql, odooClassesTableSql, unboundClassesTableSql } from './compare-classes-sql.ts';
import { compareFields } from './compare-fields.ts';
import { classCountsSql, legacySideSql, odooSideSql as odooRelationSql, type SideQueries } from './compare-sql.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { forgetCompared, reusableOf, rulesHash } from './reuse.ts';
import { legacyDigestsSql, unchangedSql } from './reuse-sql.ts';

/** E_NO_SNAPSHOT, E_ODOO_METADATA, E_CONFIG, E_CONSERVATION; with `full`: E_REUSE_DIFFERS, and the next comparison takes nothing over. */
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
  } catch (error) {
    if (error instanceof CutoverError && error.code === 'E_REUSE_DIFFERS')
      await forgetCompared(ports, { uuid: inputs.world.uuid, capability: request.capability.name });
    throw error;
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
    // all that is needed of them is in the tables of links, and memory is for the wide rows
    for (const table of ['crosswalk', 'joined', 'proposals']) await this.#plane.run(`DROP TABLE ${table}`);
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
    const [following] = await this.#plane.rows<{ followers: number }>(
      `SELECT count(*) AS followers FROM ${entityTable(entity, 'follows')} AS w
SEMI JOIN (SELECT _system, _key FROM ${entityTable(entity, 'legacy')} WHERE NOT _duplicate) AS p ON p._system = w._system AND p._key = w._key`,
    );
    const followers = following?.followers ?? 0;
    const { world } = this.#inputs;
    const rules = odoo === null ? [] : fieldRules({ definition, binding: odoo.binding, mapped, world, hasFollowers: followers > 0 });
    const columns: LegacyColumns = {
      contract: definition.contract,
      refs: this.#refsOf(inputs),
      codes: codesOf(inputs, this.#inputs),
      lines: await this.#stageLines(inputs, rules),
    };
    const sides = await this.#classify(inputs, rules, columns);
    const capability = this.#request.capability.name;
    const compared = rules.filter((rule) => rule.compared);
    // what comes to lie on top from here on is not part of this comparison
    const layers = await knownLayers(this.#ports, this.#plane, { odooUuid: world.uuid, capability, entity });
    const hash = await rulesHash(inputs, this.#inputs, this.#request, followers, this.#plane);
    const reusable = odoo === null ? null : await reusableOf(this.#ports, { uuid: world.uuid, capability, entity, runId: this.#request.runId }, hash, layers);
    const files = { breaks: this.#file(entity, 'breaks'), records: this.#file(entity, 'records'), candidates: this.#file(entity, 'candidates') };
    const context = { capability, contract: definition.contract, odooSystem: this.#request.workspace.file.odoo, sides, refs: columns.refs };
    const isFull = this.#request.full === true;
    await compareFields({ context, rules: compared, targets: targetColumns(columns), layers, reusable, files }, isFull, this.#plane);
    const fields = compared.map((rule) => rule.field);
    const rows = await this.#plane.rows<{ class: RecordClass; records: number; differing: number }>(classCountsSql(files.records));
    const counts = Object.fromEntries(recordClasses.map((one) => [one, rows.find((row) => row.class === one)?.records ?? 0])) as Record<RecordClass, number>;
    const [unknown] = await this.#plane.rows<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${entityTable(entity, 'rejects')} WHERE _key IS NULL AND NOT is_null_key`,
    );
    return {
      ...{ entity, definition, binding: odoo?.binding ?? null, mapped, ...files, counts, followers, datasets, rulesHash: hash },
      baselineLayer: layers.at(-1)?.layer ?? 0,
      legacy: { sql: legacySideSql(sides) },
      odoo: { sql: odooRelationSql(sides) },
      baseline: (only) => ({ sql: `(${mergedBaselineSql(layers, fields, only)})` }),
      unchanged:
        reusable === null || isFull ? null : { sql: `(${unchangedSql(`read_parquet(${literal(files.records)})`, reusable, [...columns.refs.keys()])})` },
      reads: [...datasets.flatMap(canonicalFiles), ...(odoo === null ? [] : [odoo.snapshot.data]), ...[...columns.codes.values()].map((code) => code.file)],
      equal: counts.linked - rows.reduce((sum, row) => sum + row.differing, 0),
      rejectedWithoutKey: unknown?.rows ?? 0,
      snapshots: snapshotsOf(inputs).map(identityOf),
    };
  }

  #file(entity: string, part: string): string {
    return join(this.#directory, `${entity}.${part}.parquet`);
  }

  /** Candidates, and what every record of both sides is. */
  async #classify(inputs: EntitySides, rules: readonly FieldRule[], columns: LegacyColumns): Promise<SideQueries> {
    const { definition, odoo, datasets } = inputs;
    const { contract } = definition;
    const { entity } = contract;
    const linked = linkedLegacySql(columns);
    const canonical = await odooSideSql(inputs, columns.codes, this.#plane);
    const sets = contract.link_by ?? [contract.key];
    const linkBy = sets
      .map((fields) => fields.flatMap((field) => rules.filter((rule) => rule.field === field)))
      .filter((set, index) => set.length === sets[index]?.length);
    const keyRules = contract.key.flatMap((field) => rules.filter((rule) => rule.field === field));
    const sides = {
      legacy: legacyRowsSql(contract, datasets),
      marks: this.#file(entity, 'legacy'),
      odoo: canonical,
      classes: this.#file(entity, 'odoo'),
    };
    const targets = targetColumns(columns);
    const compared = rules.filter((rule) => rule.compared);
    const odooIds = odoo === null ? 'SELECT NULL::BIGINT AS id WHERE false' : `SELECT id FROM read_parquet(${literal(odoo.snapshot.data)})`;
    await this.#plane.run(candidatesTableSql({ entity, legacy: linked, odoo: canonical, linkBy }));
    await this.#plane.run(copyToParquetSql(legacyMarksSql(entity, linked, targets, odooIds, legacyDigestsSql(compared, targets)), sides.marks));
    await this.#plane.run(goneTableSql(entity));
    await this.#plane.run(
      canonical === null
        ? unboundClassesTableSql(entity)
        : odooClassesTableSql(entity, canonical, sides.marks, keyRules.length === contract.key.length ? keyRules : null),
    );
    await this.#plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'classes')} ORDER BY _odoo_id`, sides.classes));
    await this.#plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'candidates')} ORDER BY _system, _key, _odoo_id`, this.#file(entity, 'candidates')));
    return sides;
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
