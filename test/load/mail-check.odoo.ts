/** What tells on a real Odoo whether it could send mail: the sandbox knows neither mailboxes nor a queue. */
import { expect, test } from 'vitest';
import { connectOdoo } from '../../src/adapters/odoo/connection.ts';
import { mailRisk } from '../../src/workflows/plan/mail-check.ts';
import { startRealOdoo } from '../real-odoo/harness.ts';

test.each([19, 14] as const)(
  'Odoo %i: servers, mailboxes and waiting mail are dangers, what neutralize leaves is none',
  { timeout: 300_000 },
  async (version) => {
    const real = await startRealOdoo({ version });
    try {
      const target = { url: real.url, database: real.database, login: real.login, apiKey: real.apiKey ?? '' };
      const odoo = await connectOdoo({ ...target, concurrency: 1, timeoutSeconds: 120 });
      expect(await mailRisk(odoo)).toEqual({ dangers: [], notChecked: [expect.stringContaining('configuration file')], neutralized: false });
      const create = async (model: string, values: object): Promise<number> => {
        const made = await odoo.call<number | number[]>(model, 'create', { vals_list: [values] });
        return Array.isArray(made) ? (made[0] ?? 0) : made;
      };
      const server = await create('ir.mail_server', { name: 'live', smtp_host: 'smtp.hospital.example' });
      const mailbox = await create('fetchmail.server', {
        name: 'orders',
        server_type: 'imap',
        server: 'imap.hospital.example',
        user: 'u',
        password: 'p',
        state: 'done',
      });
      await create('mail.mail', { email_to: 'orders@supplier.example', subject: 'an order', body_html: 'x' });
      expect((await mailRisk(odoo)).dangers).toEqual(['1 outgoing mail server is active', '1 mailbox is fetched from', '1 mail is waiting to be sent']);
      // What odoo-bin neutralize does (base and mail, data/neutralize.sql).
      await odoo.save('ir.mail_server', [{ id: server, values: { active: false } }], {});
      await odoo.save('fetchmail.server', [{ id: mailbox, values: { active: false } }], {});
      await create('ir.mail_server', { name: 'neutralization - disable emails', smtp_host: 'invalid' });
      await odoo.call('ir.config_parameter', 'set_param', { key: 'database.is_neutralized', value: 'true' });
      expect(await mailRisk(odoo)).toEqual({ dangers: [], notChecked: [], neutralized: true });
      // Somebody who loads purchases and stock, and administers nothing. A password is enough for JSON-RPC; for JSON-2 a user makes a key by hand.
      if (version === 19) return;
      const groups = await odoo.resolveExternalIds(['purchase.group_purchase_manager', 'stock.group_stock_manager', 'base.group_user']);
      const field = (await odoo.fields('res.users')).has('group_ids') ? 'group_ids' : 'groups_id';
      await create('res.users', { name: 'Loader', login: 'loader', password: 'loader-2026', [field]: [[6, 0, [...groups.values()].map(({ id }) => id)]] });
      const clerk = await connectOdoo({
        url: real.url,
        database: real.database,
        login: 'loader',
        password: 'loader-2026',
        concurrency: 1,
        timeoutSeconds: 120,
      });
      const risk = await mailRisk(clerk);
      expect(risk).toMatchObject({ dangers: [], neutralized: null });
      expect(risk.notChecked[0]).toContain('not the same as fine');
    } finally {
      await real.stop();
    }
  },
);
