import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { type ExpressionText, parseExpressions, unknownColumns } from './expression.ts';

let plane: DataPlane;
let spill: string;
beforeAll(async () => {
  spill = mkdtempSync(path.join(tmpdir(), 'expression-'));
  plane = await openDataPlane({ memory: '256MB', threads: 1, spillDirectory: spill });
});
afterAll(async () => {
  await plane.close();
  rmSync(spill, { recursive: true, force: true });
});

const inFile = (text: string): ExpressionText => ({ text, at: (offset) => ({ file: 'supplier.yaml', line: 7, column: 10 + offset }) });
const messages = async (text: string) =>
  (await parseExpressions(plane, [inFile(text)])).mistakes.map((mistake) => `${mistake.position.column - 10} ${mistake.message}`);

describe('what an expression may be', () => {
  it.each([
    "lpad(VEND_NO, 6, '0')",
    'trim(VEND_NAME)',
    "nullif(TAX_ID, '000000000')",
    "case when a = '1' then 'x' else b end",
    'a::int + 1',
    'cast(a as decimal(18,4))',
    'coalesce(a, b)',
    "a || '-' || b",
    "list_transform(string_split(a, ','), x -> trim(x))",
    "list_transform(string_split(a, ','), lambda x: x || b)",
    "[x for x in string_split(a, ',') if x <> '']",
    "doc ->> 'name'",
    "split_part(a, ';', 2)",
    'a in (1, 2) and b between 3 and 4 or not c is null',
    "a like 'x%' and b not similar to 'y+'",
    'a -- a remark',
    'a /* ; select 2 */',
    "strptime(a, '%d/%m/%Y')",
    'age(ordered_at, due_at) > interval 3 day',
    "'a;b'",
    "regexp_replace(a, '[^0-9]', '', 'g')",
    'round(a::decimal(18,4) / 3, 2)',
    "string_split(a, ',')[1]",
    "date_trunc('month', a::date)",
  ])('%s', async (text) => {
    expect(await messages(text)).toEqual([]);
  });

  it.each([
    ['(select 1)', 'a subquery cannot stand here'],
    ['a in (select b from c)', 'a subquery cannot stand here'],
    ['exists (select 1)', 'a subquery cannot stand here'],
    ['sum(a)', 'sum() is an aggregate'],
    ['count(*)', 'count_star() is an aggregate'],
    ['sum(a) over ()', 'a window function cannot stand here'],
    ['row_number() over ()', 'a window function cannot stand here'],
    ['random()', 'random() answers differently each time'],
    ['uuid()', 'uuid() answers differently each time'],
    ['now()', 'now() answers differently each time'],
    ['today()', 'today() answers differently each time'],
    ["nextval('s')", 'nextval() answers differently each time'],
    ['age(a)', 'age() answers differently each time'],
    ['ago(interval 1 day)', 'ago() cannot be called here'],
    ["getenv('HOME')", 'getenv'],
    ["current_setting('threads')", 'current_setting() cannot be called here'],
    ["getvariable('x')", 'getvariable() cannot be called here'],
    ["read_csv('/etc/passwd')", 'read_csv() reads a table or file'],
    ["read_text('/etc/passwd')", 'read_text() reads a table or file'],
    ['pg_sleep(1)', 'pg_sleep() cannot be called here'],
    ['unnest(a)', 'unnest'],
    ['*', '* cannot stand here'],
    ["columns('a.*')", '* cannot stand here'],
    ['a, b', 'only one expression may stand here'],
    ['a as b', "leave out 'as b'"],
    ['a from t', 'FROM cannot stand here'],
    ["a from read_csv('/etc/passwd')", 'FROM cannot stand here'],
    ['a where b', 'clauses of a query cannot stand here'],
    ['a order by b', 'clauses of a query cannot stand here'],
    ['a union select b', 'a statement cannot stand here'],
    ['a; select 2', 'no second statement'],
    ["a; copy (select 1) to '/tmp/x'", 'cannot stand here'],
    ['a /* x */ ; drop table t', 'cannot stand here'],
    ['a) , (b', 'not an SQL expression'],
    ['a) -- (', 'not an SQL expression'],
    ['a /* open', 'not an SQL expression'],
    ['$1', 'a parameter cannot stand here'],
    ['?', 'a parameter cannot stand here'],
    ['#1', 'a column is named, not numbered'],
    ['a +', 'not an SQL expression'],
    ['trimm(a)', "there is no scalar function trimm(); did you mean 'trim'?"],
    ["upper(code('terms', a))", 'must be the whole expression'],
    ['grouping(a)', 'cannot stand here'],
    ['system.information_schema.upper(a)', 'cannot'],
  ])('not %s', async (text, expected) => {
    const found = await messages(text);
    expect(found.join('\n')).toContain(expected);
  });

  it('a COPY is refused as a statement', async () => {
    expect((await messages("copy (select 1) to '/tmp/x'")).join()).toMatch(/not an SQL expression|a statement cannot stand here/);
  });
});

describe('positions', () => {
  it('points at the function, in characters and not bytes', async () => {
    expect(await messages("'é€' || random()")).toEqual(['8 random() answers differently each time; the same snapshot must give the same rows']);
  });

  it('tells all mistakes of all expressions at once', async () => {
    const { mistakes, parsed } = await parseExpressions(plane, ['now() || random()', 'trim(a)', '(select 1)'].map(inFile));
    expect(mistakes).toHaveLength(3);
    expect(parsed.map((one) => one === null)).toEqual([true, false, true]);
  });

  it('lists the columns used, not the names a lambda binds', async () => {
    const { parsed } = await parseExpressions(plane, [inFile('list_transform(string_split(a, \',\'), x -> x || "B c" || supplier.active)')]);
    expect(parsed[0]?.columns.map(({ names, offset, length }) => [names.join('.'), offset, length])).toEqual([
      ['a', 28, 1],
      ['B c', 47, 5],
      ['supplier.active', 56, 15],
    ]);
  });

  it('suggests a column for an unknown one', async () => {
    const text = inFile('trim(VEND_NAM) || current_date || a.b');
    const { parsed } = await parseExpressions(plane, [text]);
    expect(unknownColumns(parsed[0]!, text, ['VEND_NAME', 'vend_no']).map((mistake) => mistake.message)).toEqual([
      "no column 'VEND_NAM'; did you mean 'VEND_NAME'?",
      'current_date is not data: the same snapshot must give the same rows',
      "'a.b' has too many parts: an expression sees the columns of its own row",
    ]);
  });
});
