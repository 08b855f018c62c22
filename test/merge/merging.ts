/** Merging in Odoo for real, and seeing what is gone afterwards. */
import type { MergeImpact } from '../../src/domain/merge-impact.ts';
import { type OdooConnection, OdooError } from '../../src/domain/ports.ts';

/** Through the wizard, as a user does. */
export async function mergePartners(odoo: OdooConnection, ids: readonly number[], survivor?: number): Promise<void> {
  const values = { partner_ids: [[6, 0, ids]], ...(survivor === undefined ? {} : { dst_partner_id: survivor }) };
  const [wizard = 0] = await odoo.call<number[]>('base.partner.merge.automatic.wizard', 'create', { vals_list: [values] });
  await odoo.call('base.partner.merge.automatic.wizard', 'action_merge', { ids: [wizard] });
}

export type Census = ReadonlyMap<string, ReadonlySet<number>>;

/** The ids of every row of every model that has a table of its own, is not swept, and may be read. */
export async function census(odoo: OdooConnection): Promise<Census> {
  const models = await odoo.read('ir.model', await odoo.searchIds('ir.model', [['transient', '=', false]]), ['model']);
  const constraints = await odoo.read('ir.model.constraint', await odoo.searchIds('ir.model.constraint', [['type', '=', 'f']]), ['model']);
  const tables = new Set(constraints.map((row) => Number(row.model)));
  const found = new Map<string, ReadonlySet<number>>();
  for (const { id, model } of models) {
    // ir.attachment hides the files of fields from a search that does not ask for ids
    const ids = tables.has(id) ? await readable(odoo.searchIds(String(model), [['id', '>', 0]])) : null;
    if (ids !== null) found.set(String(model), new Set(ids));
  }
  return found;
}

/** Null where nobody may look (Odoo's own registry). */
async function readable(ids: Promise<number[]>): Promise<number[] | null> {
  try {
    return await ids;
  } catch (error) {
    if (error instanceof OdooError && error.failure === 'access') return null;
    throw error;
  }
}

/** Model → ids that were there before and are not any more; models where nothing went are left out. */
export function vanished(before: Census, after: Census): Record<string, number[]> {
  const gone = [...before].map(
    ([model, ids]) => [model, [...ids].filter((id) => after.get(model)?.has(id) !== true).sort((one, other) => one - other)] as const,
  );
  return Object.fromEntries(gone.filter(([, ids]) => ids.length > 0));
}

/** What an impact says will be gone, as `vanished` tells it; relations in tables of their own have no ids. */
export function predicted({ lost, goes }: MergeImpact): Record<string, number[]> {
  const gone = new Map<string, Set<number>>([['res.partner', new Set(goes)]]);
  for (const { model, ids, how } of lost) if (how === 'deleted') gone.set(model, new Set([...(gone.get(model) ?? []), ...ids]));
  return Object.fromEntries([...gone].map(([model, ids]) => [model, [...ids].sort((one, other) => one - other)]));
}

/** Merges what was looked at, and answers what is gone. The wizard's form always names the survivor. */
export async function mergeAsPredicted(odoo: OdooConnection, impact: MergeImpact): Promise<Record<string, number[]>> {
  const before = await census(odoo);
  await mergePartners(
    odoo,
    impact.records.map(({ id }) => id),
    impact.survivor.id,
  );
  return vanished(before, await census(odoo));
}
