/** Control totals of a comparison. */
import type { ControlContract } from '../../domain/control-contract.ts';
import type { ControlTotal } from '../../domain/difference.ts';
import { type Mistake, refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import type { Comparison } from './comparison.ts';
import { type AskedTerm, planQuery, rulesOf } from './control-query.ts';
import { bridgeOf, bucketsOf, type ControlRow, controlRows, dimensionOf } from './control-rows.ts';
import type { ControlQuery } from './controls-sql.ts';
import { planTied, type TiedControl, tiedTotals } from './tied-totals.ts';

export interface FoundControls {
  readonly totals: readonly ControlTotal[];
  /** `<entity> <name>` of those that could not be made → why, in words. */
  readonly notChecked: ReadonlyMap<string, string>;
}

/** All control totals, in the order of the contracts: the grand total, then each dimension by its values. E_CONFIG for expressions that
 *  cannot be dimensions. */
export async function controlTotals(comparison: Comparison, plane: DataPlane): Promise<FoundControls> {
  const planned: (PlannedControl | TiedControl)[] = [];
  const notChecked = new Map<string, string>();
  const mistakes: Mistake[] = [];
  for (const entity of comparison.entities) {
    const { definition } = entity;
    for (const [index, control] of definition.contract.controls.entries()) {
      const asked = { entity, comparison, definition, path: ['controls', index], term: control };
      const one = await (control.less === undefined ? planControl(asked, control, plane) : planTied(asked, control, plane));
      mistakes.push(...one.mistakes);
      if (one.planned !== null) planned.push(one.planned);
      else notChecked.set(`${entity.entity} ${control.name}`, one.why);
    }
  }
  refuseMistakes(mistakes);
  const totals: ControlTotal[] = [];
  for (const control of planned) {
    totals.push(...('less' in control ? await tiedTotals(control, plane) : totalsOf(control, await controlRows(control.query, plane))));
  }
  return { totals, notChecked };
}

interface PlannedControl {
  readonly name: string;
  readonly query: ControlQuery;
}

/** A control whose measure Odoo does not hold, or no source yields, is no control: the coverage statement has its sum. */
async function planControl(asked: AskedTerm, { name, measure, where }: ControlContract, plane: DataPlane) {
  const { entity, comparison } = asked;
  const isHeld = rulesOf(entity, comparison).some((rule) => rule.compared && rule.field === measure);
  if (entity.binding === null || (!isHeld && measure !== 'count')) return { planned: null, why: 'one of the two sides does not have it', mistakes: [] };
  const { query, mistakes, unyielded } = await planQuery(asked, plane);
  if (where !== undefined && unyielded.length > 0) return { planned: null, why: `no source yields ${unyielded.join(', ')}`, mistakes };
  return { planned: { name, query }, why: '', mistakes };
}

function totalsOf({ name, query }: PlannedControl, rows: readonly ControlRow[]): ControlTotal[] {
  return bucketsOf(rows).map((bucket) => ({
    entity: query.comparison.entity,
    name,
    dimension: bucket.dimension === null ? {} : dimensionOf(query.dimensions[bucket.dimension], bucket.value),
    ...bridgeOf(bucket.rows),
    rule: bucket.rows.some((row) => row.class === 'rounding') ? (query.measure?.rounding ?? null) : null,
  }));
}
