/** Control totals that must end at 0 on either side by itself: the balance of a control account less what is open on it, the statement of a bank less the
 *  account of the ledger. */
import type { ControlContract, RestContract } from '../../domain/control-contract.ts';
import type { ControlTotal } from '../../domain/difference.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { differenceOf, isWithin, sumOf } from '../../domain/rounding.ts';
import { type AskedTerm, type PlannedQuery, planQuery } from './control-query.ts';
import { type Bucket, bridgeOf, bucketsOf, type ControlRow, controlRows, dimensionOf, isZero, negated } from './control-rows.ts';
import type { ControlQuery } from './controls-sql.ts';

interface Part {
  readonly name: string;
  readonly query: ControlQuery;
}

export interface TiedControl {
  readonly name: string;
  readonly own: Part;
  readonly less: readonly Part[];
  readonly rests: readonly { readonly rest: RestContract; readonly of: readonly Part[] }[];
}

/** Not made where a sum of it would be missing: no source yields a field that it needs. */
export async function planTied(
  asked: AskedTerm,
  control: ControlContract,
  plane: DataPlane,
): Promise<{ readonly planned: TiedControl | null; readonly why: string; readonly mistakes: readonly Mistake[] }> {
  const mistakes: Mistake[] = [];
  const unyielded: string[] = [];
  const take = ({ query, ...found }: PlannedQuery, name: string): Part => {
    mistakes.push(...found.mistakes);
    unyielded.push(...found.unyielded);
    return { name, query };
  };
  const terms = async (all: NonNullable<ControlContract['less']>, path: readonly (string | number)[]): Promise<Part[]> => {
    const parts: Part[] = [];
    for (const [name, term] of Object.entries(all)) {
      const entity = asked.comparison.entities.find((one) => one.entity === name);
      // a pack names all there may be, and a workspace uses some of them
      if (entity === undefined || entity.definition.sources.length === 0) continue;
      const ordered = { ...term, by: inOrderOf(control.by, term.by) };
      parts.push(take(await planQuery({ ...asked, entity, path: [...path, name], term: ordered }, plane), `${name}.${term.measure.replace(/^-/, '')}`));
    }
    return parts;
  };
  const { entity, path } = asked;
  if (entity.definition.sources.length === 0) return { planned: null, why: 'no source yields it', mistakes };
  const own = take(await planQuery(asked, plane), `${entity.entity}.${control.measure}`);
  const less = await terms(control.less ?? {}, [...path, 'less']);
  const rests: TiedControl['rests'][number][] = [];
  for (const [index, rest] of (control.explained ?? []).entries()) {
    rests.push({ rest, of: rest.of === undefined ? [] : await terms(rest.of, [...path, 'explained', index, 'of']) });
  }
  if (unyielded.length > 0) return { planned: null, why: `no source yields ${[...new Set(unyielded)].join(', ')}`, mistakes };
  if (less.length === 0) return { planned: null, why: 'nothing of what it is held against is used here', mistakes };
  return { planned: { name: control.name, own, less, rests }, why: '', mistakes };
}

type Dimensions = ControlContract['by'];

/** Dimensions of a term by the same names as those of its total: the sums meet by position. */
function inOrderOf(wanted: Dimensions, by: Dimensions): Dimensions {
  return Object.fromEntries(
    Object.entries(wanted).map(([group, one]) => {
      const own = by[group] ?? {};
      if (typeof one === 'string' || typeof own === 'string') return [group, own];
      return [group, Object.fromEntries(Object.keys(one).map((part) => [part, own[part] ?? 'NULL']))];
    }),
  );
}

interface PartRow extends ControlRow {
  readonly part: string;
  /** Position of the class it explains; null: it makes the total. */
  readonly rest: number | null;
}

export async function tiedTotals(control: TiedControl, plane: DataPlane): Promise<ControlTotal[]> {
  const rows: PartRow[] = [];
  const add = async ({ name, query }: Part, rest: number | null, isLess: boolean) => {
    for (const row of await controlRows(query, plane)) {
      rows.push(isLess ? { ...row, legacy: negated(row.legacy), odoo: negated(row.odoo), part: name, rest } : { ...row, part: name, rest });
    }
  };
  await add(control.own, null, false);
  for (const part of control.less) await add(part, null, true);
  for (const [index, { of }] of control.rests.entries()) for (const part of of) await add(part, index, false);
  const buckets = bucketsOf(rows);
  const byValue = buckets.map((bucket) => (bucket.dimension === null ? null : tieOf(bucket, control)));
  return buckets.map((bucket, index) => {
    const making = bucket.rows.filter(({ rest }) => rest === null);
    const bridge = bridgeOf(making);
    const tie =
      byValue[index] ??
      grandTie(
        bucket,
        control,
        byValue.filter((_, at) => buckets[at]?.dimension === 0),
      );
    return {
      entity: control.own.query.comparison.entity,
      name: control.name,
      dimension: bucket.dimension === null ? {} : dimensionOf(control.own.query.dimensions[bucket.dimension], bucket.value),
      ...bridge,
      // what is left on one side alone is no less unexplained than what the sides differ by
      residual: isZero(tie.left) ? bridge.residual : tie.left,
      rule: null,
      tie,
    };
  });
}

type Tie = NonNullable<ControlTotal['tie']>;

function tieOf({ rows }: Bucket<PartRow>, control: TiedControl): Tie {
  const own = rows.filter(({ part, rest }) => rest === null && part === control.own.name);
  const explained: Record<string, string> = {};
  let left = sumOf(rows.filter(({ rest }) => rest === null).map(({ legacy }) => legacy));
  for (const [index, { rest }] of control.rests.entries()) {
    let part = '0';
    if (rest.of !== undefined) part = sumOf(rows.filter((row) => row.rest === index).map(({ legacy }) => legacy));
    else if (rest.alone === true ? own.length === 0 : isWithin(left, rest.at_most ?? '0')) part = left;
    left = differenceOf(left, part);
    if (!isZero(part)) explained[rest.class] = sumOf([explained[rest.class] ?? '0', part]);
  }
  return { parts: partsOf(rows, control), explained, left };
}

/** Of all values of the first dimension together: what is small enough in each may be large in all. */
function grandTie(bucket: Bucket<PartRow>, control: TiedControl, ties: readonly (Tie | null)[]): Tie {
  if (control.own.query.dimensions.length === 0) return tieOf(bucket, control);
  const known = ties.filter((tie) => tie !== null);
  const classes = [...new Set(known.flatMap(({ explained }) => Object.keys(explained)))];
  const explained = classes.map((name) => [name, sumOf(known.map((tie) => tie.explained[name] ?? '0'))] as const);
  return { parts: partsOf(bucket.rows, control), explained: Object.fromEntries(explained), left: sumOf(known.map(({ left }) => left)) };
}

function partsOf(rows: readonly PartRow[], { own, less }: TiedControl): Tie['parts'] {
  return [own, ...less].map(({ name, query }) => {
    const making = rows.filter(({ part, rest }) => rest === null && part === name);
    const sum = (side: 'legacy' | 'odoo') => sumOf(making.map((row) => row[side]));
    return { name, legacy: sum('legacy'), odoo: query.measure === null ? null : sum('odoo') };
  });
}
