/** A step of a binding as a plan holds it. */
import type { OdooStep } from '../../domain/odoo-states.ts';
import type { PlannedStep, PlannedValue } from '../../domain/plan.ts';

export function plannedStep(name: string, step: OdooStep, write: Readonly<Record<string, PlannedValue>> | null): PlannedStep {
  return {
    name,
    call: step.call ?? null,
    on: step.on ?? null,
    unless: step.unless ?? null,
    context: step.context,
    ...(step.arguments === undefined ? {} : { arguments: step.arguments }),
    ...(step.wizard === undefined ? {} : { wizard: step.wizard }),
    write,
    unlink: step.unlink ?? null,
  };
}
