/** Everything that was checked, whether it broke or not, and what could not be: green by silence is no green. */
import type { DataPlane } from '../../domain/ports.ts';
import type { CheckedRule } from '../../domain/report.ts';
import type { MapResult } from '../../domain/results.ts';
import { literal } from '../../domain/sql.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { rulesOf } from './control-query.ts';
import type { FoundControls } from './controls.ts';
import type { ComparedValues } from './coverage.ts';

type Standing = Pick<CheckedRule, 'open' | 'pending' | 'waived'>;
const nothing: Standing = { open: 0, pending: 0, waived: 0 };

/** What a record can be that it must not be, and whether Odoo is needed to tell. */
const recordRules: readonly (readonly [string, boolean])[] = [
  ['duplicate-key', false],
  ['null-key', false],
  ['rejected', false],
  ['only-legacy', true],
  ['only-odoo', true],
  ['exists-unlinked', true],
  ['missing-in-odoo', true],
  ['missing-in-legacy', true],
];

/** In load order: fields by contract, record classes, control totals, checks. `entities[].breaks` are judged ones. */
export async function checkedRules(
  comparison: Comparison,
  found: { readonly controls: FoundControls; readonly checks: MapResult['checks']; readonly values: ReadonlyMap<string, ComparedValues> },
  plane: DataPlane,
): Promise<readonly CheckedRule[]> {
  const rules: CheckedRule[] = [];
  for (const entity of comparison.entities) {
    const standings = await standingsOf(entity, plane);
    rules.push(...fieldRulesOf(entity, comparison, standings, found.values.get(entity.entity)));
    rules.push(...recordRulesOf(entity, standings));
    rules.push(...controlRulesOf(entity, found.controls));
    rules.push(...checkRulesOf(entity, found.checks));
  }
  return rules;
}

async function standingsOf({ breaks }: EntityComparison, plane: DataPlane): Promise<ReadonlyMap<string, Standing>> {
  const rows = await plane.rows<{ rule: string; open: number; pending: number; waived: number }>(
    `SELECT rule, count(*) FILTER (status = 'open') AS open, count(*) FILTER (status = 'pending') AS pending, count(*) FILTER (status = 'waived') AS waived
FROM read_parquet(${literal(breaks)}) GROUP BY rule ORDER BY rule`,
  );
  return new Map(rows.map(({ rule, ...standing }) => [rule, standing]));
}

function fieldRulesOf(
  entity: EntityComparison,
  comparison: Comparison,
  standings: ReadonlyMap<string, Standing>,
  values: ComparedValues | undefined,
): CheckedRule[] {
  const compared = new Set(rulesOf(entity, comparison).flatMap((rule) => (rule.compared ? [rule.field] : [])));
  return Object.keys(entity.definition.contract.fields).map((field) => ({
    entity: entity.entity,
    rule: field,
    kind: 'field',
    checked: compared.has(field) ? (values?.get(field)?.applied ?? entity.counts.linked) : 0,
    ...(standings.get(field) ?? nothing),
    notChecked: compared.has(field) ? null : whyNot(entity, field),
  }));
}

function whyNot({ binding, mapped }: EntityComparison, field: string): string {
  if (binding === null) return 'the entity is not bound to Odoo';
  if ((mapped.get(field) ?? []).length === 0) return 'no source yields it';
  return binding.fields.some((bound) => bound.field === field) ? 'it is written on create and left alone afterwards' : 'it is not carried to Odoo';
}

function recordRulesOf({ entity, binding, counts }: EntityComparison, standings: ReadonlyMap<string, Standing>): CheckedRule[] {
  const { 'outside-scope': _, ...within } = counts;
  const checked = Object.values(within).reduce((sum, count) => sum + count, 0);
  return recordRules.map(([rule, needsOdoo]) => {
    const notChecked = needsOdoo && binding === null ? 'the entity is not bound to Odoo' : null;
    return { entity, rule, kind: 'record', checked: notChecked === null ? checked : 0, ...(standings.get(rule) ?? nothing), notChecked };
  });
}

/** A total is broken by what no row explains: the rows that explain the rest are breaks of their own. One that could not be made has no lines. */
function controlRulesOf({ entity, definition }: EntityComparison, { totals: all, notChecked }: FoundControls): CheckedRule[] {
  return definition.contract.controls.map(({ name }) => {
    const totals = all.filter((control) => control.entity === entity && control.name === name);
    const open = totals.filter(({ residual }) => !/^-?0(\.0*)?$/.test(residual)).length;
    return {
      entity,
      rule: name,
      kind: 'control',
      checked: totals.length,
      ...nothing,
      open,
      notChecked: notChecked.get(`${entity} ${name}`) ?? null,
    };
  });
}

/** Only checks of severity error break anything. */
function checkRulesOf({ entity, datasets }: EntityComparison, checks: MapResult['checks']): CheckedRule[] {
  const checked = datasets.reduce((sum, dataset) => sum + dataset.counts.mapped, 0);
  return checks
    .filter((check) => check.entity === entity)
    .map(({ name, severity, count }) => ({ entity, rule: name, kind: 'check', checked, ...nothing, open: severity === 'error' ? count : 0, notChecked: null }));
}
