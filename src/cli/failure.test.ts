import { expect, test } from 'vitest';
import { CutoverError, type ErrorCodes } from '../domain/errors.ts';
import { OdooError, type OdooFailure } from '../domain/ports.ts';
import { parseAsOf } from './as-of.ts';
import { failureEnvelope } from './envelope.ts';
import { describeFailure, statusOf } from './failure.ts';
import { blotted } from './run-log.ts';

const known = { command: 'snapshot list', flags: ['system', 'entity', 'json'] };

test('a broken promise keeps its code, hint, details and exit code', () => {
  const error = new CutoverError('E_PLAN_USED', 'the plan was loaded by run 7', { hint: 'cutover plan procurement --out next.plan', details: ['a', 'b'] });
  expect(describeFailure(error, known)).toEqual({
    code: 'E_PLAN_USED',
    message: 'the plan was loaded by run 7',
    hint: 'cutover plan procurement --out next.plan',
    details: ['a', 'b'],
    exit: 5,
  });
});

test('every way Odoo fails has an exit code, and its words about records are not shown', () => {
  const exits: Record<OdooFailure, number> = {
    authentication: 7,
    access: 7,
    unavailable: 7,
    unknown: 7,
    'missing-field': 2,
    'missing-model': 2,
    'missing-record': 1,
    validation: 1,
    concurrency: 1,
  };
  for (const [failure, exit] of Object.entries(exits) as [OdooFailure, number][]) {
    expect([failure, describeFailure(new OdooError(failure, 'words'), known).exit]).toEqual([failure, exit]);
  }
  const refused = describeFailure(new OdooError('validation', 'The IBAN DE89370400440532013000 is wrong', 'odoo.exceptions.ValidationError'), known);
  expect(JSON.stringify(refused)).not.toContain('DE89');
  expect(refused.message).toContain('odoo.exceptions.ValidationError');
});

test('an error nobody foresaw is one line and exit 1', () => {
  const failure = describeFailure(new TypeError(`cannot read ${'x'.repeat(500)}\n    at somewhere`), known);
  expect(failure).toMatchObject({ code: 'E_UNEXPECTED', exit: 1, hint: null });
  expect(failure.message.length).toBeLessThanOrEqual(200);
  expect(failure.message).not.toContain('\n');
});

test('the status follows from the exit code', () => {
  const status = (code: keyof typeof ErrorCodes) => statusOf(describeFailure(new CutoverError(code, ''), known));
  expect([
    status('E_PLAN_STALE'),
    status('E_LOCKED'),
    status('E_SNAPSHOT_CORRUPT'),
    status('E_INTERRUPTED'),
    status('E_CONFIG'),
    status('E_ODOO_ACCESS'),
  ]).toEqual(['refused', 'refused', 'incomplete', 'incomplete', 'failed', 'failed']);
});

test('commands that a hint names are the next ones', () => {
  const next = (hint: string) =>
    failureEnvelope('load', null, 'failed', describeFailure(new CutoverError('E_USAGE', '', { hint }), known), { warnings: [], log: null }).next;
  expect(next('cutover doctor')).toEqual(['cutover doctor']);
  expect(next('mend the lines above, then run `cutover doctor`')).toEqual(['cutover doctor']);
  expect(next('export ODOO_URL=…')).toEqual([]);
});

test('a moment without a zone is UTC, and one that does not exist is refused', () => {
  expect(parseAsOf('2026-03-31')).toBe('2026-03-31T00:00:00.000Z');
  expect(parseAsOf('2026-03-31T18:00')).toBe('2026-03-31T18:00:00.000Z');
  expect(parseAsOf('2026-03-31 18:00:05+02:00')).toBe('2026-03-31T16:00:05.000Z');
  for (const text of ['2026-02-30', '2026-3-1', '31.03.2026', '2026-03-31T25:00']) expect(() => parseAsOf(text)).toThrow(/is not a moment/);
});

test('secrets are blotted out of the log in every form they take', () => {
  const secret = 'p"ss/wörd';
  const line = JSON.stringify({ url: `postgres://me:${encodeURIComponent(secret)}@host`, text: `key ${secret}` });
  expect(blotted(line, [secret])).toBe('{"url":"postgres://me:***@host","text":"key ***"}');
});

test('what oclif says is told in plain words', () => {
  const said = (message: string) => describeFailure(Object.assign(new Error(`${message}\nSee more help with --help`), { parse: {} }), known);
  expect(said('Missing 1 required arg:\ncapability  A capability of cutover.yaml.')).toMatchObject({
    message: 'the argument CAPABILITY is missing',
    details: ['CAPABILITY  A capability of cutover.yaml.'],
  });
  expect(said('Missing 2 required args:\nsystem  A system.\nentity  An entity.').message).toBe('the arguments SYSTEM, ENTITY are missing');
  expect(said('The following error occurred:\n  Missing required flag out')).toMatchObject({ message: 'the flag --out is missing', details: [] });
  expect(said('Parsing --port \n\tExpected an integer but received: abc').message).toBe('--port: expected an integer but received: abc');
  const ours = new CutoverError('E_USAGE', 'Parsing --as-of \n\t--as-of yesterday is not a moment\nSee more help with --help');
  expect(describeFailure(ours, known).message).toBe('--as-of yesterday is not a moment');
});
