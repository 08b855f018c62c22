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
import { entityTable, legacyRowsSql, linesTableSql } from '../sides/sides-sql.ts';
import { stageLinks } from '../sides/stage-links.ts';
import {
  againCountsSql,
  againTablesSql,
  type ComparedWhole,
  changedRowsSql,
  digestsSql,
  hasMovedRows,
  missingOdooSql,
  otherIdsSql,
  otherOdooTableSql,
  relinkedTableSql,
  seenTableSql,
  widenByKeySql,
  widenByLinkSql,
} from './again-sql.ts';
import { knownLayers, mergedBaselineSql } from './baseline.ts';
import { classCountsSql, legacySideSql, odooSideSql as odooRelationSql } from './compare-sql.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { lookAt, proveSame, type Subject } from './look.ts';
import { comparedWhole, forgetCompared, rulesHash } from './reuse.ts';

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

/** More than a tenth of the records (and more than this many) are not worth being told apart from the rest. */
const FEW = 1000;
const SHARE = 0.1;

interface StagedLines {
  readonly entity: string;
  /** Field of the lines that names the document. */
  readonly parent: string;
  /** Fields of the document. */
  readonly amounts: readonly string[];
}

interface Prepared {
  readonly entity: string;
  readonly inputs: EntitySides;
  readonly subject: Subject;
  readonly lines: StagedLines | null;
  readonly followers: number;
  readonly hash: string;
  readonly whole: ComparedWhole | null;
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
    const prepared: Prepared[] = [];
    for (const one of this.#inputs.entities) prepared.push(await this.#prepare(one));
    // all that is needed of them is in the tables of links, and memory is for the wide rows
    for (const table of ['crosswalk', 'joined', 'proposals']) await this.#plane.run(`DROP TABLE ${table}`);
    const entities: EntityComparison[] = [];
    for (const one of prepared) {
      const step = `compare ${one.entity}`;
      this.#ports.progress({ kind: 'step', step });
      entities.push(await this.#compare(one, prepared));
      this.#ports.progress({ kind: 'done', step });
    }
    return entities;
  }

  /** How the entity is compared, and what an earlier comparison says of it. */
  async #prepare(inputs: EntitySides): Promise<Prepared> {
    const { definition, odoo, mapped, datasets } = inputs;
    const { contract } = definition;
    const { entity } = contract;
    const { world } = this.#inputs;
    const [following] = await this.#plane.rows<{ followers: number }>(
      `SELECT count(*) AS followers FROM ${entityTable(entity, 'follows')} AS w
SEMI JOIN (SELECT _system, _key FROM ${entityTable(entity, 'legacy')} WHERE NOT _duplicate) AS p ON p._system = w._system AND p._key = w._key`,
    );
    const followers = following?.followers ?? 0;
    const rules = odoo === null ? [] : fieldRules({ definition, binding: odoo.binding, mapped, world, hasFollowers: followers > 0 });
    const lines = await this.#stageLines(inputs, rules);
    const columns = { contract, refs: this.#refsOf(inputs), codes: codesOf(inputs, this.#inputs), lines: lines?.amounts ?? [] };
    const keyRules = contract.key.flatMap((field) => rules.filter((rule) => rule.field === field));
    const capability = this.#request.capability.name;
    // what comes to lie on top from here on is not part of this comparison
    const layers = await knownLayers(this.#ports, this.#plane, { odooUuid: world.uuid, capability, entity });
    const hash = await rulesHash(inputs, this.#inputs, this.#request, followers, this.#plane);
    const of = { uuid: world.uuid, capability, entity, runId: this.#request.runId };
    const whole = odoo === null ? null : await comparedWhole(this.#ports, of, hash, datasets, layers);
    if (whole !== null || odoo === null) await this.#plane.run(relinkedTableSql(entity, whole));
    const subject = {
      ...{ capability, odooSystem: this.#request.workspace.file.odoo, rules, columns, layers },
      legacy: legacyRowsSql(contract, datasets),
      odoo: await odooSideSql(inputs, columns.codes, this.#plane),
      odooIds: odoo === null ? 'SELECT NULL::BIGINT AS id WHERE false' : `SELECT id FROM read_parquet(${literal(odoo.snapshot.data)})`,
      keyRules: keyRules.length === contract.key.length ? keyRules : null,
    };
    return { entity, inputs, subject, lines, followers, hash, whole };
  }

  async #compare({ entity, inputs, subject, followers, hash, ...one }: Prepared, prepared: readonly Prepared[]): Promise<EntityComparison> {
    const { definition, odoo, mapped, datasets } = inputs;
    const { layers, columns } = subject;
    const whole = (await this.#stageAgain({ entity, inputs, subject, followers, hash, ...one }, prepared)) ? one.whole : null;
    const isFull = this.#request.full === true;
    const file = (part: string): string => this.#file(entity, part);
    const looked = await lookAt(subject, isFull ? null : whole, { file, isExact: isFull }, this.#plane);
    const isWhole = looked.again === null;
    let { again } = looked;
    if (isFull && whole !== null) {
      const isKept = (part: string): boolean => part === 'again' || part === 'odoo-again';
      const scratch = (part: string): string => (isKept(part) ? file(part) : this.#plane.scratchFile(`${entity}.${part}.parquet`));
      const other = await lookAt(subject, whole, { file: scratch, isExact: false }, this.#plane);
      await proveSame(subject, looked, other, this.#plane);
      again = other.again;
    }
    if (isWhole) {
      await this.#plane.run(seenTableSql(entity, subject.odoo, digestsOf(inputs, subject)));
      await this.#plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'links')}`, looked.files.links));
      await this.#plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'seen')}`, looked.files.seen));
    }
    for (const part of ['seen', 'compared', 'rejected', 'odoo', 'again', 'ids'] as const)
      await this.#plane.run(`DROP TABLE IF EXISTS ${entityTable(entity, part)}`);
    const { breaks, records, candidates } = looked.files;
    const fields = subject.rules.flatMap((rule) => (rule.compared ? [rule.field] : []));
    const rows = await this.#plane.rows<{ class: RecordClass; records: number; differing: number }>(classCountsSql(records));
    const counts = Object.fromEntries(recordClasses.map((name) => [name, rows.find((row) => row.class === name)?.records ?? 0])) as Record<RecordClass, number>;
    const [unknown] = await this.#plane.rows<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${entityTable(entity, 'rejects')} WHERE _key IS NULL AND NOT is_null_key`,
    );
    return {
      ...{ entity, definition, binding: odoo?.binding ?? null, mapped, breaks, records, candidates, counts, followers, datasets, rulesHash: hash },
      explained: null,
      baselineLayer: layers.at(-1)?.layer ?? 0,
      legacy: { sql: legacySideSql(looked.sides) },
      odoo: { sql: odooRelationSql(looked.sides) },
      baseline: (only) => ({ sql: `(${mergedBaselineSql(layers, fields, only)})` }),
      again: again === null ? null : { legacy: { sql: again.legacy }, odoo: { sql: again.odoo } },
      isWhole,
      reads: [
        ...datasets.flatMap(canonicalFiles),
        ...(odoo === null ? [] : [odoo.snapshot.data]),
        ...[...columns.codes.values()].map((code) => code.file),
        ...(isWhole || one.whole === null ? [] : [one.whole.marks]),
      ],
      equal: counts.linked - rows.reduce((sum, row) => sum + row.differing, 0),
      rejectedWithoutKey: unknown?.rows ?? 0,
      snapshots: snapshotsOf(inputs).map(identityOf),
    };
  }

  /** Tables `again` and `ids`; false: everything has to be compared, or nearly everything. */
  async #stageAgain({ entity, inputs, subject, lines, whole }: Prepared, prepared: readonly Prepared[]): Promise<boolean> {
    if (whole === null) return false;
    const of = (name: string): Prepared | undefined => prepared.find((one) => one.entity === name);
    const { refs } = subject.columns;
    if ([...refs.values()].some((name) => of(name)?.whole === null && of(name)?.inputs.odoo !== null)) return false;
    if (lines !== null && of(lines.entity)?.whole === null) return false;
    const changes = (one: Prepared | undefined) =>
      (one?.whole?.datasets ?? []).map((was) => ({ was, now: one?.inputs.datasets.find((dataset) => dataset.system === was.system) ?? was }));
    const changed = (one: Prepared | undefined) => changes(one).flatMap(({ was, now }) => changedRowsSql(was, now));
    const hasMoved = changes({ entity, inputs, whole } as Prepared).some(({ was, now }) => hasMovedRows(was, now));
    const asked = { entity, whole, changed: changed({ inputs, whole } as Prepared), hasMoved, refs };
    const documents = lines === null ? null : { entity: lines.entity, parent: lines.parent, changed: changed(of(lines.entity)) };
    for (const sql of againTablesSql({ ...asked, lines: documents })) await this.#plane.run(sql);
    return await this.#widen({ entity, inputs, subject, whole });
  }

  /** Completes the tables by what belongs together, and table `<entity>:odoo` by its records. */
  async #widen({ entity, inputs, subject, whole }: Pick<Prepared, 'entity' | 'inputs' | 'subject'> & { readonly whole: ComparedWhole }): Promise<boolean> {
    const { odoo, odooIds } = subject;
    if (odoo === null) return false;
    const records = Math.max(inputs.odoo?.snapshot.manifest.rows ?? 0, ...inputs.sources.map(({ manifest }) => manifest.rows));
    const most = Math.max(FEW, Math.round(SHARE * records));
    const run = async (...statements: readonly string[]): Promise<void> => {
      for (const sql of statements) await this.#plane.run(sql);
    };
    const count = async (): Promise<number> => {
      const [{ again = 0, ids = 0 } = {}] = await this.#plane.rows<{ again: number; ids: number }>(againCountsSql(entity));
      return Math.max(again, ids) > most ? Number.POSITIVE_INFINITY : again + ids;
    };
    await run(...widenByLinkSql(entity, whole));
    if ((await count()) === Number.POSITIVE_INFINITY) return false;
    await run(otherOdooTableSql(entity, whole, odoo, digestsOf(inputs, subject), most), otherIdsSql(entity, whole, odooIds));
    for (let before = -1; ; ) {
      const now = await count();
      if (now === Number.POSITIVE_INFINITY) return false;
      if (now === before) break;
      before = now;
      await run(...widenByLinkSql(entity, whole), widenByKeySql(entity, whole));
    }
    const missing = missingOdooSql(entity, odooIds);
    const [more] = await this.#plane.rows<{ n: number }>(`SELECT count(*) AS n FROM (${missing})`);
    if ((more?.n ?? 0) > 0) {
      const others = `SELECT o.*, ${digestsOf(inputs, subject)} FROM (${odoo}) AS o SEMI JOIN (${missing}) AS m ON m.id = o._odoo_id`;
      await run(`INSERT INTO ${entityTable(entity, 'odoo')} BY NAME ${others}`);
    }
    return true;
  }

  #file(entity: string, part: string): string {
    return join(this.#directory, `${entity}.${part}.parquet`);
  }

  /** What the documents' lines come to, for amounts that Odoo makes of them. */
  async #stageLines({ definition }: EntitySides, rules: readonly FieldRule[]): Promise<StagedLines | null> {
    const { entity } = definition.contract;
    const amounts = rules.flatMap((rule) => {
      const { contract } = rule;
      if (rule.rounding === null || contract.type !== 'money' || typeof contract.rounding !== 'object') return [];
      const [lines = '', of = ''] = contract.rounding.lines.split('.');
      return [{ field: rule.field, lines, of }];
    });
    const lines = amounts[0]?.lines;
    if (lines === undefined) return null;
    const lineContract = this.#inputs.entities.find((one) => one.definition.contract.entity === lines)?.definition.contract;
    const parent = Object.entries(lineContract?.fields ?? {}).find(([, field]) => field.type === 'ref' && field.entity === entity)?.[0];
    if (parent === undefined) return null;
    const { currencyDigits: digits, rounding } = this.#inputs.world;
    const own = amounts.filter((amount) => amount.lines === lines);
    await this.#plane.run(linesTableSql({ entity, lines, parent, amounts: own, digits, rounding }));
    return { entity: lines, parent, amounts: own.map((amount) => amount.field) };
  }

  #refsOf({ definition }: EntitySides): ReadonlyMap<string, string> {
    const known = new Set(this.#inputs.entities.map((one) => one.definition.contract.entity));
    return new Map(
      Object.entries(definition.contract.fields).flatMap(([name, field]) => (field.type === 'ref' && known.has(field.entity) ? [[name, field.entity]] : [])),
    );
  }
}

function digestsOf({ odoo }: EntitySides, { keyRules }: Subject): string {
  return digestsSql(
    (odoo?.snapshot.manifest.columns ?? []).map((column) => column.name),
    keyRules,
  );
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
