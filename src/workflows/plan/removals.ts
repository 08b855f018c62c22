/** A plan that takes away much of what is there is a mistake more often than not: a source that was cut off, a filter that was mistyped. */
import { CutoverError } from '../../domain/errors.ts';
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import type { Workspace } from '../../domain/workspace.ts';
import type { EntityComparison } from '../reconcile/comparison.ts';
import { fieldOf } from './plan-record.ts';

/** So few are never a mass, whatever share they are. */
const FEW = 10;

type RemovalPolicy = Pick<Workspace['file']['policies'], 'archive_percent' | 'allow_archive'>;

export class Removals {
  readonly #removed = new Map<string, number>();

  add(action: Omit<PlanAction, 'seq'>): void {
    for (const record of [action, ...action.lines]) if (isRemoval(record)) this.#removed.set(record.entity, (this.#removed.get(record.entity) ?? 0) + 1);
  }

  /** E_PLAN_REMOVES names every entity of which more would go than the policy allows. */
  refuseTooMany(entities: readonly Pick<EntityComparison, 'entity' | 'counts'>[], policy: RemovalPolicy): void {
    const details: string[] = [];
    const names: string[] = [];
    for (const { entity, counts } of entities) {
      const removed = this.#removed.get(entity) ?? 0;
      const linked = counts.linked + counts['missing-in-legacy'];
      if (removed <= FEW || policy.allow_archive.includes(entity) || removed * 100 <= linked * policy.archive_percent) continue;
      names.push(entity);
      details.push(`${entity}: ${removed} of ${linked} linked records would be archived or deleted (${Math.round((removed * 100) / linked)} %)`);
    }
    if (names.length === 0) return;
    throw new CutoverError(
      'E_PLAN_REMOVES',
      `the plan would archive or delete more than ${policy.archive_percent} % of ${names.join(', ')}; no plan was written`,
      {
        details,
        hint: `if that is meant, add ${names.join(', ')} to policies.allow_archive in cutover.yaml (or raise archive_percent); if not: cutover explain KEY`,
      },
    );
  }
}

/** Also an update that makes a record inactive: it is an archive by another name. */
function isRemoval(record: PlannedRecord): boolean {
  if (record.action === 'archive' || record.action === 'delete') return true;
  return (
    record.action === 'update' &&
    record.patch.some((operation) => operation.op === 'replace' && fieldOf(operation.path) === 'active' && operation.value === false)
  );
}
