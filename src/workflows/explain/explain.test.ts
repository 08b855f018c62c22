import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExplainedRecord } from '../../domain/explanation.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from '../reconcile/reconcile-world.fixture.ts';
import { type ExplainRequest, explainKey } from './explain.ts';

let laboratory: Laboratory;
let world: ReconcileWorld;

const description: WorldDescription = {
  fields: {
    'res.partner': { ref: 'char', name: 'char', vat: 'char', city: 'char', comment: 'char' },
    'res.partner.bank': { acc_number: 'char', partner_id: 'many2one res.partner' },
  },
  entities: [
    {
      contract: {
        entity: 'supplier',
        version: 1,
        key: ['supplier_no'],
        fields: {
          supplier_no: { type: 'text', required: true },
          name: { type: 'text' },
          tax_id: { type: 'text', pii: true },
          city: { type: 'text' },
          terms: { type: 'choice', values: ['N30', 'N60'] },
          note: { type: 'text' },
        },
        owner: { default: 'legacy', fields: { note: 'odoo' } },
        checks: [{ name: 'no-city', severity: 'warning', when: 'city IS NULL', hint: 'Ask the buyer.' }],
        odoo: {
          model: 'res.partner',
          scope: [['ref', '!=', false]],
          fields: { supplier_no: 'ref', name: 'name', tax_id: 'vat', city: 'city', note: 'comment' },
        },
      },
      sources: [
        {
          system: 'meditrack',
          entity: 'supplier',
          from: 'VENDOR',
          row: "'VENDOR ' || vend_no",
          filter: "status <> 'X'",
          fields: {
            supplier_no: "lpad(vend_no, 4, '0')",
            name: 'trim(vend_name)',
            tax_id: 'tax',
            city: 'city',
            terms: 'terms',
            note: "vend_name || ' ' || left(tax, 3)",
          },
        },
        { system: 'stores', entity: 'supplier', from: 'SUPPLIERS', fields: { supplier_no: 'no', name: 'name' } },
      ],
    },
    {
      contract: {
        entity: 'bank_account',
        version: 1,
        key: ['iban'],
        fields: { iban: { type: 'text', pii: true, required: true }, supplier: { type: 'ref', entity: 'supplier' } },
        odoo: { model: 'res.partner.bank', scope: [['id', '>', 0]], fields: { iban: 'acc_number', supplier: 'partner_id' } },
      },
      sources: [{ system: 'meditrack', entity: 'bank_account', from: 'BANK', fields: { iban: 'iban', supplier: 'vend_no' } }],
    },
  ],
};

beforeAll(async () => {
  laboratory = await Laboratory.open();
  world = await laboratory.world(description);
  const vendor = (vend_no: string, more: Record<string, string | null> = {}) => ({
    ...{ vend_no, vend_name: ` Acme ${vend_no} `, tax: `TAX-${vend_no}`, city: 'Ghent', terms: 'N30', status: 'A', ...more },
  });
  await world.legacy('meditrack', 'supplier', [
    vendor('1'),
    vendor('2', { city: null }),
    vendor('3', { terms: 'N90' }),
    vendor('4', { status: 'X' }),
    vendor('5'),
    vendor('6'),
    vendor('6'),
  ]);
  await world.legacy('stores', 'supplier', [{ no: '0005', name: 'Other' }]);
  await world.legacy('meditrack', 'bank_account', [{ iban: 'DE02120300000000202051', vend_no: '0001' }]);
  await world.odoo('supplier', [
    { id: 11, ref: '0001', name: 'Acme 1', vat: 'TAX-1', city: 'Gent', comment: 'x', _external_id: 'hospital.supplier__meditrack__0001' },
    { id: 12, ref: '0002', name: 'Acme 2', vat: 'TAX-9', city: null, comment: null },
    { id: 19, ref: '0099', name: 'Odoo only', _active: false },
  ]);
  await world.odoo('bank_account', [{ id: 31, acc_number: 'DE02120300000000202051', partner_id: 11 }]);
  await world.link('supplier', 'meditrack', { '0001': 11, '0002': 12 });
  await world.link('bank_account', 'meditrack', { DE02120300000000202051: 31 });
});
afterAll(async () => {
  await laboratory.close();
});

const asked = (key: string, more: Partial<ExplainRequest> = {}): ExplainRequest => ({
  ...{ workspace: world.workspace, capabilities: [world.capability], key, entity: null, system: null, clear: false },
  ...{
    asOf: '2026-01-02T03:04:05.000Z',
    runId: `20260102T030405-explain-${Math.abs(key.length * 7 + key.charCodeAt(0))
      .toString(16)
      .padStart(4, '0')}`,
    ...more,
  },
});
const explain = async (key: string, more: Partial<ExplainRequest> = {}) => await explainKey(asked(key, more), world.ports);
const record = async (key: string, more: Partial<ExplainRequest> = {}): Promise<ExplainedRecord> => (await explain(key, more)).record as ExplainedRecord;
const field = (one: ExplainedRecord, name: string) => one.fields.find((each) => each.field === name);

describe('explain', () => {
  test('says of each value which column and expression it comes from, what Odoo has, and which of them differ', async () => {
    const one = await record('0001');
    expect(one).toMatchObject({
      ...{ entity: 'supplier', system: 'meditrack', key: '0001', class: 'linked', compared: { runId: null } },
      legacy: { row: 1, ref: 'VENDOR 1', rows: 1, mapping: { file: 'mappings/entity.yaml', line: 1 } },
      odoo: { id: 11, model: 'res.partner', externalId: 'hospital.supplier__meditrack__0001', writtenAt: '2026-01-01T00:00:00Z', active: true, inScope: true },
      link: { odooId: 11, provenance: 'load', since: '2026-01-01T00:00:00.000Z' },
    });
    expect(field(one, 'supplier_no')).toMatchObject({
      source: { columns: [{ column: 'vend_no', value: '1' }], expression: "lpad(vend_no, 4, '0')", file: 'mappings/entity.yaml', line: 1, given: '0001' },
      ...{ legacy: '0001', odooField: 'ref', odoo: '0001', agrees: true, break: null },
    });
    expect(field(one, 'city')).toMatchObject({
      legacy: 'Ghent',
      odoo: 'Gent',
      agrees: false,
      break: { class: 'value', status: 'open', direction: 'update-odoo' },
    });
    expect(field(one, 'terms')).toMatchObject({ legacy: 'N30', odooField: null, agrees: null });
    expect(one.why).toEqual(['city: The legacy side owns it: the next plan writes it to Odoo.', 'note: Odoo owns it: enter it in the legacy system.']);
  });

  test('never shows what a pii field is made of, in any field, unless asked to', async () => {
    const one = await explain('0002');
    expect(JSON.stringify(one)).not.toContain('TAX-');
    expect(one.record?.fields.filter((each) => each.masked).map((each) => each.field)).toEqual(['tax_id']);
    expect(field(one.record as ExplainedRecord, 'note')?.source).toMatchObject({ given: null, columns: [{ value: null }, { value: null }] });
    expect(JSON.stringify(await explain('0002', { clear: true }))).toContain('TAX-9');
    const account = await explain('odoo/31');
    expect(account.record).toMatchObject({
      entity: 'bank_account',
      key: null,
      fields: [
        { masked: true, legacy: null },
        { legacy: '0001', odoo: '0001', agrees: true },
      ],
    });
    expect(JSON.stringify(account)).not.toContain('DE02');
  });

  test('finds a record by system, id in Odoo, External ID, and the id of a break', async () => {
    const one = await record('0001');
    const id = field(one, 'city')?.break?.id ?? '';
    for (const key of ['meditrack/0001', 'odoo/11', 'hospital.supplier__meditrack__0001', id, id.slice(0, 8)])
      expect(await record(key), key).toMatchObject({ key: '0001', odoo: { id: 11 } });
  });

  test('lists several records with the command for each', async () => {
    const { record: none, candidates } = await explain('0005');
    expect(none).toBeNull();
    expect(candidates.map(({ system, command }) => [system, command])).toEqual([
      ['meditrack', 'cutover explain 0005 --capability procurement --entity supplier --system meditrack'],
      ['stores', 'cutover explain 0005 --capability procurement --entity supplier --system stores'],
    ]);
    expect(await record('0005', { system: 'stores' })).toMatchObject({
      system: 'stores',
      class: 'only-legacy',
      odoo: null,
      why: [expect.stringContaining('the next plan creates it')],
    });
  });

  test('says why a row is not there: rejected, filtered, or one of several with its key', async () => {
    expect(await record('0003')).toMatchObject({
      class: 'rejected',
      legacy: { row: 3 },
      why: [expect.stringContaining('terms is none of the choices (mappings/entity.yaml:1)'), expect.anything()],
    });
    expect(await record('0004')).toMatchObject({
      class: 'filtered',
      legacy: { row: 4, ref: 'VENDOR 4' },
      why: ["Left out by the filter of mappings/entity.yaml:1: status <> 'X'."],
    });
    expect((await record('0006')).why[0]).toBe('2 rows of meditrack have this key: none of them is compared or loaded until one is left.');
    expect((await record('0099')).why).toEqual([expect.stringContaining('only-odoo: Only in Odoo'), 'It is archived in Odoo.']);
  });

  test('tells business checks that find it', async () => {
    expect((await record('0002')).checks).toEqual([{ name: 'no-city', severity: 'warning', hint: 'Ask the buyer.' }]);
    expect((await record('0001')).checks).toEqual([]);
  });

  test('an unknown key is answered with what was searched and the nearest keys, none of them pii', async () => {
    await expect(explain('1')).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: 'cutover explain 0001',
      details: [expect.stringContaining('keys of supplier, bank_account'), expect.stringContaining('0001')],
    });
    await expect(explain('DE02120300000000202052')).rejects.toMatchObject({ code: 'E_USAGE', details: [expect.not.stringContaining('DE02')] });
  });

  test('tells what a load did with it, and what the latest night knows of it', async () => {
    const { state } = laboratory;
    const started = { command: 'load', capability: 'procurement', startedAt: '2026-01-01T10:00:00.000Z', asOf: '2026-01-01T10:00:00.000Z' };
    await state.startRun({ id: 'load-1', ...started });
    await state.journal([
      {
        ...{
          runId: 'load-1',
          segment: 1,
          kind: 'dead-letter',
          action: 1,
          step: 'record',
          entity: 'supplier',
          system: 'meditrack',
          key: '0005',
          externalId: null,
        },
        ...{
          model: 'res.partner',
          odooId: null,
          at: '2026-01-01T10:00:01.000Z',
          payload: { refusal: { name: 'odoo.exceptions.ValidationError', message: 'TAX-5 is no tax number' } },
        },
      },
    ]);
    const before = await record('0005', { system: 'meditrack' });
    expect(before.loads).toEqual([
      { runId: 'load-1', command: 'load', at: '2026-01-01T10:00:01.000Z', outcome: 'dead-letter', reason: 'odoo.exceptions.ValidationError' },
    ]);
    expect(before.why[0]).toContain('Odoo refused it in the last load');
    await state.startRun({ ...started, id: 'load-2', startedAt: '2026-01-01T11:00:00.000Z' });
    await state.journal([
      {
        ...{ runId: 'load-2', segment: 1, kind: 'answer', action: 1, step: 'record', entity: 'supplier', system: 'meditrack', key: '0005', externalId: null },
        ...{ model: 'res.partner', odooId: 15, at: '2026-01-01T11:00:01.000Z', payload: { action: 'create' } },
      },
    ]);
    const written = await record('0005', { system: 'meditrack' });
    expect(written.loads.map((one) => [one.runId, one.outcome, one.reason])).toEqual([
      ['load-2', 'written', 'create'],
      ['load-1', 'dead-letter', 'odoo.exceptions.ValidationError'],
    ]);
    expect(written.why[0]).toBe('Written by load load-2 after Odoo was last pulled: what follows is how it was before (cutover pull odoo).');
    await world.reconcile();
    const after = await record('0001');
    expect(after.compared.runId).toMatch(/-reconcile-/);
    expect(field(after, 'name')).toMatchObject({ baseline: 'Acme 1', agrees: true });
  });
});
