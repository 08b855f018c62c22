/** uom.uom: factors, and quantities and prices from one unit to another. */

import { Decimal } from 'decimal.js';
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import { roundTo } from '../fields.ts';
import type { Behaviour } from '../model.ts';
import { asNumber, asText } from '../values.ts';
import { lineage, parentPath } from './hierarchy.ts';

const model = 'uom.uom';

/** How many reference units one of this unit holds: the product of the relative factors up to the top. */
export function unitFactor(environment: Environment, id: number): Decimal {
  const row = environment.row(model, id);
  if (!row) return new Decimal(1);
  return lineage(environment, model, 'relative_uom_id', row).reduce((factor, step) => factor.times(asNumber(step.relative_factor)), new Decimal(1));
}

/** Rounded half up to two digits, the precision of "Product Unit". */
export function convertQuantity(environment: Environment, quantity: number, from: number, to: number): number {
  if (from === to) return quantity;
  return roundTo(new Decimal(quantity).times(unitFactor(environment, from)).div(unitFactor(environment, to)).toNumber(), 2);
}

export function convertPrice(environment: Environment, price: number, from: number, to: number): number {
  if (from === to || from === 0 || to === 0) return price;
  return new Decimal(price).times(unitFactor(environment, to)).div(unitFactor(environment, from)).toNumber();
}

export const unit: Behaviour = {
  parent: 'relative_uom_id',
  check: (row) => (row.relative_factor === 0 ? { message: 'The conversion ratio for a unit of measure cannot be 0!', column: 'relative_factor' } : null),
  computes: {
    factor: (environment, row) => unitFactor(environment, row.id).toNumber(),
    rounding: () => 0.01,
    parent_path: (environment, row) => parentPath(environment, model, 'relative_uom_id', row),
  },
  prepareCreate: (_environment, values) => {
    if (!('sequence' in values)) values.sequence = Math.min(Math.trunc(Number(values.relative_factor ?? 1) * 100) || 0, 1000);
  },
  beforeUnlink: (environment, rows) => {
    const system = rows.filter((row) => environment.database.externalIds.of(model, row.id).some((entry) => asText(entry.module) === 'uom'));
    if (system.length === 0) return;
    const names = system.map((row) => asText(row.name)).join(', ');
    throw userError(`The following units of measure are used by the system and cannot be deleted: ${names}\nYou can archive them instead.`);
  },
};
