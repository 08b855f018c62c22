/** What an acceptance run prints: figures from a hand-written file beside figures an independent client has read. */

export interface Check {
  readonly check: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly ok: boolean;
}

export class Checks {
  readonly list: Check[] = [];

  equal(check: string, expected: unknown, actual: unknown): void {
    this.list.push({ check, expected, actual, ok: JSON.stringify(expected) === JSON.stringify(actual) });
  }
}

/** Exact sum of decimal texts or JSON numbers with at most four decimals, as text with `digits` decimals. */
export function sum(amounts: readonly (string | number)[], digits: number): string {
  let total = 0n;
  for (const amount of amounts) {
    const text = typeof amount === 'number' ? String(amount) : amount;
    const match = /^(-?)(\d+)(?:\.(\d{1,8}))?$/.exec(text);
    if (match === null) throw new Error(`not a decimal: ${text}`);
    const scaled = BigInt(`${match[2]}${(match[3] ?? '').padEnd(8, '0')}`);
    total += match[1] === '-' ? -scaled : scaled;
  }
  const sign = total < 0n ? '-' : '';
  const absolute = (total < 0n ? -total : total).toString().padStart(9, '0');
  const decimals = absolute.slice(-8);
  if (!/^0*$/.test(decimals.slice(digits))) throw new Error(`sum ${sign}${absolute.slice(0, -8)}.${decimals} has more than ${digits} decimals`);
  return `${sign}${absolute.slice(0, -8)}${digits > 0 ? `.${decimals.slice(0, digits)}` : ''}`;
}
