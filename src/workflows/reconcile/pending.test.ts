import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Laboratory } from './reconcile-world.fixture.ts';
import { breaksOf, decide, loaded, pull, pullLegacy, suppliers, told } from './suppliers-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const settling = suppliers({ settle_minutes: 60, changed_at: 'changed' });
/** The as-of of the world is 03:04:05. */
const [old, young] = ['2026-01-02 01:00:00', '2026-01-02 02:30:00'];

describe('a young difference', () => {
  it('is pending until the settle time has passed since the side that may have moved was changed', async () => {
    const world = await laboratory.world(settling);
    // both sides agreed on the cities before
    const [same, moved] = [{ city: 'Ghent' }, { city: 'Lund' }];
    await pull(world, { V1: same, V2: same, V3: same, V4: same }, { V1: same, V2: same, V3: same, V4: same });
    await world.reconcile();
    await pull(
      world,
      {
        V1: { ...moved, changed: young },
        V2: { ...moved, changed: old },
        V3: { ...same, changed: young },
        V4: { ...same, changed: young },
        V5: { changed: young },
      },
      { V1: { ...same, written: young }, V2: { ...same, written: young }, V3: { ...moved, written: old }, V4: { ...moved, written: young } },
    );
    const judged = await world.judge();
    expect(await told(world, judged)).toEqual([
      'V1 city value pending new 1',
      'V2 city value open new 1',
      'V3 city value open new 1',
      'V4 city value pending new 1',
      'V5 only-legacy only-legacy pending new 1',
    ]);
    expect((await breaksOf(world, judged)).map((row) => row.pending_until)).toEqual([
      ...['2026-01-02T03:30:00.000Z', null, null],
      ...['2026-01-02T03:30:00.000Z', '2026-01-02T03:30:00.000Z'],
    ]);
    expect(judged.life).toMatchObject({ new: 5, open: 2, pending: 3 });
    world.asOf = '2026-01-02T03:30:00.000Z';
    expect((await world.judge()).life).toMatchObject({ open: 5, pending: 0 });
  });

  it('is as old as it was first seen where nothing else tells, and stays a break whoever touches the record', async () => {
    const world = await laboratory.world(suppliers({ settle_minutes: 60 }));
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gent', written: old } });
    expect(await told(world, await world.night())).toEqual(['V1 city value pending new 1']);
    world.asOf = '2026-01-02T04:04:04.000Z';
    expect(await told(world, await world.night())).toEqual(['V1 city value pending new 1']);
    // the same night, looked at an hour after the first look
    world.asOf = '2026-01-02T04:04:05.000Z';
    expect(await told(world, await world.night())).toEqual(['V1 city value open new 1']);
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gand', written: '2026-01-02 04:04:00' } });
    expect(await told(world, await world.night())).toEqual(['V1 city value open persisting 2']);
  });

  it('is never pending where waiting mends nothing, and waived before that', async () => {
    const world = await laboratory.world(settling);
    await pull(world, { V1: { name: 'A' } }, { V1: { name: 'B', written: young }, V2: { written: young } }, ['V1']);
    await world.legacy('meditrack', 'supplier', [
      { no: 'V1', name: 'A', city: null, iban: null, changed: young },
      { no: 'V2', name: 'V2', city: null, iban: null, changed: young },
      { no: 'V3', name: 'V3', city: null, iban: null, changed: young },
      { no: 'V3', name: 'V3', city: null, iban: null, changed: young },
      { no: null, name: 'none', city: null, iban: null, changed: young },
    ]);
    const judged = await world.judge();
    expect(await told(world, judged)).toEqual([
      'V1 name value pending new 1',
      'V2 exists-unlinked exists-unlinked open new 1',
      'V3 duplicate-key duplicate-key open new 1',
      ' null-key null-key open new 1',
    ]);
    const [pending] = await breaksOf(world, judged);
    decide(world, [{ break: pending?.id ?? '', value_hash: pending?.value_hash ?? '' }]);
    expect((await told(world, await world.judge()))[0]).toBe('V1 name value waived new 1');
  });

  it('is not young because we wrote to the record ourselves', async () => {
    const world = await laboratory.world(settling);
    const same = { city: 'Ghent', changed: old };
    await pull(world, { V1: same, V2: same }, { V1: { city: 'Ghent' }, V2: { city: 'Ghent' } });
    await world.reconcile();
    // before this snapshot we wrote the name; somebody has changed the city before that
    await loaded(
      world,
      laboratory,
      { id: '20260102T022900-load-0001', startedAt: '2026-01-02T02:29:00.000Z', endedAt: '2026-01-02T02:31:00.000Z', asOf: '2025-12-31T00:00:00.000Z' },
      { V1: { name: 'V1' } },
    );
    await pull(world, { V1: same, V2: same }, { V1: { city: 'Lund', written: young }, V2: { city: 'Lund', written: young } });
    expect(await told(world, await world.judge())).toEqual(['V1 city value open new 1', 'V2 city value pending new 1']);
  });
});

describe('an echo', () => {
  /** After every snapshot of the worlds here. */
  const since = { startedAt: '2026-01-01T12:00:00.000Z', endedAt: '2026-01-01T12:05:00.000Z' };

  it('is what we have written since the snapshot of Odoo was taken, and is gone with the next pull', async () => {
    const world = await laboratory.world(suppliers());
    const same = { city: 'Ghent' };
    await pull(world, { V1: same, V2: same, V3: same }, { V1: same, V2: same, V3: same });
    await world.night();
    await pullLegacy(world, { V1: { city: 'Lund' }, V2: { city: 'Lund' }, V3: same, V4: {} });
    const before = await world.night();
    expect(await told(world, before)).toEqual(['V1 city value open new 1', 'V2 city value open new 1', 'V4 only-legacy only-legacy open new 1']);

    await loaded(world, laboratory, { id: '20260101T120000-load-aaaa', ...since }, { V1: { city: 'Lund' }, V4: { no: 'V4', name: 'V4' } });
    await world.link('supplier', 'meditrack', { V4: 4 });
    const looking = await world.night();
    expect(await told(world, looking)).toEqual(['V1 city value echo new 1', 'V2 city value open new 1', 'V4 missing-in-odoo missing-in-odoo echo new 1']);
    expect(looking.life).toMatchObject({ new: 1, open: 1, echo: 2 });
    expect([...looking.echoes]).toEqual([['supplier', 2]]);

    await pull(world, { V1: { city: 'Lund' }, V2: { city: 'Lund' }, V3: same, V4: {} }, { V1: { city: 'Lund' }, V2: same, V3: same, V4: {} });
    const after = await world.night();
    expect(await told(world, after)).toEqual(['V2 city value open persisting 2']);
    expect(after.life).toMatchObject({ echo: 0, resolved: 0 });
  });

  it('is resolved from the night on in which we wrote it', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gent' } });
    await world.night();
    await pullLegacy(world, { V1: { city: 'Ghent' }, V2: {} });
    await loaded(world, laboratory, { id: '20260101T120000-load-bbbb', ...since }, { V1: { city: 'Ghent' } });
    const judged = await world.judge();
    expect(await told(world, judged)).toEqual(['V1 city value echo persisting 2', 'V2 only-legacy only-legacy open new 1']);
    expect(judged.life).toMatchObject({ new: 1, persisting: 0, resolved: 1, echo: 1 });
  });

  it('is not what somebody changed in Odoo after a load that the snapshot has seen', async () => {
    const world = await laboratory.world(suppliers());
    const lund = { V1: { city: 'Lund' } };
    await loaded(world, laboratory, { id: '20251231T120000-load-cccc', startedAt: '2025-12-31T12:00:00.000Z', endedAt: '2025-12-31T12:05:00.000Z' }, lund);
    await pull(world, lund, { V1: { city: 'Ghent' } });
    expect(await told(world, await world.judge())).toEqual(['V1 city value open new 1']);
    // with one as-of for both nobody can say which came first: it is reported
    const snapshot = await world.ports.snapshots.latest('odoo', 'supplier');
    await loaded(world, laboratory, { id: '20260101T120000-load-dddd', ...since, asOf: snapshot?.manifest.asOf ?? '' }, lund);
    expect(await told(world, await world.judge())).toEqual(['V1 city value open new 1']);
    // the rollback of a load is one of ours, too
    await loaded(world, laboratory, { id: '20260101T120000-rollback-eeee', command: 'rollback', ...since }, lund);
    expect(await told(world, await world.judge())).toEqual(['V1 city value echo new 1']);
  });
});
