/** What decisions/match*.csv says about pairs of records, in the words of the two sides: which legacy records are one thing, and which legacy
 *  record is, or is not, which record of Odoo. Pure. */
import { type MatchDecisionRow, type RecordName, recordName, recordText } from '../../domain/matching.ts';

/** A pair of a legacy record and a record of Odoo, as a row of decisions/links.csv has it. */
export interface LinkDecision {
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  /** Database id or External ID. */
  readonly odoo: string;
  readonly decision: 'same' | 'different';
}

/** A legacy record that is one thing with all others of its group. */
export interface JoinedRecord extends RecordName {
  readonly entity: string;
  readonly group: number;
}

/** Pairs with one record of Odoo. Pairs within Odoo say nothing about a legacy record. */
export function decidedLinks(rows: readonly MatchDecisionRow[], odooSystem: string): readonly LinkDecision[] {
  return pairsOf(rows).flatMap(({ entity, left, right, decision }) => {
    const [legacy, odoo] = right.system === odooSystem ? [left, right] : [right, left];
    if (odoo.system !== odooSystem || legacy.system === odooSystem) return [];
    return [{ entity, system: legacy.system, key: legacy.key, odoo: odoo.key, decision }];
  });
}

/** Groups of legacy records, through chains of pairs too. Where they contradict each other `different` holds: a pair, in the order of the rows, that
 *  would join what is apart is left out. */
export function joinedRecords(rows: readonly MatchDecisionRow[], odooSystem: string): readonly JoinedRecord[] {
  const pairs = pairsOf(rows).filter(({ left, right }) => left.system !== odooSystem && right.system !== odooSystem);
  const joined: JoinedRecord[] = [];
  let group = 0;
  for (const [entity, own] of Map.groupBy(pairs, (pair) => pair.entity)) {
    for (const members of groupsOf(own)) {
      group += 1;
      for (const { system, key } of members) joined.push({ entity, system, key, group });
    }
  }
  return joined;
}

interface Pair {
  readonly entity: string;
  readonly left: RecordName;
  readonly right: RecordName;
  readonly decision: 'same' | 'different';
}

function pairsOf(rows: readonly MatchDecisionRow[]): readonly Pair[] {
  return rows.flatMap(({ entity, left: l, right: r, conflict, decision }) => {
    const [left, right] = [recordName(l), recordName(r)];
    return conflict !== '' || left === null || right === null || decision === 'keep' ? [] : [{ entity, left, right, decision }];
  });
}

function groupsOf(pairs: readonly Pair[]): ReadonlySet<readonly RecordName[]> {
  const enemies = new Map<string, string[]>();
  const groups = new Map<string, readonly RecordName[]>();
  for (const { left, right, decision } of pairs) {
    if (decision === 'same') continue;
    const [l, r] = [recordText(left), recordText(right)];
    enemies.set(l, [...(enemies.get(l) ?? []), r]);
    enemies.set(r, [...(enemies.get(r) ?? []), l]);
  }
  for (const { left, right, decision } of pairs) {
    if (decision === 'different') continue;
    const [one, other] = [groups.get(recordText(left)) ?? [left], groups.get(recordText(right)) ?? [right]];
    const others = new Set(other.map(recordText));
    if (one === other || others.has(recordText(left))) continue;
    if (one.some((member) => enemies.get(recordText(member))?.some((enemy) => others.has(enemy)))) continue;
    const all = [...one, ...other];
    for (const member of all) groups.set(recordText(member), all);
  }
  return new Set(groups.values());
}
