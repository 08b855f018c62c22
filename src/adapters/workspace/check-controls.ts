/** What control totals name. Their expressions are proven where they are parsed. */
import { isAmount } from '../../domain/canonical.ts';
import type { EntityContract } from '../../domain/contract.ts';
import type { ControlContract, ControlTerm } from '../../domain/control-contract.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { PositionOf } from '../../domain/workspace.ts';
import type { CapabilityParts } from './read-capability.ts';

interface Subject {
  readonly contract: EntityContract;
  readonly position: PositionOf;
  readonly parts: CapabilityParts;
  readonly mistakes: Mistakes;
}

export function checkControls({ contract, position, parts, mistakes }: Subject): void {
  for (const [index, control] of contract.controls.entries()) {
    const path = ['controls', index];
    if (control.measure !== 'count') checkSummed(contract, control.measure, position([...path, 'measure']), mistakes, ['count']);
    const terms = [[['less'], control.less] as const, ...(control.explained ?? []).map(({ of }, nth) => [['explained', nth, 'of'], of] as const)];
    for (const [below, of] of terms) if (of !== undefined) checkTerms(of, { contract, position, parts, mistakes, control, path: [...path, ...below] });
  }
}

interface Terms extends Subject {
  readonly control: ControlContract;
  readonly path: readonly (string | number)[];
}

function checkTerms(terms: Readonly<Record<string, ControlTerm>>, { parts, position, mistakes, control, path }: Terms): void {
  for (const [name, term] of Object.entries(terms)) {
    // a pack names all there may be, and a workspace uses some of them
    const other = parts.entities.find((one) => one.contract.entity === name)?.contract;
    if (other === undefined) continue;
    const at = (...rest: string[]) => position([...path, name, ...rest]);
    checkSummed(other, term.measure.replace(/^-/, ''), at('measure'), mistakes);
    if (term.at !== undefined) {
      const rate = other.fields[term.at];
      if (rate === undefined)
        mistakes.push({ position: at('at'), message: `no field '${term.at}' in ${name}${didYouMean(term.at, Object.keys(other.fields))}` });
      else if (!isAmount(rate)) mistakes.push({ position: at('at'), message: `'${term.at}' is of type ${rate.type} and no rate` });
    }
    if (namesOf(term.by) !== namesOf(control.by))
      mistakes.push({ position: at('by'), message: `the dimensions must be those of the control total: ${namesOf(control.by) || 'none'}` });
  }
}

function namesOf(by: ControlContract['by']): string {
  const names = Object.entries(by).map(([name, one]) => (typeof one === 'string' ? name : `${name}: {${Object.keys(one).sort().join(', ')}}`));
  return names.sort().join(', ');
}

function checkSummed(contract: EntityContract, name: string, at: ReturnType<PositionOf>, mistakes: Mistakes, also: readonly string[] = []): void {
  const field = contract.fields[name];
  if (field === undefined) mistakes.push({ position: at, message: `no field '${name}'${didYouMean(name, [...also, ...Object.keys(contract.fields)])}` });
  else if (!isAmount(field) && field.type !== 'integer') mistakes.push({ position: at, message: `'${name}' is of type ${field.type} and has no sum` });
}
