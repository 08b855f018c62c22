/** Groups of records of one thing, in two steps: connected components over pairs that may hold, then within each the two groups that belong together
 *  most are joined, again and again, while the average weight between them is enough. A chain a–b–c–d of single good pairs does not hold: every
 *  pair across two groups has a say, one that blocking did not find as well.
 *  Source: average linkage by reciprocal nearest neighbours (Murtagh 1983), which gives the same tree in any order. */

/** What a pair may add to an average, thousandths of a bit: one strong pair must not carry a group of strangers. */
const MOST_FOR = 12_000;
const MOST_AGAINST = -12_000;
/** Two strong identifiers that differ: no number of good pairs around it outweighs that. */
const EXCLUDED = -1_000_000;
/** Known to be two things: more than any group can weigh. */
const APART = -1_000_000_000_000;

/** Every record of an edge its own component, named by its lowest rid. */
export function componentsStartSql(threshold: number): string {
  return `CREATE OR REPLACE TABLE match_edges AS SELECT l, r FROM match_pairs WHERE w >= ${threshold};
    CREATE OR REPLACE TABLE match_component AS SELECT rid, rid AS c FROM (SELECT l AS rid FROM match_edges UNION SELECT r FROM match_edges)`;
}

/** One step: the lowest name among the neighbours, then the name's own name (pointer jumping). */
export function componentsStepSql(): string {
  return `CREATE OR REPLACE TABLE match_lowest AS
      SELECT c, min(n) AS n FROM (
        SELECT a.c, b.c AS n FROM match_edges JOIN match_component AS a ON a.rid = l JOIN match_component AS b ON b.rid = r
        UNION ALL SELECT b.c, a.c FROM match_edges JOIN match_component AS a ON a.rid = l JOIN match_component AS b ON b.rid = r) WHERE n < c GROUP BY c;
    CREATE OR REPLACE TABLE match_renamed AS SELECT s.c, coalesce(t.n, s.n) AS n FROM match_lowest AS s LEFT JOIN match_lowest AS t ON t.c = s.n;
    CREATE OR REPLACE TABLE match_component AS SELECT rid, coalesce(n, match_component.c) AS c FROM match_component LEFT JOIN match_renamed ON match_renamed.c = match_component.c`;
}

export const componentsLeftSql = (): string => 'SELECT count(*) AS n FROM match_renamed';

/** Groups begin as single records, and as those that known pairs join; sums and numbers of pairs between them, both ways. A pair no key found counts
 *  `missing`. */
export function groupsStartSql(missing: number): string {
  return `CREATE OR REPLACE TABLE match_group AS SELECT rid, coalesce(k.g, rid) AS g FROM match_component LEFT JOIN match_same_group AS k USING (rid);
    CREATE OR REPLACE TABLE match_size AS SELECT g, count(*) AS n FROM match_group GROUP BY g;
    CREATE OR REPLACE TABLE match_between AS
      SELECT least(x.g, y.g) AS g, greatest(x.g, y.g) AS h, sum(s)::BIGINT AS s FROM (
        SELECT l, r, (CASE WHEN x THEN ${EXCLUDED} ELSE least(${MOST_FOR}, greatest(${MOST_AGAINST}, w)) END - ${missing})::BIGINT AS s FROM match_pairs
        UNION ALL SELECT l, r, ${APART} FROM match_apart)
      JOIN match_component AS a ON a.rid = l JOIN match_component AS b ON b.rid = r JOIN match_group AS x ON x.rid = l JOIN match_group AS y ON y.rid = r
      WHERE a.c = b.c AND x.g <> y.g GROUP BY ALL`;
}

/** Each group's best neighbour by average weight; where two are each other's, the one with the higher name takes the lower one's. */
export function mergeStepSql(threshold: number, missing: number): string {
  return `CREATE OR REPLACE TABLE match_best AS
      SELECT e.g, e.h FROM (SELECT g, h, s FROM match_between UNION ALL SELECT h, g, s FROM match_between) AS e
      JOIN match_size AS x ON x.g = e.g JOIN match_size AS y ON y.g = e.h
      WHERE s + (${missing} - ${threshold}) * x.n * y.n >= 0
      QUALIFY row_number() OVER (PARTITION BY e.g ORDER BY s::DOUBLE / (x.n * y.n) DESC, least(e.g, e.h), greatest(e.g, e.h)) = 1;
    CREATE OR REPLACE TABLE match_merge AS SELECT a.g AS kept, a.h AS gone FROM match_best AS a JOIN match_best AS b ON a.h = b.g AND b.h = a.g WHERE a.g < a.h`;
}

export const mergesSql = (): string => 'SELECT count(*) AS n FROM match_merge';

export function applyMergesSql(): string {
  const name = (column: string, alias: string): string => `coalesce(${alias}.kept, ${column})`;
  return `CREATE OR REPLACE TABLE match_group AS SELECT rid, ${name('g', 'm')} AS g FROM match_group LEFT JOIN match_merge AS m ON m.gone = g;
    CREATE OR REPLACE TABLE match_size AS SELECT ${name('g', 'm')} AS g, sum(n)::BIGINT AS n FROM match_size LEFT JOIN match_merge AS m ON m.gone = g GROUP BY ALL;
    CREATE OR REPLACE TABLE match_between AS
      SELECT least(x, y) AS g, greatest(x, y) AS h, sum(s)::BIGINT AS s
      FROM (SELECT ${name('g', 'm')} AS x, ${name('h', 'k')} AS y, s FROM match_between LEFT JOIN match_merge AS m ON m.gone = g LEFT JOIN match_merge AS k ON k.gone = h)
      WHERE x <> y GROUP BY ALL`;
}

export function clustersSql(): string {
  return 'CREATE OR REPLACE TABLE match_clusters AS SELECT rid, coalesce(g, rid) AS cluster FROM match_records LEFT JOIN match_group USING (rid) ORDER BY rid';
}
