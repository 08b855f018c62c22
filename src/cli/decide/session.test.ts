import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { Review, ReviewConflict, ReviewItem, ReviewPair, Said } from '../../domain/review.ts';
import type { Style } from '../style.ts';
import { keysIn, keysOf } from './keys.ts';
import { renderEnd, renderItem, type Shown } from './render.ts';
import { decideAll, type View } from './session.ts';

const pair = (ordinal: number, changes: Partial<ReviewPair> = {}): ReviewPair => ({
  ...{ kind: 'pair', ordinal, entity: 'supplier', verdict: 'review', weight: 1.5, prior: -12.3, valueHash: `p${ordinal}`, before: null, recordCount: 2 },
  evidence: [
    { comparison: 'name', level: 'nearly equal', weight: 9.1 },
    { comparison: 'city', level: 'different', weight: -3.4 },
    { comparison: 'fax', level: 'missing', weight: 0 },
  ],
  records: [
    { system: 'erp', key: '17', fields: { name: 'Kestrel', city: 'Millbrook', iban: 'DE02', fax: null } },
    { system: 'odoo', key: '7', fields: { name: 'KESTREL ', city: 'Eastvale', iban: 'DE99' } },
  ],
  ...changes,
});
const conflict = (ordinal: number, name: ReviewConflict['class'], changes: Partial<ReviewConflict> = {}): ReviewConflict => ({
  ...{
    kind: 'conflict',
    ordinal,
    entity: 'supplier',
    id: `c${ordinal}`,
    class: name,
    place: 'within-legacy',
    field: 'gln',
    valueHash: `h${ordinal}`,
    before: null,
  },
  ...{ value: '4006', other: null, proposal: '4007', sentence: 'its check digit is off', reason: 'one digit swapped', recordCount: 1, pairs: [] },
  ...{ weight: null, prior: 0, evidence: [] },
  records: [{ system: 'erp', key: '17', fields: { name: 'Kestrel' } }],
  ...changes,
});

/** A review in memory; what is written is kept as text in order. `twins`: ordinals that are one thing. */
function reviewOf(items: readonly ReviewItem[], twins: Readonly<Record<number, number>> = {}) {
  const known = new Map<number, Said>();
  const written: string[] = [];
  const place = (ordinal: number) => twins[ordinal] ?? ordinal;
  const review: Review = {
    ...{ capability: 'procurement', total: items.length, unnameable: 0, file: 'match.csv', worklist: null },
    entity: (entity) => ({ entity, pii: new Set(['iban']), keyIsPii: false, odooSystem: 'odoo' }),
    item: async (ordinal) => items[ordinal] as ReviewItem,
    said: ({ ordinal }) => known.get(place(ordinal)) ?? null,
    async decide({ ordinal }, said) {
      known.set(place(ordinal), said);
      written.push(`${ordinal} ${said.decision}${said.reason === '' ? '' : ` (${said.reason})`}`);
    },
  };
  return { review, written };
}

async function* typed(...pieces: readonly string[]): AsyncIterable<string> {
  yield* pieces;
}

async function press(items: readonly ReviewItem[], keys: string, twins?: Readonly<Record<number, number>>) {
  const { review, written } = reviewOf(items, twins);
  const views: View[] = [];
  const counts = await decideAll(review, keysOf(typed(...keys)), (view) => views.push(view));
  const seen = views.map((view) => (view.kind === 'end' ? 'end' : view.item.ordinal));
  return { written, counts, views, seen, last: views.at(-1) };
}

const items = [pair(0), pair(1), conflict(2, 'check-digit-fails')];

describe('keys', () => {
  it('are told from what a terminal sends', () => {
    expect(keysIn('sÄ\r\x7f\x1b\x03')).toEqual([
      { kind: 'character', text: 's' },
      { kind: 'character', text: 'Ä' },
      { kind: 'enter' },
      { kind: 'backspace' },
      { kind: 'escape' },
      { kind: 'interrupt' },
    ]);
    expect(keysIn('\x1b[D\x1bOC\x1b[15~\x1b[1;5C\t\u{1F600}')).toEqual([{ kind: 'left' }, { kind: 'right' }, { kind: 'character', text: '\u{1F600}' }]);
  });

  it('decide, and each decision is written at once', async () => {
    const { written, counts, seen, last } = await press(items, 'sdk');
    expect(written).toEqual(['0 same', '1 different', '2 keep']);
    expect(counts).toEqual({ decided: { same: 1, different: 1, keep: 1 }, open: 0 });
    expect(seen).toEqual([0, 1, 2, 'end']);
    expect(last).toEqual({ kind: 'end' });
  });

  it.each([
    ['q', 'snqd', ['0 same'], 2],
    ['Ctrl-C', 's\x03dd', ['0 same'], 2],
    ['the end of the keys', 'nn', [], 3],
  ])('%s ends it and keeps what was decided', async (_, keys, decided, open) => {
    const { written, counts } = await press(items, keys);
    expect([written, counts.open]).toEqual([decided, open]);
  });

  it('go on and back without deciding; past the last one is the end, and back from there the last one', async () => {
    expect((await press(items, 'nnnbbbb')).seen).toEqual([0, 1, 2, 'end', 2, 1, 0, 0]);
    expect((await press(items, 'nnnbb\x1b[C')).seen.slice(0, 6)).toEqual([0, 1, 2, 'end', 2, 1]);
    const { last } = await press(items, 'b');
    expect(last).toMatchObject({ message: 'this is the first one' });
    expect((await press(items, 'nnnxs')).seen).toEqual([0, 1, 2, 'end', 'end', 'end']);
  });

  it('can take a word back: the one that was said last is the one that counts', async () => {
    const { written, counts, views } = await press(items, 'sbdn');
    expect(written).toEqual(['0 same', '0 different']);
    expect(counts).toEqual({ decided: { same: 0, different: 1, keep: 0 }, open: 2 });
    expect(views[2]).toMatchObject({ item: { ordinal: 0 }, said: { decision: 'same', reason: '' } });
  });

  it('that say nothing of an item are answered, and nothing is written', async () => {
    for (const [item, keys, message] of [
      [pair(0), 'k', 'keep says nothing of a pair: same or different'],
      [conflict(0, 'check-digit-fails'), 's', 'same says nothing of check-digit-fails: keep'],
      [conflict(0, 'shared-identifier'), 's', 'same says nothing of shared-identifier: different or keep'],
      [pair(0), 'x', 'x does nothing here'],
    ] as const) {
      const { written, last } = await press([item], keys);
      expect([written, last]).toMatchObject([[], { message }]);
    }
    expect((await press([conflict(0, 'duplicate-record')], 'S')).written).toEqual(['0 same']);
  });

  it('type a reason for the decision that follows, with letters that decide elsewhere', async () => {
    expect((await press(items, 'osame bank\x7fk\rsd')).written).toEqual(['0 same (same bank)', '1 different']);
    expect((await press(items, 'odropped\x1bs')).written).toEqual(['0 same']);
    expect((await press(items, 'okept\rnd')).written).toEqual(['1 different']);
    const { views } = await press(items, 'oab');
    expect(views.map((view) => (view.kind === 'item' ? view.typing : null))).toEqual([null, '', 'a', 'ab']);
  });

  it('type a reason for what is decided already, written at once', async () => {
    expect((await press(items, 'sboseen\rn')).written).toEqual(['0 same', '0 same (seen)']);
    expect((await press(items, 'ofirst\rsbd')).written).toEqual(['0 same (first)', '0 different (first)']);
  });

  it('need not be pressed twice for a pair that waits as a conflict too', async () => {
    const { written, counts, seen } = await press([conflict(0, 'duplicate-record'), pair(1), pair(2)], 'dn', { 1: 0 });
    expect(written).toEqual(['0 different']);
    expect(seen).toEqual([0, 2, 'end']);
    expect(counts).toEqual({ decided: { same: 0, different: 1, keep: 0 }, open: 1 });
  });

  it('find nothing to decide where nothing is open', async () => {
    expect((await press([], 'sq')).seen).toEqual(['end', 'end']);
  });
});

describe('what is shown', () => {
  const style: Style = { paint: new Chalk({ level: 0 }), width: 100 };
  const shown: Shown = { entity: { entity: 'supplier', pii: new Set(['iban']), keyIsPii: false, odooSystem: 'odoo' }, clear: false, total: 1234 };
  const view = (item: ReviewItem, changes: Partial<Extract<View, { kind: 'item' }>> = {}) =>
    ({ kind: 'item', item, said: null, message: null, typing: null, reason: '', ...changes }) as const;
  const text = (item: ReviewItem, how: Partial<Shown> = {}) => renderItem(view(item), { ...shown, ...how }, style).body.join('\n');

  it('of a pair are both records, field by field, and the waterfall of the evidence', () => {
    expect(text(pair(4))).toBe(`supplier  One thing or two?  +1.5 bits   5 of 1,234

  field   erp/17      odoo/7
  name    Kestrel     KESTREL    case or blanks
  city    Millbrook   Eastvale   differs
  iban    (masked)    (masked)   differs

  speaks for it, or against                   bits
  (before)                                   -12.3      ▇▇▇▇▇▇▇▇▇│
  name                        nearly equal     9.1               │▇▇▇▇▇▇▇
  city                        different       -3.4            ▇▇▇│
  together                                     1.5               │▇`);
  });

  it('never holds personal data, unless it is asked for', () => {
    expect(text(pair(0))).not.toContain('DE02');
    expect(text(pair(0), { clear: true })).toContain('DE02');
    const secret = { ...shown.entity, keyIsPii: true };
    expect(text(pair(0), { entity: secret })).toContain('erp/(masked)');
    expect(text(pair(0), { entity: secret })).toContain('odoo/7');
    const held = conflict(0, 'check-digit-fails', { field: 'iban', value: 'DE02', other: 'DE03', proposal: 'DE04' });
    expect(text(held)).not.toMatch(/DE0/);
    expect(text(held, { clear: true })).toMatch(/DE02[\s\S]*DE03[\s\S]*DE04/);
    expect(text(conflict(0, 'key-not-unique', { field: null, value: 'K-1' }), { entity: secret })).not.toContain('K-1');
  });

  it('of a conflict is what speaks for it and the repair, with as many records as fit', () => {
    const held = conflict(0, 'shared-identifier', { recordCount: 9, records: [...pair(0).records, { system: 'erp', key: '99', fields: {} }], before: 'keep' });
    const told = text(held);
    expect(told).toContain('supplier  shared-identifier in gln');
    expect(told).toContain("Decided 'keep' before, on other values.");
    expect(told).toMatch(/evidence +its check digit is off\n +value +4006\n +proposal +4007 {2}\(one digit swapped\)/);
    expect(told).toContain('not there: erp/99');
    expect(told).toContain('and 6 more records');
    expect(told).not.toContain('together');
    const { weight, prior, evidence } = pair(0);
    expect(text(conflict(0, 'duplicate-record', { weight, prior, evidence }))).toMatch(/name +nearly equal +9\.1[\s\S]*together +1\.5/);
  });

  it('cannot be made to move the cursor by what stands in the data', () => {
    const rogue = pair(0, {
      records: [
        { system: 'erp', key: '1\x1b[2J', fields: { name: 'A\x1b]0;x\x07\nB' } },
        { system: 'lab', key: '2', fields: { name: 'C' } },
      ],
    });
    expect(text(rogue)).not.toMatch(/\p{Cc}(?<!\n)/u);
    expect(text(rogue)).toContain('A␣]0;x␣␣B');
  });

  it('says at the foot which keys mean something now', () => {
    const foot = (item: ReviewItem, changes: Partial<Extract<View, { kind: 'item' }>> = {}) => renderItem(view(item, changes), shown, style).foot;
    expect(foot(pair(0))).toEqual(['s same   d different   n next   b back   o reason   q quit']);
    expect(foot(conflict(0, 'check-digit-fails'))).toEqual(['k keep as it is   n next   b back   o reason   q quit']);
    expect(foot(pair(0), { said: { decision: 'same', reason: 'seen' }, message: 'x does nothing here' })[0]).toBe(
      'Decided: same   Reason: seen   x does nothing here',
    );
    expect(foot(pair(0), { typing: 'because' })).toEqual(['Enter keeps the reason, Escape drops it', 'Reason: because█']);
    expect(renderEnd(style).foot).toEqual(['b back   q quit']);
  });
});
