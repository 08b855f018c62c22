/** The parts of an action that are calls of their own, each with an intent and an answer in the journal. Pure. */
import type { PlanAction, PlannedEntity } from '../../domain/plan.ts';
import { nestedLines } from './load-table.ts';

/** `record`: the create, update, archive, link or delete itself. */
export const Stage = {
  record: 'record',
  linesCreate: 'lines-create',
  linesUpdate: 'lines-update',
  linesDelete: 'lines-delete',
  byproducts: 'byproducts',
} as const;

/** Every stage an action goes through before it has ended, in order. `isMoved`: a user has led it into another state, so it takes no steps, and no lines come or
 *  go. */
export function stagesOf(action: PlanAction, entity: PlannedEntity, isMoved = false): readonly string[] {
  const steps = isMoved ? [] : action.steps.map((step) => step.name);
  if (action.action === 'delete') {
    return [...steps.filter((step) => step !== Stage.byproducts), Stage.byproducts, ...(action.lines.length > 0 ? [Stage.linesDelete] : []), Stage.record];
  }
  const nested = new Set(nestedLines(action));
  const has = (kind: string): boolean => !isMoved && action.lines.some((line) => line.action === kind && !nested.has(line));
  // Where lines change together, those that come get their amounts, and those that go lose them, with the others.
  const isTogether = typeof entity.linesTogether === 'string' && (has('create') || has('delete'));
  const isChanged = action.lines.some((line) => line.action === 'update' || line.action === 'link' || line.action === 'detach');
  return [
    Stage.record,
    ...(has('delete') ? [Stage.linesDelete] : []),
    ...(has('create') ? [Stage.linesCreate] : []),
    ...(isChanged || isTogether ? [Stage.linesUpdate] : []),
    ...steps,
    ...(entity.byproducts.length > 0 ? [Stage.byproducts] : []),
  ];
}
