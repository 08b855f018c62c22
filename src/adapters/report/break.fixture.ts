/** One break, ordinary but for what a test says of it. */
import type { Break } from '../../domain/difference.ts';

export function breakWith(rest: Partial<Break>): Break {
  return {
    id: 'aaaaaaaaaaaaaaaa',
    entity: 'supplier',
    system: 'meditech',
    key: 'V0000001',
    odooId: 7,
    class: 'value',
    rule: 'name',
    field: 'name',
    legacy: 'Braun',
    odoo: 'BRAUN',
    baseline: null,
    movement: 'never-agreed',
    owner: 'legacy',
    direction: 'update-odoo',
    status: 'open',
    life: 'new',
    firstSeen: '2026-11-23T02:00:00.000Z',
    nights: 1,
    pendingUntil: null,
    waivedUntil: null,
    valueHash: 'bbbbbbbbbbbbbbbb',
    masked: false,
    ...rest,
  };
}

/** What a page, a cell, a document and a terminal could take for something else than text. */
export const hostileTexts = [
  '</script><script>globalThis.harmed=1</script>',
  '<img src=x onerror="globalThis.harmed=1">',
  '<!--<script>',
  "=cmd|'/c calc'!A1",
  '@SUM(1)',
  '+1-1',
  "'quoted",
  "'=1+1",
  'a|b `c` **d** [e](https://example.com) @everyone #1',
  ']]>&amp;&#x1F;',
  '_x0041_ \u0001\u0008\uFFFE \u202Etxt.exe',
  '"; DROP TABLE x; --\r\nsecond line\ttab',
  '000123',
  '1234567890123456789',
  '12e5',
  '-12.50',
  '\u{1F600} İstanbul ẞ e\u0301',
  '',
] as const;
