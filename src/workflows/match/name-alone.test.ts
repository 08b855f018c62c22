import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { FieldContract } from '../../domain/contract.ts';
import { matchRecords } from './match-records.ts';

const names = [
  ...['Harrow Linen Ltd', 'HARROW  LINEN LIMITED', 'Harrow Linen', 'Barrow Linen Ltd', 'Blizzard Drainage Ltd', 'Stuart Drainage'],
  ...['Marlford Village Hall', 'Arlford Village Hall', 'Quay Housing (Rent)', 'Quay Housing', 'Dunmore Vale LLP', 'Dunmore Vale'],
];

it('of records with nothing but a name the equal ones are one thing, and the similar ones are for a person', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-name-alone-'));
  const plane = await openDataPlane({ memory: '512MB', threads: 2, spillDirectory: directory });
  try {
    const letter = (at: number) => String.fromCharCode(97 + (at % 26));
    const others = Array.from({ length: 200 }, (_, at) => `${letter(at)}ra${letter(at * 3)}o${letter(at + 7)}${letter(Math.floor(at / 26))} Parish Council`);
    const values = [...names, ...others];
    await plane.run(`CREATE TABLE listed AS SELECT unnest([${values.map((name) => `'${name}'`).join(', ')}]) AS _key`);
    await plane.run('CREATE TABLE suppliers AS SELECT _key, _key AS spelling, _key AS name FROM listed');
    const text = FieldContract.parse({ type: 'text' });
    const sources = [{ name: 'ledger', rows: 'suppliers' }];
    const outcome = await matchRecords({ plane, entity: 'supplier', sources, fields: { spelling: text, name: text }, key: ['spelling'], mode: 'dedupe' });
    const groups = await plane.rows<{ names: string[] }>(
      'SELECT list(key ORDER BY key) AS names FROM match_clusters JOIN match_records USING (rid) GROUP BY cluster HAVING count(*) > 1 ORDER BY names',
    );
    expect(groups.map((group) => group.names)).toEqual([
      ['Dunmore Vale', 'Dunmore Vale LLP'],
      ['HARROW  LINEN LIMITED', 'Harrow Linen', 'Harrow Linen Ltd'],
    ]);
    const [match] = await plane.rows<{ n: number }>(`SELECT count(*) AS n FROM match_pairs WHERE w >= ${outcome.thresholds.match * 1000}`);
    expect(match?.n).toBe(4);
  } finally {
    await plane.close();
    await rm(directory, { recursive: true, force: true });
  }
});
