import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from './digest.ts';
import { externalId, parseExternalId } from './record-key.ts';

const digest = (text: string) => sha256(text).slice(0, 16);

describe('an External ID', () => {
  test('gives back the entity, the system and the key it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 25 }), (key) => {
        fc.pre(key.isWellFormed());
        const name = externalId('hospital', 'supplier_bank_account', 'old-erp', key, digest);
        const parsed = parseExternalId('hospital', name);
        expect(parsed).toEqual({ entity: 'supplier-bank-account', system: 'old-erp', key: name.includes('_z') ? null : key });
      }),
    );
  });

  test('of a key too long for it tells that only a digest is left', () => {
    const name = externalId('hospital', 'product', 'legacy', `${'x'.repeat(84)}é${'x'.repeat(30)}`, digest);
    expect(name).toMatch(/x__z[0-9a-f]{16}$/);
    expect(parseExternalId('hospital', name)).toEqual({ entity: 'product', system: 'legacy', key: null });
  });

  test.each([
    'elsewhere.product__legacy__P1',
    'hospital.P1',
    'hospital.product__legacy__',
    'hospital.product__legacy__P_1',
    'hospital.product__legacy__P_41',
    'hospital.product__legacy__P_ff',
    'hospital.product__legacy__P 1',
    'hospital.product__legacy__P1_product_template',
  ])('%s was not made by it', (name) => {
    expect(parseExternalId('hospital', name)).toBeNull();
  });
});
