/** plan show: what a plan will do, document by document and field by field, straight from the file. */
import type { PlanAction, PlanActionKind, PlanManifest, PlannedRecord } from '../../domain/plan.ts';
import type { PlanShowResult, ShownAction, ShownRecord } from '../../domain/plan-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { readActions } from './plan-file.ts';
import { planAtHand } from './plan-head.ts';
import { MASK, patchedFields, shownValue } from './plan-summary.ts';

export interface ShowRequest {
  readonly workspace: Workspace;
  readonly file: string;
  readonly entity: string | null;
  readonly key: string | null;
  readonly action: PlanActionKind | null;
  readonly limit: number;
}

/** The file is read twice, once to know that it is whole; memory holds what is shown. E_PLAN_INVALID. */
export async function showPlan(request: ShowRequest, ports: Ports): Promise<PlanShowResult> {
  const { plan, head } = await planAtHand(request.file, request.workspace, ports);
  const counts: Partial<Record<PlanActionKind, number>> = {};
  const shown: ShownAction[] = [];
  let matching = 0;
  for await (const action of readActions(ports.runs, request.file)) {
    ports.signal.throwIfAborted();
    for (const record of [action, ...action.lines]) counts[record.action] = (counts[record.action] ?? 0) + 1;
    if (!isWanted(action, request)) continue;
    matching += 1;
    if (shown.length < request.limit) shown.push(shownAction(action, plan.manifest));
  }
  return { plan: head, counts, matching, shown };
}

/** A document is shown whole when it or one of its lines is asked for; what stays as it is only when asked for by name or kind. */
function isWanted(document: PlanAction, { entity, key, action }: ShowRequest): boolean {
  const records = [document, ...document.lines];
  if (action === null && key === null && records.every((record) => record.action === 'noop') && document.steps.length === 0) return false;
  return records.some(
    (record) => (entity ?? record.entity) === record.entity && (key ?? record.key) === record.key && (action ?? record.action) === record.action,
  );
}

function shownAction(action: PlanAction, manifest: PlanManifest): ShownAction {
  return {
    seq: action.seq,
    ...shownRecord(action, manifest),
    lines: action.lines.map((line) => shownRecord(line, manifest)),
    steps: action.steps.map(({ name, call, on }) => (call === null ? name : `${name}: ${on ?? manifest.entities[action.entity]?.model}.${call}`)),
    rollback: action.rollback,
  };
}

function shownRecord(record: PlannedRecord, manifest: PlanManifest): ShownRecord {
  const planned = manifest.entities[record.entity];
  const { action, entity, system, odooId, reason } = record;
  const { before, after } = patchedFields(record);
  const fields = [...after].map(([odooField, value]) => {
    const known = planned?.fields[odooField];
    const masked = known?.pii ?? false;
    return { field: known?.field ?? odooField, odooField, before: shownValue(before.get(odooField), masked), after: shownValue(value, masked), masked };
  });
  return { action, entity, system, key: planned?.keyIsPii === true ? MASK : record.key, odooId, reason, fields };
}
