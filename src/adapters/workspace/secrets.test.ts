import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveText } from './secrets.ts';

let root: string;
let workspace: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'secrets-'));
  workspace = path.join(root, 'ws');
  mkdirSync(workspace);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('variables are filled in, and a missing one is named', async () => {
  expect(await resolveText('postgres://u:${PASSWORD}@h', { PASSWORD: 'p' }, workspace)).toBe('postgres://u:p@h');
  await expect(resolveText('${A} ${B}', { A: 'hunter2' }, workspace)).rejects.toMatchObject({
    code: 'E_SECRET_MISSING',
    message: 'the environment variable B is not set',
  });
});

it('a secret file outside the workspace is read, without its last line end, and told when others may read it', async () => {
  const file = path.join(root, 'key');
  writeFileSync(file, 'abc\n', { mode: 0o600 });
  const warnings: string[] = [];
  expect(await resolveText(`file:${file}`, {}, workspace, (text) => warnings.push(text))).toBe('abc');
  expect(warnings).toEqual([]);
  chmodSync(file, 0o644);
  await resolveText(`file:${file}`, {}, workspace, (text) => warnings.push(text));
  expect(warnings).toHaveLength(1);
});

it('a secret file inside the workspace is refused, also behind a link', async () => {
  writeFileSync(path.join(workspace, 'key'), 'abc', { mode: 0o600 });
  symlinkSync(path.join(workspace, 'key'), path.join(root, 'link'));
  await expect(resolveText('file:key', {}, workspace)).rejects.toMatchObject({ code: 'E_CONFIG' });
  await expect(resolveText(`file:${path.join(root, 'link')}`, {}, workspace)).rejects.toMatchObject({ code: 'E_CONFIG' });
  await expect(resolveText('file:../none', {}, workspace)).rejects.toMatchObject({ code: 'E_SECRET_MISSING' });
});
