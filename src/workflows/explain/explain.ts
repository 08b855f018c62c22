/** explain: where each value of one record comes from, through which rule, and why it was or was not loaded. */
import { CutoverError } from '../../domain/errors.ts';
import type { ExplainedBreak, ExplainedField, ExplainedRecord, ExplainResult } from '../../domain/explanation.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import type { Capability, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { latestMatch } from '../sides/latest-match.ts';
import type { EntitySides } from '../sides/sides.ts';
import { type Compared, comparedFiles } from './compared-files.ts';
import { findRecords, type Hit, isKeyPii, nearestKeys, type Wanted } from './find-record.ts';
import { loadsOf } from './record-loads.ts';
import {
  type BreakRow,
  baselineOf,
  breaksOf,
  type CanonicalRow,
  canonicalRowOf,
  checksOf,
  conflictsOf,
  type OdooRecord,
  odooRecordOf,
  type RejectedRow,
  rejectedRowOf,
  type Texts,
} from './record-sides.ts';
import { findFiltered, readSourceRow, type SourceOf, type SourceRow } from './source-row.ts';
import { guidance, type Told, whyOf } from './why.ts';

export interface ExplainRequest {
  readonly workspace: Workspace;
  readonly capabilities: readonly Capability[];
  readonly key: string;
  readonly entity: string | null;
  readonly system: string | null;
  /** Values of `pii` fields are shown. */
  readonly clear: boolean;
  readonly asOf: string;
  readonly runId: string;
}

/** E_USAGE where no such record is known, with keys that are nearly it; E_NO_SNAPSHOT and what a comparison raises. */
export async function explainKey(request: ExplainRequest, ports: Ports): Promise<ExplainResult> {
  const plane = await ports.openPlane();
  try {
    const searched: { capability: Capability; compared: Compared }[] = [];
    const hits: { readonly hit: Hit; readonly compared: Compared }[] = [];
    for (const capability of request.capabilities) {
      const { workspace, asOf, runId } = request;
      const compared = await comparedFiles({ workspace, capability, asOf, runId }, ports);
      searched.push({ capability, compared });
      const found = await findRecords(request, capability, compared, plane);
      hits.push(...(found.length > 0 ? found : await filteredRows(request, capability, compared, ports)).map((hit) => ({ hit, compared })));
    }
    const [only] = hits;
    if (only === undefined) throw await unknownKey(request, searched, plane);
    if (hits.length === 1) return { asked: request.key, record: await explained(request, only.hit, only.compared, ports, plane), candidates: [] };
    return { asked: request.key, record: null, candidates: hits.map(({ hit }) => candidateOf(request, hit)) };
  } finally {
    await plane.close();
  }
}

/** Rows that no filter lets through have left no other trace. */
async function filteredRows(wanted: Wanted, capability: Capability, { sides }: Compared, ports: Ports): Promise<Hit[]> {
  const [, named, rest] = /^([a-z][a-z0-9-]*)\/(.+)$/s.exec(wanted.key) ?? [];
  const hits: Hit[] = [];
  for (const side of sides.entities) {
    const { entity } = side.definition.contract;
    if (wanted.entity !== null && wanted.entity !== entity) continue;
    for (const { mapping } of side.definition.sources) {
      const { system } = mapping;
      if (wanted.system !== null && wanted.system !== system) continue;
      const source = sourceOf(capability, side, system);
      const key = named === system && rest !== undefined ? rest : wanted.key;
      if (source === null || (await findFiltered(source, key, ports)) === null) continue;
      hits.push({ ...{ capability, entity, system, key, odooId: null, class: 'filtered' }, keyIsPii: isKeyPii(capability, entity) });
    }
  }
  return hits;
}

function sourceOf(capability: Capability, { definition, sources }: EntitySides, system: string): SourceOf | null {
  const mapping = definition.sources.find((one) => one.mapping.system === system)?.mapping;
  const snapshot = sources.find((one) => one.manifest.system === system);
  return mapping === undefined || snapshot === undefined ? null : { capability, definition, mapping, snapshot };
}

async function explained(request: ExplainRequest, hit: Hit, compared: Compared, ports: Ports, plane: DataPlane): Promise<ExplainedRecord> {
  const side = compared.sides.entities.find(({ definition }) => definition.contract.entity === hit.entity) as EntitySides;
  const { definition } = side;
  const canonical = await canonicalRowOf(side, hit, plane);
  const rejected = canonical === null ? await rejectedRowOf(side, hit, plane) : null;
  const source = sourceOf(hit.capability, side, hit.system);
  const filteredRow = hit.class === 'filtered' && source !== null && hit.key !== null ? await findFiltered(source, hit.key, ports) : null;
  const row = canonical?.row ?? rejected?.row ?? filteredRow;
  const sourceRow = row === null || source === null ? null : await readSourceRow(source, row, ports);
  const odoo = await odooRecordOf(side, hit.odooId, compared, plane);
  const breaks = await breaksOf(hit, compared, plane);
  const baseline = await baselineOf(hit, compared, Object.keys(definition.contract.fields), ports, plane);
  const match = await latestMatch(ports, compared.sides.world.uuid, hit.capability.name);
  const conflicts = await conflictsOf(hit, match?.entities[hit.entity]?.conflicts ?? null, plane);
  const isSecret = !request.clear && Object.values(definition.contract.fields).some((field) => field.pii);
  const shownKey = hit.keyIsPii && !request.clear ? null : hit.key;
  const told: Told = {
    ...{ capability: hit.capability.name, entity: hit.entity, system: hit.system, key: shownKey, class: hit.class },
    compared: { runId: compared.runId, asOf: compared.asOf },
    legacy: source === null || row === null ? null : legacyOf(source, row, shownKey === null ? null : (sourceRow?.ref ?? null), canonical),
    odoo: odooOf(side, odoo, shownKey === null && hit.key !== null),
    ...(await linksOf(hit, compared, ports, plane)),
    follows: await leaderOf(hit, compared, request, plane),
    fields: fieldsOf({ definition, side, clear: request.clear, sourceRow, canonical, rejected, odoo, breaks, baseline, isLinked: hit.class === 'linked' }),
    breaks: breaks.filter((one) => one.field === null).map(breakOf),
    checks: await checksOf(hit, compared, plane),
    conflicts: conflicts.map((one) => ({
      id: one.id,
      class: one.class,
      field: one.field,
      blocks: definition.contract.match?.blocking.some((name) => name === one.class) ?? false,
    })),
    loads: hit.key === null ? [] : await loadsOf({ entity: hit.entity, system: hit.system, key: hit.key, isSecret }, hit.capability.name, ports),
  };
  return {
    ...told,
    why: whyOf(told, { filter: filterOf(source), odooAsOf: side.odoo?.snapshot.manifest.asOf ?? null, odooSystem: request.workspace.file.odoo }),
  };
}

function filterOf(source: SourceOf | null): { text: string; file: string; line: number } | null {
  if (source?.mapping.filter === undefined) return null;
  const position = source.definition.sources.find(({ mapping }) => mapping.system === source.mapping.system)?.position(['filter']);
  return { text: source.mapping.filter, file: position?.file ?? '', line: position?.line ?? 1 };
}

function legacyOf({ snapshot, definition, mapping }: SourceOf, row: number, ref: string | null, canonical: CanonicalRow | null): ExplainedRecord['legacy'] {
  const position = definition.sources.find((one) => one.mapping.system === mapping.system)?.position([]);
  return {
    ...{ snapshot: snapshot.manifest.id, asOf: snapshot.manifest.asOf, row, ref, rows: canonical?.rows ?? 1 },
    mapping: { file: position?.file ?? '', line: position?.line ?? 1 },
  };
}

function odooOf({ odoo: side }: EntitySides, odoo: OdooRecord | null, isKeySecret: boolean): ExplainedRecord['odoo'] {
  if (odoo === null || side === null) return null;
  const { id, writtenAt, active, inScope } = odoo;
  // our own External IDs spell the key
  const externalId = isKeySecret ? null : odoo.externalId;
  const { manifest } = side.snapshot;
  return { id, model: side.binding.model, externalId, snapshot: manifest.id, asOf: manifest.asOf, writtenAt, active, inScope };
}

async function linksOf(
  { entity, system, key, odooId, capability }: Hit,
  { sides, files }: Compared,
  ports: Ports,
  plane: DataPlane,
): Promise<Pick<ExplainedRecord, 'link' | 'history'>> {
  if (key === null) return { link: null, history: [] };
  const intervals = (await (await ports.state()).history(sides.world.uuid, entity, system, key)).filter((one) => one.capability === capability.name);
  const history = intervals.map(({ odooId: id, provenance, validFrom, validTo, runId, closedBy }) => ({
    odooId: id,
    provenance,
    from: validFrom,
    to: validTo,
    runId,
    closedBy,
  }));
  const open = history.find((one) => one.to === null);
  if (open !== undefined) return { link: { odooId: open.odooId, provenance: open.provenance, since: open.from, runId: open.runId }, history };
  const [proposed] = await plane.rows<{ provenance: string | null }>(
    `SELECT coalesce(_provenance, _origin) AS provenance FROM read_parquet(${literal(files.get(entity)?.records ?? '')}) WHERE _system = ${literal(system)} AND _key = ${literal(key)} AND _origin IS NOT NULL`,
  );
  const link = odooId === null || proposed === undefined ? null : { odooId, provenance: proposed.provenance ?? 'decision', since: null, runId: null };
  return { link, history };
}

async function leaderOf(
  { entity, system, key, keyIsPii }: Hit,
  { files }: Compared,
  { clear }: ExplainRequest,
  plane: DataPlane,
): Promise<ExplainedRecord['follows']> {
  if (key === null) return null;
  const [found] = await plane.rows<{ system: string; key: string }>(
    `SELECT _leader_system AS system, _leader_key AS key FROM read_parquet(${literal(files.get(entity)?.records ?? '')}) WHERE _system = ${literal(system)} AND _key = ${literal(key)} AND _leader_key IS NOT NULL`,
  );
  return found === undefined ? null : { system: found.system, key: keyIsPii && !clear ? null : found.key };
}

interface FieldFacts {
  readonly definition: EntityDefinition;
  readonly side: EntitySides;
  readonly clear: boolean;
  readonly sourceRow: SourceRow | null;
  readonly canonical: CanonicalRow | null;
  readonly rejected: RejectedRow | null;
  readonly odoo: OdooRecord | null;
  readonly breaks: readonly BreakRow[];
  readonly baseline: Texts;
  readonly isLinked: boolean;
}

function fieldsOf({ definition, side, clear, sourceRow, canonical, rejected, odoo, breaks, baseline, isLinked }: FieldFacts): ExplainedField[] {
  const { contract } = definition;
  const binding = side.odoo?.binding ?? null;
  // a column that a `pii` field is made of is `pii` wherever it is used
  const isPii = (name: string) => contract.fields[name]?.pii === true && !clear;
  const secrets = new Set([...(sourceRow?.fields ?? [])].flatMap(([name, source]) => (isPii(name) ? source.columns.map(({ column }) => column) : [])));
  return Object.entries(contract.fields).map(([name, field]) => {
    const masked = field.pii && !clear;
    const shown = (value: string | null | undefined) => (masked ? null : (value ?? null));
    const bound = binding?.fields.find((one) => one.field === name);
    const isState = binding?.stateField === name;
    const source = sourceRow?.fields.get(name) ?? null;
    const broken = breaks.find((one) => one.field === name);
    const isCompared = isLinked && source !== null && (bound?.compare === true || isState);
    return {
      ...{ field: name, masked, owner: contract.owner.fields[name] ?? contract.owner.default },
      source: source === null ? null : maskedSource(source, masked || source.columns.some(({ column }) => secrets.has(column))),
      rejected: rejected?.rules.get(name) ?? null,
      legacy: shown(canonical?.values[name]),
      odooField: bound?.odoo ?? (isState ? (contract.odoo?.states?.field ?? null) : null),
      odoo: shown(odoo?.values[name]),
      baseline: shown(field.type === 'ref' && baseline[name] != null ? `#${baseline[name]}` : baseline[name]),
      agrees: isCompared ? broken === undefined : null,
      break: broken === undefined ? null : breakOf(broken),
    };
  });
}

function maskedSource(source: NonNullable<ExplainedField['source']>, masked: boolean): NonNullable<ExplainedField['source']> {
  if (!masked) return source;
  const code = source.code === null ? null : { ...source.code, source: null, target: null };
  return { ...source, columns: source.columns.map(({ column }) => ({ column, value: null })), given: null, code };
}

function breakOf(row: BreakRow): ExplainedBreak {
  const { id, status, life, nights, movement, direction, decision } = row;
  return {
    ...{ id, class: row.class, status, life, firstSeen: row.first_seen, nights, movement, direction },
    ...{ pendingUntil: row.pending_until, waivedUntil: row.waived_until, decision, guidance: guidance(row) },
  };
}

function candidateOf({ clear }: ExplainRequest, { capability, entity, system, key, odooId, keyIsPii }: Hit): ExplainResult['candidates'][number] {
  const isHidden = keyIsPii && !clear;
  const name = key === null ? (odooId === null ? null : `odoo/${odooId}`) : isHidden ? 'KEY' : key;
  const flags = `--capability ${capability.name} --entity ${entity} --system ${system}`;
  const command = `cutover explain ${name === null ? 'KEY' : quotedArgument(name)} ${flags}${clear ? ' --clear' : ''}`;
  return { capability: capability.name, entity, system, key: isHidden ? null : key, odooId, command };
}

const quotedArgument = (text: string): string => (/^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

async function unknownKey(
  request: ExplainRequest,
  searched: readonly { capability: Capability; compared: Compared }[],
  plane: DataPlane,
): Promise<CutoverError> {
  const near: string[] = [];
  for (const { capability, compared } of searched) near.push(...(await nearestKeys(request, capability, compared, plane)));
  const entities = searched
    .flatMap(({ capability }) => capability.entities.map(({ contract }) => contract.entity))
    .filter((name) => request.entity === null || name === request.entity);
  const [first] = near;
  return new CutoverError('E_USAGE', `no record ${request.key} in ${searched.map(({ capability }) => capability.name).join(', ')}`, {
    details: [
      `Searched: keys of ${[...new Set(entities)].join(', ')}${request.system === null ? '' : ` of ${request.system}`}, rows that were rejected or filtered, ids and External IDs of Odoo, ids of breaks.`,
      ...(near.length === 0 ? [] : [`Nearly the same: ${[...new Set(near)].slice(0, 5).join(', ')}.`]),
    ],
    hint: first === undefined ? 'name it as KEY, system/KEY, odoo/ID, an External ID or the id of a break' : `cutover explain ${quotedArgument(first)}`,
  });
}
