import { expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { NightLaboratory } from './night-world.ts';
import { describeSecondLook } from './second-look-suite.ts';

describeSecondLook('the sandbox', () => startSandbox({ seed: 'bare' }));

it('a second look asks a database for the rows that differ, and only for these', async () => {
  const laboratory = await NightLaboratory.open(await startSandbox({ seed: 'bare' }));
  try {
    const world = laboratory.world({ fromDatabase: true });
    const rows = ['Lyon', 'Paris', 'Nice'].map((city, index) => `(${index + 1}, '${world.name}-${index + 1}', 'Acme', '${city}')`);
    await world.execute(`CREATE TABLE vendor (id integer PRIMARY KEY, no text, name text, city text); INSERT INTO vendor VALUES ${rows.join(', ')}`);
    await world.loaded(['1', 'Acme', 'Metz'], ['2', 'Acme', 'Rome'], ['3', 'Acme', 'Nice']);
    await world.pull();
    const { before, look, after } = await world.night(() => world.execute("UPDATE vendor SET city = 'Metz' WHERE id <> 2"));
    expect(before).toEqual(['1 value city Lyon→Metz open', '2 value city Paris→Rome open']);
    expect(look).toEqual({ records: 2, entities: ['supplier'] });
    // the third row has changed as well: it did not differ, so it is tomorrow's
    expect(after).toEqual(['2 value city Paris→Rome open']);
    await world.pull();
    expect(await world.breaks(await world.judged())).toEqual(['2 value city Paris→Rome open', '3 value city Metz→Nice open']);
  } finally {
    await laboratory.close();
  }
});
