/** A database to begin with: the records of a fresh Odoo, as recorded, and on request a few of a company that has been using it. */
import { Database } from './database.ts';
import { seedDemo } from './demo.ts';
import recorded from './metadata/records.json' with { type: 'json' };
import { nowText } from './time.ts';
import type { Row } from './values.ts';

export interface SeedOptions {
  readonly seed: 'bare' | 'demo';
  readonly uuid: string;
  readonly login: string;
}

const records = recorded.records as unknown as { readonly [model: string]: readonly Row[] };
const externalIds = recorded.externalIds as unknown as readonly (readonly [string, number, string, string, boolean])[];
const administrator = 2;

export function seededDatabase({ seed, uuid, login }: SeedOptions): Database {
  const database = new Database();
  const now = nowText();
  const trail = { create_uid: 1, create_date: now, write_uid: 1, write_date: now };
  for (const [name, rows] of Object.entries(records)) {
    const { table } = database.model(name);
    for (const row of rows) {
      table.put({ ...trail, ...row });
      table.reserveUpTo(row.id);
    }
  }
  const user = database.model('res.users').table.get(administrator);
  if (user) database.model('res.users').table.put({ ...user, login });
  database.transact({}, 1, (environment) => {
    const data = database.model('ir.model.data').table;
    for (const [model, id, module, name, noupdate] of externalIds) data.put({ ...trail, id: data.newId(), module, name, model, res_id: id, noupdate });
    const parameters = database.model('ir.config_parameter').table;
    parameters.put({ ...trail, id: parameters.newId(), key: 'database.uuid', value: uuid });
    const keys = database.model('res.users.apikeys').table;
    keys.put({ id: keys.newId(), name: 'sandbox', user_id: administrator, create_date: now });
    if (seed === 'demo') seedDemo(environment.withContext({ tz: 'UTC' }));
  });
  return database;
}
