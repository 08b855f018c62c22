import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isValidIBAN } from 'ibantools';
import { entityValidators, stdnum } from 'stdnum';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import type { DataPlane } from '../ports.ts';
import { holds } from './by-package.ts';
import { gmnCheckPair, hibcCheckCharacter, rest97 } from './check-digits.ts';
import { canonicalOf, canonicalSql, checkSql, isPlaceholder, isPlaceholderSql, schemeOf, schemes } from './registry.ts';
import { evidenceBits, type IdentifierScheme } from './scheme.ts';
import { taxCountries } from './schemes-company.ts';
import { fold, foldSql } from './text.ts';

let directory: string;
let plane: DataPlane;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-identifiers-'));
  plane = await openDataPlane({ memory: '256MB', threads: 1, spillDirectory: join(directory, 'spill') });
});
afterAll(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

/** What is said of a value, from its raw text. */
function judge(name: string, raw: string): { canonical: string | null; valid: boolean | null } {
  const canonical = canonicalOf(schemeOf(name), raw);
  return { canonical, valid: canonical === null ? null : holds(schemeOf(name), canonical) };
}

describe('published examples', () => {
  it.each([
    ['gtin', '4006381333931', '04006381333931'],
    ['gtin', '96385074', '00000096385074'],
    ['gtin', '036000291452', '00036000291452'],
    ['gtin', '(01)09506000134352(17)250101(10)AB-1', '09506000134352'],
    ['gtin', ']d20109506000134352172501011012', '09506000134352'],
    ['gln', '9501101530003', '9501101530003'],
    ['udi-di', '+A123BJC5D6E71G', '+A123BJC5D6E71G'],
    ['udi-di', '(01)00643169001763(11)141231(21)A213B1', '00643169001763'],
    ['gmn', '1987654Ad4X4bL5ttr2310c2K', '1987654Ad4X4bL5ttr2310c2K'],
    ['npi', '1234567893', '1234567893'],
    ['npi', '1245319599', '1245319599'],
    ['dea', 'AB1234563', 'AB1234563'],
    ['nhs-number', '943 476 5919', '9434765919'],
    ['pzn', 'PZN-27580899', '27580899'],
    ['us-ein', '12-3456788', '123456788'],
    ['iban', 'DE89 3704 0044 0532 0130 00', 'DE89370400440532013000'],
    ['iban', 'gb82 WEST 1234 5698 7654 32', 'GB82WEST12345698765432'],
    ['bic', 'DEUTDEFF', 'DEUTDEFFXXX'],
    ['lei', '5493001KJTIIGC8Y1R12', '5493001KJTIIGC8Y1R12'],
    ['abn', '51 824 753 556', '51824753556'],
    ['acn', '004 085 616', '004085616'],
    ['siren', '732 829 320', '732829320'],
    ['siret', '356 000 000 00048', '35600000000048'],
    ['siret', '35600000049837', '35600000049837'],
    ['duns', '15-048-3782', '150483782'],
    ['vat', 'DE 136 695 976', 'DE136695976'],
    ['vat', 'GR094259216', 'EL094259216'],
    ['vat', 'CHE-116.281.710 MWST', 'CHE116281710MWST'],
    ['vat', 'NO995525828MVA', 'NO995525828MVA'],
    ['tax-pl', '856-734-62-15', '8567346215'],
  ])('%s %s is valid', (scheme, raw, canonical) => {
    expect(judge(scheme, raw)).toEqual({ canonical, valid: true });
  });

  it.each([
    ['gtin', '4006381333930'],
    ['npi', '1234567890'],
    ['iban', 'DE88370400440532013000'],
    ['iban', 'US89370400440532013000'],
    ['bic', 'DEUTQQFF'],
    ['vat', 'DE136695975'],
    ['siret', '35600000049838'],
    ['us-ein', '07-1234567'],
  ])('%s %s is not', (scheme, raw) => {
    expect(judge(scheme, raw).valid).toBe(false);
  });

  it('an NDC is compared as 6-4-2, and ten digits without hyphens stay undecided', () => {
    expect(['0777-3105-02', '00777-3105-02', '00777310502', '000777-3105-02'].map((raw) => judge('ndc', raw).canonical)).toEqual(Array(4).fill('000777310502'));
    expect(judge('ndc', '60575-4112-1').canonical).toBe('060575411201');
    expect(judge('ndc', '0777310502')).toEqual({ canonical: '0777310502', valid: null });
  });

  it('an HIBC label with more data has the same device identifier as the one without', () => {
    const whole = '+A99912345/$$52001510X3';
    const label = whole + hibcCheckCharacter(whole);
    expect(judge('udi-di', label)).toEqual({ canonical: `+A99912345${hibcCheckCharacter('+A99912345')}`, valid: true });
    expect(judge('udi-di', `*${label}*`)).toEqual(judge('udi-di', label));
  });

  it('a VAT number without its country is not judged', () => {
    expect(judge('vat', '12-3456789').valid).toBeNull();
  });
});

describe('placeholders', () => {
  it.each([
    ['gtin', '0000000000000'],
    ['gln', '0000000000000'],
    ['siren', '000000000'],
    ['siret', '00000000000000'],
    ['acn', '000000000'],
    ['us-ein', '99-9999999'],
    ['us-ein', '12-3456789'],
    ['us-ein', '9999999'],
    ['vat', 'n/a'],
    ['gtin', 'UNKNOWN'],
    ['gtin', '9999999999999'],
    ['code', 'TBD'],
    ['code', '99999999'],
  ])('%s %s identifies nothing', (scheme, raw) => {
    expect(isPlaceholder(schemeOf(scheme), canonicalOf(schemeOf(scheme), raw) ?? '')).toBe(true);
  });

  it.each([
    ['code', '11'],
    ['code', 'EA'],
    ['code', '1111'],
    ['gtin', '4006381333931'],
    ['us-ein', '12-3456788'],
  ])('%s %s is a value like any other', (scheme, raw) => {
    expect(isPlaceholder(schemeOf(scheme), canonicalOf(schemeOf(scheme), raw) ?? '')).toBe(false);
  });
});

/** mulberry32 */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const strange = ['-', ' ', '.', '/', '(01)', '\u00a0', '\u200b', 'О', 'О', 'l', 'O', '٣', '１', '‐', '\t', '+', '0', '00', 'é', "'", '*', '\u{1f600}'];

/** Schemes whose values are drawn from letters; every other is digits. */
const alphabets: Readonly<Record<string, string>> = { iban: 'A0', lei: 'A0', bic: 'AA', gmn: 'Aa0', vat: 'A0', 'udi-di': 'A0+', dea: 'A0', code: 'Aa0-' };
const lengths: Readonly<Record<string, readonly number[]>> = {
  ...{ gtin: [8, 12, 13, 14], gln: [13], 'udi-di': [14, 15], ndc: [10, 11, 12], npi: [10], 'nhs-number': [10], pzn: [7, 8] },
  ...{ abn: [11], acn: [9], siren: [9], siret: [14], iban: [22], lei: [20], bic: [8, 11], gmn: [12, 25], dea: [9] },
};
const seeds: Readonly<Record<string, readonly string[]>> = {
  iban: ['DE89370400440532013000', 'GB82WEST12345698765432', 'NL91ABNA0417164300', 'MT84MALT011000012345MTLCAST001S', 'YE09CBYE0001018861234567891234'],
  lei: ['5493001KJTIIGC8Y1R12', '529900T8BM49AURSDO55'],
  bic: ['DEUTDEFF', 'BNPAFRPPXXX'],
  gmn: ['1987654Ad4X4bL5ttr2310c2K'],
  'udi-di': [
    '+A123BJC5D6E71G',
    '(01)09506000134352(17)250101',
    '+A99912345/$$52001510X3',
    `+A99912345/$$52001510X3${hibcCheckCharacter('+A99912345/$$52001510X3')}`,
  ],
  gtin: ['4006381333931', ']C10109506000134352', '036000291452'],
  dea: ['AB1234563'],
  ndc: ['0777-3105-02', '60575-4112-1', '50242-040-62', '000777-3105-02'],
  siret: ['35600000049837', '73282932000074'],
  vat: ['DE136695976', 'ATU13585627'],
};

/** A text of the scheme's shape. Of schemes with one check digit a tenth is valid by chance. */
function drawn(name: string, random: (below: number) => number): string {
  const seed = seeds[name];
  if (seed !== undefined && random(3) > 0) return seed[random(seed.length)] as string;
  const alphabet = (alphabets[name] ?? '0').replace('A', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ').replace('a', 'abcxyz').replace('0', '0123456789');
  const sizes = lengths[name] ?? [9];
  return Array.from({ length: sizes[random(sizes.length)] as number }, () => alphabet.charAt(random(alphabet.length))).join('');
}

function mutated(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  switch (random(6)) {
    case 0:
      return text.slice(0, at) + (strange[random(strange.length)] as string) + text.slice(at);
    case 1:
      return text.slice(0, at) + String(random(10)) + text.slice(at + 1);
    case 2:
      return text.slice(1);
    case 3:
      return text.slice(0, -1);
    case 4:
      return text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
    default:
      return text.toLowerCase();
  }
}

describe('SQL and TypeScript', () => {
  const every = [...schemes.values()].filter(({ name }) => !name.startsWith('tax-') || name === 'tax-de');

  it.each(every.map((scheme) => [scheme.name, scheme] as const))('say the same of %s', async (name, scheme) => {
    const random = randomOf(name.length * 7919);
    const texts = new Set<string>();
    for (let index = 0; index < 3000; index += 1) {
      let text = drawn(name, random);
      for (let times = random(4); times > 0; times -= 1) text = mutated(text, random);
      texts.add(text);
    }
    for (let digit = 0; digit < 10; digit += 1) for (const length of [1, 2, 5, 6, 8, 9, 10, 12, 13, 14]) texts.add(String(digit).repeat(length));
    await plane.run('CREATE OR REPLACE TABLE texts (raw VARCHAR)');
    await plane.append('texts', once([...texts].map((text) => [text])));
    const canonical = canonicalSql(scheme, 'raw');
    const rows = await plane.rows<{ raw: string; canonical: string | null; valid: boolean | null; generic: boolean | null; folded: string }>(
      `SELECT *, ${checkSql(scheme, 'canonical')} AS valid, ${isPlaceholderSql(scheme, 'canonical')} AS generic, ${foldSql('raw', scheme.digitsOnly)} AS folded
       FROM (SELECT raw, ${canonical} AS canonical FROM texts)`,
    );
    expect(rows).toHaveLength(texts.size);
    expect(rows.filter((row) => !agrees(scheme, row))).toEqual([]);
    const share = rows.filter((row) => row.valid === true).length / rows.length;
    if (scheme.check.by === 'sql') expect(share, 'both valid and broken values were drawn').toBeGreaterThan(0.002);
  });
});

function agrees(
  scheme: IdentifierScheme,
  row: { raw: string; canonical: string | null; valid: boolean | null; generic: boolean | null; folded: string },
): boolean {
  const canonical = canonicalOf(scheme, row.raw);
  if (row.canonical !== canonical || row.folded !== fold(row.raw, scheme.digitsOnly)) return false;
  if (canonical === null) return row.valid === null;
  const valid = scheme.check.by === 'sql' ? holds(scheme, canonical) : null;
  return row.valid === valid && row.generic === isPlaceholder(scheme, canonical);
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}

describe('error detection', () => {
  const count = 4000;

  /** Share of broken values that still pass. */
  function undetected(valid: readonly string[], scheme: IdentifierScheme, breakIt: (text: string) => string): number {
    const broken = valid.map((text) => [text, breakIt(text)] as const).filter(([text, other]) => text !== other);
    return broken.filter(([, other]) => holds(scheme, other) === true).length / broken.length;
  }

  function generate(scheme: IdentifierScheme, draw: () => string): string[] {
    const found = new Set<string>();
    while (found.size < count) {
      const text = draw();
      if (holds(scheme, text) === true) found.add(text);
    }
    return [...found];
  }

  const digits = (random: (below: number) => number, length: number) => Array.from({ length }, () => String(random(10))).join('');
  const random = randomOf(11);
  const cases: Readonly<Record<string, () => string>> = {
    gtin: () => digits(random, 14),
    npi: () => String(1 + random(2)) + digits(random, 9),
    iban: () => {
      const bban = digits(random, 18);
      return `DE${String(98 - rest97(`${bban}DE00`)).padStart(2, '0')}${bban}`;
    },
  };

  it.each(Object.entries(cases))('of %s is what the scheme says', (name, draw) => {
    const scheme = schemeOf(name);
    const values = generate(scheme, draw);
    const claimed = scheme.strength.undetected;
    const substituted = undetected(values, scheme, (text) => {
      const at = name === 'iban' ? 2 + random(text.length - 2) : random(text.length);
      return text.slice(0, at) + String((Number(text.charAt(at)) + 1 + random(9)) % 10) + text.slice(at + 1);
    });
    const swapped = undetected(values, scheme, (text) => {
      const at = 2 + random(text.length - 3);
      return text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
    });
    expect(substituted).toBeCloseTo(claimed?.substitution ?? 0, 2);
    expect(Math.abs(swapped - (claimed?.swap ?? 0))).toBeLessThan(0.02);
  });

  it.each(['gtin', 'npi'])('random texts pass %s as often as the scheme says', (name) => {
    const scheme = schemeOf(name);
    const length = name === 'gtin' ? 14 : 10;
    const passed = Array.from({ length: 20_000 }, () => digits(random, length)).filter((text) => holds(scheme, text) === true).length / 20_000;
    expect(Math.abs(passed - scheme.strength.passesAtRandom)).toBeLessThan(0.01);
  });

  it('a passed check is worth bits by its scheme', () => {
    const bits = (name: string) => Math.round(evidenceBits(schemeOf(name)) * 10) / 10;
    expect([bits('gtin'), bits('npi'), bits('abn'), bits('lei'), bits('us-ein'), bits('duns'), bits('gmn')]).toEqual([3.3, 5.5, 6.5, 6.6, 0.3, 0, 10]);
  });
});

describe('the packages of rules', () => {
  it('have the countries of the tax schemes', () => {
    expect([...taxCountries].sort()).toEqual(Object.keys(entityValidators).sort());
  });

  it('have the prefixes of EIN', () => {
    for (let prefix = 0; prefix < 100; prefix += 1) {
      const text = `${String(prefix).padStart(2, '0')}1234560`;
      expect([text, holds(schemeOf('us-ein'), text)]).toEqual([text, stdnum.US?.ein?.validate(text).isValid]);
    }
  });

  it('agree on IBAN where a country has no digits of its own to check', () => {
    for (const text of seeds.iban ?? [])
      for (const other of [text, text.slice(1), text.replace('0', '1')]) expect(holds(schemeOf('iban'), other)).toBe(isValidIBAN(other));
  });
});

it('the GMN check pair is computed from the text before it', () => {
  expect(gmnCheckPair('1987654Ad4X4bL5ttr2310c')).toBe('2K');
});
