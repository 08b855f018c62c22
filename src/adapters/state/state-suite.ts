/** What every state store does, embedded or on a server; run by state.test.ts and state.postgres.ts. */
import { expect, test } from 'vitest';
import type { LinkBundle } from '../../domain/crosswalk.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { StateStore } from '../../domain/ports.ts';
import { clock, crosswalkLink, journalEntry } from './state-entries.fixture.ts';

export async function collect<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

function linksOfBundles(bundles: readonly LinkBundle[]): string[] {
  const links = bundles.flatMap(({ keys, odooIds, provenance, validFrom, open }) => {
    const ids = JSON.parse(odooIds) as number[];
    return (JSON.parse(keys) as string[]).map((key, index) => `${key} ${ids[index]} ${provenance} ${validFrom} ${open}`);
  });
  return links.sort();
}

export function codeOf(error: unknown): string {
  return error instanceof CutoverError ? error.code : String(error);
}

export function describeState(store: () => StateStore): void {
  test('keeps runs, newest first, with what they answered', async () => {
    const state = store();
    await state.startRun({ id: 'runs-1', command: 'plan', capability: 'procurement', startedAt: '2026-11-23T05:00:00.000Z', asOf: '2026-11-23T04:00:00Z' });
    await state.startRun({ id: 'runs-2', command: 'load', capability: 'procurement', startedAt: '2026-11-23T05:01:00.000Z', asOf: '2026-11-23T04:00:00Z' });
    await state.endRun('runs-1', 'ok', '2026-11-23T05:00:30.000Z', { file: 'p', counts: { create: 2 } });
    expect(await state.run('runs-1')).toEqual({
      id: 'runs-1',
      command: 'plan',
      capability: 'procurement',
      status: 'ok',
      startedAt: '2026-11-23T05:00:00.000Z',
      endedAt: '2026-11-23T05:00:30.000Z',
      asOf: '2026-11-23T04:00:00Z',
      data: { file: 'p', counts: { create: 2 } },
    });
    expect((await state.runs()).map((run) => run.id)).toEqual(['runs-2', 'runs-1']);
    expect((await state.runs({ command: 'plan', capability: 'procurement', limit: 1 })).map((run) => run.id)).toEqual(['runs-1']);
    expect(await state.runs({ capability: 'finance' })).toEqual([]);
    expect(await state.run('none')).toBeNull();
    expect(await state.endRun('none', 'ok', clock.now(), null).catch(codeOf)).toBe('E_RUN_UNKNOWN');
  });

  test('links, keeps a link that is there, closes one that leads elsewhere', async () => {
    const state = store();
    await state.link([crosswalkLink('A', 7), crosswalkLink('B', 8), crosswalkLink('a', 9)]);
    await state.link([
      crosswalkLink('A', 7, { runId: 'r2', provenance: 'decision' }),
      crosswalkLink('B', 80, { runId: 'r2', validFrom: '2026-11-24T06:00:00.000Z' }),
    ]);
    const links = await collect(state.links('uuid-1', 'procurement', 'supplier'));
    expect(links.map((item) => [item.key, item.odooId, item.runId])).toEqual([
      ['A', 7, 'r1'],
      ['B', 80, 'r2'],
      ['a', 9, 'r1'],
    ]);
    expect(links[1]).toEqual(crosswalkLink('B', 80, { runId: 'r2', validFrom: '2026-11-24T06:00:00.000Z' }));
    expect([...(await state.linksOf('uuid-1', 'supplier', 'legacy', ['A', 'Z'])).keys()]).toEqual(['A']);
    await state.unlink('uuid-1', 'supplier', 'legacy', ['A', 'B'], '2026-11-25T06:00:00.000Z', 'r3');
    expect((await collect(state.links('uuid-1', 'procurement', null))).map((item) => item.key)).toEqual(['a']);
    await state.link([crosswalkLink('A', 7, { runId: 'r4', validFrom: '2026-11-26T06:00:00.000Z' })]);
    expect((await state.linksOf('uuid-1', 'supplier', 'legacy', ['A'])).get('A')?.runId).toBe('r4');
  });

  test('pages through many links in order and keeps strange keys apart', async () => {
    const state = store();
    const keys = ['A B', 'A_B', 'A,B', "O'Neil", 'Ünïcode', ...Array.from({ length: 12_000 }, (_, index) => `k${index}`)];
    await state.link(keys.map((key, index) => crosswalkLink(key, index + 1, { odooUuid: 'uuid-2' })));
    const found = await collect(state.links('uuid-2', 'procurement', null));
    expect(found.length).toBe(keys.length);
    expect(found.map((item) => item.key)).toEqual([...keys].sort());
    expect(await collect(state.linksAt('uuid-2', 'procurement', 'supplier', clock.now()))).toEqual(found);
  });

  test('hands out links in bundles, all of them or what has changed since', async () => {
    const state = store();
    const world = { odooUuid: 'uuid-4' };
    const keys = ['A B', 'a"b', 'a\\b', 'Ünïcode', '\u{1D11E}', '\uFFFD', ...Array.from({ length: 26_000 }, (_, index) => `k${index}`)];
    await state.link(keys.map((key, index) => crosswalkLink(key, index + 1, { ...world, ...(index % 2 === 0 ? { provenance: 'score' } : {}) })));
    await state.link([crosswalkLink('elsewhere', 1, { ...world, capability: 'finance' })]);
    const all = await state.bundledLinks('uuid-4', 'procurement', null);
    const found = linksOfBundles(await collect(all.bundles));
    expect(all.isChange).toBe(false);
    expect(found).toEqual(keys.map((key, index) => `${key} ${index + 1} ${index % 2 === 0 ? 'score' : 'load'} 2026-11-23T06:00:00.000Z true`).sort());
    await state.link([crosswalkLink('k0', 70, { ...world, validFrom: '2026-11-24T06:00:00.000Z' }), crosswalkLink('new', 71, world)]);
    await state.unlink('uuid-4', 'supplier', 'legacy', ['k1'], '2026-11-25T06:00:00.000Z', 'r3');
    const since = await state.bundledLinks('uuid-4', 'procurement', all.moment);
    expect(since.isChange).toBe(true);
    expect(since.moment.change).toBe(all.moment.change + 2);
    expect(linksOfBundles(await collect(since.bundles))).toEqual([
      'k0 7 score 2026-11-23T06:00:00.000Z false',
      'k0 70 load 2026-11-24T06:00:00.000Z true',
      'k1 8 load 2026-11-23T06:00:00.000Z false',
      'new 71 load 2026-11-23T06:00:00.000Z true',
    ]);
    expect(await collect((await state.bundledLinks('uuid-4', 'procurement', since.moment)).bundles)).toEqual([]);
    const other = { ...since.moment, mark: '00000000-0000-4000-8000-000000000000' };
    expect((await state.bundledLinks('uuid-4', 'procurement', other)).isChange).toBe(false);
    expect(await collect((await state.bundledLinks('uuid-none', 'procurement', null)).bundles)).toEqual([]);
  });

  test('tells what a record was linked to, since when, until when and by whom', async () => {
    const state = store();
    const at = (day: number) => `2026-11-${day}T06:00:00.000Z`;
    const world = { odooUuid: 'uuid-3' };
    await state.link([crosswalkLink('A', 7, world), crosswalkLink('B', 8, world), crosswalkLink('C', 9, { ...world, entity: 'product' })]);
    await state.link([crosswalkLink('B', 7, { ...world, runId: 'r2', validFrom: at(24), provenance: 'external-id' })]);
    await state.unlink('uuid-3', 'supplier', 'legacy', ['A'], at(25), 'r3');
    await state.link([crosswalkLink('A', 70, { ...world, runId: 'r4', validFrom: at(26), provenance: 'score' })]);
    const then = async (moment: string, entity: string | null = 'supplier') =>
      (await collect(state.linksAt('uuid-3', 'procurement', entity, moment))).map((item) => `${item.key} ${item.odooId} ${item.provenance}`);
    expect(await then('2026-11-22T06:00:00Z')).toEqual([]);
    expect(await then(at(23))).toEqual(['A 7 load', 'B 8 load']);
    expect(await then('2026-11-24T05:59:59.999Z')).toEqual(['A 7 load', 'B 8 load']);
    expect(await then(at(24))).toEqual(['A 7 load', 'B 7 external-id']);
    expect(await then(at(25))).toEqual(['B 7 external-id']);
    expect(await then(at(27), null)).toEqual(['C 9 load', 'A 70 score', 'B 7 external-id']);
    expect(await collect(state.linksAt('uuid-3', 'finance', null, at(27)))).toEqual([]);
    expect(await state.history('uuid-3', 'supplier', 'legacy', 'A')).toEqual([
      { ...crosswalkLink('A', 7, world), validTo: at(25), closedBy: 'r3' },
      { ...crosswalkLink('A', 70, { ...world, runId: 'r4', validFrom: at(26), provenance: 'score' }), validTo: null, closedBy: null },
    ]);
    const moved = await state.history('uuid-3', 'supplier', 'legacy', 'B');
    expect(moved.map(({ odooId, validTo, closedBy }) => [odooId, validTo, closedBy])).toEqual([
      [8, at(24), 'r2'],
      [7, null, null],
    ]);
    expect(await state.history('uuid-3', 'supplier', 'legacy', 'none')).toEqual([]);
  });

  test('lets a plan be used once, and names the run that used it', async () => {
    const state = store();
    await state.registerPlan({ nonce: 'n1', kind: 'load', capability: 'procurement', runId: 'plan-1', sha256: 'x', file: '/p' });
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => state.consumePlan('n1', `load-${index}`)));
    const winners = tries.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
    expect(winners.length).toBe(1);
    const refusal = await state.consumePlan('n1', 'late').catch((error: unknown) => error);
    expect(codeOf(refusal)).toBe('E_PLAN_USED');
    expect(String(refusal)).toContain(`load-${winners[0]}`);
    await state.consumePlan('n1', `load-${winners[0]}`);
    expect(await state.planOf(`load-${winners[0]}`)).toEqual({ nonce: 'n1', file: '/p', sha256: 'x' });
    expect(await state.planOf('plan-1')).toEqual({ nonce: 'n1', file: '/p', sha256: 'x' });
    expect(await state.planOf('none')).toBeNull();
    expect(await state.consumePlan('unknown', 'r').catch(codeOf)).toBe('E_PLAN_INVALID');
  });

  test('journals in sequence, also when batches are in flight at once, and gives back what was written', async () => {
    const state = store();
    const drafts = Array.from({ length: 600 }, (_, index) =>
      journalEntry('j1', `k${index}`, { payload: { sent: { text: '\u0000 ✓ "q"', number: 0.1, big: 1e21 } } }),
    );
    await Promise.all([state.journal(drafts.slice(0, 250)), state.journal(drafts.slice(250, 500)), state.journal(drafts.slice(500))]);
    await state.journal([journalEntry('j1', 'second', { segment: 2, kind: 'answer', odooId: 5 }), journalEntry('j1', 'last', { kind: 'seal' })]);
    const entries = await collect(state.journalOf('j1'));
    expect(entries.length).toBe(602);
    expect(entries.slice(0, 3)).toEqual(drafts.slice(0, 3).map((draft, index) => ({ ...draft, sequence: index + 1 })));
    expect(entries.map((item) => [item.segment, item.sequence])).toEqual([...Array.from({ length: 601 }, (_, index) => [1, index + 1]), [2, 1]]);
    expect(await collect(state.journalOf('j1', { actions: [2] }))).toEqual([]);
    expect((await collect(state.journalOf('j1', { actions: [2, 1] }))).length).toBe(602);
    expect((await collect(state.journalOf('j1', { actions: [1], kinds: ['answer', 'seal'] }))).map(({ key }) => key)).toEqual(['last', 'second']);
    const verdict = await state.verifyJournal('j1');
    expect(verdict).toMatchObject({ entries: 602, sealed: false, findings: [] });
    expect(await state.journalHeads('j1')).toEqual(verdict.segments);
    expect(verdict.segments.map(({ segment, entries: count }) => [segment, count])).toEqual([
      [1, 601],
      [2, 1],
    ]);
    expect((await collect(state.chainOf('j1'))).map(({ entry }) => entry)).toEqual(entries);
    expect(await state.journaledRuns()).toContain('j1');
  });

  test('finds what makes and what ends dead letters, over all runs', async () => {
    const state = store();
    const refusal = { name: 'x', message: 'refused' };
    await state.journal([journalEntry('d2', 'k2', { kind: 'dead-letter', payload: { refusal } }), journalEntry('d2', 'k3', { kind: 'blocked' })]);
    await state.journal([journalEntry('d1', 'k1', { kind: 'dead-letter', payload: { refusal } })]);
    const ends = [{ runId: 'd2', segment: 1, sequence: 1 }];
    await state.journal([journalEntry('d3', 'k2', { kind: 'settled', action: null, step: null, payload: { ends } })]);
    expect((await collect(state.deadLetters())).map(({ runId, kind, key }) => [runId, kind, key])).toEqual([
      ['d1', 'dead-letter', 'k1'],
      ['d2', 'dead-letter', 'k2'],
      ['d3', 'settled', 'k2'],
    ]);
  });

  test('numbers baseline layers without gaps, however many come at once', async () => {
    const state = store();
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => state.addBaselineLayer('uuid-1', 'procurement', { entity: 'supplier', runId: `r${index}`, file: `/f${index}` })),
    );
    expect((await state.baselineLayers('uuid-1', 'procurement', 'supplier')).map((layer) => layer.layer)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await state.baselineLayers('uuid-1', 'procurement', 'product')).toEqual([]);
  });

  test('gives a named lock to one at a time, names the holder, and lets it go after a failure', async () => {
    const state = store();
    const inside = state.withLock('load uuid-1', 'load r1', async () => {
      const refusal = await state.withLock('load uuid-1', 'load r2', async () => 'never').catch((error: unknown) => error);
      expect(codeOf(refusal)).toBe('E_LOCKED');
      expect(String(refusal)).toContain('load r1');
      expect(await state.withLock('load uuid-2', 'load r3', async () => 'other')).toBe('other');
      throw new Error('work failed');
    });
    await expect(inside).rejects.toThrow('work failed');
    expect(await state.withLock('load uuid-1', 'load r4', async () => 'again')).toBe('again');
  });
}
