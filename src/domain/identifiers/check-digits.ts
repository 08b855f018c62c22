/** Check digits, each as a function of the characters and as SQL of the same rule. The SQL takes the text of a value whose shape was proven;
 *  digits are taken from a number, which is an order of magnitude cheaper than taking texts apart. */
import { literal } from '../sql.ts';

/** Digits of a text, as numbers. */
function digitsOf(text: string): number[] {
  return [...text].map(Number);
}

/** `sum` over the digits of `text` (a whole number of up to 18 digits), `term(digit, position)`; position 0 is the last digit. */
function digitSumSql(text: string, length: number, term: (digit: string, position: number) => string): string {
  const number = `TRY_CAST(${text} AS BIGINT)`;
  const digit = (position: number) => (position === 0 ? `${number} % 10` : `${number} // ${10 ** position} % 10`);
  return `(${Array.from({ length }, (_, position) => term(`(${digit(position)})`, position)).join(' + ')})`;
}

/** GS1: weights 3 and 1 alternating, the check digit at the right has 1. */
export function holdsGs1(text: string): boolean {
  const digits = digitsOf(text).reverse();
  return digits.reduce((sum, digit, position) => sum + digit * (position % 2 === 0 ? 1 : 3), 0) % 10 === 0;
}

export function gs1Sql(text: string, length: number): string {
  return `${digitSumSql(text, length, (digit, position) => (position % 2 === 0 ? digit : `3 * ${digit}`))} % 10 = 0`;
}

/** The digit that a text without one lacks. */
export function gs1CheckDigitSql(text: string, length: number): string {
  return `((10 - ${digitSumSql(text, length, (digit, position) => (position % 2 === 1 ? digit : `3 * ${digit}`))} % 10) % 10)`;
}

/** Luhn (ISO/IEC 7812): every second digit from the right doubled, digits of the products summed. `offset` stands for a prefix that is not written. */
export function holdsLuhn(text: string, offset = 0): boolean {
  const sum = digitsOf(text)
    .reverse()
    .reduce((total, digit, position) => total + (position % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)), offset);
  return sum % 10 === 0;
}

export function luhnSql(text: string, length: number, offset = 0): string {
  const sum = digitSumSql(text, length, (digit, position) => (position % 2 === 0 ? digit : `(2 * ${digit} - 9 * (${digit} // 5))`));
  return `(${sum} + ${offset}) % 10 = 0`;
}

/** Σ digit × weight; weights from the left. */
export function weightedSum(text: string, weights: readonly number[]): number {
  return digitsOf(text).reduce((sum, digit, index) => sum + digit * (weights[index] ?? 0), 0);
}

export function weightedSumSql(text: string, weights: readonly number[]): string {
  const last = weights.length - 1;
  return digitSumSql(text, weights.length, (digit, position) => `${digit} * ${weights[last - position]}`);
}

/** ISO 7064 MOD 97-10 over digits and letters (A is 10): the rest. */
export function rest97(text: string): number {
  return [...text].reduce((rest, character) => {
    const value = Number.parseInt(character, 36);
    return (rest * (value > 9 ? 100 : 10) + value) % 97;
  }, 0);
}

/** Of a text of capital letters and digits. */
export function rest97Sql(text: string): string {
  const values = `list_transform(string_split(${text}, ''), lambda c: CASE WHEN c >= 'A' THEN ascii(c) - 55 ELSE ascii(c) - 48 END)`;
  return `list_reduce(list_prepend(0, ${values}), lambda rest, v: (rest * CASE WHEN v > 9 THEN 100 ELSE 10 END + v) % 97)`;
}

/** HIBC: ANSI/HIBC 2.6, the sum of the characters' values modulo 43 names the check character. */
export const hibcCharacters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%';

export function hibcCheckCharacter(text: string): string {
  return hibcCharacters.charAt([...text].reduce((sum, character) => sum + hibcCharacters.indexOf(character), 0) % 43);
}

export function hibcCheckCharacterSql(text: string): string {
  const values = `list_transform(string_split(${text}, ''), lambda c: strpos(${literal(hibcCharacters)}, c) - 1)`;
  return `substr(${literal(hibcCharacters)}, (list_sum(${values}) % 43 + 1)::INTEGER, 1)`;
}

/** GMN / Basic UDI-DI: GS1 General Specifications 7.9.5; character set 82, weights are the primes from the right, modulo 1021, two characters of 32. */
export const gmnCharacters = '!"%&\'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const gmnCheckCharacters = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83];

export function gmnCheckPair(text: string): string {
  const sum = [...text].reverse().reduce((total, character, position) => total + gmnCharacters.indexOf(character) * (primes[position] ?? 0), 0) % 1021;
  return gmnCheckCharacters.charAt(Math.floor(sum / 32)) + gmnCheckCharacters.charAt(sum % 32);
}

export function gmnCheckPairSql(text: string): string {
  const values = `list_transform(string_split(reverse(${text}), ''), lambda c, i: (strpos(${literal(gmnCharacters)}, c) - 1) * [${primes.join(', ')}][i])`;
  const sum = `(list_sum(${values}) % 1021)::INTEGER`;
  const character = (value: string) => `substr(${literal(gmnCheckCharacters)}, ${value} + 1, 1)`;
  return `(${character(`${sum} // 32`)} || ${character(`${sum} % 32`)})`;
}
