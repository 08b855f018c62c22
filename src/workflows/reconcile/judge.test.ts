import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BreakDecisionRow } from '../../domain/break-decision.ts';
import type { JudgedComparison } from './judge.ts';
import { keepNight, nightsLock } from './ledger.ts';
import { breakColumns, maskedBreaksSql } from './mask-sql.ts';
import { Laboratory, type ReconcileWorld } from './reconcile-world.fixture.ts';
import { breaksOf, decide, pull, suppliers, told } from './suppliers-world.fixture.ts';
import { stagePiiKey } from './value-tokens.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

describe('the life of a break', () => {
  it('is new, persists, is resolved and comes back, over nights', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { city: 'Ghent' }, V2: { city: 'Lund' } }, { V1: { city: 'Gent' }, V2: { city: 'Lund' } });
    const first = await world.night();
    expect(await told(world, first)).toEqual(['V1 city value open new 1']);
    expect(first).toMatchObject({ life: { new: 1, persisting: 0, reopened: 0, resolved: 0, open: 1 }, alarm: null, trend: [], resolved: { total: 0 } });

    world.asOf = '2026-01-03T03:04:05.000Z';
    await pull(world, { V1: { city: 'Ghent' }, V2: { city: 'Lund' } }, { V1: { city: 'Gent' }, V2: { city: null } });
    const second = await world.night();
    expect(await told(world, second)).toEqual(['V1 city value open persisting 2', 'V2 city missing-value open new 1']);
    expect((await breaksOf(world, second)).map((row) => row.first_seen)).toEqual(['2026-01-02T03:04:05.000Z', '2026-01-03T03:04:05.000Z']);

    world.asOf = '2026-01-04T03:04:05.000Z';
    await pull(world, { V1: { city: 'Ghent' }, V2: { city: 'Lund' } }, { V1: { city: 'Ghent' }, V2: { city: 'Malmö' } });
    const third = await world.night();
    expect(await told(world, third)).toEqual(['V2 city value open persisting 2']);
    expect(third.resolved).toEqual({
      total: 1,
      first: [{ id: expect.any(String), entity: 'supplier', rule: 'city', class: 'value', firstSeen: '2026-01-02T03:04:05.000Z', nights: 2 }],
    });

    world.asOf = '2026-01-05T03:04:05.000Z';
    await pull(world, { V1: { city: 'Ghent' }, V2: { city: 'Lund' } }, { V1: { city: 'Gent' }, V2: { city: 'Malmö' } });
    const fourth = await world.night();
    expect(await told(world, fourth)).toEqual(['V1 city value open reopened 1', 'V2 city value open persisting 3']);
    expect(fourth.life).toEqual({ new: 0, persisting: 1, reopened: 1, resolved: 0, open: 2, pending: 0, waived: 0, echo: 0 });
    expect(fourth.trend.map(({ asOf, verdict, new: news, resolved }) => [asOf.slice(0, 10), verdict, news, resolved])).toEqual([
      ['2026-01-02', 'BREAKS', 1, 0],
      ['2026-01-03', 'BREAKS', 1, 0],
      ['2026-01-04', 'BREAKS', 0, 1],
    ]);

    // against the first night: V1 was there then, V2 was not
    const since = await world.judge({ since: first.runId });
    expect(await told(world, since)).toEqual(['V1 city value open persisting 1', 'V2 city value open new 3']);
    expect((await world.judge({ since: '2026-01-03' })).life).toMatchObject({ new: 0, persisting: 2, resolved: 0 });
    expect((await world.judge({ since: '2026-01-04' })).life).toMatchObject({ persisting: 1, reopened: 1 });
    // what is kept is told against the night before, whatever was asked for
    expect(since.night.life).toEqual(fourth.life);
    await expect(world.judge({ since: '20260101T000000-reconcile-beef' })).rejects.toMatchObject({
      ...{ code: 'E_RUN_UNKNOWN', hint: `cutover reconcile procurement --since ${fourth.runId}` },
    });
    await expect(world.judge({ since: '2025-12-31' })).rejects.toMatchObject({ code: 'E_RUN_UNKNOWN' });
  });

  it('is the same night when the same snapshots are looked at again, and the same bytes', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gent' } });
    await world.night();
    await pull(world, { V1: { city: 'Ghent' }, V2: {} }, { V1: { city: 'Gent' } });
    const [once, twice] = [await world.night(), await world.night()];
    expect(await told(world, once)).toEqual(['V1 city value open persisting 2', 'V2 only-legacy only-legacy open new 1']);
    const bytes = (judged: JudgedComparison) => judged.entities.map(({ breaks }) => readFileSync(breaks));
    expect(bytes(twice)).toEqual(bytes(once));
    expect({ ...twice, runId: '', entities: [] }).toEqual({ ...once, runId: '', entities: [] });
    // a mapping that was mended in between: told against the earlier look at this night
    expect((await world.judge({ since: twice.runId })).life).toMatchObject({ new: 0, persisting: 2 });
    const pointer = join(await world.ports.runs.reconcileDirectory(world.uuid, 'procurement'), 'latest.json');
    const { nights } = JSON.parse(readFileSync(pointer, 'utf8')) as { nights: { number: number; runs: string[] }[] };
    expect(nights.map(({ number, runs }) => [number, runs.length])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('keeps its id, and its age, when its class changes', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: null } });
    const [before] = await breaksOf(world, await world.night());
    await pull(world, { V1: { city: null } }, { V1: { city: 'Gent' } });
    const [after] = await breaksOf(world, await world.night());
    expect([before?.class, after?.class]).toEqual(['missing-value', 'extra-value']);
    expect(after).toMatchObject({ id: before?.id, life: 'persisting', nights: 2 });
    expect(after?.value_hash).not.toBe(before?.value_hash);
  });

  it('has an id of its own, also where one of two rows with one key was rejected', async () => {
    const name = { type: 'text', required: true };
    const world = await laboratory.world(
      suppliers({ fields: { no: name, name, city: { type: 'text' }, iban: { type: 'text' }, changed: { type: 'timestamp' } } }),
    );
    await pull(world, {}, {});
    const row = { no: 'V1', city: null, iban: null, changed: null };
    await world.legacy('meditrack', 'supplier', [
      { ...row, name: 'A' },
      { ...row, name: null },
    ]);
    const both = await breaksOf(world, await world.judge());
    const [mapped, rejected] = ['only-legacy', 'rejected'].map((name) => both.find((one) => one.class === name)?.id);
    expect(mapped).not.toBe(rejected);
    // alone it is the break of its record, which stays the same when the row is mended
    await world.legacy('meditrack', 'supplier', [{ ...row, name: null }]);
    expect(await breaksOf(world, await world.judge())).toMatchObject([{ class: 'rejected', id: mapped }]);
  });

  it('raises one alarm for more new open breaks than the policies allow, but not in the first night', async () => {
    const world = await laboratory.world(suppliers());
    world.workspace = { ...world.workspace, file: { ...world.workspace.file, policies: { ...world.workspace.file.policies, new_breaks: 1 } } };
    await pull(world, { V1: {}, V2: {} }, {});
    expect((await world.night()).alarm).toBeNull();
    await pull(world, { V1: {}, V2: {}, V3: {} }, {});
    expect((await world.night()).alarm).toBeNull();
    await pull(world, { V1: {}, V2: {}, V3: {}, V4: {}, V5: {} }, {});
    expect((await world.judge()).alarm).toEqual({ newBreaks: 2, limit: 1 });
  });

  it('is not kept while another run keeps a night, nor once a newer one was kept', async () => {
    const world = await laboratory.world(suppliers());
    const warnings: string[] = [];
    const progress: ReconcileWorld['ports']['progress'] = (event) => {
      if (event.kind === 'warning') warnings.push(event.text);
    };
    await pull(world, { V1: {} }, {});
    await laboratory.state.withLock(nightsLock(world.uuid, 'procurement'), 'reconcile other', () => world.night({ progress }));
    expect(warnings).toEqual([expect.stringMatching(/reconcile other.*this night is not kept/)]);
    expect((await world.judge()).life).toMatchObject({ new: 1, persisting: 0 });

    const late = await world.judge();
    await pull(world, { V1: {}, V2: {} }, {});
    await world.night();
    await keepNight(late, 'BREAKS', 'late', { ...world.ports, progress });
    expect(warnings[1]).toMatch(/has looked at newer snapshots of procurement: this night is not kept/);
    expect((await world.judge()).life).toMatchObject({ new: 2 });
  });
});

describe('a decision', () => {
  it('says which side holds, where a side can', async () => {
    const world = await laboratory.world(suppliers({ owner: { default: 'odoo' } }));
    await pull(world, { V1: { name: 'A' }, V3: {} }, { V1: { name: 'B' }, V2: {} }, ['V1']);
    const directions = async () => (await breaksOf(world, await world.judge())).map((row) => [row.key, row.class, row.direction].join(' '));
    expect(await directions()).toEqual(['V1 value return-to-legacy', 'V3 only-legacy decide', 'V2 only-odoo return-to-legacy']);
    const rows = await breaksOf(world, await world.judge());
    const say = (decision: string) =>
      decide(
        world,
        rows.map((row) => ({ break: row.id, value_hash: row.value_hash ?? '', decision, until: '' })),
      );
    say('legacy');
    expect(await directions()).toEqual(['V1 value update-odoo', 'V3 only-legacy create-in-odoo', 'V2 only-odoo archive-in-odoo']);
    say('odoo');
    expect(await directions()).toEqual(['V1 value return-to-legacy', 'V3 only-legacy return-to-legacy', 'V2 only-odoo return-to-legacy']);
  });
});

describe('a waiver', () => {
  it('holds for the values it was made on, until its day', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gent' } });
    const [one] = await breaksOf(world, await world.judge());
    const row = { break: one?.id ?? '', value_hash: one?.value_hash ?? '', until: '2026-01-31' };
    decide(world, [row]);
    const judged = await world.judge();
    expect(await breaksOf(world, judged)).toMatchObject([{ status: 'waived', waived_until: '2026-01-31', decision: 'waive' }]);
    expect(judged.life).toMatchObject({ open: 0, waived: 1, new: 1 });
    expect(judged.waivers).toEqual([
      {
        ...{ break: one?.id, entity: 'supplier', key: '', field: '', decision: 'waive', by: 'sue', reason: 'known', until: '2026-01-31' },
        ...{ daysLeft: 29, state: 'applies', problem: null, file: 'decisions/breaks.csv', line: 2 },
      },
    ]);
    world.asOf = '2026-01-31T23:59:00.000Z';
    expect((await world.judge()).waivers).toMatchObject([{ state: 'applies', daysLeft: 0 }]);
    world.asOf = '2026-02-01T00:00:00.000Z';
    const lapsed = await world.judge();
    expect(await told(world, lapsed)).toEqual(['V1 city value open new 1']);
    expect(lapsed.waivers).toMatchObject([{ state: 'expired', daysLeft: -1 }]);

    world.asOf = '2026-01-05T00:00:00.000Z';
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gand' } });
    const changed = await world.judge();
    expect(await told(world, changed)).toEqual(['V1 city value open new 1']);
    expect(changed.waivers).toMatchObject([{ state: 'value-changed' }]);
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Ghent' } });
    expect((await world.judge()).waivers).toMatchObject([{ state: 'no-such-break' }]);
  });

  it('never suppresses when anything about its row is off, and says what', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gent' } });
    const [one] = await breaksOf(world, await world.judge());
    const right = { break: one?.id ?? '', value_hash: one?.value_hash ?? '' };
    const wrong: readonly Partial<BreakDecisionRow>[] = [
      { ...right, break: right.break.slice(1) },
      { ...right, break: right.break.toUpperCase().replace(/^./, 'G') },
      { ...right, value_hash: '' },
      { ...right, value_hash: '0123456789abcdef' },
      { ...right, until: '' },
      { ...right, until: '2026-02-30' },
      { ...right, until: '31.12.2026' },
      { ...right, until: '2026-01-01' },
      { ...right, reason: ' ' },
      { ...right, by: '' },
      { ...right, decision: 'wave' },
    ];
    for (const row of wrong) {
      decide(world, [row]);
      const judged = await world.judge();
      expect(await told(world, judged), JSON.stringify(row)).toEqual(['V1 city value open new 1']);
      expect(judged.waivers.map((waiver) => waiver.state)).not.toContain('applies');
      expect(judged.waivers).toHaveLength(1);
    }
    decide(world, wrong.slice(-1));
    expect((await world.judge()).waivers).toMatchObject([{ state: 'invalid', problem: expect.stringContaining("did you mean 'waive'") }]);
    decide(world, [{ ...right, entity: 'somebody_elses', decision: 'wave' }]);
    expect((await world.judge()).waivers).toEqual([]);
  });

  it('gives way to a later row on the same break and values, whatever that says', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gent' } });
    const [one] = await breaksOf(world, await world.judge());
    const row = { break: one?.id ?? '', value_hash: one?.value_hash ?? '' };
    decide(world, [row, { ...row, until: '2026-01-01' }]);
    const judged = await world.judge();
    expect(await told(world, judged)).toEqual(['V1 city value open new 1']);
    expect(judged.waivers).toMatchObject([{ state: 'expired', line: 3 }]);
    decide(world, [row, { ...row, decision: 'odoo', until: '' }]);
    expect(await breaksOf(world, await world.judge())).toMatchObject([{ status: 'open', decision: 'odoo', direction: 'return-to-legacy' }]);
    // of an earlier value nothing is told any more
    decide(world, [{ ...row, value_hash: '0123456789abcdef' }, row]);
    expect((await world.judge()).waivers).toMatchObject([{ state: 'applies', line: 3 }]);
  });
});

describe('values of pii fields', () => {
  const key = { piiKey: async () => 'a key of the hospital' };
  const masked = async (world: ReconcileWorld, judged: JudgedComparison, secret: string | null, clear = false) => {
    await stagePiiKey(laboratory.plane, secret);
    return await world.rows(maskedBreaksSql(judged.entities[0]?.breaks ?? '', { clear }));
  };

  it('are tokens with a key, blank without one, and clear when asked for', async () => {
    const world = await laboratory.world(suppliers());
    await pull(world, { V1: { iban: 'DE02120300000000202051' } }, { V1: { iban: 'DE02100500000054540402' } });
    const bare = await world.judge();
    expect(await breaksOf(world, bare)).toMatchObject([{ value_hash: null, legacy: 'DE02120300000000202051' }]);
    const blank = await masked(world, bare, null);
    expect(blank).toMatchObject([{ key: 'V1', legacy: null, odoo: null, masked: true }]);
    expect(Object.keys(blank[0] ?? {})).toEqual([...breakColumns]);
    const keyed = await world.judge({ ports: key });
    expect(await breaksOf(world, keyed)).toMatchObject([{ value_hash: expect.stringMatching(/^[0-9a-f]{16}$/) }]);
    expect(await masked(world, keyed, 'a key of the hospital')).toMatchObject([
      { key: 'V1', legacy: expect.stringMatching(/^~[0-9a-f]{12}$/), odoo: expect.stringMatching(/^~[0-9a-f]{12}$/), masked: true },
    ]);
    expect(await masked(world, keyed, null, true)).toMatchObject([{ legacy: 'DE02120300000000202051', masked: false }]);
    const [other] = await breaksOf(world, await world.judge({ ports: { piiKey: async () => 'another key' } }));
    expect(other?.value_hash).not.toBe((await breaksOf(world, keyed))[0]?.value_hash);
    // nothing can be bound to what has no hash
    decide(world, [{ break: String(other?.id), value_hash: '0123456789abcdef' }]);
    expect((await world.judge()).waivers).toMatchObject([{ state: 'invalid', problem: expect.stringContaining('pii_key') }]);
  });

  it('give keyed ids where the record key is one of them', async () => {
    const world = await laboratory.world(suppliers({}, { pii: true }));
    await pull(world, { V1: { city: 'Ghent' } }, { V1: { city: 'Gent' } });
    const [bare] = await breaksOf(world, await world.judge());
    const keyed = await world.night(key);
    expect((await breaksOf(world, keyed))[0]?.id).not.toBe(bare?.id);
    expect(await masked(world, keyed, 'a key of the hospital')).toMatchObject([{ key: expect.stringMatching(/^~/), legacy: 'Ghent', masked: true }]);
    expect((await world.judge({ ports: key })).life).toMatchObject({ new: 1, resolved: 0 });
  });
});
