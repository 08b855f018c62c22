/** How the amounts of control totals are rounded: said aloud, so that no cent goes without a rule. */
import type { Roundings } from '../../domain/difference.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { rulesOf } from './control-query.ts';

export function roundingsOf(comparison: Comparison): Roundings {
  const { currency, currencies = {}, currencyDigits } = comparison.world;
  const own = currency === undefined ? {} : { [currency]: currencies[currency] ?? unitOf(currencyDigits) };
  const units = Object.entries({ ...own, ...currencies });
  const amounts = comparison.entities.flatMap(({ definition }) =>
    definition.contract.controls.flatMap((control) => summedFields(definition.contract.entity, control)),
  );
  const told = new Map<string, Roundings['amounts'][number]>();
  for (const { entity, field, at } of amounts) {
    const summed = comparison.entities.find((one) => one.entity === entity);
    const name = `${entity}.${field}`;
    const one = summed === undefined || told.has(name) ? null : roundingOf(summed, field, at, comparison);
    if (one !== null) told.set(name, one);
  }
  return {
    currencies: units.map(([name, unit]) => ({ currency: name, unit, mode: 'half-up', isCompany: name === currency })),
    amounts: [...told.values()],
  };
}

type Control = EntityComparison['definition']['contract']['controls'][number];
type SummedField = { readonly entity: string; readonly field: string; readonly at: boolean };

function summedFields(entity: string, { measure, less = {}, explained = [] }: Control): SummedField[] {
  const terms = [less, ...explained.map(({ of = {} }) => of)].flatMap((all) => Object.entries(all));
  return [
    { entity, field: measure, at: false },
    ...terms.map(([name, term]) => ({ entity: name, field: term.measure.replace(/^-/, ''), at: term.at !== undefined })),
  ];
}

/** Null for what is no money. */
function roundingOf(summed: EntityComparison, field: string, at: boolean, comparison: Comparison): Roundings['amounts'][number] | null {
  const contract = summed.definition.contract.fields[field];
  if (contract?.type !== 'money' || (summed.mapped.get(field) ?? []).length === 0) return null;
  const rule = rulesOf(summed, comparison).find((one) => one.field === field);
  const exact = `${contract.digits} decimals, as they stand${rule === undefined ? ', on the legacy side only' : ''}`;
  const converted = at ? `; at its rate half-up to ${unitOf(comparison.world.currencyDigits)} (currency of the company)` : '';
  return { entity: summed.entity, field, rule: `${rule?.rounding ?? exact}${converted}`, tolerance: contract.tolerance ?? null };
}

function unitOf(digits: number): string {
  return digits === 0 ? '1' : `0.${'0'.repeat(digits - 1)}1`;
}
