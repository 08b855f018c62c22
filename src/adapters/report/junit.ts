/** JUnit XML for the page of a CI server: one suite per entity, one case per rule, never one per row, and never a value of a record. What a contract explains
 *  passes; payments that nothing was found for do not fail, and are not passed over either. */
import type { Builder, TestCase, TestSuite } from 'junit-report-builder';
import { type AllocationStatus, allocationsFile } from '../../domain/allocation.ts';
import type { Break } from '../../domain/difference.ts';
import type { CheckedRule, ReconcileReport, ReportSource } from '../../domain/report.ts';
import { reportFiles } from '../../domain/report.ts';
import { clipped } from './clipped.ts';
import { alarmSentence, clearNotice, counted, dimensionName, formatted, formattedAmount, isUnwanted, isZeroAmount, verdictMeaning } from './wording.ts';
import { xmlText } from './xml-text.ts';

/** Break ids a failure names. None where there are so many rules that a CI server would refuse the file (GitLab: 30 MB). */
const EXAMPLES = 10;
const RULES_WITH_EXAMPLES = 4000;
const LONGEST_NAME = 200;

export async function junitReport(source: ReportSource): Promise<string> {
  const { manifest } = source;
  // only this report needs it, and it is large; its types put the builder one default deeper than it is
  const { default: junit } = await import('junit-report-builder');
  const report = (junit as unknown as Builder).newBuilder();
  report.name(text(`cutover reconcile ${manifest.capability}${manifest.clear ? ` (${clearNotice})` : ''}`));
  addVerdict(report.testSuite(), manifest);
  const examples = manifest.alarm === null && manifest.rules.length <= RULES_WITH_EXAMPLES ? await firstOpen(source) : new Map<string, readonly string[]>();
  const suites = new Map<string, TestSuite>();
  const uniqueName = uniqueNames();
  const caseOf = (one: Named): TestCase => {
    const name = suiteName(manifest, one.entity);
    const suite = suites.get(one.entity) ?? report.testSuite().name(name);
    suites.set(one.entity, suite);
    return suite.testCase().className(name).name(uniqueName(one));
  };
  for (const rule of manifest.rules) tell(caseOf(rule), rule, manifest, examples.get(ruleName(rule)) ?? []);
  // reports of before there were any have none
  for (const one of manifest.explained ?? []) tellExplained(caseOf({ entity: one.entity, kind: 'explained', rule: one.class }), one);
  for (const one of manifest.allocations ?? []) tellPayments(caseOf({ entity: one.payments, kind: 'settles', rule: 'what is paid' }), one);
  return `${report.build()}\n`;
}

function suiteName({ capability }: ReconcileReport, part: string): string {
  return text(`${capability}.${part}`);
}

interface Named {
  readonly entity: string;
  readonly kind: string;
  readonly rule: string;
}

/** A field may be called like a check, and two names may become one when they are clipped. */
function uniqueNames(): (rule: Named) => string {
  const taken = new Set<string>();
  return (rule) => {
    const wanted = text(`${rule.kind} ${rule.rule}`);
    let name = wanted;
    for (let copy = 2; taken.has(JSON.stringify([rule.entity, name])); copy += 1) name = `${wanted} (${copy})`;
    taken.add(JSON.stringify([rule.entity, name]));
    return name;
  };
}

function addVerdict(suite: TestSuite, manifest: ReconcileReport): void {
  const { alarm, verdict, life } = manifest;
  const name = suiteName(manifest, 'verdict');
  const test = suite.name(name).property('as-of', manifest.asOf).property('sha256', manifest.sha256).testCase().className(name).name('verdict');
  const counts = [
    counted(life.open, 'open break'),
    `${counted(life.pending, 'pending one')}, ${counted(life.waived, 'waived one')}`,
    `${life.new} new, ${life.persisting} persisting, ${life.reopened} reopened, ${life.resolved} resolved`,
    `All of them are in ${reportFiles.html} and ${reportFiles.csv}.`,
  ].join('\n');
  const sentence = alarm === null ? `${verdict}: ${verdictMeaning(manifest)}` : `ALARM: ${alarmSentence(alarm)} Verdict: ${verdict}.`;
  if (verdict === 'INCOMPLETE' && alarm === null) test.error(text(sentence, 1000), verdict, text(counts, 1000));
  else if (verdict === 'BREAKS' || alarm !== null) test.failure(text(sentence, 1000), alarm === null ? verdict : 'ALARM').stacktrace(text(counts, 1000));
  else test.standardOutput(text(`${sentence}\n${counts}`, 2000));
}

/** An alarm fails the verdict and nothing else: thousands of breaks of one cause are one thing to look at. */
function tell(test: TestCase, rule: CheckedRule, manifest: ReconcileReport, examples: readonly string[]): void {
  const also = [
    rule.pending > 0 ? counted(rule.pending, 'pending break') : '',
    rule.waived > 0 ? counted(rule.waived, 'waived break') : '',
    manifest.alarm !== null && rule.open > 0 ? `${counted(rule.open, 'open break')}: see the alarm` : '',
  ].filter((line) => line !== '');
  if (rule.notChecked !== null) {
    const why = text(`not checked: ${rule.notChecked}`, 1000);
    if (isWhyIncomplete(rule, manifest)) test.error(why, 'NOT-CHECKED');
    else {
      test.skipped();
      also.unshift(why);
    }
  } else if (rule.open > 0 && manifest.alarm === null) {
    const lines = [...examples, ...(rule.kind === 'control' ? untied(rule, manifest) : [])];
    if (examples.length > 0 && rule.open > examples.length) lines.push(`and ${formatted(rule.open - examples.length)} more: see ${reportFiles.html}`);
    test.failure(`${formatted(rule.open)} open, ${formatted(rule.checked)} checked`, rule.kind).stacktrace(text(lines.join('\n'), 5000));
  }
  if (also.length > 0) test.standardOutput(text(also.join('\n'), 2000));
}

function tellExplained(test: TestCase, { rows, payments, field, legacy, odoo, reason }: ReconcileReport['explained'][number]): void {
  const sums = [legacy === null ? '' : `legacy ${formattedAmount(legacy)}`, odoo === null ? '' : `Odoo ${formattedAmount(odoo)}`].filter((sum) => sum !== '');
  const what = rows + payments === 0 ? 'explains nothing' : `explains ${counted(rows, field === null ? 'record' : `difference of ${field}`)}`;
  const lines = [`${[what, ...sums].join(', ')}: ${reason}`, ...(payments === 0 ? [] : [`${counted(payments, 'payment')} that pay nothing`])];
  test.standardOutput(text(lines.join('\n'), 2000));
}

const unsettled: ReadonlySet<AllocationStatus> = new Set<AllocationStatus>(['open', 'differs', 'ambiguous', 'not-searched']);

/** Skipped where payments are left that nobody knows what they pay: there to be seen, and no reason to stop. */
function tellPayments(test: TestCase, { records, repeats }: ReconcileReport['allocations'][number]): void {
  const paid = records.filter(({ role }) => role === 'payment');
  const left = paid.reduce((sum, { status, records: count }) => sum + (unsettled.has(status) ? count : 0), 0);
  if (left > 0) test.skipped();
  const lines = paid.map(({ status, currency, records: count, sum }) =>
    `${status}: ${counted(count, 'payment')}, ${formattedAmount(sum)} ${currency ?? ''}`.trim(),
  );
  const notes = [
    ...(left === 0 ? [] : [`${counted(left, 'payment')} without an answer: see ${allocationsFile}`]),
    ...(repeats === 0 ? [] : [`${counted(repeats, 'payment')} repeat another one exactly`]),
  ];
  test.standardOutput(text([...notes, ...lines].join('\n'), 2000));
}

/** What mapping, scope or contract leave out is no reason why a verdict is INCOMPLETE. */
function isWhyIncomplete({ entity, rule }: CheckedRule, { verdict, coverage }: ReconcileReport): boolean {
  if (verdict !== 'INCOMPLETE') return false;
  const items = coverage.filter((item) => item.entity === entity && item.field === rule);
  return items.length === 0 || items.some(isUnwanted);
}

function untied({ entity, rule }: CheckedRule, { controls }: ReconcileReport): string[] {
  return controls
    .filter((control) => control.entity === entity && control.name === rule && (!isZeroAmount(control.difference) || !isZeroAmount(control.residual)))
    .slice(0, EXAMPLES)
    .map(({ dimension, difference, residual }) => {
      return `${clipped(dimensionName(dimension), LONGEST_NAME)}: difference ${formattedAmount(difference)}, residual ${formattedAmount(residual)}`;
    });
}

/** Per rule the first open breaks: id, record and class, without any value. */
async function firstOpen({ breaks }: ReportSource): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for await (const batch of breaks()) {
    for (const one of batch) {
      if (one.status !== 'open') continue;
      const lines = found.get(ruleName(one)) ?? [];
      if (lines.length >= EXAMPLES) continue;
      if (lines.length === 0) found.set(ruleName(one), lines);
      lines.push(`${one.id} ${clipped(`${one.system} ${one.key ?? '(key masked)'}`, LONGEST_NAME)} ${one.class}`);
    }
  }
  return found;
}

function ruleName({ entity, rule }: Pick<Break, 'entity' | 'rule'>): string {
  return JSON.stringify([entity, rule]);
}

function text(content: string, longest = LONGEST_NAME): string {
  return clipped(xmlText(content), longest);
}
