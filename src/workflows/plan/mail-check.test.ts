import { expect, onTestFinished, test } from 'vitest';
import { connectOdoo } from '../../adapters/odoo/connection.ts';
import type { OdooConnection } from '../../domain/ports.ts';
import { OdooError } from '../../domain/ports.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { mailRisk } from './mail-check.ts';

async function openOdoo(): Promise<OdooConnection> {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.stop());
  return connectOdoo({ url: sandbox.url, database: sandbox.database, login: sandbox.login, apiKey: sandbox.apiKey, concurrency: 1, timeoutSeconds: 30 });
}

const addServer = (odoo: OdooConnection, host: string) => odoo.call('ir.mail_server', 'create', { vals_list: [{ name: host, smtp_host: host }] });

test('an active mail server is a danger, and none at all cannot be judged', async () => {
  const odoo = await openOdoo();
  expect(await mailRisk(odoo)).toEqual({ dangers: [], notChecked: [expect.stringContaining('configuration file')], neutralized: false });
  await addServer(odoo, 'smtp.hospital.example');
  expect(await mailRisk(odoo)).toEqual({ dangers: ['1 outgoing mail server is active'], notChecked: [], neutralized: false });
});

test('what neutralize leaves is safe, until somebody adds a server that works', async () => {
  const odoo = await openOdoo();
  await odoo.call('ir.config_parameter', 'set_param', { key: 'database.is_neutralized', value: 'true' });
  await addServer(odoo, 'invalid');
  expect(await mailRisk(odoo)).toEqual({ dangers: [], notChecked: [], neutralized: true });
  await addServer(odoo, 'smtp.hospital.example');
  expect((await mailRisk(odoo)).dangers).toEqual(['1 outgoing mail server is active']);
});

test('what may not be read is said not to be checked, never to be fine', async () => {
  const odoo = await openOdoo();
  const refuse = async () => {
    throw new OdooError('access', 'You are not allowed to access this.');
  };
  const clerk = { ...odoo, call: refuse, searchIds: refuse } as OdooConnection;
  const risk = await mailRisk(clerk);
  expect(risk).toMatchObject({ dangers: [], neutralized: null });
  expect(risk.notChecked[0]).toMatch(/could not be checked, which is not the same as fine/);
});
