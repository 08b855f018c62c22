/** The words of every report, so that a verdict reads the same on the page, in the mail and in the test report. */
import type { CoverageItem, Verdict } from '../../domain/difference.ts';
import type { Pattern, ReconcileReport, WaiverState } from '../../domain/report.ts';

export const clearNotice = 'PERSONAL DATA IN CLEAR: this report was asked for with --clear. Keep it to yourself, and delete it once it has served.';

const verdictMeanings: Readonly<Record<Verdict, string>> = {
  RECONCILED: 'Both sides agree on everything that was compared.',
  PENDING: 'Nothing is broken; what differs is young enough to be on its way, or was touched while we looked.',
  BREAKS: 'The two sides differ. Everything that could be compared was compared.',
  INCOMPLETE: 'Something that matters could not be compared, so nobody can say that the two sides agree.',
};

export function verdictMeaning({ verdict, breaks, life }: Pick<ReconcileReport, 'verdict' | 'breaks' | 'life'>): string {
  if (verdict === 'RECONCILED' && breaks > 0) return `Both sides agree on everything that was compared, but for ${counted(life.waived, 'waived break')}.`;
  return verdictMeanings[verdict];
}

export function alarmSentence(alarm: NonNullable<ReconcileReport['alarm']>): string {
  return `${formatted(alarm.newBreaks)} new breaks in one night, and the policies allow ${formatted(alarm.limit)}: look for one cause before looking at rows.`;
}

const coverageReasons: Readonly<Record<CoverageItem['reason'], string>> = {
  'not-carried': 'Odoo does not hold this field',
  filtered: 'left out by a filter of the mapping',
  rejected: 'could not be mapped',
  quarantined: 'could not be read',
  'duplicate-key': 'several records share one key',
  'outside-scope': 'outside the scope of the entity',
  'not-pulled': 'no source yields this field',
  'not-compared': 'not compared, by the contract',
  'no-source': 'no system has a source mapping for it',
  'follows-another': 'one thing with another record, which says what its fields are',
  'unresolved-reference': 'refers to what is not in Odoo yet',
  echo: 'written by one of our own loads since the snapshot: pull again',
  restricted: 'in Odoo, but hidden from the user of the tool',
  explained: 'explained by the contract',
};

export function coverageReason({ reason, explained }: Pick<CoverageItem, 'reason' | 'explained'>): string {
  return explained === undefined ? coverageReasons[reason] : `${coverageReasons[reason]}: ${explained}`;
}

/** Nobody has chosen to leave these out: they are the ones a verdict can hang on. The others are as the mapping and the contract have them. */
const unwanted: ReadonlySet<CoverageItem['reason']> = new Set([
  'rejected',
  'quarantined',
  'duplicate-key',
  'not-pulled',
  'unresolved-reference',
  'echo',
  'restricted',
]);

export function isUnwanted(item: CoverageItem): boolean {
  return unwanted.has(item.reason);
}

const waiverStates: Readonly<Record<WaiverState['state'], string>> = {
  applies: 'applies',
  expired: 'lapsed: its day is over',
  'value-changed': 'lapsed: the values are others now',
  'no-such-break': 'not needed: the break is gone',
  invalid: 'invalid: it decides nothing',
};

export function waiverState({ state, problem }: Pick<WaiverState, 'state' | 'problem'>): string {
  return state === 'invalid' && problem !== null ? `invalid: ${problem}` : waiverStates[state];
}

export function daysLeft({ daysLeft: days }: Pick<WaiverState, 'daysLeft'>): string {
  if (days === null) return 'no end';
  if (days < 0) return `${counted(-days, 'day')} ago`;
  return days === 0 ? 'last day' : counted(days, 'day');
}

/** The dimension of a control total, as in `company Nord, account 4711`; a dimension without a value says so. */
export function dimensionName(dimension: Readonly<Record<string, string | null>>): string {
  const parts = Object.entries(dimension).map(([name, value]) => `${name} ${value ?? '(none)'}`);
  return parts.length === 0 ? 'all' : parts.join(', ');
}

export function explains({ explains: some, of }: Pick<Pattern, 'explains' | 'of'>): string {
  return `explains ${formatted(some)} of ${formatted(of)}`;
}

/** `1 break`, `2 breaks`. */
export function counted(count: number, noun: string): string {
  return `${formatted(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** 12,345: the same everywhere, whatever the machine's language. */
export function formatted(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A decimal text with its thousands apart: -12,345.60. */
export function formattedAmount(amount: string): string {
  const [, sign = '', whole = amount, fraction = ''] = /^(-?)(\d+)(\.\d+)?$/.exec(amount) ?? [];
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction}`;
}

export function isZeroAmount(amount: string): boolean {
  return /^-?0+(\.0*)?$/.test(amount);
}
