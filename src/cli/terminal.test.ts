import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { counted, duration, grouped, type Style } from './style.ts';
import { table, wrapped } from './table.ts';

const plain: Style = { paint: new Chalk({ level: 0 }), width: 60 };

test('numbers are grouped and never rounded', () => {
  expect(['0', '999', '1000', '63791994.8380', '-1234567.0001'].map(grouped)).toEqual(['0', '999', '1,000', '63,791,994.8380', '-1,234,567.0001']);
  expect(grouped('not a number')).toBe('not a number');
  expect([counted(1, 'row'), counted(2000, 'row'), counted(3, 'entity', 'entities')]).toEqual(['1 row', '2,000 rows', '3 entities']);
});

test('durations read as a person says them', () => {
  expect([0.42, 12.4, 185, 7800].map(duration)).toEqual(['0.4 s', '12 s', '3 min 05 s', '2 h 10 min']);
});

test('a table aligns numbers to the right and shows none as a dot', () => {
  const rows = [
    { name: 'supplier', count: 1204, sum: '10.50' },
    { name: 'product', count: 7, sum: null },
  ];
  const text = table(
    rows,
    [
      { header: 'entity', value: (row) => row.name },
      { header: 'rows', value: (row) => row.count },
      { header: 'sum', value: (row) => row.sum },
    ],
    plain,
  );
  expect(text.split('\n')).toEqual(['  entity      rows     sum', '  supplier   1,204   10.50', '  product        7       ·']);
});

test('a table is never wider than the terminal: the widest text is cut, numbers stay whole', () => {
  const rows = [{ name: 'a name that goes on and on, much longer than anyone wants to read in a table', count: 123456789 }];
  const text = table(
    rows,
    [
      { header: 'name', value: (row) => row.name },
      { header: 'rows', value: (row) => row.count },
    ],
    plain,
  );
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBe(60);
  expect(text).toContain('…   123,456,789');
});

test('a cell with line ends stays on its line', () => {
  expect(table([{ a: 'x\ny\tz' }], [{ header: 'a', value: (row) => row.a }], plain)).toBe('  a\n  x y z');
});

test('a table without rows is its header', () => {
  expect(table([], [{ header: 'entity', value: () => '' }], plain)).toBe('  entity');
});

test('text wraps at spaces and keeps its indent', () => {
  expect(wrapped('one two three four', 12, 2)).toBe('  one two\n  three four');
});

test('what is typed into the next command is never cut', () => {
  const row = { name: 'n'.repeat(40), id: '20261123T060000000Z-1f2e3d4c' };
  const text = table(
    [row],
    [
      { header: 'name', value: ({ name }) => name },
      { header: 'id', isWhole: true, value: ({ id }) => id },
    ],
    { ...plain, width: 50 },
  );
  expect(text).toContain(`…   ${row.id}`);
});
