/** What keeps a pull from being believed: columns that drifted, rows that vanished, counts that do not add up. */
import { sha256 } from '../../domain/digest.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { Snapshot, SnapshotColumn } from '../../domain/snapshot.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import { noSuchColumn } from '../expression/expression.ts';
import type { Policies } from './pull-legacy.ts';
import type { ColumnUse } from './pull-legacy-columns.ts';

/** What was asked: the relation before the `:`, so that another table is never taken for one that changed, and the columns after. */
export function requestHashOf(from: string | null, query: string | null, columns: readonly string[], isNumberedById: boolean): string {
  return `${sha256(JSON.stringify([from, query])).slice(0, 32)}:${sha256(JSON.stringify([columns, isNumberedById])).slice(0, 32)}`;
}

export function isSameRelation(snapshot: Snapshot, requestHash: string): boolean {
  return snapshot.manifest.requestHash.split(':')[0] === requestHash.split(':')[0];
}

export interface ColumnFindings {
  /** Columns of the source that the mapping uses, in the source's order and spelling. */
  readonly columns: readonly SnapshotColumn[];
  /** Names the source never had, as far as we know: a mistake of the mapping. */
  readonly unknown: readonly Mistake[];
  /** Columns that were there at the last pull. */
  readonly gone: readonly Mistake[];
  /** Columns that had another type. */
  readonly retyped: readonly Mistake[];
}

/** Compares what a mapping uses with what the source has now and had at the last pull (null: nothing to compare with). */
export function findColumns(uses: readonly ColumnUse[], source: readonly SnapshotColumn[], previous: readonly SnapshotColumn[] | null): ColumnFindings {
  const now = new Map(source.map((column) => [column.name.toLowerCase(), column]));
  const before = new Map((previous ?? []).map((column) => [column.name.toLowerCase(), column]));
  const used = new Set<SnapshotColumn>();
  const unknown: Mistake[] = [];
  const gone: Mistake[] = [];
  const retyped: Mistake[] = [];
  for (const { column, position } of uses) {
    const found = now.get(column.toLowerCase());
    const earlier = before.get(column.toLowerCase());
    if (found === undefined) {
      const names = source.map(({ name }) => name);
      if (earlier === undefined) unknown.push({ position, message: noSuchColumn(column, names) });
      else gone.push({ position, message: `column '${column}' is gone${didYouMean(column, names)}` });
      continue;
    }
    used.add(found);
    if (earlier !== undefined && earlier.type !== found.type)
      retyped.push({ position, message: `column '${column}' was ${earlier.type} and is ${found.type} now` });
  }
  return { columns: source.filter((column) => used.has(column)), unknown, gone, retyped };
}

/** E_SOURCE_DRIFT with every place of every mapping that uses a drifted column. */
export function refuseDrift(drifted: readonly Mistake[], systems: readonly string[]): void {
  if (drifted.length === 0) return;
  const lines = drifted.map(({ position, message }) => `${position.file}:${position.line}:${position.column}  ${message}`);
  throw new CutoverError(
    'E_SOURCE_DRIFT',
    `${systems.join(', ')} changed: ${lines.length} ${lines.length === 1 ? 'place in the mappings no longer fits' : 'places in the mappings no longer fit'}; nothing was pulled`,
    {
      details: lines,
      hint: `mend the lines above; where only a type changed and the mapping still reads it right: cutover pull ${systems.join(' ')} --full`,
    },
  );
}

interface Counts {
  readonly system: string;
  readonly entity: string;
  readonly rows: number;
  readonly quarantined: number;
  /** Rows of the last snapshot of the same table; null when there is none. */
  readonly before: number | null;
}

/** E_SOURCE_SHRANK for an empty answer, and for one smaller than the policy allows. */
export function refuseShrunk({ system, entity, rows, quarantined, before }: Counts, policies: Policies): void {
  const source = `${system}/${entity}`;
  if (policies.allow_empty.includes(source)) return;
  if (rows === 0) {
    const aside = quarantined > 0 ? `, and ${quarantined} rows that could not be read` : '';
    throw new CutoverError(
      'E_SOURCE_SHRANK',
      `${source} answered no rows${aside}${before === null ? '' : `; the last snapshot has ${before}`}; nothing was pulled from ${system}`,
      {
        hint: `if it may be empty, add ${source} to policies.allow_empty in cutover.yaml; if not: cutover profile ${system}`,
      },
    );
  }
  if (before === null || rows >= before * (1 - policies.shrink_percent / 100)) return;
  const percent = Math.floor((1 - rows / before) * 1000) / 10;
  throw new CutoverError('E_SOURCE_SHRANK', `${source} has ${rows} rows, ${before} at the last pull: ${percent} % less; nothing was pulled from ${system}`, {
    hint: `if that is right, raise policies.shrink_percent (${policies.shrink_percent}) or add ${source} to policies.allow_empty in cutover.yaml for one pull`,
  });
}

/** E_CONSERVATION when a snapshot does not hold the rows that were read. */
export function proveCounts(source: string, read: number, written: number): void {
  if (read === written) return;
  throw new CutoverError('E_CONSERVATION', `${source}: ${read} rows were read and ${written} written; no snapshot was made`, { hint: 'cutover pull --full' });
}
