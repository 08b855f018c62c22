/** The method of a step: called on the documents, or on a wizard that is made for them. */
import type { PlannedStep } from '../../domain/plan.ts';
import { writeValue } from '../plan/wire-value.ts';
import { RowsRefused } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';

type Target = { readonly model: string; readonly ids: readonly number[] };
type Context = Readonly<Record<string, unknown>>;

/** Placeholders that stand for something else in every document. */
const ownOfEach = /"\$(?!ids"|today")/;

export async function callStep(run: LoadRun, step: PlannedStep, target: Target, context: Context): Promise<void> {
  const given = { arguments: step.arguments ?? {}, values: step.wizard?.values ?? {}, context: step.context };
  const isOwn = ownOfEach.test(JSON.stringify(given));
  const groups = isOwn ? target.ids.map((id) => [id]) : [target.ids];
  const documents = isOwn ? await run.read(target.model, target.ids, Object.keys(fieldsOf(run, target.model))) : new Map<number, Values>();
  for (const ids of groups) {
    const { arguments: named, values, context: own } = filled(run, given, { model: target.model, ids }, documents) as typeof given;
    refuseDialog(
      step.wizard === undefined
        ? await run.odoo.call(target.model, step.call ?? '', { ...named, ids, context: { ...context, ...own } })
        : await pressed(run, step.wizard.model, step.call ?? '', values, named, {
            ...{ active_model: target.model, active_id: ids[0], active_ids: ids },
            ...{ ...context, ...own },
          }),
      step.call ?? '',
    );
  }
}

/** A wizard lives for one press of its button. */
async function pressed(run: LoadRun, model: string, method: string, values: Context, named: Context, context: Context): Promise<unknown> {
  const [wizard] = await run.odoo.call<readonly number[]>(model, 'create', { vals_list: [values], context });
  if (wizard === undefined) throw new RowsRefused(`${model} could not be made`, new Map());
  return run.odoo.call(model, method, { ...named, ids: [wizard], context });
}

/** Odoo field → canonical name, of the entity that is bound to this model. */
function fieldsOf(run: LoadRun, model: string): Readonly<Record<string, string>> {
  const entity = Object.values(run.manifest.entities).find((one) => one.model === model);
  return Object.fromEntries(Object.entries(entity?.fields ?? {}).flatMap(([odoo, { field }]) => (field === null ? [] : [[odoo, field]])));
}

/** The same with every placeholder replaced; what begins with $ and is none stays as it is. */
function filled(run: LoadRun, value: unknown, target: Target, documents: ReadonlyMap<number, Values>): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(run, one, target, documents));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(run, one, target, documents)]));
  }
  if (typeof value !== 'string' || !value.startsWith('$')) return value;
  const [id = 0] = target.ids;
  if (value === '$ids') return target.ids;
  if (value === '$id') return id;
  if (value === '$today') return run.manifest.asOf.slice(0, 10);
  const odoo = Object.entries(fieldsOf(run, target.model)).find(([, field]) => field === value.slice(1))?.[0];
  return odoo === undefined ? value : writeValue(documents.get(id)?.[odoo] ?? null, run.typeOf(target.model, odoo));
}

/** A method that opens a dialog has done nothing, and says so with HTTP 200. */
function refuseDialog(result: unknown, method: string): void {
  if (typeof result !== 'object' || result === null || !('res_model' in result) || !('target' in result) || result.target !== 'new') return;
  throw new RowsRefused(`${method} opened a dialog (${String(result.res_model)}) instead of doing it`, new Map());
}
