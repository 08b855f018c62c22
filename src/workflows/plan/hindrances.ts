/** What stands in the way of a state in Odoo now: looked up once for a plan, so that it is refused before the first write. */
import type { Ports } from '../../domain/ports.ts';
import type { EntityComparison } from '../reconcile/comparison.ts';

export interface Hindrance {
  /** Code field; `ids`: the related records of Odoo that hinder. */
  readonly field: string;
  readonly ids: ReadonlySet<number>;
  readonly why: string;
}

/** State → what hinders records that are to be brought into it. */
export type Hindrances = ReadonlyMap<string, readonly Hindrance[]>;

/** By entity. Odoo is asked only where a binding names any. */
export async function hindrancesOf(entities: readonly EntityComparison[], ports: Ports): Promise<ReadonlyMap<string, Hindrances>> {
  const found = new Map<string, Hindrances>();
  for (const { entity, definition, binding } of entities) {
    const { states } = definition.contract.odoo ?? {};
    if (states === undefined || binding === null) continue;
    const ofStates = new Map<string, readonly Hindrance[]>();
    for (const [state, { hindered = [] }] of Object.entries(states.values)) {
      const ofState: Hindrance[] = [];
      for (const { same, domain, why } of hindered) {
        const odoo = binding.fields.find(({ field }) => field === same)?.odoo;
        if (odoo === undefined) throw new Error(`${entity} binds no field ${same}`);
        const connection = await ports.odoo();
        const records = await connection.read(binding.model, await connection.searchIds(binding.model, domain), [odoo]);
        ofState.push({ field: same, ids: new Set(records.map((record) => Number(record[odoo]))), why });
      }
      if (ofState.length > 0) ofStates.set(state, ofState);
    }
    if (ofStates.size > 0) found.set(entity, ofStates);
  }
  return found;
}
