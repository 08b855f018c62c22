/** The method of a step: called on the documents, or on a wizard that is made for them. */
import type { PlannedStep } from '../../domain/plan.ts';
import { writeValue } from '../plan/wire-value.ts';
import { RowsRefused } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { openDaysOf } from './locked-periods.ts';
import type { OpenDocument } from './open-document.ts';

export interface Target {
  readonly model: string;
  readonly ids: readonly number[];
}
type Context = Readonly<Record<string, unknown>>;
/** What a placeholder stands for where it is the document's own. */
interface Own {
  readonly fields: Readonly<Record<string, string>>;
  readonly values: Values;
  readonly typeOf: (odoo: string) => string;
  readonly openDay: string;
}

/** Placeholders that stand for something else in every document. */
const ownOfEach = /"\$(?!ids"|today")/;

/** `targetOf`: the records it is called on, of these documents. */
export async function callStep(
  run: LoadRun,
  step: PlannedStep,
  documents: readonly OpenDocument[],
  targetOf: (documents: readonly OpenDocument[]) => Promise<Target>,
  context: Context,
): Promise<void> {
  const given = { arguments: step.arguments ?? {}, values: step.wizard?.values ?? {}, context: step.context };
  const isOwn = ownOfEach.test(JSON.stringify(given));
  const owns = isOwn ? await ownOf(run, documents, given) : new Map<number, Own>();
  for (const group of isOwn ? documents.map((document) => [document]) : [documents]) {
    const { model, ids } = await targetOf(group);
    if (ids.length === 0) continue;
    const filled = fill(run, given, { model, ids }, owns.get(group[0]?.id ?? 0)) as typeof given;
    const { arguments: named, values, context: own } = filled;
    refuseDialog(
      step.wizard === undefined
        ? await run.odoo.call(model, step.call ?? '', { ...named, ids, context: { ...context, ...own } })
        : await pressed(run, step.wizard.model, step.call ?? '', values, named, {
            ...{ active_model: model, active_id: ids[0], active_ids: ids },
            ...{ ...context, ...own },
          }),
      step.call ?? '',
    );
  }
}

async function ownOf(run: LoadRun, documents: readonly OpenDocument[], given: unknown): Promise<ReadonlyMap<number, Own>> {
  const [first] = documents;
  if (first === undefined) return new Map();
  const { model, fields } = run.entity(first.action.entity);
  const odooFields = Object.fromEntries(Object.entries(fields).flatMap(([odoo, { field }]) => (field === null ? [] : [[field, odoo]])));
  const ids = documents.map(({ id }) => id);
  const values = await run.read(model, ids, Object.values(odooFields));
  const openDays = JSON.stringify(given).includes('"$open_day"') ? await openDaysOf(run, documents) : new Map<number, string>();
  const today = run.manifest.asOf.slice(0, 10);
  const common = { fields: odooFields, typeOf: (odoo: string) => run.typeOf(model, odoo) };
  return new Map(ids.map((id) => [id, { ...common, values: values.get(id) ?? {}, openDay: openDays.get(id) ?? today }]));
}

/** A wizard lives for one press of its button. */
async function pressed(run: LoadRun, model: string, method: string, values: Context, named: Context, context: Context): Promise<unknown> {
  const [wizard] = await run.odoo.call<readonly number[]>(model, 'create', { vals_list: [values], context });
  if (wizard === undefined) throw new RowsRefused(`${model} could not be made`, new Map());
  return run.odoo.call(model, method, { ...named, ids: [wizard], context });
}

/** The same with every placeholder replaced; what begins with $ and is none stays as it is. */
function fill(run: LoadRun, value: unknown, target: Target, own: Own | undefined): unknown {
  if (Array.isArray(value)) return value.map((one) => fill(run, one, target, own));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(run, one, target, own)]));
  }
  if (typeof value !== 'string' || !value.startsWith('$')) return value;
  if (value === '$ids') return target.ids;
  if (value === '$id') return target.ids[0] ?? 0;
  if (value === '$today') return run.manifest.asOf.slice(0, 10);
  if (value === '$open_day') return own?.openDay ?? value;
  const odoo = own?.fields[value.slice(1)];
  return own === undefined || odoo === undefined ? value : writeValue(own.values[odoo] ?? null, own.typeOf(odoo));
}

/** A method that opens a dialog has done nothing, and says so with HTTP 200. */
function refuseDialog(result: unknown, method: string): void {
  if (typeof result !== 'object' || result === null || !('res_model' in result) || !('target' in result) || result.target !== 'new') return;
  throw new RowsRefused(`${method} opened a dialog (${String(result.res_model)}) instead of doing it`, new Map());
}
