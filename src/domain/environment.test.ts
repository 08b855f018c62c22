import { expect, test } from 'vitest';
import { inEnvironment, requireMayWrite, requireMayWriteAtOnce } from './environment.ts';
import { type Workspace, WorkspaceFile } from './workspace.ts';

const systems = {
  legacy: { connector: 'files', directory: 'exports' },
  odoo: { connector: 'odoo', url: 'https://odoo.example' },
  'odoo-copy': { connector: 'odoo', url: 'https://copy.example' },
};
const environments = {
  rehearsal: { odoo: 'odoo-copy' },
  production: { production: true, state: 'postgres://state.example/cutover', approvals: {} },
  careless: { production: true },
};

function workspaceOf(file: object): Workspace {
  return {
    directory: '/w',
    file: WorkspaceFile.parse({ version: 1, namespace: 'n', systems, capabilities: ['procurement'], ...file }),
    ...{ capabilities: new Map(), linkDecisions: [], matchDecisions: [], breakDecisions: [] },
  };
}

const named = (name: string, isOnCommandLine = true) => ({ name, isOnCommandLine });

test('a workspace without environments is left exactly as it is', () => {
  const workspace = workspaceOf({});
  expect(inEnvironment(workspace, null)).toBe(workspace);
  expect(() => requireMayWrite(workspace, 'load x.plan')).not.toThrow();
  expect(() => inEnvironment(workspace, named('production'))).toThrow(/cutover.yaml has no environments/);
  expect(() => inEnvironment(workspace, null, 'a reason')).toThrow(/is for an environment marked production/);
});

test('an environment has its own Odoo under the name of the target, its own store, and the state it names', () => {
  const workspace = workspaceOf({ environments });
  const rehearsal = inEnvironment(workspace, named('rehearsal'));
  expect(rehearsal.file).toMatchObject({ name: 'rehearsal', store: '.cutover/environments/rehearsal', state: 'embedded', odoo: 'odoo' });
  expect(inEnvironment(workspaceOf({ environments, name: 'Northgate' }), named('rehearsal')).file.name).toBe('Northgate, rehearsal');
  expect(rehearsal.file.systems).toEqual({ legacy: workspace.file.systems['legacy'], odoo: workspace.file.systems['odoo-copy'] });
  expect(rehearsal.environment).toMatchObject({ name: 'rehearsal', production: false, odoo: 'odoo-copy', approvals: null, allowMail: null });
  const production = inEnvironment(workspace, named('production'));
  expect(production.file).toMatchObject({ store: '.cutover/environments/production', state: 'postgres://state.example/cutover' });
  expect(production.environment?.approvals).toEqual({ required: 1, by: [], valid_hours: 24 });
});

test('where there are environments one has to be named, and none is taken for another', () => {
  const workspace = workspaceOf({ environments });
  expect(() => inEnvironment(workspace, null)).toThrow('which environment? cutover.yaml has rehearsal, production, careless');
  expect(() => inEnvironment(workspace, named('prodction', false))).toThrow(/^CUTOVER_ENVIRONMENT names prodction; .*did you mean 'production'/i);
});

test('production is named on the command line, and does not keep its state in a place that may lose its end', () => {
  const workspace = workspaceOf({ environments });
  const guard =
    (name: string, isOnCommandLine: boolean, reason: string | null = null) =>
    () =>
      requireMayWrite(inEnvironment(workspace, named(name, isOnCommandLine), reason), 'load x.plan');
  expect(guard('production', false)).toThrow(expect.objectContaining({ code: 'E_ENVIRONMENT', hint: 'cutover load x.plan --environment production' }));
  expect(guard('production', true)).not.toThrow();
  expect(guard('careless', true)).toThrow(/its state is embedded/);
  expect(guard('careless', true, 'the database server is down')).not.toThrow();
  expect(guard('rehearsal', false)).not.toThrow();
});

test('what plans and loads in one go is refused where plans are approved', () => {
  const workspace = inEnvironment(workspaceOf({ environments }), named('production'));
  const instead = ['cutover rollback R --dry-run --out back.plan', 'cutover plan approve back.plan'];
  expect(() => requireMayWriteAtOnce(workspace, 'rollback R', instead)).toThrow(
    expect.objectContaining({ code: 'E_APPROVAL', hint: '`cutover rollback R --dry-run --out back.plan`, then `cutover plan approve back.plan`' }),
  );
});
