/** How a document gets from one state to another in Odoo: steps by name, from the binding. */
import type { OdooBinding } from '../../domain/contract.ts';
import type { OdooStates } from '../../domain/odoo-states.ts';
import type { WireValue } from './wire-value.ts';

/** Steps for a new record. */
export function stepsToReach(states: OdooStates, state: string): readonly string[] {
  return states.values[state]?.reach ?? [];
}

/** Steps from one state to another, or null when there is no way.
 *
 *  Forwards: every step that led to the present state also leads to the wanted one; what follows the first new step is taken, except calls
 *  that were made already (a method is not called twice; values are written again, since methods overwrite them).
 *  Out: the steps that leave the present state end in those that reach the wanted one (`unlock, cancel` from closed to cancelled). */
export function stepsBetween(states: OdooStates, from: string, to: string): readonly string[] | null {
  if (from === to) return [];
  const present = states.values[from];
  const wanted = states.values[to];
  if (present === undefined || wanted === undefined || wanted.reach.length === 0) return null;
  if (present.reach.every((step) => wanted.reach.includes(step))) {
    const firstNew = wanted.reach.findIndex((step) => !present.reach.includes(step));
    if (firstNew === -1) return null;
    return wanted.reach.slice(firstNew).filter((step) => !present.reach.includes(step) || states.steps[step]?.write !== undefined);
  }
  const tail = present.leave.slice(-wanted.reach.length);
  return tail.length === wanted.reach.length && tail.every((step, index) => step === wanted.reach[index]) ? present.leave : null;
}

/** A record in this state may be deleted as it stands: nothing was done to it yet. */
export function isUntouchedState(states: OdooStates | undefined, state: string | null): boolean {
  if (states === undefined || state === null) return true;
  return (states.values[state]?.reach.length ?? 0) === 0;
}

/** The canonical state that values of Odoo read as. `partial`: fields that are not among the values are taken to fit. */
export function stateIn(states: OdooStates, values: Readonly<Record<string, WireValue>>, partial: boolean): string | null {
  const fits = ([field, allowed]: [string, readonly (string | boolean)[]]): boolean =>
    field in values ? allowed.includes(values[field] as string | boolean) : partial;
  return Object.entries(states.values).find(([, { is }]) => Object.entries(is).every(fits))?.[0] ?? null;
}

/** What a rollback does with a record that a load created and left in this state. */
export function policyIn({ states, rollback }: Pick<OdooBinding, 'states' | 'rollback'>, state: string | null): OdooBinding['rollback'] {
  return (state === null ? undefined : states?.values[state]?.rollback) ?? rollback;
}
