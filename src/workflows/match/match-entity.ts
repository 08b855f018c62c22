/** Matching one entity, from both sides to what is found; `match.ts` does it for every entity of a capability. */
import { join } from 'node:path';
import type { EntityContract } from '../../domain/contract.ts';
import type { MatchManifest } from '../../domain/matching.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { MatchResult } from '../../domain/results.ts';
import { literal } from '../../domain/sql.ts';
import type { EntitySides, LegacySide, Sides, SidesRequest } from '../sides/sides.ts';
import { conflictSteps } from './conflicts.ts';
import { runConflicts } from './conflicts-run.ts';
import { resolveConflicts } from './decided-conflicts.ts';
import { type DecisionsInput, stageDecisions, staleDecisionsSql } from './decisions.ts';
import { type MatchOutcome, matchRecords } from './match-records.ts';
import { type EntityRelations, openRelations } from './match-relations.ts';
import { isMatchable } from './matchable.ts';
import type { MatchModel } from './model.ts';
import { proposedConflictsSql, proposedFileSql, proposeLinks, proposeLinksByKey, proposeNothing } from './proposals.ts';
import { repointLinks } from './repoint.ts';
import { reviewFileName, writeReview } from './review-file.ts';

export interface EntityMatch {
  readonly contract: EntityContract;
  readonly summary: MatchResult['entities'][number];
  readonly model: MatchModel | null;
  readonly files: { readonly links: string | null; readonly conflicts: string };
  /** Decisions on pairs that were made on other values, as their files have them. */
  readonly stale: readonly Omit<MatchManifest['stale'][number], 'entity'>[];
}

export interface EntityMatchRequest {
  readonly request: SidesRequest;
  readonly sides: Sides | LegacySide;
  readonly entity: EntitySides;
  /** As it was trained before; null: it is trained now. */
  readonly model: MatchModel | null;
  /** Conflicts of the latest match, a Parquet file; null: there was none. */
  readonly conflictsBefore: string | null;
  readonly directory: string;
}

/** Leaves the tables of everything found in the plane. */
export async function matchEntity(asked: EntityMatchRequest, plane: DataPlane, ports: Ports): Promise<EntityMatch> {
  const { request, sides, entity } = asked;
  const { contract } = entity.definition;
  const relations = await openRelations(request, sides, entity, ports, plane);
  const decisions = await openDecisions(request, entity, relations, plane, asked.conflictsBefore);
  const outcome = await compareRecords(asked, relations, decisions.known, plane);
  const odoo = relations.sources.length - 1;
  if (outcome !== null && sides.world !== null && entity.odoo !== null && contract.match?.link !== 'decide') {
    await proposeLinks({ entity, world: sides.world, outcome, legacy: relations.now.legacy ?? '', odoo }, plane);
  } else await proposeNothing(plane);
  if (linksByKey(entity) && sides.world !== null) await proposeLinksByKey({ entity, world: sides.world, legacy: relations.now.legacy ?? '' }, plane);
  await plane.run(openPairsSql(outcome));
  await runConflicts(conflictSteps(conflictInput(asked, relations, outcome !== null)), plane);
  await recallConflicts(asked.conflictsBefore, plane);
  const decided = await resolveConflicts(decisions.input);
  await forgetChanged(asked.conflictsBefore, plane);
  if (outcome !== null) await plane.run(proposedConflictsSql(relations.sources.map(({ name }) => name)));
  const repointed =
    sides.world === null || entity.odoo === null
      ? 0
      : await repointLinks({ request, odooUuid: sides.world.uuid, entity: contract.entity, model: entity.odoo.binding.model }, plane, ports);
  const files = await writeFiles(asked, relations, outcome, plane);
  await writeReview(decisions.input, outcome, join(asked.directory, reviewFileName(contract.entity)));
  const summary = await summarise(asked, relations, outcome, plane);
  return {
    contract,
    files,
    stale: await plane.rows(staleDecisionsSql()),
    model: outcome?.model ?? null,
    summary: {
      ...summary,
      crosswalk: { ...summary.crosswalk, repointed },
      decisions: { applied: decisions.applied + decided.applied, stale: decisions.stale + decided.stale },
      notChecked: [...summary.notChecked, ...decisions.notFound],
    },
  };
}

export async function openDecisions(request: SidesRequest, entity: EntitySides, relations: EntityRelations, plane: DataPlane, conflictsBefore: string | null) {
  const { workspace } = request;
  const { contract } = entity.definition;
  const { now, sources, odooFields } = relations;
  const names = sources.map(({ name }) => name);
  const input: DecisionsInput = {
    ...{ plane, workspace, contract, odooSystem: workspace.file.odoo, legacy: now.legacy ?? '', odoo: now.odoo, odooFields },
    systems: now.odoo === null ? [...names, workspace.file.odoo] : names,
    externalIds: now.externalIds,
    links: now.links,
    conflictsBefore: conflictsBefore === null ? null : `read_parquet(${literal(conflictsBefore)})`,
  };
  const { known, applied, stale, unknown } = await stageDecisions(input);
  const named = unknown.records.length === 0 ? '' : `: ${unknown.records.join(', ')}`;
  const notFound = unknown.count === 0 ? [] : [`${unknown.count} decisions name a record that is not there${named}`];
  return { input, known, applied, stale, notFound };
}

export async function compareRecords(
  { entity, model }: EntityMatchRequest,
  { sources, counts }: EntityRelations,
  known: { readonly same: string; readonly apart: string },
  plane: DataPlane,
): Promise<MatchOutcome | null> {
  const { contract } = entity.definition;
  if (!isMatchable(entity.definition) || counts.legacy + counts.odoo < 2) return null;
  const { entity: name, fields, key, match } = contract;
  return matchRecords({
    ...{ plane, entity: name, sources, fields, key, mode: 'dedupe', known },
    ...(match === undefined ? {} : { declared: match }),
    ...(model === null ? {} : { model }),
  });
}

/** What can only be seen in the night it happens stays a conflict until somebody decides it, or the records change. */
const SEEN_ONCE = "('identifier-reused', 'identifiers-swapped')";

async function recallConflicts(before: string | null, plane: DataPlane): Promise<void> {
  if (before === null) return;
  await plane.run('CREATE OR REPLACE TABLE match_found_tonight AS SELECT id FROM conflict_findings');
  await plane.run(
    `INSERT INTO conflict_findings BY NAME SELECT * EXCLUDE (value_hash, resolved) FROM read_parquet(${literal(before)}) AS b WHERE class IN ${SEEN_ONCE} AND id NOT IN (SELECT id FROM conflict_findings)`,
  );
  await plane.run(`CREATE OR REPLACE TABLE match_recalled AS SELECT id, value_hash FROM read_parquet(${literal(before)}) WHERE class IN ${SEEN_ONCE}`);
}

async function forgetChanged(before: string | null, plane: DataPlane): Promise<void> {
  if (before === null) return;
  await plane.run(
    'DELETE FROM conflict_findings WHERE id IN (SELECT f.id FROM conflict_findings AS f JOIN match_recalled AS b ON b.id = f.id WHERE f.value_hash IS DISTINCT FROM b.value_hash) AND id NOT IN (SELECT id FROM match_found_tonight)',
  );
}

function conflictInput({ entity, request }: EntityMatchRequest, relations: EntityRelations, isMatched: boolean) {
  const { now, previous, odooFields, rejected, sources } = relations;
  const odoo = request.workspace.file.odoo;
  const system = sources.map(({ name }, index) => `WHEN ${index} THEN ${name === odoo ? 'NULL' : literal(name)}`).join(' ');
  const clusters = `(SELECT CASE source ${system} END AS system, key, cluster FROM match_clusters JOIN match_records USING (rid))`;
  return { contract: entity.definition.contract, now, previous, odooFields, rejected, clusters: isMatched ? clusters : null };
}

function linksByKey({ definition, odoo }: EntitySides): boolean {
  return definition.contract.match?.link === 'key' && odoo !== null;
}

/** Table `match_undecided` (l, r, w, is_match): pairs worth a look that are neither known nor about to be linked. */
function openPairsSql(outcome: MatchOutcome | null): string {
  if (outcome === null) return 'CREATE OR REPLACE TABLE match_undecided (l INTEGER, r INTEGER, w INTEGER, is_match BOOLEAN)';
  const [match, review] = [outcome.thresholds.match, outcome.thresholds.review].map((bits) => Math.round(bits * 1000));
  return `CREATE OR REPLACE TABLE match_undecided AS SELECT p.l, p.r, p.w, p.w >= ${match} AND NOT p.x AS is_match FROM ${outcome.pairs} AS p
    ANTI JOIN match_same AS s ON s.l = p.l AND s.r = p.r ANTI JOIN match_proposed AS n ON n.l = p.l AND n.r = p.r WHERE p.w >= ${review}`;
}

async function writeFiles(
  { entity, directory }: EntityMatchRequest,
  relations: EntityRelations,
  outcome: MatchOutcome | null,
  plane: DataPlane,
): Promise<EntityMatch['files']> {
  const name = entity.definition.contract.entity;
  const byKey = linksByKey(entity);
  const links = (outcome === null && !byKey) || entity.odoo === null ? null : `${name}.links.parquet`;
  const conflicts = `${name}.conflicts.parquet`;
  const proposed = byKey ? 'FROM match_links_by_key' : proposedFileSql(relations.sources.map((source) => source.name));
  if (links !== null) await plane.run(`COPY (${proposed}) TO ${literal(join(directory, links))} (FORMAT parquet)`);
  await plane.run(`COPY (FROM conflict_findings ORDER BY class, place, field NULLS LAST, id) TO ${literal(join(directory, conflicts))} (FORMAT parquet)`);
  return { links, conflicts };
}

async function summarise(
  { entity, model, sides }: EntityMatchRequest,
  { now, counts, noPrevious }: EntityRelations,
  outcome: MatchOutcome | null,
  plane: DataPlane,
): Promise<MatchResult['entities'][number]> {
  const one = async (sql: string): Promise<Record<string, number>> => {
    const [row = {}] = await plane.rows<Record<string, number>>(sql);
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
  };
  const pairs = await one('SELECT count(*) FILTER (is_match) AS match, count(*) FILTER (NOT is_match) AS review FROM match_undecided');
  const conflicts = await plane.rows<{ class: string; n: number }>(
    'SELECT class, count(*) AS n FROM conflict_findings WHERE NOT resolved GROUP BY class ORDER BY class',
  );
  const links = now.links === null ? { linked: 0, dangling: 0 } : await one(crosswalkCountsSql());
  const found = await one(`SELECT count(*) AS new FROM ${linksByKey(entity) && sides.world !== null ? 'match_links_by_key' : 'match_proposed'}`);
  return {
    entity: entity.definition.contract.entity,
    records: counts,
    pairs: { match: pairs['match'] ?? 0, review: pairs['review'] ?? 0 },
    clusters: outcome === null ? 0 : ((await one(clusterCountSql(now.odoo !== null)))['n'] ?? 0),
    conflicts: Object.fromEntries(conflicts.map((row) => [row.class, Number(row.n)])),
    crosswalk: { linked: links['linked'] ?? 0, new: found['new'] ?? 0, repointed: 0, dangling: links['dangling'] ?? 0 },
    blocking: outcome === null ? null : { candidates: outcome.blocking.candidates, leftOut: outcome.blocking.unpromising },
    model: outcome === null ? null : model === null ? 'trained' : 'used',
    decisions: { applied: 0, stale: 0 },
    notChecked: [
      ...(entity.odoo === null && entity.definition.contract.odoo !== undefined ? ['Odoo: it was not pulled yet'] : []),
      ...(noPrevious === null ? [] : [noPrevious]),
      ...(sides.world !== null && entity.odoo !== null && outcome === null && isMatchable(entity.definition) ? ['duplicates: fewer than two records'] : []),
    ],
  };
}

function crosswalkCountsSql(): string {
  return `SELECT count(*) AS linked, count(*) FILTER (o._odoo_id IS NULL AND n.external_id IS NULL) AS dangling FROM match_links_now AS l
    LEFT JOIN match_odoo AS o ON o._odoo_id = CAST(l.odoo_id AS BIGINT) LEFT JOIN match_odoo_names AS n ON n.external_id = l.external_id`;
}

/** Things with two records or more, where a record and the one of Odoo it is linked to count once. */
function clusterCountSql(hasOdoo: boolean): string {
  const linked = hasOdoo ? 'SELECT r AS rid, min(l) AS unit FROM match_same GROUP BY r' : 'SELECT NULL::INTEGER AS rid, NULL::INTEGER AS unit WHERE false';
  return `SELECT count(*) AS n FROM (SELECT cluster FROM match_clusters AS c LEFT JOIN (${linked}) AS s USING (rid) GROUP BY cluster HAVING count(DISTINCT coalesce(s.unit, c.rid)) > 1)`;
}
