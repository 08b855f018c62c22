/** Valid identifiers for fixtures. */
import { holdsGs1, holdsLuhn, rest97 } from '../../domain/identifiers/check-digits.ts';

type Random = (below: number) => number;

const digits = (random: Random, length: number) => Array.from({ length }, () => String(random(10))).join('');
const completed = (body: string, holds: (text: string) => boolean) => body + [...'0123456789'].find((digit) => holds(body + digit));

/** `zero`: the GLN begins with one. */
export function withCheckDigits(random: Random, zero: boolean): { gln: string; tax: string; npi: string; iban: string } {
  const bban = digits(random, 18);
  return {
    gln: completed((zero ? '0' : '') + String(1 + random(9)) + digits(random, zero ? 10 : 11), holdsGs1),
    tax: `${['10', '12', '20', '26', '36', '47', '58', '61', '77', '81', '93'][random(11)]}-${digits(random, 7)}`,
    npi: completed(`1${digits(random, 8)}`, (text) => holdsLuhn(text, 24)),
    iban: `DE${String(98 - rest97(`${bban}DE00`)).padStart(2, '0')}${bban}`,
  };
}
