/** What a reconcile reports: one manifest and the breaks as lines. Every report, whatever its format, is made from these two and nothing else. No run
 *  id and no clock in them: same snapshots, same configuration, same as-of, same bytes. */
import type { Break, ControlTotal, CoverageItem, Direction, ResolvedBreak, Roundings, Verdict } from './difference.ts';
import type { MapResult, ReconcileResult } from './results.ts';

export const REPORT_FORMAT = 'cutover-report';
export const REPORT_VERSION = 1;

export const reportFormats = ['html', 'csv', 'xlsx', 'junit', 'markdown'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** File name of each report in the directory of a run. */
export const reportFiles: Readonly<Record<ReportFormat, string>> = {
  html: 'report.html',
  csv: 'worklist.csv',
  xlsx: 'worklist.xlsx',
  junit: 'junit.xml',
  markdown: 'summary.md',
};

/** What every report is made from, in the directory of a run. */
export const manifestFile = 'report.json';
export const breaksFile = 'breaks.ndjson';

/** In the directory of a load: what users had changed before it came to it, as judged breaks of all its entities, and as a worklist. */
export const conflictsParquet = 'conflicts.parquet';
export const conflictsWorklist = 'conflicts.csv';

/** How many breaks are what tonight. `new` + `persisting` + `reopened` is all of them but the echoes, whatever their status. */
export interface LifeCounts {
  readonly new: number;
  readonly persisting: number;
  readonly reopened: number;
  readonly resolved: number;
  readonly open: number;
  readonly pending: number;
  readonly waived: number;
  readonly echo: number;
}

/** One night, as the trend keeps it. */
export interface Night extends LifeCounts {
  readonly runId: string;
  readonly asOf: string;
  readonly verdict: Verdict;
}

/** Many breaks of one field, explained by one thing that happens to its values. */
export interface Pattern {
  readonly entity: string;
  readonly field: string;
  /** `case`, `whitespace`, `leading-zeros`, `truncated`, … (workflows/reconcile/patterns). */
  readonly transformation: string;
  /** What goes with it: a length, a factor, a suffix, two time zones; null: nothing does. */
  readonly parameter: string | null;
  /** In words, without cell contents of `pii` fields: "Odoo has it without its leading zeros". */
  readonly sentence: string;
  /** Breaks it explains, of how many of this field. */
  readonly explains: number;
  readonly of: number;
  readonly systems: readonly string[];
  /** A few of them, in order of record; masked like breaks. */
  readonly samples: readonly Pick<Break, 'id' | 'system' | 'key' | 'legacy' | 'odoo' | 'masked'>[];
  /** A change to paste, and the file of the workspace it belongs in; null where no mapping can mend it. */
  readonly change: { readonly file: string; readonly text: string } | null;
}

/** A decision on a break, and what has become of it. */
export interface WaiverState {
  readonly break: string;
  readonly entity: string;
  readonly key: string;
  readonly field: string;
  readonly decision: string;
  readonly by: string;
  readonly reason: string;
  readonly until: string;
  /** Whole days from the as-of to the end of `until`; null without one. */
  readonly daysLeft: number | null;
  /** applies; lapsed by date or because a value changed; the break is gone; the row cannot be right and decides nothing. */
  readonly state: 'applies' | 'expired' | 'value-changed' | 'no-such-break' | 'invalid';
  /** Why it is invalid. */
  readonly problem: string | null;
  readonly file: string;
  readonly line: number;
}

/** Something that was checked, whether it broke or not: one test case each. */
export interface CheckedRule {
  readonly entity: string;
  /** `Break.rule`, or the name of a control total or check. */
  readonly rule: string;
  readonly kind: 'field' | 'record' | 'control' | 'check';
  /** Records (rows, totals) it was checked on. */
  readonly checked: number;
  readonly open: number;
  readonly pending: number;
  readonly waived: number;
  /** Why it could not be checked, in words; null: it could. */
  readonly notChecked: string | null;
}

/** report.json */
export interface ReconcileReport {
  readonly format: typeof REPORT_FORMAT;
  readonly version: typeof REPORT_VERSION;
  readonly workspace: string | null;
  readonly capability: string;
  readonly phase: string;
  readonly asOf: string;
  readonly verdict: Verdict;
  readonly odoo: { readonly uuid: string; readonly database: string; readonly version: string; readonly url: string };
  readonly odooSystem: string;
  readonly snapshots: readonly { readonly system: string; readonly entity: string; readonly id: string }[];
  readonly entities: ReconcileResult['entities'];
  readonly controls: readonly ControlTotal[];
  readonly roundings: Roundings;
  readonly coverage: readonly CoverageItem[];
  readonly explained: ReconcileResult['explained'];
  readonly allocations: ReconcileResult['allocations'];
  readonly sinceAgreed: ReconcileResult['sinceAgreed'];
  readonly checks: MapResult['checks'];
  readonly rules: readonly CheckedRule[];
  readonly life: LifeCounts;
  /** Gone since the night before; `total` of them, the first listed. */
  readonly resolved: { readonly total: number; readonly first: readonly ResolvedBreak[] };
  /** More new breaks than the policies allow: messages say this one thing instead of listing them. */
  readonly alarm: { readonly newBreaks: number; readonly limit: number } | null;
  readonly trend: readonly (Omit<Night, 'runId'> & { readonly runId: string | null })[];
  /** Ranked by what they explain. */
  readonly patterns: readonly Pattern[];
  readonly waivers: readonly WaiverState[];
  /** Cell contents of `pii` fields stand in it. */
  readonly clear: boolean;
  /** Breaks in the lines, and the SHA-256 of breaks.ndjson. */
  readonly breaks: number;
  readonly sha256: string;
}

export interface ReportSource {
  readonly manifest: ReconcileReport;
  /** Entities in load order, records by system and key; in batches. Can be asked for more than once. */
  breaks(): AsyncIterable<readonly Break[]>;
}

/** A row of a worklist that came back. Nothing about it is checked yet. */
export interface WorklistDecision {
  /** 1-based row, as a spreadsheet shows it: the header is row 1 unless something stands above it. */
  readonly row: number;
  readonly break: string;
  readonly decision: string;
  readonly by: string;
  readonly reason: string;
  readonly until: string;
  readonly valueHash: string;
}

/** Columns of a worklist, in order. */
export const worklistColumns = [
  'break',
  'entity',
  'system',
  'key',
  'odoo_id',
  'rule',
  'class',
  'field',
  'legacy',
  'odoo',
  'baseline',
  'movement',
  'owner',
  'direction',
  'status',
  'life',
  'first_seen',
  'nights',
  'guidance',
  'decision',
  'by',
  'at',
  'reason',
  'until',
  'value_hash',
] as const;

/** What to do about a break, in one sentence for a data steward. */
export function guidanceOf(one: Pick<Break, 'class' | 'direction' | 'field' | 'owner' | 'movement'>): string {
  switch (one.class) {
    case 'only-legacy':
      return guidanceOfMissing(
        one.direction,
        'Not in Odoo yet: the next plan creates it.',
        'Odoo owns such records, and has none: create it there, or waive it.',
      );
    case 'only-odoo':
      return guidanceOfExtra(one.direction, 'Only in Odoo: link it to its legacy record by a decision, archive it, or waive it.');
    case 'exists-unlinked':
      return 'Odoo has a record that looks the same: decide whether it is (decisions/links.csv).';
    case 'duplicate-key':
      return 'Several records share one key: mend the key where it is wrong.';
    case 'null-key':
      return 'The record has no key: mend it in the legacy system.';
    case 'rejected':
      return 'The row could not be mapped: mend the value in the legacy system, or the mapping.';
    case 'missing-in-odoo':
      return guidanceOfMissing(
        one.direction,
        'Decided that it comes back: the next plan creates it.',
        'Somebody deleted it in Odoo, or Odoo hides it: decide whether it is to come back.',
      );
    case 'missing-in-legacy':
      return one.direction === 'return-to-legacy'
        ? 'Decided that it stays: enter it in the legacy system again.'
        : 'The legacy system no longer has it: the next plan says what becomes of it in Odoo.';
    case 'unresolved-reference':
      return `What ${one.field} refers to is not in Odoo yet: link or load that first.`;
    case 'unmapped-code':
      return `Odoo has no value for this code: complete the code map, or create the value in Odoo.`;
    default:
      return guidanceOfValue(one);
  }
}

/** Of a record that Odoo lacks. */
function guidanceOfMissing(direction: Direction, created: string, undecided: string): string {
  switch (direction) {
    case 'link':
      return 'The next plan links it to the record it is one with.';
    case 'create-in-odoo':
      return created;
    case 'return-to-legacy':
      return 'Decided that it is not to be in Odoo: take it out of the legacy system.';
    default:
      return undecided;
  }
}

/** Of a record that the legacy systems lack. */
function guidanceOfExtra(direction: Direction, undecided: string): string {
  if (direction === 'archive-in-odoo') return 'Decided that it is not to be in Odoo: archive it there.';
  return direction === 'return-to-legacy' ? 'Made in Odoo, which leads: enter it in the legacy system, or waive it.' : undecided;
}

function guidanceOfValue({ direction, owner, movement }: Pick<Break, 'direction' | 'owner' | 'movement'>): string {
  const both = movement === 'both-changed' ? 'Both sides changed it. ' : '';
  switch (direction) {
    case 'update-odoo':
      return `${both}The legacy side owns it: the next plan writes it to Odoo.`;
    case 'return-to-legacy':
      return `${both}Odoo owns it: enter it in the legacy system.`;
    default:
      return `${both}${owner === null ? 'Nobody owns it' : 'Odoo computes it'}: find out which is right and mend the other.`;
  }
}
