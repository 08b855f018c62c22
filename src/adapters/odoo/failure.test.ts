import { describe, expect, test } from 'vitest';
import { complaintToError, isAccessRefusal, isLostRace, ownWords } from './failure.ts';

test.each([
  'could not serialize access due to concurrent update\n',
  'konnte Zugriff nicht serialisieren wegen gleichzeitiger Aktualisierung',
  "n'a pas pu sérialiser un accès à cause d'une mise à jour en parallèle",
  'no se pudo serializar el acceso debido a un update concurrente',
  'deadlock detected\nDETAIL:  Process 1 waits',
  'could not obtain lock on row in relation "res_partner"',
])('recognises a lost race: %s', (message) => expect(isLostRace(message)).toBe(true));

test.each(["Serial number 'A' is not accessible", 'Object of type bytes is not JSON serializable', 'The combination Account Number/Partner must be unique.'])(
  'takes nothing else for one: %s',
  (message) => expect(isLostRace(message)).toBe(false),
);

test('tells a missing right about a model from a rule about one record', () => {
  expect(isAccessRefusal("You are not allowed to create 'Contact' (res.partner) records.\n\nThis operation is allowed for …")).toBe(true);
  expect(isAccessRefusal('Uh-oh! Looks like you have stumbled upon some top-secret records.')).toBe(false);
});

test('cuts off what PostgreSQL quotes of the row and the statement', () => {
  expect(ownWords('duplicate key\nDETAIL:  Key (vat)=(1) already exists.')).toBe('duplicate key');
  expect(ownWords('date out of range: "x"\nLINE 1: INSERT …')).toBe('date out of range: "x"');
  expect(ownWords('two lines\nof Odoo')).toBe('two lines\nof Odoo');
});

describe('an exception inside a code action', () => {
  const inAction = (message: string) =>
    complaintToError({ name: 'builtins.ValueError', message: `${message} while evaluating\n'# the text'` }, { reads: false });

  test('is what it was outside, in the words of 15 and later', () => {
    expect(inAction(`ValueError("Wrong value for res.partner.type: 'nope'")`)).toMatchObject({
      failure: 'validation',
      exception: 'builtins.ValueError',
      message: "Wrong value for res.partner.type: 'nope'",
    });
    const broken = String.raw`CheckViolation('new row violates check constraint "x"\nDETAIL:  Failing row contains (7, Ann).\n')`;
    expect(inAction(broken)).toMatchObject({ exception: 'psycopg2.errors.CheckViolation', message: 'new row violates check constraint "x"' });
    expect(inAction("KeyError('res.nope')")).toMatchObject({ failure: 'missing-model' });
  });

  test('is what it was outside, in the words of 14', () => {
    expect(inAction(`<class 'ValueError'>: "Invalid field 'nope' on model 'res.partner'"`)).toMatchObject({ failure: 'missing-field' });
    expect(inAction(`<class 'psycopg2.errors.NotNullViolation'>: "null value in column\nDETAIL:  Failing row contains (7, Ann)."`)).toMatchObject({
      exception: 'psycopg2.errors.NotNullViolation',
      message: 'null value in column',
    });
  });

  test('a lost race for an External ID may be run again', () => {
    const lost = String.raw`UniqueViolation('duplicate key value violates unique constraint "ir_model_data_module_name_uniq_index"\nDETAIL:  Key …')`;
    expect(inAction(lost)).toMatchObject({ failure: 'concurrency' });
  });
});
