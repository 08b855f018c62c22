import { beforeEach, describe, expect, test } from 'vitest';
import { Environment } from './environment.ts';
import { seededDatabase } from './seed.ts';
import type { Json } from './values.ts';
import { createRecords } from './writing.ts';

describe('a search domain', () => {
  let environment: Environment;
  let zed: number;
  let alpha: number;
  let archived: number;

  beforeEach(() => {
    environment = new Environment(seededDatabase({ seed: 'bare', uuid: 'u', login: 'admin' }), {}, 2);
    [zed = 0, alpha = 0, archived = 0] = createRecords(environment, environment.model('res.partner'), [
      { name: 'Zed', ref: '', country_id: 233 },
      { name: 'alpha', ref: 'R%1', supplier_rank: 2 },
      { name: 'Beta', ref: ' r_2 ', active: false, parent_id: false },
    ]);
  });

  const search = (domain: Json[], options = {}): number[] => environment.searchIds('res.partner', [['id', 'in', [zed, alpha, archived]], ...domain], options);

  test('hides archived records unless it speaks of them or the context asks for them', () => {
    expect(search([])).toEqual([zed, alpha]);
    expect(search([['active', 'in', [true, false]]])).toEqual([archived, zed, alpha]);
    expect(search([], { activeTest: false })).toEqual([archived, zed, alpha]);
  });

  test('takes an empty text and a zero for nothing', () => {
    expect(search([['ref', '=', false]])).toEqual([zed]);
    expect(search([['ref', '!=', false]])).toEqual([alpha]);
    expect(search([['supplier_rank', '=', false]])).toEqual([zed]);
    expect(search([['ref', 'not in', ['R%1']]])).toEqual([zed]);
  });

  test('compares texts with and without case, with and without wildcards', () => {
    expect(search([['name', 'ilike', 'E']])).toEqual([zed]);
    expect(search([['name', 'not ilike', 'E']])).toEqual([alpha]);
    expect(search([['name', '=ilike', 'ALPHA']])).toEqual([alpha]);
    expect(search([['name', 'like', 'ALPHA']])).toEqual([]);
    expect(search([['ref', '=like', 'R\\%_']])).toEqual([alpha]);
  });

  test('joins conditions in prefix notation, and by "and" where nothing is said', () => {
    expect(search(['|', ['name', '=', 'Zed'], ['name', '=', 'alpha']])).toEqual([zed, alpha]);
    expect(search(['!', ['name', '=', 'Zed']])).toEqual([alpha]);
    expect(search(['&', ['name', '=', 'Zed'], ['name', '=', 'alpha']])).toEqual([]);
    expect(search(['!', '|', ['name', '=', 'Zed'], ['name', '=', 'alpha']])).toEqual([]);
  });

  test('follows paths and finds relations by name', () => {
    expect(search([['country_id.code', '=', 'US']])).toEqual([zed]);
    expect(search([['country_id', '=', 'United States']])).toEqual([zed]);
    expect(search([['country_id', '=', false]])).toEqual([alpha]);
  });

  test('takes a day as an upper bound to its last second', () => {
    const day = environment.now.slice(0, 10);
    expect(search([['create_date', '>=', day]])).toEqual([zed, alpha]);
    expect(search([['create_date', '<=', day]])).toEqual([zed, alpha]);
    expect(search([['create_date', '>', day]])).toEqual([]);
    expect(search([['create_date', '=', day]])).toEqual([]);
  });

  test('finds families by child_of', () => {
    const [child = 0] = createRecords(environment, environment.model('res.partner'), [{ name: 'Child', parent_id: zed }]);
    expect(environment.searchIds('res.partner', [['id', 'child_of', zed]]).sort((left, right) => left - right)).toEqual([zed, child]);
    expect(environment.searchIds('res.partner', [['parent_id', 'child_of', zed]]).sort((left, right) => left - right)).toEqual([zed, child]);
  });

  test('refuses what Odoo refuses, in its words', () => {
    expect(() => search([['nope', '=', 1]])).toThrow("Invalid field res.partner.nope in condition ('nope', '=', 1)");
    expect(() => search([['name', 'foo', 1]])).toThrow("Invalid operator in condition ('name', 'foo', 1)");
    expect(() => environment.searchIds('res.partner', ['&', ['name', '=', 'x']])).toThrow("Domain() malformed domain ['&', ['name', '=', 'x']]");
    expect(() => search([], { order: 'nope' })).toThrow("Invalid field 'nope' on model 'res.partner'");
  });

  test('sorts texts by code point and puts empty values last', () => {
    expect(search([], { order: 'name' })).toEqual([zed, alpha]);
    expect(search([], { order: 'name desc', limit: 1 })).toEqual([alpha]);
    expect(search([], { order: 'country_id' })).toEqual([zed, alpha]);
    expect(search([], { order: 'country_id desc' })).toEqual([alpha, zed]);
  });
});
