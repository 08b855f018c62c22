/** Holds what a step answered against what the truth says. A mistake is a sentence; no mistakes, and the step is ok. */
import { Decimal } from 'decimal.js';
import type { Truth } from '../../fixtures/hospital/write.ts';
import type { ControlTotal } from '../domain/difference.ts';
import type { LoadRunResult, MapResult, PullResult, ReconcileResult } from '../domain/results.ts';
import type { Found, FoundBreak, PlannedDocument } from './evidence.ts';
import { breakName, conflictName, type Expectations, LINKED_BY_DECISION, type RoundingMethod } from './expectations.ts';

export type Mistakes = readonly string[];

/** One sentence when the two differ. */
export function same(what: string, expected: string | number | null, actual: string | number | null | undefined): Mistakes {
  return expected === actual ? [] : [`${what}: ${actual ?? 'nothing'} instead of ${expected}`];
}

/** One sentence per name that is missing or should not be there. */
export function sameNames(what: string, expected: Iterable<string>, actual: Iterable<string>): Mistakes {
  const [wanted, found] = [new Set(expected), new Set(actual)];
  return [
    ...[...wanted].filter((name) => !found.has(name)).map((name) => `${what}: not found: ${name}`),
    ...[...found].filter((name) => !wanted.has(name)).map((name) => `${what}: false alarm: ${name}`),
  ];
}

function sameCounts(what: string, expected: ReadonlyMap<string, number>, actual: ReadonlyMap<string, number>): Mistakes {
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names].sort().flatMap((name) => same(`${what} ${name}`, expected.get(name) ?? 0, actual.get(name) ?? 0));
}

export function checkPull(result: PullResult, truth: Truth, expected: Expectations): Mistakes {
  const legacy = result.snapshots.filter(({ system }) => system !== 'odoo');
  const rows = new Map(legacy.map((snapshot) => [`${snapshot.system}/${snapshot.entity}`, snapshot.rows]));
  const wanted = new Map(Object.entries(truth.rows).map(([name, figures]) => [name, figures.input]));
  const quarantined = new Map(legacy.filter(({ quarantined }) => quarantined > 0).map((each) => [`${each.entity} ${each.system}`, each.quarantined]));
  return [...sameCounts('rows of', wanted, rows), ...sameCounts('rows in quarantine of', expected.quarantined, quarantined)];
}

export function checkMap(result: MapResult, truth: Truth, expected: Pick<Expectations, 'rejects'>): Mistakes {
  const mistakes: string[] = [];
  const found = new Map(result.entities.map((entity) => [`${entity.system}/${entity.entity}`, entity]));
  mistakes.push(...sameNames('mapped', Object.keys(truth.rows), found.keys()));
  for (const [name, figures] of Object.entries(truth.rows)) {
    const entity = found.get(name);
    if (entity === undefined) continue;
    for (const count of ['input', 'filtered', 'rejected', 'duplicates'] as const) mistakes.push(...same(`${count} of ${name}`, figures[count], entity[count]));
    mistakes.push(...same(`rows of ${name} accounted for`, entity.input, entity.mapped + entity.rejected + entity.filtered));
  }
  mistakes.push(
    ...sameCounts('rejects', expected.rejects, new Map(result.rejects.map((each) => [`${each.entity} ${each.system} ${each.field} ${each.rule}`, each.count]))),
  );
  const alarms = result.checks.filter(({ count }) => count > 0);
  mistakes.push(...sameNames('checks', Object.keys(truth.checks), new Set(alarms.map(({ name }) => name))));
  for (const check of alarms) {
    const figures = truth.checks[check.name];
    if (figures === undefined) continue;
    mistakes.push(...same(`check ${check.name}`, figures.count, check.count), ...sameAmount(`sum of check ${check.name}`, figures.measure, check.measure));
  }
  return mistakes;
}

/** Every seeded conflict in its class, field and records, and no other; and the records of Odoo that legacy has too. */
export function checkMatch({ conflicts, links }: Found, expected: Expectations): Mistakes {
  const named = conflicts.map((one) => conflictName(one.class, one.entity, one.field, one.system ?? 'odoo', one.key));
  return [
    ...sameNames('conflicts', expected.conflicts, named),
    ...sameNames(
      'proposed links',
      expected.links,
      links.map(({ entity, system, key }) => `${entity} ${system} ${key}`),
    ),
  ];
}

function sameAmount(what: string, expected: string | null, actual: string | null): Mistakes {
  const plain = (amount: string | null) => (amount === null ? null : new Decimal(amount).toFixed());
  return same(what, plain(expected), plain(actual));
}

/** `loaded`: everything that can be in Odoo is there, rounded as its company does; null: the rest is only in legacy as well. */
export function checkReconcile(result: ReconcileResult, breaks: readonly FoundBreak[], expected: Expectations, loaded: RoundingMethod | null): Mistakes {
  const names = new Set(breaks.map((each) => breakName(each.entity, each.system, each.key, each.class)));
  const mistakes: string[] = [];
  if (loaded !== null) mistakes.push(...sameNames('breaks', expected.lasting.keys(), names), ...same('breaks', expected.lasting.size, breaks.length));
  else {
    mistakes.push(...[...expected.lasting.keys()].filter((name) => !names.has(name)).map((name) => `breaks: not found: ${name}`));
    const others = breaks.filter((each) => each.class !== 'only-legacy' && !expected.lasting.has(breakName(each.entity, each.system, each.key, each.class)));
    mistakes.push(
      ...others.map(
        (each) => `breaks: false alarm: ${breakName(each.entity, each.system, each.key, each.class)}${each.field === null ? '' : ` ${each.field}`}`,
      ),
    );
    const onlyLegacy = new Map<string, number>();
    for (const each of breaks) if (each.class === 'only-legacy') onlyLegacy.set(each.entity, (onlyLegacy.get(each.entity) ?? 0) + 1);
    mistakes.push(...sameCounts('only in legacy:', expected.onlyLegacy, onlyLegacy));
  }
  // Rejected and quarantined rows were not compared, so the verdict must not be better than this.
  mistakes.push(...same('verdict', 'INCOMPLETE', result.verdict));
  for (const control of result.controls)
    mistakes.push(...sameAmount(`unexplained in ${control.entity} ${control.name} ${dimensionOf(control)}`, '0', control.residual));
  return [...mistakes, ...checkAmounts(result, expected, loaded)];
}

function checkAmounts(result: ReconcileResult, { amounts }: Expectations, loaded: RoundingMethod | null): Mistakes {
  const total = untaxedTotal(result);
  if (total === null) return ['there is no control total of the order amounts'];
  const odoo = loaded === null ? '0' : amounts.odoo[loaded];
  const rounding = loaded === null ? '0' : new Decimal(amounts.loadable).minus(odoo).toFixed();
  return [
    ...sameAmount('order amounts in legacy', amounts.legacy, total.legacy),
    ...sameAmount('order amounts in Odoo', odoo, total.odoo),
    ...sameAmount('rounding of the order amounts', rounding, total.classes.rounding ?? '0'),
  ];
}

/** The grand total of the orders' untaxed amounts. */
export function untaxedTotal(result: ReconcileResult): ControlTotal | null {
  return result.controls.find(({ name, dimension }) => name === 'order-untaxed-amount' && Object.keys(dimension).length === 0) ?? null;
}

function dimensionOf(control: ControlTotal): string {
  return Object.entries(control.dimension)
    .map(([name, value]) => `${name}=${value ?? '(none)'}`)
    .join(' ');
}

/** `already`: what earlier loads have put into Odoo. */
export function checkPlan(documents: readonly PlannedDocument[], expected: Expectations, already: { readonly applied: number }): Mistakes {
  const of = (kind: string) => documents.filter(({ action }) => action === kind);
  const creates = [...expected.creates.values()].reduce((sum, count) => sum + count, 0);
  const refused = of('refuse').map((each) => `${each.entity} ${each.system} ${each.key}`);
  const known = ['create', 'link', 'refuse', 'noop'];
  const others = documents
    .filter(({ action }) => !known.includes(action))
    .map((each) => `plan: false alarm: ${each.action} ${each.entity} ${each.system} ${each.key}`);
  return [
    ...sameNames('refused', expected.refuses.keys(), refused),
    ...same('creates and links', creates + LINKED_BY_DECISION - already.applied, of('create').length + of('link').length),
    ...same('already so', already.applied, of('noop').length),
    ...others,
  ];
}

export function checkLoad(result: LoadRunResult, wanted: { readonly applied: number; readonly noop: number; readonly remaining: number }): Mistakes {
  return [
    ...same(
      'documents accounted for',
      result.planned,
      result.applied + result.noop + result.conflict + result.deadLettered + result.blocked + result.remaining,
    ),
    ...same('applied', wanted.applied, result.applied),
    ...same('already so', wanted.noop, result.noop),
    ...same('left for later', wanted.remaining, result.remaining),
    ...same('conflicts', 0, result.conflict),
    ...same('dead letters', 0, result.deadLettered),
    ...same('blocked', 0, result.blocked),
    ...same('unknown', 0, result.unknown),
    ...result.refusals.map((refusal) => `Odoo refused ${refusal.count} ${refusal.entity}: ${refusal.reason}`),
  ];
}
