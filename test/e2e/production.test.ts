/** A plan on its way to production: made, read, approved by somebody else, loaded, and everything that must stop it. On the sandbox, through the commands. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, onTestFinished, test } from 'vitest';
import { type Context, withContext } from '../../src/context.ts';
import type { AuditResult } from '../../src/domain/audit-results.ts';
import type { PlanApproveResult, PlanListResult, PlanShowResult, PlanVerifyResult } from '../../src/domain/plan-results.ts';
import type { Progress } from '../../src/domain/ports.ts';
import type { LoadRunResult, StatusResult } from '../../src/domain/results.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { doctor } from '../../src/workflows/doctor/doctor.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { planCapability } from '../../src/workflows/plan/plan.ts';
import { verifyPlanNow } from '../../src/workflows/plan/verify.ts';
import { makeWorld, smallHospital, type World } from '../load/world.ts';
import { openDesk } from './transcript.ts';

interface Told<Data> {
  readonly data: Data;
  readonly runId: string;
  readonly next: readonly string[];
  readonly warnings: readonly string[];
  readonly error: { readonly code: string; readonly message: string; readonly details: readonly string[] };
}

interface Site {
  readonly world: World;
  readonly directory: string;
  readonly secrets: readonly string[];
  /** Runs with --json, expects the exit code, answers what it said. */
  step<Data>(exit: number, ...args: string[]): Promise<Told<Data>>;
  stepWith<Data>(environment: Readonly<Record<string, string>>, exit: number, ...args: string[]): Promise<Told<Data>>;
}

async function openSite(configuration: string, more: Readonly<Record<string, string>> = {}): Promise<Site> {
  const sandbox = await startSandbox();
  const world = await makeWorld(sandbox);
  const desk = await openDesk();
  onTestFinished(async () => {
    await sandbox.stop();
    await world.close();
  });
  await world.pull(smallHospital());
  const config = join(world.directory, 'cutover.yaml');
  await writeFile(config, `${await readFile(config, 'utf8')}${configuration}`);
  const stepWith: Site['stepWith'] = async (environment, exit, ...args) => {
    const told = await desk.runWith({ ...world.environment, ...more, ...environment }, ...args, '--workspace', world.directory, '--json');
    expect([args.join(' '), told.exit, told.exit === exit ? '' : told.stdout + told.stderr]).toEqual([args.join(' '), exit, '']);
    const { data, runId, next, warnings, error } = told.json;
    return { data: data as never, runId: runId ?? '', next: next.map((command) => command.replace(/ --workspace \S+/, '')), warnings, error: error as never };
  };
  const secrets = [sandbox.apiKey, sandbox.password, ...Object.values(more)].filter((secret) => secret.length >= 8);
  return { world, directory: desk.directory, secrets, stepWith, step: (exit, ...args) => stepWith({}, exit, ...args) };
}

/** As somebody would who knows how a plan is built: another value, and an end line that fits. */
async function forged(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const end = JSON.parse(lines.pop() ?? '') as { end: true; actions: number };
  const changed = lines.map((line) => line.replace('Supplier V1', 'Supplier X1'));
  const sha256 = createHash('sha256')
    .update(`${changed.join('\n')}\n`)
    .digest('hex');
  const copy = `${file}.forged`;
  await writeFile(copy, `${[...changed, JSON.stringify({ ...end, sha256 })].join('\n')}\n`);
  return copy;
}

const PRODUCTION = `
environments:
  rehearsal: {odoo: odoo}
  production:
    production: true
    store: .cutover
    approvals: {required: 1, by: [S. Ortega, A. Author]}
pii_key: \${CUTOVER_PII_KEY}
`;

test('a plan is approved by somebody else, loaded into production, and stopped by everything that should stop it', { timeout: 600_000 }, async () => {
  const { directory, secrets, step, stepWith } = await openSite(PRODUCTION, { CUTOVER_PII_KEY: 'a-key-that-must-not-leak' });
  const file = join(directory, 'p.plan');
  const production = ['--environment', 'production'] as const;
  const reason = ['--embedded-state-on-production', 'the state server is being replaced'] as const;

  expect((await step(2, 'plan', 'procurement', '--out', file)).error.message).toContain('which environment? cutover.yaml has rehearsal, production');
  const planned = await step(0, 'plan', 'procurement', '--out', file, '--by', 'A. Author', ...production);
  expect(planned.next).toEqual([`cutover plan show ${file} --environment production`, `cutover plan approve ${file} --environment production`]);
  const clear = await readFile(file, 'utf8');
  expect(secrets.length).toBeGreaterThanOrEqual(2);
  expect(secrets.filter((secret) => clear.includes(secret))).toEqual([]);

  // Named by the variable, not named at all in spirit; then: an embedded state; then: nobody has approved it.
  expect((await stepWith({ CUTOVER_ENVIRONMENT: 'production' }, 5, 'load', file)).error.code).toBe('E_ENVIRONMENT');
  expect((await step(5, 'load', file, ...production)).error).toMatchObject({ code: 'E_ENVIRONMENT', message: expect.stringContaining('not a power failure') });
  expect((await step(5, 'load', file, ...production, ...reason)).error).toMatchObject({
    code: 'E_APPROVAL',
    message: expect.stringContaining('this one has 0'),
  });
  expect((await step(5, 'load', file, '--environment', 'rehearsal')).error).toMatchObject({
    code: 'E_ENVIRONMENT',
    message: 'the plan was made for the environment production; this is the environment rehearsal',
  });
  expect((await step(5, 'plan', 'approve', file, '--as', ' a.  author', ...production)).error).toMatchObject({ code: 'E_APPROVAL' });
  const approved = await step<PlanApproveResult>(0, 'plan', 'approve', file, '--as', 'S. Ortega', '--comment', 'freeze agreed', ...production);
  expect(approved.data).toMatchObject({
    by: { name: 'S. Ortega' },
    comment: 'freeze agreed',
    isSameAccount: true,
    plan: { approval: { required: 1, counting: 1 } },
  });
  expect(approved.warnings[0]).toContain('that it was somebody else is only said');
  const listed = await step<PlanListResult>(0, 'plan', 'list', ...production);
  expect(listed.data.plans).toMatchObject([{ file, author: 'A. Author', environment: 'production', approvals: 1, consumedBy: null, isThere: true }]);

  const forgery = await step(5, 'load', await forged(file), ...production, ...reason);
  expect(forgery.error).toMatchObject({ code: 'E_PLAN_INVALID', message: expect.stringContaining('is not the plan that was made') });

  const loaded = await step<LoadRunResult>(0, 'load', file, ...production, ...reason);
  expect(loaded.data).toMatchObject({ planned: 23, applied: 23 });
  expect(loaded.data.conditions).toMatchObject({
    ...{ environment: 'production', production: true, embeddedState: 'the state server is being replaced', mail: null },
    approvals: [{ by: 'S. Ortega', runId: approved.runId, seal: approved.data.seal.hash }],
  });
  expect((await step(5, 'load', file, ...production, ...reason)).error.code).toBe('E_PLAN_USED');

  // Both are in the chain, and can be handed on.
  const audit = await step<AuditResult>(0, 'audit', 'verify', ...production);
  expect(audit.data.runs.map(({ runId, status }) => [runId, status])).toEqual(
    [
      [approved.runId, 'intact'],
      [loaded.runId, 'intact'],
    ].toSorted(),
  );
  await step(0, 'audit', 'export', approved.runId, '--out', join(directory, 'approval.ndjson'), ...production);
  const [, entry] = (await readFile(join(directory, 'approval.ndjson'), 'utf8')).split('\n').map((line) => (line === '' ? null : JSON.parse(line)));
  expect(entry).toMatchObject({
    entry: { kind: 'approved' },
    payload: { approval: { sha256: approved.data.plan.sha256, by: { name: 'S. Ortega' }, author: { name: 'A. Author' } } },
  });
  // Approved with the load, and not to be waited for at night.
  const back = await step<LoadRunResult>(0, 'rollback', loaded.runId, ...production, ...reason);
  expect(back.data).toMatchObject({ applied: 23, conditions: { approvals: [{ by: 'S. Ortega' }] } });
  const status = await step<StatusResult>(0, 'status', ...production);
  expect(status.data.environment).toMatchObject({ name: 'production', production: true, state: 'embedded' });
});

test('a copy that could send mail is not written to, unless somebody says why it is all right', { timeout: 600_000 }, async () => {
  const { world } = await openSite('');
  await world.verbs.odoo((odoo) => odoo.call('ir.mail_server', 'create', { vals_list: [{ name: 'live', smtp_host: 'smtp.hospital.example' }] }));
  const before = await readFile(join(world.directory, 'cutover.yaml'), 'utf8');
  const warnings: string[] = [];
  const onCopy = async <Data>(work: (context: Context) => Promise<Data>): Promise<Data> => {
    const place = { command: 'load', workspace: world.directory, asOf: null, environment: { name: 'copy', isOnCommandLine: false } };
    const progress: Progress = (event) => event.kind === 'warning' && warnings.push(event.text);
    const invocation = { ...place, progress, signal: new AbortController().signal, onRun: () => undefined };
    return (await withContext(invocation, async (context) => ({ status: 'ok' as const, text: () => '', data: await work(context) }))).data;
  };
  const file = join(world.directory, 'p.plan');
  await world.write('cutover.yaml', `${before}environments: {copy: {store: .cutover}}\n`);
  await onCopy(({ workspace, asOf, runId, newNonce, ports }) => {
    const [capability] = [...workspace.capabilities.values()];
    if (capability === undefined) throw new Error('no capability');
    return planCapability({ workspace, capability, asOf, runId, nonce: newNonce(), file }, ports);
  });
  const load = () => onCopy(({ workspace, asOf, runId, ports }) => loadPlan({ workspace, file, limit: 1, resume: null, runId, asOf }, ports));
  await expect(load()).rejects.toMatchObject({
    code: 'E_MAIL',
    message: 'copy is not production and could send or fetch mail: 1 outgoing mail server is active',
  });
  const verified = await onCopy(({ workspace, ports }) => verifyPlanNow({ workspace, file, limit: 1 }, ports));
  expect(verified.problems).toEqual(['copy is not production and could send or fetch mail: 1 outgoing mail server is active']);
  const { findings } = await onCopy(({ workspace, ports }) => doctor({ workspace }, ports));
  expect(findings.find(({ check }) => check === 'outgoing mail')?.status).toBe('problem');
  await world.write('cutover.yaml', `${before}environments: {copy: {store: .cutover, allow_mail: the server is a trap that keeps everything}}\n`);
  expect((await load()).conditions).toMatchObject({ environment: 'copy', mail: 'the server is a trap that keeps everything' });
  expect(warnings).toContainEqual(expect.stringContaining('allowed because: the server is a trap'));
});

test('verify names what went stale and who wrote it; an encrypted plan is read by all who read plans', { timeout: 600_000 }, async () => {
  const [ours, theirs] = [await generateIdentity(), await generateIdentity()];
  process.env.CUTOVER_AGE_IDENTITY = ours;
  const { world, directory, secrets, step, stepWith } = await openSite('age_identity: ${CUTOVER_AGE_IDENTITY}\n', { CUTOVER_AGE_IDENTITY: ours });
  await world.verbs.plan('first.plan');
  await world.verbs.load('first.plan', null);
  const used = await world.inside(({ workspace, ports }) => verifyPlanNow({ workspace, file: join(world.directory, 'first.plan'), limit: 1 }, ports));
  expect(used.problems).toEqual([expect.stringContaining('a plan is good for one load')]);

  const legacy = smallHospital();
  await world.pull({ ...legacy, suppliers: legacy.suppliers.map((row) => ({ ...row, CITY: 'Shelbyville', STREET: `${row.STREET} B` })) });
  const file = join(directory, 'second.plan');
  await step(0, 'plan', 'procurement', '--out', file, '--recipient', await identityToRecipient(ours));
  const kept = await readFile(file, 'latin1');
  expect([kept.startsWith('age-encryption.org/v1\n'), kept.includes('Shelbyville')]).toEqual([true, false]);
  const shown = await step<PlanShowResult>(0, 'plan', 'show', file, '--entity', 'supplier', '--key', 'V1');
  expect(shown.data).toMatchObject({ matching: 1, counts: { update: 5 }, shown: [{ action: 'update', key: 'V1', lines: [] }] });
  expect(shown.data.shown[0]?.fields).toContainEqual({ field: 'city', odooField: 'city', before: 'Springfield', after: 'Shelbyville', masked: false });
  expect((await stepWith({ CUTOVER_AGE_IDENTITY: theirs }, 5, 'plan', 'show', file)).error.code).toBe('E_PLAN_INVALID');
  expect((await stepWith({ CUTOVER_AGE_IDENTITY: '' }, 2, 'load', file)).error.code).toBe('E_SECRET_MISSING');
  expect(secrets.filter((secret) => kept.includes(secret))).toEqual([]);

  // Somebody moves one supplier to another city, and gives another the new one before us.
  const ids = await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', [['ref', 'in', ['V1', 'A B']]]));
  await world.verbs.odoo(async (odoo) => {
    const records = await odoo.read('res.partner', ids, ['ref']);
    const idOf = (ref: string): number => records.find((record) => record.ref === ref)?.id ?? 0;
    await odoo.save('res.partner', [{ id: idOf('V1'), values: { city: 'Ogdenville' } }], {});
    await odoo.save('res.partner', [{ id: idOf('A B'), values: { city: 'Shelbyville' } }], {});
  });
  const verified = await step<PlanVerifyResult>(5, 'plan', 'verify', file);
  expect(verified.data).toMatchObject({ checked: 5, fresh: 4, already: 0, stale: 1, problems: [], byField: [{ entity: 'supplier', field: 'city', count: 1 }] });
  expect(verified.data.shown).toMatchObject([
    { key: 'V1', problem: 'changed', fields: [{ field: 'city', planned: 'Springfield', now: 'Ogdenville', masked: false }], writtenBy: expect.any(String) },
  ]);
  expect(verified.data.shown[0]?.writtenAt).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect((await step<PlanApproveResult>(0, 'plan', 'approve', file, '--as', 'Somebody Else')).data.plan.approval).toMatchObject({ required: 0, counting: 1 });
  // What verify said, the load does.
  expect((await step<LoadRunResult>(4, 'load', file)).data).toMatchObject({ conflict: 1 });
});
