import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DoctorResult } from '../../src/domain/results.ts';
import { openDesk } from './transcript.ts';

test('help lists the commands in the order of the work, on stdout', async () => {
  const desk = await openDesk();
  for (const args of [['--help'], ['help'], [], ['-h']]) {
    const { exit, stdout, stderr } = await desk.run(...args);
    expect(exit).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('cutover COMMAND [ARGUMENTS] [FLAGS]');
    expect(stdout.indexOf('  pull ')).toBeLessThan(stdout.indexOf('  reconcile '));
    expect(stdout.split('\n').every((line) => line.length <= 100)).toBe(true);
  }
});

test('help of a command names its exit codes and examples', async () => {
  const desk = await openDesk();
  const { exit, stdout } = await desk.run('reconcile', '--help');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/Exit codes[\s\S]*0 +RECONCILED[\s\S]*3 +BREAKS[\s\S]*4 +INCOMPLETE/);
  expect(stdout).toContain('cutover reconcile procurement');
});

test('an unknown command exits 2 and says what was probably meant', async () => {
  const desk = await openDesk();
  const { exit, stdout, stderr } = await desk.run('reconcil', 'procurement');
  expect(exit).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('there is no command reconcil');
  expect(stderr).toContain('Did you mean reconcile?');
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('an unknown flag exits 2, in words and in the envelope', async () => {
  const desk = await openDesk();
  const told = await desk.run('snapshot', 'list', '--sytem', 'x');
  expect(told.exit).toBe(2);
  expect(told.stderr).toContain('unknown flag --sytem');
  expect(told.stderr).toContain('Did you mean --system?');
  const { exit, json } = await desk.run('snapshot', 'list', '--sytem', 'x', '--json');
  expect(exit).toBe(2);
  expect(json).toMatchObject({
    command: 'snapshot list',
    runId: null,
    status: 'failed',
    data: null,
    error: { code: 'E_USAGE', details: ['Did you mean --system?'] },
  });
});

test('a missing argument exits 2 and names it', async () => {
  const desk = await openDesk();
  const { exit, json } = await desk.run('snapshot', 'show', '--json');
  expect(exit).toBe(2);
  expect(JSON.stringify(json.error)).toContain('system');
});

test('a moment that does not exist is refused', async () => {
  const desk = await openDesk();
  for (const moment of ['yesterday', '2026-02-31', '2026-13-01', '10:00']) {
    const { exit, json } = await desk.run('status', '--as-of', moment, '--json');
    expect([moment, exit, json.error?.code]).toEqual([moment, 2, 'E_USAGE']);
  }
});

test('without a workspace the way to one is shown', async () => {
  const desk = await openDesk();
  const { exit, json } = await desk.run('status', '--json');
  expect(exit).toBe(2);
  expect(json.error?.code).toBe('E_WORKSPACE_NOT_FOUND');
  expect(json.next).toContain('cutover init');
  expect(desk.has('.cutover')).toBe(false);
});

test('every mistake of the workspace is told at once, with its place', async () => {
  const desk = await openDesk();
  await writeFile(join(desk.directory, 'cutover.yaml'), 'version: 1\nnamespase: x\nsystems: {}\ncapabilities: []\npolicies: {shrink: 3}\n');
  const { exit, json } = await desk.run('status', '--json');
  expect(exit).toBe(2);
  expect(json.error?.code).toBe('E_CONFIG');
  expect(json.error?.details.filter((line) => /^cutover\.yaml:\d+:\d+ {2}/.test(line)).length).toBeGreaterThanOrEqual(3);
  expect(desk.has('.cutover')).toBe(false);
});

test('the version names the program and its Node', async () => {
  const desk = await openDesk();
  expect((await desk.run('--version')).stdout).toMatch(/^cutover \d+\.\d+\.\d+ \(Node \d+/);
});

test('a secret file that others may read is told by the doctor, with the command that mends it', async () => {
  const desk = await openDesk();
  await desk.run('init', 'ws');
  const config = join(desk.directory, 'ws/cutover.yaml');
  await writeFile(config, (await readFile(config, 'utf8')).replace('${ODOO_API_KEY}', 'file:../key'));
  await writeFile(join(desk.directory, 'key'), 'very-secret-key\n');
  await chmod(join(desk.directory, 'key'), 0o644);
  const { json, stdout, stderr } = await desk.run('doctor', '--workspace', 'ws', '--json');
  const told = (json.data as DoctorResult).findings.filter(({ check }) => check === 'secrets');
  expect(told).toMatchObject([{ status: 'warning', fix: expect.stringMatching(/^chmod 600 .*key$/) }]);
  expect(json.warnings).toContainEqual(expect.stringContaining('the secret file ../key can be read by others'));
  expect(stdout + stderr).not.toContain('very-secret-key');
});
