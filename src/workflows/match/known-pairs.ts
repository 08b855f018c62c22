/** What was decided or linked before: pairs that are one thing, and pairs that are two, whatever they weigh.
 *
 *  `match_same`, `match_apart` (l, r), `match_same_group` (rid, g): records that known pairs join, directly or through others, under their lowest rid. */
import type { DataPlane } from '../../domain/ports.ts';
import { identifier } from '../../domain/sql.ts';

/** Names of tables with l_source INTEGER, l_key VARCHAR, r_source INTEGER, r_key VARCHAR; sources by their position in the request.
 *  Where they contradict each other `apart` holds: of `same` those pairs are left out, the highest first, that would join what is apart. */
export interface KnownPairs {
  readonly same: string;
  readonly apart: string;
}

/** The weight of a pair that is known to be one thing, thousandths of a bit. */
export const KNOWN_WEIGHT = 24_000;

/** Needs `match_records`. Without known pairs the tables are empty. */
export async function makeKnownPairs(plane: DataPlane, known: KnownPairs | undefined): Promise<void> {
  await plane.run(knownSql('match_same', known?.same));
  await plane.run(knownSql('match_apart', known?.apart));
  await sameGroups(plane);
  const disputed = await plane.rows<{ g: number }>(disputedSql());
  if (disputed.length === 0) return;
  await leaveOutContradictions(plane, disputed.map(({ g }) => g).join(', '));
  await sameGroups(plane);
}

function knownSql(table: string, from: string | undefined): string {
  if (from === undefined) return `CREATE OR REPLACE TABLE ${table} (l INTEGER, r INTEGER)`;
  return `CREATE OR REPLACE TABLE ${table} AS SELECT DISTINCT least(a.rid, b.rid) AS l, greatest(a.rid, b.rid) AS r FROM ${identifier(from)}
    JOIN match_records AS a ON a.source = l_source AND a.key = l_key JOIN match_records AS b ON b.source = r_source AND b.key = r_key WHERE a.rid <> b.rid`;
}

/** Lowest names spread along the pairs until none changes; most known groups are pairs, and done in one step. */
async function sameGroups(plane: DataPlane): Promise<void> {
  await plane.run(`CREATE OR REPLACE TABLE match_same_group AS SELECT rid, min(n) AS g
    FROM (SELECT l AS rid, l AS n FROM match_same UNION ALL SELECT r, l FROM match_same) GROUP BY rid`);
  for (;;) {
    await plane.run(`CREATE OR REPLACE TABLE match_same_lower AS SELECT g, min(n) AS n FROM (
      SELECT a.g, b.g AS n FROM match_same JOIN match_same_group AS a ON a.rid = l JOIN match_same_group AS b ON b.rid = r
      UNION ALL SELECT b.g, a.g FROM match_same JOIN match_same_group AS a ON a.rid = l JOIN match_same_group AS b ON b.rid = r) WHERE n < g GROUP BY g`);
    const [row] = await plane.rows<{ n: number }>('SELECT count(*) AS n FROM match_same_lower');
    if (row === undefined || Number(row.n) === 0) break;
    await plane.run(`CREATE OR REPLACE TABLE match_same_group AS
      SELECT rid, coalesce(n, s.g) AS g FROM match_same_group AS s LEFT JOIN match_same_lower AS m ON m.g = s.g`);
  }
  await plane.run('DROP TABLE match_same_lower');
}

function disputedSql(): string {
  return 'SELECT DISTINCT a.g AS g FROM match_apart JOIN match_same_group AS a ON a.rid = l JOIN match_same_group AS b ON b.rid = r WHERE a.g = b.g ORDER BY g';
}

/** Pairs of the groups in which a contradiction is, one after the other: few, and their order matters. */
async function leaveOutContradictions(plane: DataPlane, groups: string): Promise<void> {
  const of = (table: string): string => `SELECT l, r FROM ${table} JOIN match_same_group ON rid = l WHERE g IN (${groups}) ORDER BY l, r`;
  const same = await plane.rows<{ l: number; r: number }>(of('match_same'));
  const apart = await plane.rows<{ l: number; r: number }>(of('match_apart'));
  const rejected = contradicting(same, apart);
  await plane.run(`DELETE FROM match_same WHERE (l, r) IN (${rejected.map(({ l, r }) => `(${l}, ${r})`).join(', ')})`);
}

interface Pair {
  readonly l: number;
  readonly r: number;
}

/** The pairs of `same` that, taken in order, would join what is apart. */
export function contradicting<P extends Pair>(same: readonly P[], apart: readonly Pair[]): P[] {
  const members = new Map<number, Set<number>>();
  const enemies = new Map<number, number[]>();
  for (const { l, r } of apart) {
    enemies.set(l, [...(enemies.get(l) ?? []), r]);
    enemies.set(r, [...(enemies.get(r) ?? []), l]);
  }
  const groupOf = (rid: number): Set<number> => members.get(rid) ?? new Set([rid]);
  return same.filter(({ l, r }) => {
    const [left, right] = [groupOf(l), groupOf(r)];
    if (left === right) return false;
    if ([...left].some((rid) => enemies.get(rid)?.some((enemy) => right.has(enemy)))) return true;
    const joined = new Set([...left, ...right]);
    for (const rid of joined) members.set(rid, joined);
    return false;
  });
}
