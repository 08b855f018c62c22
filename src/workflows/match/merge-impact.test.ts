import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectOdoo } from '../../adapters/odoo/connection.ts';
import type { OdooConnection } from '../../domain/ports.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { mergeImpact } from './merge-impact.ts';
import { readDefinition, sameKey, type UniqueKey } from './merge-impact-unique.ts';
import { wizardRules } from './merge-impact-wizard.ts';

const keyOf = (definition: string): UniqueKey | null => {
  const read = readDefinition('name', definition);
  return read.kind === 'unique' ? read.key : null;
};

describe('definitions of ir.model.constraint', () => {
  it.each([
    ['unique (sanitized_acc_number, partner_id)', { kind: 'constraint', columns: ['sanitized_acc_number', 'partner_id'], notNull: [], isTrue: [] }],
    ['UNIQUE(path)', { kind: 'constraint', columns: ['path'], notNull: [], isTrue: [] }],
    ['UNIQUE INDEX (guest_id) WHERE guest_id IS NOT NULL', { kind: 'index', columns: ['guest_id'], notNull: ['guest_id'], isTrue: [] }],
    ['UNIQUE INDEX (a, b) WHERE (active IS TRUE AND a is not null)', { kind: 'index', columns: ['a', 'b'], notNull: ['a'], isTrue: ['active'] }],
  ])('%s is a unique key', (definition, key) => {
    expect(keyOf(definition)).toEqual({ name: 'name', ...key });
  });

  it.each([
    ['UNIQUE INDEX (alias_name, COALESCE(alias_domain_id, 0))', 'alias_domain_id'],
    ["UNIQUE INDEX (name, journal_id) WHERE (state = 'posted'AND name != '/')", 'journal_id'],
  ])('%s is not understood, and says so', (definition, word) => {
    const read = readDefinition('name', definition);
    expect(read.kind).toBe('opaque');
    expect(read.kind === 'opaque' && read.words.has(word)).toBe(true);
  });

  it('a check that only asks for a value compares none', () => {
    const read = readDefinition('name', 'CHECK((partner_id IS NOT NULL AND guest_id IS NULL) OR amount > 0)');
    expect(read).toMatchObject({ kind: 'check' });
    if (read.kind !== 'check') return;
    expect([read.words.has('partner_id'), read.comparing.has('partner_id'), read.comparing.has('amount')]).toEqual([true, false, true]);
  });

  it('an index that is not unique is none of it', () => {
    expect(readDefinition('name', 'INDEX (journal_id, date DESC)')).toEqual({ kind: 'other' });
  });

  it('rows without a value, or outside the condition, collide with none', () => {
    const key = keyOf('UNIQUE INDEX (channel_id, partner_id) WHERE active IS TRUE') as UniqueKey;
    const row = (id: number, channel_id: number | false, active: unknown) => ({ id, channel_id, partner_id: 7, active });
    expect(sameKey(key, [row(1, 3, true), row(2, 3, true), row(3, 3, 'false'), row(4, false, true), row(5, false, true), row(6, 4, true)])).toEqual([[1, 2]]);
  });
});

describe('the impact of a merge', () => {
  let sandbox: Sandbox;
  let odoo: OdooConnection;
  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 'demo' });
    odoo = await connectOdoo({
      url: sandbox.url,
      database: sandbox.database,
      login: sandbox.login,
      apiKey: sandbox.apiKey,
      concurrency: 2,
      timeoutSeconds: 30,
    });
  });
  afterAll(() => sandbox.stop());

  it('says what it cannot look at where Odoo does not tell its fields', async () => {
    const ids = (await odoo.searchIds('res.partner', [['ref', '!=', false]])).slice(0, 2);
    const impact = await mergeImpact({ model: 'res.partner', ids: [...ids, 999_999] }, odoo);
    expect(impact).toMatchObject({ isComplete: false, pointing: [], lost: [], missing: [999_999] });
    expect(impact.notChecked).toContain('what points to res.partner (ir.model.fields): this Odoo does not answer it');
    expect(impact.survivor.id).toBe(Math.min(...ids));
    expect(impact.givingWay).toEqual([{ id: Math.max(...ids), fields: expect.arrayContaining(['name', 'ref']) }]);
  });

  it('takes two records, and a survivor among them', async () => {
    const [id = 0, other = 0] = await odoo.searchIds('res.partner', [['ref', '!=', false]]);
    await expect(mergeImpact({ model: 'res.partner', ids: [id, id, 999_999] }, odoo)).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(mergeImpact({ model: 'res.partner', ids: [id, other], survivor: 1 }, odoo)).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  it('knows whose rules it has read', () => {
    expect(['14.0', '16.0', '18.0', '19.0'].map((version) => wizardRules(version).isRead)).toEqual([true, false, false, true]);
  });
});
