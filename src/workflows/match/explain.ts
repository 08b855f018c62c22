/** match --explain: the evidence for and against two records being one thing, as the trained model weighs it. */
import { CutoverError } from '../../domain/errors.ts';
import { type RecordName, recordName, recordText } from '../../domain/matching.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { PairExplanationResult } from '../../domain/results.ts';
import { literal } from '../../domain/sql.ts';
import { gatherAvailableSides } from '../sides/gather-sides.ts';
import type { EntitySides, SidesRequest } from '../sides/sides.ts';
import { explainPair, type PairExplanation } from './explain-pair.ts';
import { compareRecords, type EntityMatchRequest, openDecisions } from './match-entity.ts';
import type { MatchOutcome } from './match-records.ts';
import { type EntityRelations, openRelations } from './match-relations.ts';
import { isMatchable } from './matchable.ts';
import { readModels, requireFitting } from './model-file.ts';

export interface ExplainRequest extends SidesRequest {
  readonly entity: string | null;
  /** Each `<system>/<key>`, or a key that only one system has. */
  readonly records: readonly [string, string];
}

/** E_USAGE when a record is not there, or when its name could mean several; what `matchCapability` raises. */
export async function explainMatch(request: ExplainRequest, ports: Ports): Promise<PairExplanationResult> {
  const { capability } = request;
  const sides = await gatherAvailableSides(request, ports);
  const models = await readModels(request.workspace, capability, ports.runs);
  const asked = sides.entities.filter(({ definition }) => (request.entity === null ? isMatchable(definition) : definition.contract.entity === request.entity));
  for (const entity of asked) {
    const { entity: name } = entity.definition.contract;
    const model = models.entities.get(name) ?? null;
    if (model !== null) requireFitting(model, entity.definition, capability);
    const plane = await ports.openPlane();
    try {
      const relations = await openRelations(request, sides, entity, ports, plane);
      const pair = await findPair(request.records, relations, plane);
      if (pair === null) continue;
      ports.progress({ kind: 'step', step: `match ${name}` });
      const explained = await explainIn({ request, sides, entity, model, directory: '', conflictsBefore: null }, relations, pair, plane);
      ports.progress({ kind: 'done', step: `match ${name}` });
      return explained;
    } finally {
      await plane.close();
    }
  }
  const where = request.entity ?? asked.map(({ definition }) => definition.contract.entity).join(', ');
  throw new CutoverError('E_USAGE', `these two records are not both there among ${where === '' ? 'what is matched' : where}`, {
    hint: `name them as <system>/<key>, one of Odoo as ${request.workspace.file.odoo}/<database id>`,
  });
}

async function explainIn(
  asked: EntityMatchRequest,
  relations: EntityRelations,
  pair: readonly [RecordName, RecordName],
  plane: DataPlane,
): Promise<PairExplanationResult> {
  const { known } = await openDecisions(asked.request, asked.entity, relations, plane, asked.conflictsBefore);
  const outcome = await compareRecords(asked, relations, known, plane);
  const explanation = outcome === null ? null : await explainPair(plane, outcome, pair);
  if (outcome === null || explanation === null) {
    throw new CutoverError('E_USAGE', `${asked.entity.definition.contract.entity} is not matched: nothing tells two of its records apart`, {
      hint: 'declare what its fields mean: match.fields in its contract',
    });
  }
  return shown(asked.entity, outcome, explanation, pair, await knownOf(outcome, pair, plane));
}

/** Both records, or null when one is not of this entity. */
async function findPair(texts: readonly [string, string], relations: EntityRelations, plane: DataPlane): Promise<[RecordName, RecordName] | null> {
  const found: RecordName[] = [];
  for (const text of texts) {
    const one = await findRecord(text, relations, plane);
    if (one === null) return null;
    found.push(one);
  }
  return found as [RecordName, RecordName];
}

async function findRecord(text: string, { sources, now }: EntityRelations, plane: DataPlane): Promise<RecordName | null> {
  const named = recordName(text);
  const isSystem = named !== null && sources.some(({ name }) => name === named.system);
  const odoo = sources.find(({ key }) => key === '_odoo_id')?.name;
  const wanted = isSystem ? `_system = ${literal(named.system)} AND _key = ${literal(named.key)}` : `_key = ${literal(text)}`;
  const legacy = `SELECT DISTINCT _system AS system, _key AS key FROM ${now.legacy} WHERE ${wanted}`;
  const ofOdoo = `SELECT ${literal(odoo ?? '')} AS system, CAST(_odoo_id AS VARCHAR) AS key FROM match_odoo WHERE ${literal(named?.key ?? '')} IN (CAST(_odoo_id AS VARCHAR), _external_id, _foreign_external_id)`;
  const rows = await plane.rows<{ system: string; key: string }>(isSystem && named.system === odoo ? ofOdoo : legacy);
  if (rows.length > 1) {
    throw new CutoverError('E_USAGE', 'several systems have a record of this name', { hint: `name one of ${rows.map(recordText).join(', ')}` });
  }
  return rows[0] ?? null;
}

/** What was decided or linked before, which no weight overrides. */
async function knownOf(outcome: MatchOutcome, pair: readonly [RecordName, RecordName], plane: DataPlane): Promise<'same' | 'different' | null> {
  const [left, right] = pair.map(
    ({ system, key }) => `(SELECT rid FROM match_records WHERE source = ${outcome.sources.indexOf(system)} AND key = ${literal(key)})`,
  );
  const holds = (table: string): string => `EXISTS (SELECT 1 FROM ${table} WHERE l = least(${left}, ${right}) AND r = greatest(${left}, ${right}))`;
  const [row] = await plane.rows<{ same: boolean; apart: boolean }>(`SELECT ${holds('match_same')} AS same, ${holds('match_apart')} AS apart`);
  return row?.same === true ? 'same' : row?.apart === true ? 'different' : null;
}

function shown(
  { definition }: EntitySides,
  { model, thresholds }: MatchOutcome,
  { prior, evidence, total, excluded, verdict }: PairExplanation,
  [left, right]: readonly [RecordName, RecordName],
  known: PairExplanationResult['known'],
): PairExplanationResult {
  const { contract } = definition;
  const isMasked = (name: string): boolean => {
    const field = model.fields.find((one) => one.name === name);
    return field === undefined || contract.fields[field.name]?.pii === true;
  };
  return {
    ...{ entity: contract.entity, left: recordText(left), right: recordText(right), prior, total, excluded, known },
    thresholds: { match: thresholds.match, review: thresholds.review },
    verdict: known === 'same' ? 'match' : known === 'different' ? 'distinct' : verdict,
    evidence: evidence.map(({ comparison, level, left: l, right: r, weight, byFrequency }) => {
      const masked = isMasked(comparison);
      return { comparison, level, left: masked ? null : l, right: masked ? null : r, masked, weight, byFrequency };
    }),
  };
}
