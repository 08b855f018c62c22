import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { copyToParquetSql } from '../../src/domain/sql.ts';
import { hasPseudoTerminal, openTerminal } from './pseudo-terminal.ts';
import { type Desk, openDesk } from './transcript.ts';

/** A workspace after a match that left one conflict and two pairs. */
async function matched(): Promise<Desk> {
  const desk = await openDesk();
  await desk.run('init');
  const run = join(desk.directory, '.cutover/runs/r1');
  await mkdir(run, { recursive: true });
  const record = (system: string, key: string, name: string) =>
    `json_object('system', '${system}', 'key', '${key}', 'fields', json_object('name', '${name}', 'city', 'Millbrook'))`;
  const item = (
    kind: string,
    conflict: string,
    type: string,
    weight: string,
    left: readonly [string, string, string],
    right: readonly [string, string, string],
  ) =>
    `SELECT '${kind}' AS kind, ${conflict} AS conflict, '${type}' AS class, 'across' AS place, NULL::VARCHAR AS field, NULL::VARCHAR AS value, NULL::VARCHAR AS other,
      NULL::VARCHAR AS proposal, 'a sentence about it' AS sentence, NULL::VARCHAR AS reason, ${weight}::INTEGER AS weight, -12000::INTEGER AS prior,
      '[{"comparison":"name","level":"very similar","weight":13500}]'::JSON AS evidence, to_json([${record(...left)}, ${record(...right)}]) AS records,
      [{system: '${left[0]}', "key": '${left[1]}'}, {system: '${right[0]}', "key": '${right[1]}'}] AS names, 'aaaa${right[1]}' AS value_hash, NULL::VARCHAR AS before, NULL::JSON AS pairs`;
  const plane = await openDataPlane({ memory: '256MB', threads: 1, spillDirectory: join(desk.directory, 'spill') });
  const items = [
    item('conflict', "'c0ffee'", 'shared-identifier', 'NULL', ['legacy', '000017', 'Kestrel Medical'], ['legacy', '000031', 'Old Quarry']),
    item('pair', 'NULL', 'review', '1500', ['legacy', '000017', 'Kestrel Medical'], ['odoo', '7', 'Kestrel Medical Ltd']),
    item('pair', 'NULL', 'review', '1200', ['legacy', '000023', 'Alder'], ['odoo', '8', 'Alder Instruments']),
  ];
  await plane.run(copyToParquetSql(items.join(' UNION ALL '), join(run, 'supplier.review.parquet')));
  await plane.close();
  await writeFile(join(run, 'match-worklist.csv'), '');
  const pointer = join(desk.directory, '.cutover/match/no-odoo/procurement');
  await mkdir(pointer, { recursive: true });
  await writeFile(
    join(pointer, 'review.json'),
    JSON.stringify({ format: 'cutover-review/1', entities: { supplier: { runId: 'r1', file: 'supplier.review.parquet' } } }),
  );
  return desk;
}

const rowsOf = async (desk: Desk) => {
  const lines = (await readFile(join(desk.directory, 'decisions/match.csv'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'NOW'));
};

test('without a terminal it refuses and names the worklist; nothing is written', async () => {
  const desk = await matched();
  const { exit, stderr, stdout } = await desk.run('match', 'decide', 'procurement');
  expect([exit, stdout]).toEqual([2, '']);
  expect(stderr).toContain('asks at a terminal');
  expect(stderr).toContain(join('.cutover/runs/r1/match-worklist.csv'));
  expect(desk.has('decisions/match.csv')).toBe(false);
  const { exit: code, json } = await desk.run('match', 'decide', 'procurement', '--json');
  expect([code, json.error?.code]).toEqual([2, 'E_USAGE']);
});

test('without a match it says what to do first', async () => {
  const desk = await openDesk();
  await desk.run('init');
  const { exit, json } = await desk.run('match', 'decide', 'procurement', '--json');
  expect([exit, json.error?.code, json.next]).toEqual([5, 'E_MATCH_STALE', ['cutover match procurement']]);
});

test.skipIf(!hasPseudoTerminal)(
  'at a terminal a person decides key by key, and every decision is written at once',
  async () => {
    const desk = await matched();
    const terminal = openTerminal(desk.directory, ['match', 'decide', 'procurement']);
    const first = await terminal.until('q quit');
    expect(first).toMatch(
      /supplier {2}shared-identifier {3}1 of 3[\s\S]*a sentence about it[\s\S]*legacy\/000017 +legacy\/000031[\s\S]*name +Kestrel Medical +Old Quarry +differs/,
    );
    terminal.type('s');
    await terminal.until('same says nothing of shared-identifier');
    terminal.type('k');
    await terminal.until(/One thing or two\? {2}\+1\.5 bits[\s\S]*2 of 3[\s\S]*\(before\) +-12\.0[\s\S]*name +very similar +13\.5[\s\S]*together +1\.5/);
    const header = 'entity,left,right,conflict,decision,by,at,reason,value_hash';
    const kept = expect.stringMatching(/^supplier,,,c0ffee,keep,[^,]+,NOW,,aaaa000031$/);
    expect(await rowsOf(desk)).toEqual([header, kept]);
    terminal.type('o');
    await terminal.until('Reason: █');
    terminal.type('same phone\r');
    await terminal.until('Reason: same phone');
    terminal.type('s');
    await terminal.until('3 of 3');
    terminal.type('b');
    await terminal.until('Decided: same');
    terminal.type('d');
    await terminal.until('3 of 3');
    expect(await rowsOf(desk)).toEqual([header, kept, expect.stringMatching(/^supplier,legacy\/000017,odoo\/7,,different,[^,]+,NOW,same phone,aaaa7$/)]);
    terminal.type('q');
    expect(await terminal.ended).toBe(0);
    expect(terminal.drawn).toMatch(/Decided 2 items: 1 different, 1 keep; 1 is open/);
    expect(terminal.drawn).toContain('cutover match procurement');
    expect(terminal.drawn.indexOf('\x1b[?1049h')).toBeLessThan(terminal.drawn.indexOf('\x1b[?1049l'));
    expect((await stat(join(desk.directory, 'decisions/match.csv'))).mode & 0o777).toBe(0o600);
    expect((await desk.run('status', '--json')).exit).toBe(0);

    const again = openTerminal(desk.directory, ['match', 'decide', 'procurement', '--by', 'S. Ortega'], { rows: 12, columns: 80 });
    const low = await again.until('q quit');
    expect(low).toContain('1 of 1');
    expect(low.split('\n').length).toBeLessThanOrEqual(12);
    again.type('s');
    await again.until('That was the last one');
    again.type('\x03');
    expect(await again.ended).toBe(0);
    expect((await rowsOf(desk)).at(-1)).toBe('supplier,legacy/000023,odoo/8,,same,S. Ortega,NOW,,aaaa8');
    const { exit, stdout } = await desk.run('match', 'decide', 'procurement');
    expect([exit, stdout]).toEqual([0, expect.stringContaining('Decided 0 items; none is open')]);
  },
  120_000,
);
