import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CutoverError } from '../../domain/errors.ts';
import type { RunStore } from '../../domain/ports.ts';
import { directoryRunStore } from './run-store.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-confidential-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function* lines(count: number): AsyncIterable<string> {
  for (let number = 0; number < count; number += 1) yield `line ${number} with a name: Łukasz\n`;
}

async function readAll(runs: RunStore, file: string): Promise<string[]> {
  const read: string[] = [];
  for await (const line of runs.readLines(file)) read.push(line);
  return read;
}

const holding = (identity: string | null, recipients: readonly string[] = []) => directoryRunStore(directory, { recipients, identity: async () => identity });

test('a file for a recipient is read line by line with the identity, and holds nothing in clear', async () => {
  const [ours, theirs] = [await generateIdentity(), await generateIdentity()];
  const file = join(directory, 'p.plan');
  const runs = holding(`# created: today\n# public key: …\n${ours}\n`, [await identityToRecipient(ours)]);
  await runs.writeConfidential(file, lines(50_000));
  const kept = await readFile(file);
  expect(kept.toString('latin1').startsWith('age-encryption.org/v1\n')).toBe(true);
  expect(kept.includes('line 7')).toBe(false);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const read = await readAll(runs, file);
  expect([read.length, read[0], read.at(-1)]).toEqual([50_000, 'line 0 with a name: Łukasz', 'line 49999 with a name: Łukasz']);
  await expect(readAll(holding(theirs), file)).rejects.toMatchObject({ code: 'E_PLAN_INVALID', message: expect.stringContaining('encrypted to others') });
  await expect(readAll(holding(null), file)).rejects.toMatchObject({ code: 'E_SECRET_MISSING', message: expect.stringContaining('names no `age_identity`') });
  await expect(readAll(holding('not a key'), file)).rejects.toMatchObject({ code: 'E_SECRET_MISSING' });
});

test('recipients of one file stand before those of the workspace, and several can open it', async () => {
  const [ours, theirs] = [await generateIdentity(), await generateIdentity()];
  const file = join(directory, 'p.plan');
  await holding(ours, [await identityToRecipient(ours)]).writeConfidential(file, lines(3), [await identityToRecipient(theirs)]);
  await expect(readAll(holding(ours), file)).rejects.toMatchObject({ code: 'E_PLAN_INVALID' });
  expect(await readAll(holding(theirs), file)).toHaveLength(3);
  await holding(ours).writeConfidential(file, lines(3), [await identityToRecipient(theirs), await identityToRecipient(ours)]);
  expect(await readAll(holding(ours), file)).toHaveLength(3);
});

test('a byte that was changed, or an end that was cut off, is found', async () => {
  const identity = await generateIdentity();
  const runs = holding(identity, [await identityToRecipient(identity)]);
  const file = join(directory, 'p.plan');
  await runs.writeConfidential(file, lines(10_000));
  const kept = await readFile(file);
  for (const damaged of [
    Buffer.from(kept).fill(kept[kept.length - 500] === 7 ? 8 : 7, kept.length - 500, kept.length - 499),
    kept.subarray(0, kept.length - 1000),
  ]) {
    await writeFile(file, damaged);
    await expect(readAll(runs, file)).rejects.toMatchObject({ code: 'E_PLAN_INVALID', message: expect.stringContaining('altered') });
  }
});

test('without recipients it is in clear, and what is no recipient is said', async () => {
  const file = join(directory, 'p.plan');
  await holding(null).writeConfidential(file, lines(2));
  expect(await readFile(file, 'utf8')).toContain('line 1');
  expect(await readAll(holding(null), file)).toHaveLength(2);
  await expect(holding(null).writeConfidential(file, lines(2), ['age1nonsense'])).rejects.toMatchObject({ code: 'E_USAGE' });
  await expect(readAll(holding(null), join(directory, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what breaks off while it is written leaves nothing behind, and says why it broke off', async () => {
  const file = join(directory, 'p.plan');
  async function* breaking(): AsyncIterable<string> {
    yield* lines(5000);
    throw new CutoverError('E_PLAN_REMOVES', 'too much would go');
  }
  for (const recipients of [[], [await identityToRecipient(await generateIdentity())]]) {
    await expect(holding(null, recipients).writeConfidential(file, breaking())).rejects.toMatchObject({ code: 'E_PLAN_REMOVES' });
    expect(await readdir(directory)).toEqual([]);
  }
});
