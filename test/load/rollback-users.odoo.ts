import { afterAll, beforeAll, describe } from 'vitest';
import { connectOdoo } from '../../src/adapters/odoo/connection.ts';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { type AsUser, describeRollbackAfterUsers } from './rollback-users-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('a rollback in a real Odoo', () => {
  let odoo: RealOdoo;
  let world: World;
  let asUser: AsUser;
  beforeAll(async () => {
    odoo = await startRealOdoo({ version: 19 });
    world = await makeWorld({ ...odoo, apiKey: odoo.apiKey ?? odoo.password });
    const login = 'buyer';
    await world.verbs.odoo(async (tool) => {
      const [admin] = await tool.read('res.users', await tool.searchIds('res.users', [['login', '=', odoo.login]]), ['group_ids']);
      await tool.call('res.users', 'create', {
        vals_list: [{ name: 'Bea Buyer', login, password: login, group_ids: [[6, 0, admin?.['group_ids']]] }],
      });
    });
    asUser = async (work) => work(await connectOdoo({ url: odoo.url, database: odoo.database, login, password: login, concurrency: 1, timeoutSeconds: 60 }));
  });
  afterAll(async () => {
    await odoo.stop();
    await world.close();
  });
  describeRollbackAfterUsers(() => ({ world, asUser, isReal: true, kills: [5, 9] }));
});
