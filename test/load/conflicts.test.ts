/** What users had changed becomes decisions: the load writes a worklist, people fill it in, and the next plan goes by what they said. */
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvLine } from '../../src/domain/csv.ts';
import { unguarded } from '../../src/domain/worklist-row.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type ImportResult, importDecisions } from '../../src/workflows/decide-breaks/import-decisions.ts';
import { judgedFile } from '../../src/workflows/reconcile/judge.ts';
import { type Legacy, makeWorld, type Rows, smallHospital, type World } from './world.ts';

const MINUTES = 60_000;
type Row = Readonly<Record<string, string>>;
const ENTITIES = ['supplier', 'supplier_bank_account', 'product', 'purchase_order', 'purchase_order_line'];

describe('conflicts of a load', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    sandbox = await startSandbox();
    process.env['CUTOVER_TEST_PII_KEY'] = 'a key for the tokens of this test';
    world = await makeWorld(sandbox);
    await appendFile(join(world.directory, 'cutover.yaml'), `pii_key: "\${CUTOVER_TEST_PII_KEY}"\n`);
  });
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });

  const idOf = (model: string, domain: readonly unknown[]): Promise<number> =>
    world.verbs.odoo(async (odoo) => {
      const [id] = await odoo.searchIds(model, domain);
      if (id === undefined) throw new Error(`no ${model} ${JSON.stringify(domain)}`);
      return id;
    });
  const save = (model: string, id: number, values: Readonly<Record<string, unknown>>) => world.verbs.odoo((odoo) => odoo.save(model, [{ id, values }], {}));
  const read = (model: string, id: number, fields: readonly string[]) => world.verbs.odoo(async (odoo) => (await odoo.read(model, [id], fields))[0]);
  const importRows = (file: string): Promise<ImportResult> =>
    world.inside(async ({ workspace, asOf, ports, reports }) => {
      const rows = await (await reports()).readDecisions(file);
      return importDecisions({ workspace, capability: null, rows, by: 'S. Ortega', asOf, partial: false }, ports);
    });
  /** Judged breaks of the newest reconcile, by id. */
  const judged = (runId: string): Promise<ReadonlyMap<string, Row>> =>
    world.inside(async ({ ports }) => {
      const directory = await ports.runs.runDirectory(runId);
      const plane = await ports.openPlane();
      try {
        const rows = [];
        for (const entity of ENTITIES) rows.push(...(await plane.rows<Row>(`SELECT * FROM read_parquet('${judgedFile(directory, entity)}')`)));
        return new Map(rows.map((row) => [row['id'] ?? '', row]));
      } finally {
        await plane.close();
      }
    });

  test(
    'are a worklist that can be imported at once; what is decided for the legacy side is written by the next load, what is decided for Odoo stays',
    async () => {
      const legacy = smallHospital();
      await world.pull(legacy);
      await world.verbs.plan('first.plan');
      expect((await world.verbs.load('first.plan', null)).data).toMatchObject({ conflict: 0, conflictsFile: null });

      await world.pull(nextNight(legacy));
      expect((await world.verbs.plan('second.plan')).data.refusals).toEqual([]);
      const supplier = (no: string) => idOf('res.partner', [['ref', '=', no]]);
      const product = (no: string) => idOf('product.product', [['default_code', '=', no]]);
      const order = (no: string) => idOf('purchase.order', [['name', '=', no]]);
      const line = await idOf('purchase.order.line', [
        ['order_id.name', '=', 'PO-1'],
        ['product_qty', '=', 7],
      ]);
      const bank = await idOf('res.partner.bank', [['partner_id', '=', await supplier('V1')]]);
      const category = await idOf('product.category', [['name', '=', 'Gloves']]);
      await save('res.partner', await supplier('V1'), { name: 'named by a user, "as it is"', city: "O'Fallon" });
      await save('res.partner', await supplier('A B'), { street: false });
      await save('res.partner.bank', bank, { acc_holder_name: 'A private person' });
      await save('product.product', await product('P1'), { list_price: 9.87 });
      await save('product.product', await product('P2'), { categ_id: category, list_price: 8.5 });
      await save('purchase.order', await order('PO-1'), { date_order: '2025-02-03 04:05:06', partner_id: await supplier('A_B') });
      await save('purchase.order.line', line, { product_qty: 8 });

      const load = await world.verbs.load('second.plan', null);
      expect(load.data).toMatchObject({ conflict: 6, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
      const file = load.data.conflictsFile ?? '';
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const text = await readFile(file, 'utf8');
      // What a spreadsheet would calculate has an apostrophe before it.
      const rows = parse(text, { bom: true, columns: true, cast: unguarded }) as Row[];
      const named = rows.map((row) => `${row['entity']} ${row['rule']}`).sort();
      expect(named).toEqual([
        ...['product list_price', 'product list_price', 'purchase_order ordered_at', 'purchase_order supplier', 'purchase_order_line quantity'],
        ...['supplier city', 'supplier name', 'supplier street', 'supplier_bank_account holder'],
      ]);
      for (const secret of ['A private person', 'A new holder', 'DE02120300000000202051']) expect(text).not.toContain(secret);
      const shown = (rule: string): Row | undefined => rows.find((row) => row['rule'] === rule);
      expect(shown('ordered_at')).toMatchObject({
        legacy: '2025-05-05 05:05:05',
        odoo: '2025-02-03 04:05:06',
        baseline: '2025-01-02 03:04:05',
        movement: 'both-changed',
      });
      expect(shown('supplier')).toMatchObject({ legacy: 'V1', odoo: 'A_B', baseline: 'A B' });
      expect(shown('quantity')).toMatchObject({ legacy: '9', odoo: '8', baseline: '7' });
      expect(shown('street')).toMatchObject({ class: 'missing-value', odoo: '' });

      // Nobody has to reconcile before what was found can be decided.
      const byHolder: Readonly<Record<string, string>> = { city: 'odoo', list_price: 'odoo', ordered_at: 'odoo', quantity: 'odoo' };
      const decided = rows.map((row) => ({ ...row, decision: byHolder[row['rule'] ?? ''] ?? 'legacy', reason: 'as agreed with purchasing' }));
      const filled = join(world.directory, 'filled.csv');
      await writeFile(filled, [csvLine(Object.keys(decided[0] ?? {})), ...decided.map((row) => csvLine(Object.values(row)))].join(''));
      const imported = await importRows(filled);
      expect(imported.refused).toEqual([]);
      expect(imported.applied).toHaveLength(rows.length);
      expect((await importRows(filled)).alreadyThere).toHaveLength(rows.length);

      // The next comparison finds the very same breaks.
      await world.pull(nextNight(legacy));
      const breaks = await judged((await world.verbs.reconcile()).runId);
      for (const row of rows) {
        const one = breaks.get(row['break'] ?? '');
        expect([row['rule'], one?.['value_hash'], one?.['class']]).toEqual([row['rule'], row['value_hash'], row['class']]);
        expect([row['rule'], one?.['decision']]).toEqual([row['rule'], byHolder[row['rule'] ?? ''] ?? 'legacy']);
        if (row['entity'] !== 'supplier_bank_account') expect(one).toMatchObject({ legacy: row['legacy'] || null, odoo: row['odoo'] || null });
      }

      await world.verbs.plan('third.plan');
      const third = await world.verbs.load('third.plan', null);
      expect(third.data).toMatchObject({ conflict: 0, conflictsFile: null, deadLettered: 0, remaining: 0 });
      expect(await read('res.partner', await supplier('V1'), ['name', 'city'])).toMatchObject({ name: 'Supplier renamed', city: "O'Fallon" });
      expect(await read('res.partner', await supplier('A B'), ['street'])).toMatchObject({ street: '1 New St' });
      expect(await read('res.partner.bank', bank, ['acc_holder_name'])).toMatchObject({ acc_holder_name: 'A new holder' });
      expect(await read('product.product', await product('P1'), ['list_price'])).toMatchObject({ list_price: 9.87 });
      expect(await read('purchase.order', await order('PO-1'), ['date_order', 'partner_id'])).toMatchObject({
        ...{ date_order: '2025-02-03 04:05:06', partner_id: await supplier('V1') },
      });
      expect(await read('purchase.order.line', line, ['product_qty'])).toMatchObject({ product_qty: 8 });
      await world.pull(nextNight(legacy));
      expect((await world.verbs.plan('fourth.plan')).data.actions).toMatchObject({ create: 0, update: 0 });
    },
    6 * MINUTES,
  );
});

function nextNight(legacy: Legacy): Legacy {
  const changed = (rows: Rows, changes: Readonly<Record<string, Row>>, key = (row: Row) => row['NO'] ?? ''): Rows =>
    rows.map((row) => ({ ...row, ...changes[key(row)] }));
  return {
    ...legacy,
    suppliers: changed(legacy.suppliers, { V1: { NAME: 'Supplier renamed', CITY: 'Ghent' }, 'A B': { STREET: '1 New St' } }),
    banks: changed(legacy.banks, { V1: { HOLDER: 'A new holder' } }, (row) => row['SUPPLIER'] ?? ''),
    products: changed(legacy.products, { P1: { PRICE: '6.125' }, P2: { PRICE: '7.5' } }),
    orders: changed(legacy.orders, { 'PO-1': { ORDERED: '2025-05-05 05:05:05', SUPPLIER: 'V1' } }),
    lines: changed(legacy.lines, { 'PO-1 1': { QTY: '9' } }, (row) => `${row['PO']} ${row['LINE']}`),
  };
}
