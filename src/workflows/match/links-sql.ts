/** One to one between two sources: a pair is a link when each is the other's best; then the same among those left, until none is found.
 *  Ties go to the lower rid, which is the lower key. `match_links` (l, r, w). */
import { KNOWN_WEIGHT } from './known-pairs.ts';

export function linksTableSql(): string {
  return 'CREATE OR REPLACE TABLE match_links (l INTEGER, r INTEGER, w INTEGER, round INTEGER)';
}

/** Pairs that may still become links. */
export function openPairsSql(threshold: number): string {
  return `CREATE OR REPLACE TABLE match_open AS SELECT l, r, w FROM match_pairs WHERE w >= ${threshold}`;
}

/** Known pairs come first; here a record may be in several, since a merge in one system leaves two records of the other on one. */
export function knownLinksSql(): string {
  return `INSERT INTO match_links SELECT l, r, ${KNOWN_WEIGHT}, 0 FROM match_same JOIN match_records AS a ON a.rid = l JOIN match_records AS b ON b.rid = r
    WHERE a.source = 0 AND b.source <> 0`;
}

export function mutualBestSql(round: number): string {
  return `INSERT INTO match_links SELECT l, r, w, ${round} FROM match_open
    QUALIFY row_number() OVER (PARTITION BY l ORDER BY w DESC, r) = 1 AND row_number() OVER (PARTITION BY r ORDER BY w DESC, l) = 1`;
}

export function dropTakenSql(): string {
  return 'DELETE FROM match_open WHERE l IN (SELECT l FROM match_links) OR r IN (SELECT r FROM match_links)';
}
