/** The optional server action in Odoo (`cutover odoo install-helper`): found, and called. */

import type { GuardedChange, LoadResult, OdooHelper } from '../../domain/guarded-writes.ts';
import { boundHelper, type HelperRequest, helperAnswer, helperCall, helperModel, helperText, helperVersion } from '../../domain/odoo-helper.ts';
import { OdooError } from '../../domain/ports.ts';
import type { Caller, Context } from './caller.ts';
import { splitName } from './external-ids.ts';
import { type Cell, cellTexts, refuseWholeCall, resultOf } from './load.ts';

/** Asked once a connection. */
export interface HelperPlace {
  asked: Promise<OdooHelper | null> | null;
}

export function helperOf(call: Caller, place: HelperPlace): Promise<OdooHelper | null> {
  place.asked ??= findHelper(call).catch((error: unknown) => {
    place.asked = null;
    throw error;
  });
  return place.asked;
}

/** Another text, older or edited, is as good as none: what it would do is not known here. */
async function findHelper(call: Caller): Promise<OdooHelper | null> {
  try {
    const bound = boundHelper(await call('ir.actions.actions', 'get_bindings', { model_name: helperModel }));
    if (bound === null) return null;
    const answer = helperAnswer(await call('ir.actions.server', 'run', helperCall(bound.id, { do: 'text' })));
    return typeof answer?.text === 'string' && answer.text.trim() === helperText.trim() ? { id: bound.id, version: helperVersion } : null;
  } catch (error) {
    // Not for this user, or an edited text that fails: both mean to do without.
    if (error instanceof OdooError && ['access', 'validation', 'missing-model', 'missing-record'].includes(error.failure)) return null;
    throw error;
  }
}

export async function saveWhereExpected(call: Caller, helper: OdooHelper, model: string, changes: readonly GuardedChange[], context: Context) {
  const asked = changes.map(({ id, expected, values }) => [id, expected, values] as const);
  const { saved } = await ask(call, helper, { do: 'save', model, context, changes: asked });
  if (!Array.isArray(saved) || saved.length !== changes.length) throw strange();
  return (saved as readonly (readonly [number, Readonly<Record<string, unknown>> | null])[]).map(([id, found]) => ({ id, found }));
}

export async function loadWhereNew(
  call: Caller,
  helper: OdooHelper,
  table: { readonly model: string; readonly fields: readonly string[]; readonly rows: readonly (readonly Cell[])[]; readonly externalIds: readonly string[] },
  context: Context,
): Promise<LoadResult | { readonly taken: ReadonlyMap<string, { readonly model: string; readonly id: number }> }> {
  const { model, fields } = table;
  const modules = Map.groupBy(table.externalIds.map(splitName), (one) => one.module);
  const names = Object.fromEntries([...modules].map(([module, list]) => [module, list.map((one) => one.name)]));
  const answer = await ask(call, helper, { do: 'create', model, context: { ...context, tz: 'UTC' }, fields, rows: cellTexts(table.rows), names });
  if ('loaded' in answer) return resultOf(answer.loaded);
  const taken = Object.entries((answer.taken ?? {}) as Readonly<Record<string, readonly [string, number]>>);
  return { taken: new Map(taken.map(([name, [inModel, id]]) => [name, { model: inModel, id }])) };
}

async function ask(call: Caller, helper: OdooHelper, request: HelperRequest): Promise<Readonly<Record<string, unknown>>> {
  try {
    const raw = await call('ir.actions.server', 'run', helperCall(helper.id, request), (answer) => {
      const loaded = helperAnswer(answer)?.loaded;
      if (loaded !== undefined) refuseWholeCall(loaded);
    });
    const answer = helperAnswer(raw);
    if (answer === null || answer.version !== helper.version) throw strange();
    return answer;
  } catch (error) {
    if (error instanceof OdooError && error.failure === 'missing-record' && error.message.includes('ir.actions.server')) {
      throw new OdooError('missing-model', 'the cutover helper was taken away from Odoo while it was in use', error.exception);
    }
    throw error;
  }
}

function strange(): OdooError {
  return new OdooError('missing-model', 'the cutover helper in Odoo was changed while it was in use');
}
