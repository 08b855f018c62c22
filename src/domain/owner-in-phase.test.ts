import { expect, test } from 'vitest';
import { ownerInPhase } from './contract.ts';

const owner = {
  default: 'legacy',
  fields: { email: 'odoo' },
  phases: { shared: { fields: { name: 'odoo' } }, 'odoo-led': { default: 'odoo', fields: { tax_id: 'legacy' } } },
} as const;

test('a phase adds to the owners of fields', () => {
  expect(ownerInPhase(owner, 'legacy-led')).toMatchObject({ default: 'legacy', fields: { email: 'odoo' } });
  expect(ownerInPhase(owner, 'shared')).toMatchObject({ default: 'legacy', fields: { email: 'odoo', name: 'odoo' } });
});

test('a phase with a default of its own speaks for every field it does not name', () => {
  expect(ownerInPhase(owner, 'odoo-led')).toMatchObject({ default: 'odoo', fields: { tax_id: 'legacy' } });
});
