/** Harm done to one value: what it is called, where it can be done, and how. */
import type { Chance } from './chance.ts';
import { isGs1, isIban, isLei, isNpi, noCampuses } from './numbers.ts';

export interface Damage {
  readonly class: string;
  readonly field: string;
  readonly fault: string;
  /** Null: this value cannot be harmed in this way. */
  readonly harm: (text: string, chance: Chance, system: string) => string | null;
  /** Why nothing in the data tells it, when the record is neither linked nor was whole the night before. */
  readonly alone?: (harmed: string, text: string) => string | null;
}

type Harm = Damage['harm'];

const otherDigit = (text: string, at: number, chance: Chance) => text.slice(0, at) + String((Number(text[at]) + 1 + chance.below(9)) % 10) + text.slice(at + 1);

/** Another digit, so that the check fails. */
const misread =
  (from: number, isRight: ((text: string) => boolean) | null): Harm =>
  (text, chance) => {
    for (let tries = 0; tries < 20; tries += 1) {
      const at = from + chance.below(text.length - from);
      if (!/[0-9]/.test(text.charAt(at))) continue;
      const harmed = otherDigit(text, at, chance);
      if (isRight === null || !isRight(harmed)) return harmed;
    }
    return null;
  };

const isVat = (text: string) => /^(DE|BE|PL|IT)/.test(text);
/** Numbers of one modulus 97, 11 or 10: a single wrong digit always fails there. */
const wrong: readonly Damage[] = [
  { class: 'check-digit-fails', field: 'gln', fault: 'digit misread', harm: misread(0, isGs1) },
  { class: 'check-digit-fails', field: 'gtin', fault: 'digit misread', harm: misread(1, isGs1) },
  { class: 'check-digit-fails', field: 'npi', fault: 'digit misread', harm: misread(1, isNpi) },
  { class: 'check-digit-fails', field: 'lei', fault: 'digit misread', harm: misread(4, isLei) },
  { class: 'check-digit-fails', field: 'iban', fault: 'digit misread', harm: misread(4, isIban) },
  {
    class: 'check-digit-fails',
    field: 'vat',
    fault: 'last digit misread',
    harm: (text, chance) => (isVat(text) ? otherDigit(text, text.length - 1, chance) : null),
  },
  { class: 'check-digit-fails', field: 'pzn', fault: 'digit misread', harm: misread(7, null) },
  { class: 'check-digit-fails', field: 'ein', fault: 'prefix of no campus', harm: (text, chance) => chance.of(noCampuses) + text.slice(2) },
  {
    class: 'check-digit-fails',
    field: 'gln',
    fault: 'neighbours exchanged',
    harm: (text) => {
      for (let at = 1; at < 11; at += 1) {
        const harmed = text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
        if (harmed !== text && !isGs1(harmed)) return harmed;
      }
      return null;
    },
  },
];

const noZeros: Harm = (text) => (text.startsWith('0') ? text.replace(/^0+/, '') : null);
const zeros: readonly Damage[] = [
  { class: 'leading-zeros-lost', field: 'gln', fault: 'opened as a number', harm: noZeros },
  {
    class: 'leading-zeros-lost',
    field: 'gtin',
    fault: 'opened as a number',
    harm: (text, chance, system) => (system === 'erp' ? null : noZeros(text, chance, system)),
  },
  { class: 'leading-zeros-lost', field: 'duns', fault: 'opened as a number', harm: noZeros },
  { class: 'leading-zeros-lost', field: 'pzn', fault: 'opened as a number', harm: noZeros },
  { class: 'leading-zeros-lost', field: 'account_no', fault: 'opened as a number', harm: noZeros },
  { class: 'leading-zeros-lost', field: 'ein', fault: 'hyphen and zero lost', harm: (text) => (text.startsWith('0') ? text.replace('-', '').slice(1) : null) },
  { class: 'leading-zeros-lost', field: 'ein', fault: 'zero lost before the hyphen', harm: (text) => (text.startsWith('0') ? text.slice(1) : null) },
];

const looksLikeZeros = (isRight: (text: string) => boolean, length: number) => (harmed: string) =>
  harmed.length < length && isRight(harmed.padStart(length, '0'))
    ? 'with zeros before it, it passes its check: it looks like lost zeros (one in ten by chance)'
    : null;
const cutEnd =
  (most: number): Harm =>
  (text, chance) =>
    text.slice(0, -1 - chance.below(most));
const cuts: readonly Damage[] = [
  { class: 'truncated', field: 'gln', fault: 'end cut off', harm: cutEnd(3), alone: looksLikeZeros(isGs1, 13) },
  { class: 'truncated', field: 'npi', fault: 'end cut off', harm: cutEnd(3) },
  { class: 'truncated', field: 'lei', fault: 'end cut off', harm: cutEnd(4) },
  { class: 'truncated', field: 'iban', fault: 'end cut off', harm: cutEnd(4) },
  { class: 'truncated', field: 'vat', fault: 'end cut off', harm: cutEnd(3) },
  { class: 'truncated', field: 'ein', fault: 'end cut off', harm: cutEnd(3) },
  {
    class: 'truncated',
    field: 'duns',
    fault: 'end cut off',
    harm: (text, chance, system) => (text.startsWith('0') ? cutEnd(2)(text, chance, system) : null),
  },
  { class: 'truncated', field: 'catalogue_no', fault: 'end cut off', harm: cutEnd(3) },
  { class: 'truncated', field: 'account_no', fault: 'end cut off', harm: cutEnd(2) },
  {
    class: 'truncated',
    field: 'gtin',
    fault: 'end cut off',
    harm: (text, chance, system) => (system === 'lab' ? cutEnd(3)(text, chance, system) : null),
    alone: looksLikeZeros(isGs1, 13),
  },
  {
    class: 'truncated',
    field: 'gln',
    fault: 'first digits cut off',
    harm: (text, chance) => (text.startsWith('0') ? null : text.slice(1 + chance.below(3))),
    alone: looksLikeZeros(isGs1, 13),
  },
];

const insert =
  (mark: string, from = 1): Harm =>
  (text, chance) => {
    const at = from + chance.below(text.length - from - 1);
    return text.slice(0, at) + mark + text.slice(at);
  };
/** The first of the characters that can be taken for another one. */
const alike =
  (pairs: Readonly<Record<string, string>>, from = 0): Harm =>
  (text, chance) => {
    const places = [...text].flatMap((character, at) => (at >= from && pairs[character] !== undefined ? [at] : []));
    if (places.length === 0) return null;
    const at = chance.of(places);
    return text.slice(0, at) + pairs[text.charAt(at)] + text.slice(at + 1);
  };
const cyrillic = { A: 'А', B: 'В', C: 'С', E: 'Е', H: 'Н', K: 'К', M: 'М', O: 'О', P: 'Р', T: 'Т', X: 'Х' };
const greek = { A: 'Α', B: 'Β', E: 'Ε', H: 'Η', I: 'Ι', K: 'Κ', M: 'Μ', N: 'Ν', O: 'Ο', P: 'Ρ', T: 'Τ', X: 'Χ', Z: 'Ζ' };
const typed = { 0: 'O', 1: 'l', 5: 'S', 8: 'B' };
const wide = Object.fromEntries([...'0123456789'].map((digit, value) => [digit, String.fromCharCode(0xff10 + value)]));

const homoglyphs: readonly Damage[] = [
  ...['gln', 'npi', 'ein', 'duns', 'gtin', 'pzn', 'account_no'].map((field) => ({ field, fault: 'letter for a digit', harm: alike(typed) })),
  ...['gln', 'gtin', 'npi'].map((field) => ({ field, fault: 'Cyrillic O for zero', harm: alike({ 0: 'О' }) })),
  ...['vat', 'lei', 'iban', 'catalogue_no'].map((field) => ({ field, fault: 'Cyrillic letter', harm: alike(cyrillic) })),
  ...['vat', 'lei', 'iban', 'catalogue_no'].map((field) => ({ field, fault: 'Greek letter', harm: alike(greek) })),
  ...['vat', 'iban'].map((field) => ({ field, fault: 'letter O for zero', harm: alike({ 0: 'O' }, 4) })),
  { field: 'catalogue_no', fault: 'letter O for zero', harm: alike({ 0: 'O' }, 3) },
  ...['gln', 'lei', 'ein', 'vendor_ref', 'maker_ref', 'ndc'].map((field) => ({
    field,
    fault: 'no-break space behind',
    harm: (text: string) => `${text}\u00a0`,
  })),
  ...['gln', 'iban', 'gtin', 'catalogue_no'].map((field) => ({ field, fault: 'zero-width space inside', harm: insert('\u200b') })),
  ...['npi', 'gtin'].map((field) => ({ field, fault: 'byte order mark before', harm: (text: string) => `\ufeff${text}` })),
  ...['duns', 'pzn'].map((field) => ({ field, fault: 'tab behind', harm: (text: string) => `${text}\t` })),
  ...['lei', 'ndc'].map((field) => ({ field, fault: 'soft hyphen inside', harm: insert('\u00ad') })),
  ...['gln', 'npi', 'gtin', 'lei'].map((field) => ({ field, fault: 'one blank inside', harm: insert(' ', 3) })),
  ...['gln', 'gtin'].map((field) => ({ field, fault: 'full-width digit', harm: alike(wide) })),
  { field: 'ein', fault: 'dash for a hyphen', harm: (text: string) => text.replace('-', '–') },
].map((one) => ({ ...one, class: 'homoglyph' }));

const standIns: Readonly<Record<string, readonly string[]>> = {
  gln: ['0000000000000', '9999999999999', 'n/a', 'unknown', '1234567890123', '0', 'TEST', '1111111111111'],
  gtin: ['00000000000000', '9999999999999', 'N/A', 'none', 'test', '1234567890123', 'NULL'],
  ein: ['00-0000000', '99-9999999', '12-3456789', 'N/A', 'pending', '11-1111111', 'UNKNOWN'],
  vat: ['DE000000000', 'N/A', 'none', 'unknown', 'XX999999999', 'n.a.', 'DE999999999', 'DE123456789'],
  npi: ['0000000000', '1234567890', '9999999999', 'n/a', '1111111111', 'tbd'],
  lei: ['00000000000000000000', 'N/A', 'unknown', 'XXXXXXXXXXXXXXXXXXXX', 'none'],
  duns: ['000000000', '999999999', '123456789', 'unknown', 'N/A'],
  iban: ['DE00000000000000000000', 'unknown', 'n/a', 'none', 'TEST'],
  pzn: ['00000000', '99999999', '12345678', 'keine'],
  ndc: ['00000-0000-00', '99999-9999-99', 'N/A', 'unknown'],
  vendor_ref: ['N/A', 'unknown', 'none', 'TEST', '000000', '99999999', 'tbd'],
  catalogue_no: ['n/a', 'UNKNOWN', 'none', '00000000', 'XXXXX'],
};
const placeholders: readonly Damage[] = Object.entries(standIns).map(([field, values]) => ({
  ...{ class: 'placeholder', field, fault: 'stand-in' },
  harm: (_: string, chance: Chance) => chance.of(values),
}));

const groups =
  (sizes: readonly number[], by: string): Harm =>
  (text) => {
    const parts: string[] = [];
    let at = 0;
    for (let part = 0; at < text.length; part += 1) {
      const size = sizes[Math.min(part, sizes.length - 1)] as number;
      parts.push(text.slice(at, at + size));
      at += size;
    }
    return parts.join(by);
  };
const variants: readonly Damage[] = [
  { field: 'ein', fault: 'without hyphen', harm: (text: string) => text.replace('-', '') },
  { field: 'ein', fault: 'in threes', harm: (text: string, chance: Chance, system: string) => groups([3, 3, 3], '-')(text.replace('-', ''), chance, system) },
  { field: 'vat', fault: 'small letters', harm: (text: string) => text.toLowerCase() },
  { field: 'vat', fault: 'blank behind the country', harm: groups([2, 20], ' ') },
  { field: 'vat', fault: 'in threes', harm: groups([2, 3, 3, 3], ' ') },
  { field: 'vat', fault: 'dots', harm: (text: string) => `${text.slice(0, 6)}.${text.slice(6, 9)}.${text.slice(9)}` },
  { field: 'vat', fault: 'without its country', harm: (text: string) => text.slice(2) },
  { field: 'iban', fault: 'in fours', harm: groups([4], ' ') },
  { field: 'iban', fault: 'small letters', harm: (text: string) => text.toLowerCase() },
  { field: 'gln', fault: 'as printed under a bar code', harm: groups([1, 6, 6], ' ') },
  { field: 'gln', fault: 'hyphens', harm: groups([2, 5, 5, 1], '-') },
  { field: 'npi', fault: 'hyphens', harm: groups([4, 3, 3], '-') },
  { field: 'lei', fault: 'small letters', harm: (text: string) => text.toLowerCase() },
  { field: 'lei', fault: 'in fours', harm: groups([4], ' ') },
  { field: 'duns', fault: 'hyphens', harm: groups([2, 3, 4], '-') },
  { field: 'gtin', fault: '14 digits among 13', harm: (text: string, _: Chance, system: string) => (system === 'lab' ? `0${text}` : null) },
  { field: 'gtin', fault: 'hyphens', harm: groups([1, 6, 6, 1], '-') },
  { field: 'ndc', fault: 'without hyphens', harm: (text: string) => text.replaceAll('-', '') },
  { field: 'ndc', fault: '4-4-2', harm: (text: string) => (text.startsWith('0') ? text.slice(1) : null) },
  { field: 'ndc', fault: '5-3-2', harm: (text: string) => (text.charAt(6) === '0' ? text.slice(0, 6) + text.slice(7) : null) },
  { field: 'ndc', fault: '5-4-1', harm: (text: string) => (text.charAt(11) === '0' ? text.slice(0, 11) + text.slice(12) : null) },
  { field: 'ndc', fault: '6-4-2 of 2033', harm: (text: string) => `0${text}` },
  { field: 'ndc', fault: '10 digits without hyphens', harm: (text: string) => (text.startsWith('0') ? text.slice(1).replaceAll('-', '') : null) },
  { field: 'pzn', fault: 'with its letters', harm: (text: string) => `PZN-${text}` },
].map((one) => ({ ...one, class: 'format-variant' }));

const misshapen: readonly Damage[] = [
  { field: 'gln', fault: 'two in one field', harm: (text: string) => `${text}/${text}` },
  { field: 'gln', fault: 'a digit too many', harm: (text: string) => `${text.slice(0, 5)}${text.charAt(5)}${text.slice(5)}7` },
  { field: 'ein', fault: 'a telephone number', harm: (_: string, chance: Chance) => `+1 ${chance.digits(3)} 555 ${chance.digits(4)}` },
  { field: 'npi', fault: 'a remark', harm: (_: string, chance: Chance) => `see card ${chance.digits(3)}` },
  { field: 'gtin', fault: 'a price', harm: (_: string, chance: Chance) => `${chance.digits(3)}.${chance.digits(2)}` },
  { field: 'lei', fault: 'a web address', harm: (_: string, chance: Chance) => `www.${chance.letters(5).toLowerCase()}.example` },
  { field: 'ndc', fault: 'a remark', harm: (_: string, chance: Chance) => `see label ${chance.letters(3)}` },
  { field: 'duns', fault: 'a remark', harm: (_: string, chance: Chance) => `on request, ${chance.letters(4)}` },
].map((one) => ({ ...one, class: 'malformed' }));

export const damages: readonly Damage[] = [...wrong, ...zeros, ...cuts, ...homoglyphs, ...placeholders, ...variants, ...misshapen];
