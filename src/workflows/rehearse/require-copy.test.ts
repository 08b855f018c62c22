import { expect, test } from 'vitest';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { requireCopy } from './require-copy.ts';

const ports = { odoo: async () => ({ identity: async () => ({ database: 'hospital' }) }) } as unknown as Ports;
const environments = { live: { production: true }, copy: { production: false } };

function workspace(environment: object | undefined): Workspace {
  return { file: { environments }, environment } as unknown as Workspace;
}

test('a rehearsal is refused in production, and says where it can be done', async () => {
  const asked = requireCopy(workspace({ name: 'live', production: true, approvals: null }), 'procurement', 'hospital', ports);
  await expect(asked).rejects.toMatchObject({ code: 'E_ENVIRONMENT', hint: 'cutover rehearse procurement --environment copy' });
});

test('a rehearsal is refused where its rollback would wait for an approval', async () => {
  const asked = requireCopy(workspace({ name: 'copy', production: false, approvals: { required: 1 } }), 'procurement', null, ports);
  await expect(asked).rejects.toMatchObject({ code: 'E_APPROVAL' });
  await expect(requireCopy(workspace({ name: 'copy', production: false, approvals: null }), 'procurement', null, ports)).resolves.toBeUndefined();
});

test('without environments the database that is a copy has to be named', async () => {
  await expect(requireCopy(workspace(undefined), 'procurement', null, ports)).rejects.toMatchObject({ code: 'E_ENVIRONMENT' });
  await expect(requireCopy(workspace(undefined), 'procurement', 'other', ports)).rejects.toMatchObject({
    message: expect.stringContaining('hospital, not other'),
  });
  await expect(requireCopy(workspace(undefined), 'procurement', 'hospital', ports)).resolves.toBeUndefined();
});
