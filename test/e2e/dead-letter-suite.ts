/** Dead letters and the proof of journals through the commands, on any state. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditExportResult, AuditResult } from '../../src/domain/audit-results.ts';
import type {
  DeadLetterDiscardResult,
  DeadLetterListResult,
  DeadLetterResult,
  DeadLetterRetryPlan,
  DeadLetterRetryResult,
} from '../../src/domain/dead-letter-results.ts';
import type { LoadRunResult, StatusResult } from '../../src/domain/results.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type Legacy, makeWorld, smallHospital, type World } from '../load/world.ts';
import { openDesk, root } from './transcript.ts';

interface Night {
  readonly world: World;
  readonly sandbox: Sandbox;
  readonly directory: string;
  /** Runs with --json, expects the exit code, answers what it said. */
  step<Data>(
    exit: number,
    ...args: string[]
  ): Promise<{ readonly data: Data; readonly runId: string; readonly next: readonly string[]; readonly text: string }>;
  /** Plans and loads what was pulled last. */
  load(exit: number, name: string): Promise<{ readonly data: LoadRunResult; readonly runId: string; readonly next: readonly string[] }>;
}

async function openNight(state: string): Promise<Night> {
  const sandbox = await startSandbox();
  const world = await makeWorld(sandbox);
  const desk = await openDesk();
  onTestFinished(async () => {
    await sandbox.stop();
    await world.close();
  });
  const config = join(world.directory, 'cutover.yaml');
  process.env.CUTOVER_TEST_STATE = state;
  await writeFile(config, `${await readFile(config, 'utf8')}state: "\${CUTOVER_TEST_STATE}"\n`);
  const step: Night['step'] = async (exit, ...args) => {
    const told = await desk.runWith({ ...world.environment, CUTOVER_TEST_STATE: state }, ...args, '--workspace', world.directory, '--json');
    expect([args.join(' '), told.exit, told.exit === exit ? '' : told.stdout + told.stderr]).toEqual([args.join(' '), exit, '']);
    const { data, runId, next } = told.json;
    return { data: data as never, runId: runId ?? '', next: next.map((command) => command.replace(/ --workspace .*/, '')), text: told.stdout };
  };
  return {
    ...{ world, sandbox, directory: desk.directory, step },
    async load(exit, name) {
      const file = join(desk.directory, name);
      await step(0, 'plan', 'procurement', '--out', file);
      return step<LoadRunResult>(exit, 'load', file);
    },
  };
}

const withFactor = (legacy: Legacy, code: string, factor: string): Legacy => ({
  ...legacy,
  units: legacy.units.map((row) => (row.CODE === code ? { ...row, FACTOR: factor } : row)),
});
const placeOf = async (world: World, file: string, text: string): Promise<string> => {
  const path = `mappings/procurement/sources/legacy/${file}.yaml`;
  const lines = (await readFile(join(world.directory, path), 'utf8')).split('\n');
  return `${path}:${lines.findIndex((line) => line.includes(text)) + 1}`;
};

/** `state`: what cutover.yaml says of it. `tamper`: runs SQL on it behind its back. */
export function describeDeadLetters(setting: {
  readonly state: () => Promise<string>;
  readonly tamper: (directory: string, sql: string) => Promise<void>;
}): void {
  test('a refused record is listed by reason, retried alone, settled by a later load, or discarded by name', { timeout: 600_000 }, async () => {
    const { world, step, load, directory } = await openNight(await setting.state());
    // Odoo has no unit without a factor; the case that is made of the box is blocked behind it.
    await world.pull(withFactor(smallHospital(), 'BX12', '0'));
    const first = await load(4, 'first.plan');
    expect(first.data).toMatchObject({ planned: 23, applied: 21, deadLettered: 1, blocked: 1 });
    expect(first.next[0]).toBe('cutover dead-letter list');

    const listed = await step<DeadLetterListResult>(3, 'dead-letter', 'list');
    const made = await placeOf(world, 'unit', 'factor: FACTOR');
    expect(listed.data).toMatchObject({ open: 1, settled: 0, discarded: 0 });
    expect(listed.data.groups).toMatchObject([
      { entity: 'unit', field: 'factor', rule: 'out-of-range', count: 1, mapping: [made], runs: [first.runId], letters: [{ system: 'legacy', key: 'BX12' }] },
    ]);
    const id = listed.data.groups[0]?.letters[0]?.id ?? '';
    expect(listed.next).toEqual([`cutover dead-letter show ${id}`, 'cutover dead-letter retry procurement']);
    const shown = await step<DeadLetterResult>(0, 'dead-letter', 'show', 'BX12');
    expect((await step<DeadLetterResult>(0, 'dead-letter', 'show', id)).data).toEqual(shown.data);
    expect(shown.data.cause.words).toContain('cannot be 0');
    expect(shown.data.fields).toContainEqual({
      field: 'name',
      odooField: 'name',
      value: 'Box of 12',
      masked: false,
      mapping: await placeOf(world, 'unit', 'name: NAME'),
    });
    expect(shown.data.attempts.map(({ runId }) => runId)).toEqual([first.runId]);
    await step(2, 'dead-letter', 'show', 'nobody');

    // Nothing was mended: refused again, the same dead letter, nothing else is touched.
    const before = await world.dump();
    const inVain = await step<DeadLetterRetryResult>(4, 'dead-letter', 'retry', 'procurement');
    expect(inVain.data).toMatchObject({ planned: 1, deadLettered: 1, retried: { chosen: 1, settled: 0, open: [{ id, outcome: 'dead-letter' }] } });
    expect(await world.dump()).toEqual(before);
    await world.pull(withFactor(smallHospital(), 'BX12', '12'));
    const mended = await world.dump();
    const shownOnly = await step<DeadLetterRetryPlan>(0, 'dead-letter', 'retry', 'procurement', '--dry-run');
    expect(shownOnly.data).toMatchObject({ letters: 1, left: [], actions: { create: 1 }, samples: [{ entity: 'unit', key: 'BX12', action: 'create' }] });
    expect(shownOnly.next).toEqual([expect.stringContaining('cutover load ')]);
    expect(await world.dump()).toEqual(mended);
    expect((await step<StatusResult>(0, 'status')).data.deadLetters).toEqual([{ capability: 'procurement', direction: 'load', open: 1 }]);
    const retried = await step<DeadLetterRetryResult>(0, 'dead-letter', 'retry', 'procurement', '--only', id);
    expect(retried.data).toMatchObject({ planned: 1, applied: 1, retried: { chosen: 1, settled: 1, open: [], unblocked: [first.runId] } });
    expect(retried.next).toEqual([`cutover load --resume ${first.runId}`, 'cutover run procurement']);
    expect((await step<DeadLetterRetryResult | null>(0, 'dead-letter', 'retry', 'procurement')).data).toBeNull();
    expect((await step<LoadRunResult>(4, 'load', '--resume', first.runId)).data).toMatchObject({ planned: 23, applied: 22, deadLettered: 1, blocked: 0 });
    expect((await step<DeadLetterResult>(0, 'dead-letter', 'show', id)).data).toMatchObject({ status: 'settled', ended: { runId: retried.runId } });
    expect((await step<DeadLetterListResult>(0, 'dead-letter', 'list')).data).toMatchObject({ open: 0, settled: 1, groups: [], ended: [] });

    // An update that is refused is a dead letter as well, and a plain load settles it.
    await world.pull(withFactor(withFactor(smallHospital(), 'BX12', '0'), 'CS', '0'));
    const second = await load(4, 'second.plan');
    expect(second.data.deadLettered).toBe(2);
    expect((await step<DeadLetterListResult>(3, 'dead-letter', 'list')).data).toMatchObject({ open: 2, groups: [{ count: 2, field: 'factor' }] });
    const csv = join(directory, 'to-mend.csv');
    await step(0, 'dead-letter', 'export', '--out', csv);
    const [header, ...rows] = (await readFile(csv, 'utf8')).trim().split('\n');
    expect(header).toBe('id,status,capability,direction,entity,system,key,field,value,rule,words,mapping,step,at,run,attempts,values');
    expect(rows.map((row) => row.split(',').slice(4, 10))).toEqual([
      ['unit', 'legacy', 'BX12', 'factor', '0', 'out-of-range'],
      ['unit', 'legacy', 'CS', 'factor', '0', 'out-of-range'],
    ]);
    await world.pull(withFactor(smallHospital(), 'CS', '0'));
    const third = await load(4, 'third.plan');
    expect((await step<DeadLetterListResult>(3, 'dead-letter', 'list', '--all')).data).toMatchObject({
      open: 1,
      settled: 1,
      ended: [{ id, status: 'settled', runId: third.runId, by: null }],
    });
    await step(2, 'dead-letter', 'discard', 'CS', 'BX12', '--reason', 'not open any more');
    await step(2, 'dead-letter', 'discard', 'CS', '--reason', ' ');
    const gone = await step<DeadLetterDiscardResult>(0, 'dead-letter', 'discard', 'CS', '--reason', 'nobody orders cases', '--by', 'S. Ortega');
    expect(gone.data).toMatchObject({ discarded: [{ key: 'CS' }], by: 'S. Ortega', reason: 'nobody orders cases', seal: { entries: 2 } });
    expect((await step<DeadLetterListResult>(0, 'dead-letter', 'list', '--all')).data.ended[0]).toMatchObject({ status: 'discarded', by: 'S. Ortega' });
    // The retry is a load: it can be taken back.
    await world.pull(smallHospital());
    expect((await step<LoadRunResult>(4, 'rollback', retried.runId)).data).toMatchObject({ planned: 1 });
    const audit = await step<AuditResult>(0, 'audit', 'verify');
    expect(audit.data.runs.map(({ status }) => status)).toEqual(audit.data.runs.map(() => 'intact'));
    expect(audit.data.runs.map(({ runId }) => runId)).toEqual(expect.arrayContaining([first.runId, retried.runId, gone.runId]));
  });

  test('a journal is proven by its chain, with and without the tool, and whatever is done to it is found', { timeout: 600_000 }, async () => {
    const night = await openNight(await setting.state());
    const { world, step, load, directory } = night;
    await world.pull(smallHospital());
    const { data, runId } = await load(0, 'p.plan');
    const intact = await step<AuditResult>(0, 'audit', 'verify', runId, '--seal', data.seal.hash);
    expect(intact.data.runs).toMatchObject([{ runId, command: 'load', status: 'intact', entries: data.seal.entries, seal: data.seal.hash, findings: [] }]);
    expect((await step<AuditResult>(3, 'audit', 'verify', runId, '--seal', 'f00')).data.runs[0]?.findings).toHaveLength(1);
    await step(2, 'audit', 'verify', 'no-such-run');

    const script = /```js\n(\/\/ verify-journal\.mjs[\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? '';
    await writeFile(join(directory, 'verify-journal.mjs'), script);
    const verified = (file: string): string => {
      try {
        return execFileSync(process.execPath, ['verify-journal.mjs', file], { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        return (error as { readonly stderr: string }).stderr;
      }
    };
    const masked = await step<AuditExportResult>(0, 'audit', 'export', runId, '--out', join(directory, 'masked.ndjson'));
    const clear = await step<AuditExportResult>(0, 'audit', 'export', runId, '--clear', '--out', join(directory, 'clear.ndjson'));
    expect([masked.data.entries, clear.data.entries, clear.data.masked]).toEqual([data.seal.entries, data.seal.entries, 0]);
    const [withoutValues, everything] = [await readFile(masked.data.file, 'utf8'), await readFile(clear.data.file, 'utf8')];
    // Account numbers are marked pii in the pack.
    expect(masked.data.masked).toBeGreaterThan(0);
    expect(everything).toContain('DE02120300000000202051');
    expect(withoutValues).not.toContain('DE02120300000000202051');
    for (const file of ['masked.ndjson', 'clear.ndjson']) expect(verified(file)).toContain(`${data.seal.entries} entries, seal ${data.seal.hash}`);
    const lines = everything.trim().split('\n');
    for (const [name, altered] of Object.entries({
      altered: lines.with(4, (lines[4] as string).replace('"key":', '"key":"x","was":')),
      removed: lines.toSpliced(4, 1),
      swapped: lines.with(4, lines[5] as string).with(5, lines[4] as string),
      cut: lines.slice(0, -1),
    })) {
      await writeFile(join(directory, `${name}.ndjson`), `${altered.join('\n')}\n`);
      expect([name, verified(`${name}.ndjson`)]).toEqual([name, expect.stringMatching(/segment 1, entry \d+|cut off/)]);
    }

    const of = (sequence: number): string => `run_id = '${runId}' and sequence = ${sequence}`;
    const found = async (exit: number): Promise<readonly number[]> =>
      (await step<AuditResult>(exit, 'audit', 'verify')).data.runs.flatMap(({ findings }) => findings.map(({ sequence }) => sequence));
    await setting.tamper(world.directory, `update cutover.journal set payload = '{}' where ${of(3)}`);
    expect(await found(3)).toEqual([3]);
    await setting.tamper(world.directory, `delete from cutover.journal where run_id = '${runId}' and sequence > ${data.seal.entries - 2}`);
    expect(await found(3)).toEqual([3, data.seal.entries - 1]);
    await setting.tamper(world.directory, `delete from cutover.journal where run_id = '${runId}'`);
    await setting.tamper(world.directory, `delete from cutover.journal_head where run_id = '${runId}'`);
    // Everything is gone; the run itself still knows how many entries it had.
    expect((await step<AuditResult>(3, 'audit', 'verify', runId)).data.runs[0]?.findings[0]?.problem).toContain(`it had ${data.seal.entries} entries then`);

    await world.inside(async ({ ports }) => {
      const nothing = { action: null, step: null, entity: null, system: null, key: null, externalId: null, model: null, odooId: null };
      await (await ports.state()).journal([{ ...nothing, runId: 'broke-off', segment: 1, kind: 'intent', at: ports.clock.now(), payload: {} }]);
    });
    expect((await step<AuditResult>(4, 'audit', 'verify', 'broke-off')).data.runs[0]).toMatchObject({ status: 'not-sealed', findings: [] });
  });
}
