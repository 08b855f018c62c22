import { expect, test } from 'vitest';
import { closest, didYouMean } from './suggestion.ts';

test.each([
  ['nmae', 'name'],
  ['Name', 'name'],
  ['nam', 'name'],
  ['VEND_NAEM', 'VEND_NAME'],
  ['suplier_no', 'supplier_no'],
])('%s is taken for %s', (word, meant) => {
  expect(closest(word, ['key', 'name', 'VEND_NAME', 'supplier_no'])).toBe(meant);
});

test('a word of which more than a third would have to change is taken for nothing', () => {
  expect(closest('colour', ['key', 'name'])).toBeNull();
  expect(didYouMean('colour', ['key', 'name'])).toBe('');
  expect(closest('x', [])).toBeNull();
});

test('of two candidates the nearer one is meant', () => {
  expect(didYouMean('tax_idd', ['tax_ids', 'tax_id'])).toBe("; did you mean 'tax_ids'?");
  expect(closest('unit_prce', ['unit_pieces', 'unit_price'])).toBe('unit_price');
});
