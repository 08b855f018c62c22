/** A source that lost half its records, on a workspace whose plans are encrypted. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { makeWorld, manySuppliers } from './world.ts';

test('a plan that would archive half the suppliers is refused and leaves no file; allowed, it is encrypted, loaded and taken back', {
  timeout: 300_000,
}, async () => {
  const sandbox = await startSandbox();
  const world = await makeWorld(sandbox);
  onTestFinished(async () => {
    await sandbox.stop();
    await world.close();
  });
  const identity = await generateIdentity();
  process.env.CUTOVER_TEST_IDENTITY = identity;
  const config = await readFile(join(world.directory, 'cutover.yaml'), 'utf8');
  const encrypted = `${config}plan_recipients: [${await identityToRecipient(identity)}]\nage_identity: \${CUTOVER_TEST_IDENTITY}\n`;
  await world.write('cutover.yaml', encrypted);
  const file = (name: string): string => join(world.directory, name);
  await world.pull(manySuppliers(24));
  await world.verbs.plan('first.plan');
  await world.verbs.load('first.plan', null);
  const all = manySuppliers(24);
  await world.pull({ ...all, suppliers: all.suppliers.slice(12) });
  await expect(world.verbs.plan('second.plan')).rejects.toMatchObject({
    code: 'E_PLAN_REMOVES',
    details: ['supplier: 12 of 24 linked records would be archived or deleted (50 %)'],
  });
  await expect(readFile(file('second.plan'))).rejects.toMatchObject({ code: 'ENOENT' });

  await world.write('cutover.yaml', encrypted.replace('policies: {', 'policies: {allow_archive: [supplier], '));
  expect((await world.verbs.plan('second.plan')).data.actions.archive).toBe(12);
  const loaded = await world.verbs.load('second.plan', null);
  expect(loaded.data).toMatchObject({ applied: 12, conflict: 0 });
  const back = await world.verbs.rollback(loaded.runId, 'back.plan');
  expect(back.data).toMatchObject({ applied: 12, conflict: 0, deadLettered: 0 });
  for (const name of ['first.plan', 'second.plan', 'back.plan']) {
    const kept = await readFile(file(name), 'latin1');
    expect([name, kept.startsWith('age-encryption.org/v1\n'), kept.includes('Supplier')]).toEqual([name, true, false]);
  }
});
