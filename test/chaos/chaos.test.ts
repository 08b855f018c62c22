/** A handful of rounds on the sandbox: some that are the same every time, some that are new. More: npm run chaos. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chaos, openChaos } from './chaos.ts';
import { type OdooHost, sandboxHost } from './odoo-hosts.ts';

const RECORDS = 60;

describe('a load that is disturbed ends as a quiet one does', () => {
  const fresh = randomBytes(3).toString('hex');
  let host: OdooHost;
  let chaos: Chaos;
  beforeAll(async () => {
    host = sandboxHost();
    chaos = await openChaos({ host, records: RECORDS, timeoutSeconds: 5, say: () => undefined });
  }, 300_000);
  afterAll(async () => {
    await chaos?.close();
    await host.close();
  });

  test.each(['fixed-1', 'fixed-5', `${fresh}-1`])(
    'seed %s (again: npm run chaos -- --records 60 --seed …)',
    async (seed) => {
      const { problems, notes } = await chaos.round(seed);
      expect(problems, notes.join('\n')).toEqual([]);
    },
    300_000,
  );
});
