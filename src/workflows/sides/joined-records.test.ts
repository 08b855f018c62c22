import { describe, expect, test } from 'vitest';
import { MatchDecisionRow } from '../../domain/matching.ts';
import { decidedLinks, joinedRecords } from './joined-records.ts';

const pair = (left: string, decision: string, right: string) => MatchDecisionRow.parse({ entity: 'supplier', left, right, decision, by: 'steward' });

function groups(rows: readonly MatchDecisionRow[]): string[] {
  return [...Map.groupBy(joinedRecords(rows, 'odoo'), (one) => one.group).values()].map((members) =>
    members.map(({ system, key }) => `${system}/${key}`).join(' '),
  );
}

describe('decisions on pairs', () => {
  test('join legacy records through chains', () => {
    expect(groups([pair('a/1', 'same', 'b/1'), pair('b/2', 'same', 'a/2'), pair('b/1', 'same', 'a/3'), pair('a/3', 'same', 'a/1')])).toEqual([
      'a/1 b/1 a/3',
      'b/2 a/2',
    ]);
  });

  test('keep apart what is decided to be different, whatever joins it', () => {
    expect(groups([pair('a/1', 'same', 'b/1'), pair('b/1', 'same', 'a/2'), pair('a/2', 'different', 'a/1')])).toEqual(['a/1 b/1']);
    expect(groups([pair('a/1', 'same', 'b/1'), pair('a/1', 'different', 'b/1')])).toEqual([]);
  });

  test('say which record of Odoo a legacy record is, whichever side stands first, and nothing of pairs within Odoo and of conflicts', () => {
    const rows = [
      pair('a/1', 'same', 'odoo/7'),
      pair('odoo/base.main_partner', 'different', 'b/x/y'),
      pair('odoo/7', 'same', 'odoo/8'),
      pair('a/1', 'same', 'a/1'),
      MatchDecisionRow.parse({ entity: 'supplier', conflict: '0123456789abcdef', decision: 'same', by: 'steward' }),
    ];
    expect(decidedLinks(rows, 'odoo').map(({ system, key, odoo, decision }) => `${system} ${key} ${decision} ${odoo}`)).toEqual([
      'a 1 same 7',
      'b x/y different base.main_partner',
    ]);
    expect(groups(rows)).toEqual([]);
  });
});
