/** Numbers of entries, continued from the names a journal has: by month, by year or never beginning anew, as those names themselves say. */

export type Reset = 'month' | 'year' | 'never';

/** A name taken apart; `number` null when it has none. */
export interface NumberedName {
  readonly prefix: string;
  readonly number: number;
  readonly digits: number;
  readonly suffix: string;
  readonly reset: Reset;
  readonly year: string | null;
  readonly month: number | null;
}

const monthly =
  /^(?<before>.*?)(?<year>(?:(?<=\D)|(?<=^))(?:(?:19|20|21)\d{2}|\d{2}(?=\D)))(?<between>\D*?)(?<month>0[1-9]|1[0-2])(?<after>\D+?)(?<seq>\d*)(?<suffix>\D*?)$/;
const yearly = /^(?<before>.*?)(?<year>(?:(?<=\D)|(?<=^))(?:(?:19|20|21)?\d{2}))(?<between>\D+?)(?<seq>\d*)(?<suffix>\D*?)$/;
const fixed = /^(?<before>.*?)(?<seq>\d{0,9})(?<suffix>\D*?)$/;

/** A journal's names are looked at with every entry that is posted. */
const takenApart = new Map<string, NumberedName>();
const mostRemembered = 20_000;

export function takeApart(name: string): NumberedName {
  const known = takenApart.get(name);
  if (known) return known;
  if (takenApart.size >= mostRemembered) takenApart.clear();
  const parts = partsOf(name);
  takenApart.set(name, parts);
  return parts;
}

function partsOf(name: string): NumberedName {
  for (const [pattern, reset] of [
    [monthly, 'month'],
    [yearly, 'year'],
    [fixed, 'never'],
  ] as const) {
    const groups = pattern.exec(name)?.groups;
    if (!groups || groups.seq === undefined || (reset !== 'never' && groups.seq === '')) continue;
    const { seq, suffix = '', year = null, month = null } = groups as { seq: string; suffix?: string; year?: string; month?: string };
    const prefix = name.slice(0, name.length - seq.length - suffix.length);
    return { prefix: seq === '' ? '' : prefix, number: Number(seq), digits: seq.length, suffix, reset, year, month: month === null ? null : Number(month) };
  }
  return { prefix: '', number: 0, digits: 0, suffix: '', reset: 'never', year: null, month: null };
}

/** Does what the name says of year and month agree with the day? */
export function agreesWithDate(name: string, date: string): boolean {
  const { year, month } = takeApart(name);
  return (year === null || date.slice(0, 4).endsWith(year)) && (month === null || month === Number(date.slice(5, 7)));
}

const isSamePeriod = (reset: Reset, left: string, right: string): boolean =>
  reset === 'never' || left.slice(0, reset === 'year' ? 4 : 7) === right.slice(0, reset === 'year' ? 4 : 7);

export interface Named {
  readonly id: number;
  readonly name: string;
  readonly date: string;
}

/** The journal's next name on a day. `others` are its named entries of the same kind, drafts too. */
export function nextName(others: readonly Named[], date: string, starting: string): string {
  const reference = latest(others.filter((one) => one.date <= date)) ?? earliest(others);
  if (!reference) return numbered(starting, date, 1);
  const { reset } = takeApart(reference.name);
  let last: Named | null = null;
  const highest = new Map<string, number>();
  for (const one of others) {
    if (!isSamePeriod(reset, one.date, date)) continue;
    const name = takeApart(one.name);
    if (name.reset !== reset) continue;
    if (last === null || one.id > last.id) last = one;
    highest.set(name.prefix, Math.max(highest.get(name.prefix) ?? 0, name.number));
  }
  return last === null ? numbered(reference.name, date, 1) : numbered(last.name, date, (highest.get(takeApart(last.name).prefix) ?? 0) + 1);
}

const latest = (moves: readonly Named[]): Named | null =>
  moves.reduce<Named | null>((best, one) => (best === null || one.date > best.date || (one.date === best.date && one.id > best.id) ? one : best), null);

const earliest = (moves: readonly Named[]): Named | null =>
  moves.reduce<Named | null>((best, one) => (best === null || one.date < best.date ? one : best), null);

/** The name of the entry before, or null for a first one. */
export function nameBefore(name: string): string | null {
  const { prefix, number, digits, suffix } = takeApart(name);
  return number > 1 ? `${prefix}${String(number - 1).padStart(digits, '0')}${suffix}` : null;
}

/** A name of the same form, for the day and with that number. */
function numbered(form: string, date: string, number: number): string {
  const groups = (takeApart(form).reset === 'month' ? monthly : takeApart(form).reset === 'year' ? yearly : fixed).exec(form)?.groups ?? {};
  const { before = '', year = '', between = '', month, after = '', seq = '', suffix = '' } = groups;
  const period = `${date.slice(4 - year.length, 4)}${between}${month === undefined ? '' : date.slice(5, 7)}${after}`;
  return `${before}${year === '' ? '' : period}${String(number).padStart(seq.length, '0')}${suffix}`;
}
