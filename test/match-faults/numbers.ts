/** Valid identifiers, by the rules as their issuers publish them: written again here, so that a mistake in the product's rules shows. */
import type { Chance } from './chance.ts';

/** Sum over digits, weights repeated from the right end of `text`. */
const weighted = (text: string, weights: readonly number[], fold = (product: number) => product) =>
  [...text].reverse().reduce((sum, digit, place) => sum + fold(Number(digit) * (weights[place % weights.length] ?? 0)), 0);
const crossSum = (product: number) => (product > 9 ? product - 9 : product);
const notRunning = (text: string) => new Set(text).size > 3;

/** A body that does not look like a stand-in. */
function body(chance: Chance, length: number, first = '123456789'): string {
  for (;;) {
    const text = chance.of([...first]) + chance.digits(length - 1);
    if (notRunning(text)) return text;
  }
}

export const gs1CheckDigit = (text: string) => String((10 - (weighted(text, [3, 1]) % 10)) % 10);
export const isGs1 = (text: string) => gs1CheckDigit(text.slice(0, -1)) === text.slice(-1);

/** GLN or GTIN-13; one in four begins with a zero, as those of American companies do. */
export function gs13(chance: Chance): string {
  const text = chance.happens(0.25) ? `0${body(chance, 11)}` : body(chance, 12);
  return text + gs1CheckDigit(text);
}

/** GTIN-8, -12 or -14. */
export function gtinOf(chance: Chance, length: 8 | 12 | 14): string {
  const text = body(chance, length - 1);
  return text + gs1CheckDigit(text);
}

const luhnDigit = (text: string, before: number) => String((10 - ((weighted(text, [2, 1], crossSum) + before) % 10)) % 10);
export const isNpi = (text: string) => luhnDigit(text.slice(0, -1), 24) === text.slice(-1);
export function npi(chance: Chance): string {
  const text = body(chance, 9, '12');
  return text + luhnDigit(text, 24);
}

export const einCampuses = ['01', '04', '06', '13', '22', '31', '39', '46', '54', '62', '75', '84', '91'];
export const noCampuses = ['07', '08', '19', '28', '49', '69', '78', '79', '89', '96'];
export function ein(chance: Chance): string {
  return `${chance.of(einCampuses)}-${body(chance, 7, '0123456789')}`;
}

const remainder = (text: string) => Number(BigInt([...text].map((one) => String(Number.parseInt(one, 36))).join('')) % 97n);
export const isLei = (text: string) => remainder(text) === 1;
export function lei(chance: Chance): string {
  const text = `${chance.of(['5493', '2138', '3912', '9695'])}00${chance.letters(2)}${chance.digits(4)}${chance.letters(2)}${chance.digits(4)}`;
  return text + String(98 - remainder(`${text}00`)).padStart(2, '0');
}

export const isIban = (text: string) => remainder(text.slice(4) + text.slice(0, 4)) === 1;
export function iban(chance: Chance): string {
  const country = chance.of(['DE', 'AT', 'NL', 'PL'] as const);
  const account = { DE: () => body(chance, 18), AT: () => body(chance, 16), NL: () => 'INGB' + body(chance, 10, '0123456789'), PL: () => body(chance, 24) }[
    country
  ]();
  return `${country}${String(98 - remainder(`${account}${country}00`)).padStart(2, '0')}${account}`;
}

/** VAT numbers with their country's letters. */
export function vat(chance: Chance): string {
  switch (chance.below(4)) {
    case 0:
      return germanVat(chance);
    case 1: {
      const text = `0${body(chance, 7)}`;
      return `BE${text}${String(97 - (Number(text) % 97)).padStart(2, '0')}`;
    }
    case 2:
      return polishVat(chance);
    default:
      return italianVat(chance);
  }
}

/** ISO 7064 MOD 11,10 */
function germanVat(chance: Chance): string {
  const text = body(chance, 8);
  let product = 10;
  for (const digit of text) product = (((Number(digit) + product) % 10 || 10) * 2) % 11;
  return `DE${text}${(11 - product) % 10}`;
}

function polishVat(chance: Chance): string {
  for (;;) {
    const text = body(chance, 9);
    const rest = [6, 5, 7, 2, 3, 4, 5, 6, 7].reduce((sum, weight, place) => sum + weight * Number(text[place]), 0) % 11;
    if (rest < 10) return `PL${text}${rest}`;
  }
}

function italianVat(chance: Chance): string {
  const text = `${chance.of(['01', '02', '03', '04'])}${body(chance, 5)}${chance.of(['001', '015', '058', '063', '097'])}`;
  return `IT${text}${luhnDigit(text, 0)}`;
}

export function duns(chance: Chance): string {
  return chance.happens(0.3) ? `0${body(chance, 8)}` : body(chance, 9);
}

/** 5-4-2, as hospitals' systems and claims write it. */
export function ndc(chance: Chance): string {
  return `${chance.happens(0.5) ? `0${body(chance, 4)}` : body(chance, 5)}-${chance.digits(4)}-${chance.digits(2)}`;
}

export function pzn(chance: Chance): string {
  for (;;) {
    const text = `${chance.of(['0', '1'])}${body(chance, 6)}`;
    const rest = [...text].reduce((sum, digit, place) => sum + Number(digit) * (place + 1), 0) % 11;
    if (rest < 10) return text + rest;
  }
}
