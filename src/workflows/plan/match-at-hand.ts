/** What a plan needs of the latest match: the conflicts that keep records out of it. */
import { CutoverError } from '../../domain/errors.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Comparison, EntityComparison } from '../reconcile/comparison.ts';
import { matchAgain } from '../sides/latest-match.ts';

/** Classes of conflicts that keep a record of the entity out of a plan. */
export function blockingOf({ definition, binding }: EntityComparison): readonly string[] {
  return binding === null ? [] : (definition.contract.match?.blocking ?? []);
}

/** File of the entity's conflicts; null where none of them is blocking. */
export function conflictsOf(entity: EntityComparison, { match }: Comparison): string | null {
  return blockingOf(entity).length === 0 ? null : (match?.entities[entity.entity]?.conflicts ?? null);
}

/** E_MATCH_STALE where conflicts are blocking and it is not known which there are now. Elsewhere an old match is said to be one. */
export function requireMatch(comparison: Comparison, mappingHash: string, ports: Ports): void {
  const { match, capability } = comparison;
  const names = (entities: readonly EntityComparison[]): string => entities.map(({ entity }) => entity).join(', ');
  const blocking = comparison.entities.filter((entity) => blockingOf(entity).length > 0);
  const unknown = blocking.filter((entity) => conflictsOf(entity, comparison) === null);
  if (unknown.length > 0) throw stale(capability, `no match of ${names(unknown)} has been made`);
  if (match === null) return;
  if (blocking.length > 0 && match.mappingHash !== mappingHash) throw stale(capability, 'the latest match was made with another mapping');
  const older = comparison.entities.filter((entity) => entity.binding !== null && !isOfSnapshots(entity, comparison));
  const olderBlocking = older.filter((entity) => blocking.includes(entity));
  if (olderBlocking.length > 0) throw stale(capability, `the latest match was made on other snapshots of ${names(olderBlocking)}`);
  const olderLinks = older.filter(({ entity }) => (match.entities[entity]?.links ?? null) !== null);
  if (olderLinks.length === 0) return;
  const text = `the latest match was made on other snapshots of ${names(olderLinks)}: it proposes links as things were then; ${matchAgain(capability)}`;
  ports.progress({ kind: 'warning', text });
}

function stale(capability: string, why: string): CutoverError {
  return new CutoverError('E_MATCH_STALE', `${why}; which conflicts keep records out of a plan is not known`, { hint: matchAgain(capability) });
}

function isOfSnapshots({ entity, snapshots }: EntityComparison, { match }: Comparison): boolean {
  const own = match?.snapshots.filter((one) => one.entity === entity) ?? [];
  return snapshots.every(({ system, id }) => own.some((one) => one.system === system && one.id === id)) && own.length === snapshots.length;
}
