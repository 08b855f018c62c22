/** What the rehearsals say of the real night. Pure. */
import type { EntityPace, RehearsalComparison, RehearsalForecast, RehearsalResult, RehearsedEntity, Spread } from '../../domain/rehearsal-results.ts';
import type { LoadRunResult } from '../../domain/results.ts';

type Rehearsed = Pick<RehearsalResult, 'entities' | 'load' | 'rollback'>;

/** `planned`: entity → documents the plan writes; `rehearsals`: newest first, at least one. */
export function forecastOf(planned: ReadonlyMap<string, number>, rehearsals: readonly Rehearsed[]): RehearsalForecast {
  const documents = [...planned.values()].reduce((sum, count) => sum + count, 0);
  return {
    documents,
    rehearsals: rehearsals.length,
    load: spreadOf(planned, rehearsals, 'load'),
    rollback: spreadOf(planned, rehearsals, 'rollback'),
  };
}

/** Null: of an entity nothing was measured. */
function spreadOf(planned: ReadonlyMap<string, number>, rehearsals: readonly Rehearsed[], direction: 'load' | 'rollback'): Spread | null {
  const sum = { low: 0, typical: 0, high: 0 };
  for (const [entity, documents] of planned) {
    if (documents === 0) continue;
    const paces = rehearsals
      .flatMap(({ entities }) => entities.filter((one) => one.entity === entity).map((one) => one[direction]))
      .filter((pace) => pace.documents > 0);
    if (paces.length === 0) return null;
    const each = paces.map((pace) => pace.seconds / pace.documents);
    // Several rehearsals tell how nights differ; of a single one its stretches have to do.
    sum.low += documents * Math.min(...(paces.length > 1 ? each : paces.map(({ low }) => low)));
    sum.high += documents * Math.max(...(paces.length > 1 ? each : paces.map(({ high }) => high)));
    sum.typical += documents * (each.reduce((total, one) => total + one, 0) / each.length);
  }
  // Before the first document and after the last: the checks, the baseline, the seal.
  const around = rehearsals.map((one) => Math.max(0, one[direction].seconds - one.entities.reduce((total, entity) => total + entity[direction].seconds, 0)));
  return {
    low: sum.low + Math.min(...around),
    typical: sum.typical + around.reduce((total, one) => total + one, 0) / around.length,
    high: sum.high + Math.max(...around),
  };
}

export function comparisonOf(now: Rehearsed, before: RehearsalResult & { readonly runId: string; readonly at: string }): RehearsalComparison {
  const rates = (entities: readonly RehearsedEntity[]): ReadonlyMap<string, number> =>
    new Map(entities.flatMap(({ entity, load }) => (load.documents === 0 ? [] : [[entity, rateOf(load)] as const])));
  const earlier = rates(before.entities);
  return {
    runId: before.runId,
    at: before.at,
    documents: { now: documentsOf(now), before: documentsOf(before) },
    load: { seconds: now.load.seconds, before: before.load.seconds },
    rollback: { seconds: now.rollback.seconds, before: before.rollback.seconds },
    entities: [...rates(now.entities)].flatMap(([entity, rate]) => {
      const was = earlier.get(entity);
      return was === undefined ? [] : [{ entity, rate, before: was }];
    }),
    newRefusals: without(now.load.refusals, before.load.refusals),
    goneRefusals: without(before.load.refusals, now.load.refusals),
    conflicts: { now: now.load.conflict, before: before.load.conflict },
  };
}

function documentsOf({ entities }: Pick<Rehearsed, 'entities'>): number {
  return entities.reduce((sum, { load }) => sum + load.documents, 0);
}

export function rateOf({ documents, seconds }: Pick<EntityPace, 'documents' | 'seconds'>): number {
  return documents / Math.max(seconds, 0.001);
}

function without(refusals: LoadRunResult['refusals'], others: LoadRunResult['refusals']): RehearsalComparison['newRefusals'] {
  const known = new Set(others.map(({ entity, reason }) => JSON.stringify([entity, reason])));
  return refusals.flatMap(({ entity, reason, count }) => (known.has(JSON.stringify([entity, reason])) ? [] : [{ entity, reason, count }]));
}
