import { expect, test } from 'vitest';
import { positional } from './json-rpc.ts';

test('gives the parameters by position whose names changed between versions', () => {
  expect(positional('search', { domain: [], order: 'id', limit: 5 })).toEqual({ leading: [[]], rest: { order: 'id', limit: 5 } });
  expect(positional('load', { fields: ['id'], data: [] })).toEqual({ leading: [['id'], []], rest: {} });
});

test('stops at the first parameter that is not given', () => {
  expect(positional('fields_get', { attributes: ['type'] })).toEqual({ leading: [], rest: { attributes: ['type'] } });
});

test('leaves the parameters of other methods their names', () => {
  expect(positional('button_confirm', { force: true })).toEqual({ leading: [], rest: { force: true } });
});
