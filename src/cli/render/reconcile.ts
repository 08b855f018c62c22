import type { ControlTotal, CoverageItem, Verdict } from '../../domain/difference.ts';
import type { WaiverState } from '../../domain/report.ts';
import type { ReconcileResult } from '../../domain/results.ts';
import { settlementTables, type WordTable } from '../../domain/settlement-tables.ts';
import { counted, grouped, type Style } from '../style.ts';
import { table } from '../table.ts';
import { renderChecks } from './map.ts';

/** More lines than this nobody reads on a screen. */
const MOST_CONTROLS = 40;
const MOST_PATTERNS = 8;
/** Days before its end in which a decision is mentioned. */
const SOON = 14;

export function renderReconcile(result: ReconcileResult, style: Style): string {
  const { paint } = style;
  const sections = [entities(result, style), life(result, style)];
  if (result.alarm !== null) sections.push(alarm(result.alarm, style));
  const breaks = breaksByClass(result, style);
  if (breaks !== null) sections.push(breaks);
  if (result.patterns.length > 0) sections.push(patterns(result, style));
  const attention = waiversToMind(result.waivers);
  if (attention.length > 0) sections.push(waivers(attention, style));
  if (result.controls.length > 0) sections.push(controls(result.controls, style));
  for (const words of settlementTables(result)) sections.push(settlement(words, style));
  if (result.coverage.length > 0) sections.push(coverage(result.coverage, style));
  const checks = renderChecks(result.checks, style);
  if (checks !== null) sections.push(checks);
  sections.push(`${paint.bold('Verdict')}  ${renderVerdict(result.verdict, style)}`);
  if (result.files.length > 0) sections.push(result.files.map((file) => paint.dim(`  ${file}`)).join('\n'));
  return sections.join('\n\n');
}

export function renderVerdict(verdict: Verdict, style: Style): string {
  const { paint } = style;
  const meanings: Record<Verdict, string> = {
    RECONCILED: paint.green.bold('RECONCILED') + '  both sides agree on everything that was compared',
    PENDING: paint.cyan.bold('PENDING') + '  every difference is a change on its way',
    BREAKS: paint.yellow.bold('BREAKS') + '  the sides differ',
    INCOMPLETE: paint.red.bold('INCOMPLETE') + '  something could not be compared',
  };
  return meanings[verdict];
}

type EntityRow = ReconcileResult['entities'][number];

function entities(result: ReconcileResult, style: Style): string {
  const breaksOf = (row: EntityRow) => Object.values(row.breaks).reduce((sum, count) => sum + count, 0);
  const list = table(
    result.entities,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'legacy', value: (row) => row.legacy },
      { header: 'odoo', value: (row) => row.odoo },
      { header: 'equal', value: (row) => row.equal },
      { header: 'breaks', value: breaksOf, paint: (cell, row) => (breaksOf(row) > 0 ? style.paint.yellow(cell) : style.paint.green(cell)) },
      ...(result.life.pending > 0 ? [{ header: 'pending', value: (row: EntityRow) => row.pending }] : []),
      ...(result.life.waived > 0 ? [{ header: 'waived', value: (row: EntityRow) => row.waived }] : []),
      ...(result.entities.some(({ explained }) => explained > 0) ? [{ header: 'explained', value: (row: EntityRow) => row.explained }] : []),
      { header: 'outside scope', value: (row) => row.outsideScope },
    ],
    style,
  );
  const total = result.entities.reduce((sum, row) => sum + breaksOf(row), 0);
  return `${style.paint.bold('Compared')} ${counted(result.entities.length, 'entity', 'entities')}: ${counted(total, 'break')}\n\n${list}`;
}

/** Against the night before; and what was looked at again. */
function life({ life: counts, secondLook, trend }: ReconcileResult, { paint }: Style): string {
  const since = trend.length > 1 ? 'since the night before' : 'the first night';
  const parts = [
    `${grouped(counts.new)} new`,
    ...(counts.reopened > 0 ? [`${grouped(counts.reopened)} reopened`] : []),
    `${grouped(counts.persisting)} persisting`,
    `${grouped(counts.resolved)} resolved`,
  ];
  const lines = [`${paint.bold('Life')}  ${parts.join(', ')} ${paint.dim(since)}`];
  if (counts.pending > 0) lines.push(`  ${counted(counts.pending, 'difference')} may be on the way, and become breaks on their date`);
  if (counts.echo > 0) lines.push(`  ${counted(counts.echo, 'difference')} our own load has settled since the snapshot: pull again`);
  if (secondLook !== null) lines.push(`  ${counted(secondLook.records, 'record')} read a second time, ${counted(secondLook.settled, 'break')} settled by it`);
  return lines.join('\n');
}

function alarm({ newBreaks, limit }: NonNullable<ReconcileResult['alarm']>, { paint }: Style): string {
  return `${paint.red.bold('ALARM')}  ${counted(newBreaks, 'new break')} in one night, more than the ${grouped(limit)} that the policies allow (new_breaks): look at the patterns first`;
}

function patterns(result: ReconcileResult, style: Style): string {
  const shown = result.patterns.slice(0, MOST_PATTERNS);
  const list = table(
    shown,
    [
      { header: 'explains', value: (row) => row.explains },
      { header: 'of', value: (row) => row.of },
      { header: 'entity', value: (row) => row.entity },
      { header: 'field', value: (row) => row.field },
      { header: 'what happened', value: (row) => row.sentence },
    ],
    style,
  );
  const change = shown.find((one) => one.change !== null);
  return [
    `${style.paint.bold('Patterns')}\n${list}`,
    ...(change?.change
      ? [
          style.paint.dim(`  to paste into ${change.change.file}:`),
          ...change.change.text
            .trimEnd()
            .split('\n')
            .map((line) => `    ${line}`),
        ]
      : []),
    ...(result.patterns.length > shown.length ? [style.paint.dim(`  ${counted(result.patterns.length - shown.length, 'more')} in the report`)] : []),
  ].join('\n');
}

/** Those that no longer hold, or soon will not. */
function waiversToMind(all: readonly WaiverState[]): readonly WaiverState[] {
  return all.filter(
    ({ state, daysLeft }) => state === 'expired' || state === 'value-changed' || state === 'invalid' || (state === 'applies' && (daysLeft ?? 1000) <= SOON),
  );
}

function waivers(attention: readonly WaiverState[], style: Style): string {
  const list = table(
    attention.slice(0, MOST_PATTERNS),
    [
      { header: 'break', value: (row) => row.break, isWhole: true },
      { header: 'decision', value: (row) => row.decision },
      { header: 'by', value: (row) => row.by },
      { header: 'until', value: (row) => row.until },
      { header: 'now', value: waiverNow },
    ],
    style,
  );
  const left = attention.length - MOST_PATTERNS;
  return `${style.paint.bold('Decisions to look at')}\n${list}${left > 0 ? `\n${style.paint.dim(`  ${counted(left, 'more')}: cutover decisions list`)}` : ''}`;
}

/** What has become of a decision, in words. */
export function waiverNow({ state, daysLeft, problem, file, line }: WaiverState): string {
  switch (state) {
    case 'applies':
      return daysLeft === null ? 'applies' : `${counted(daysLeft, 'day')} left`;
    case 'expired':
      return 'its day has passed';
    case 'value-changed':
      return 'lapsed: a value changed';
    case 'no-such-break':
      return 'the break is gone';
    case 'invalid':
      return `${file}:${line}: ${problem}`;
  }
}

function breaksByClass(result: ReconcileResult, style: Style): string | null {
  const rows = result.entities.flatMap(({ entity, breaks }) =>
    Object.entries(breaks)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => ({ entity, name, count })),
  );
  if (rows.length === 0) return null;
  const list = table(
    rows,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'class', value: (row) => row.name },
      { header: 'breaks', value: (row) => row.count },
    ],
    style,
  );
  return `${style.paint.bold('Breaks')}\n${list}`;
}

interface ControlLine {
  readonly label: string;
  readonly control: ControlTotal;
}

/** Each total, below it the dimension values that do not tie; what explains the difference in one column. */
function controls(all: readonly ControlTotal[], style: Style): string {
  const lines = controlLines(all);
  const shown = lines.filter(({ control }) => isGrand(control) || !isZero(control.gross)).slice(0, MOST_CONTROLS);
  const list = table(
    shown,
    [
      { header: 'control total', value: ({ label }) => label },
      { header: 'legacy', value: ({ control }) => control.legacy },
      { header: 'odoo', value: ({ control }) => control.odoo },
      { header: 'difference', value: ({ control }) => control.difference },
      { header: 'gross', value: ({ control }) => control.gross, paint: (cell, { control }) => (control.offsetting ? style.paint.yellow(cell) : cell) },
      { header: 'because of', value: ({ control }) => because(control), paint: (cell) => style.paint.dim(cell) },
      {
        header: 'unexplained',
        value: ({ control }) => control.residual,
        paint: (cell, { control }) => (isZero(control.residual) ? style.paint.green(cell) : style.paint.red(cell)),
      },
    ],
    style,
  );
  const rules = [...new Set(shown.flatMap(({ control }) => (control.rule === null || isZero(control.difference) ? [] : [control.rule])))];
  const left = lines.length - shown.length;
  return [
    `${style.paint.bold('Control totals')}\n${list}`,
    ...shown.flatMap(inFull).map((line) => style.paint.dim(line)),
    ...rules.map((rule) => style.paint.dim(`  rounding: ${rule}`)),
    ...(left > 0 ? [style.paint.dim(`  ${counted(left, 'more line')} by dimension that tie or do not fit here: with --json`)] : []),
  ].join('\n');
}

/** A total goes by its name, and by its entity too where two have the same name. */
function controlLines(all: readonly ControlTotal[]): readonly ControlLine[] {
  const grand = all.filter(isGrand);
  const label = ({ entity, name }: ControlTotal) => (grand.filter((other) => other.name === name).length > 1 ? `${entity} ${name}` : name);
  const values = ({ dimension }: ControlTotal) => Object.entries(dimension).map(([name, value]) => `${name} ${value ?? '(none)'}`);
  return grand.flatMap((total) => [
    { label: label(total), control: total },
    ...all
      .filter((control) => !isGrand(control) && control.entity === total.entity && control.name === total.name)
      .map((control) => ({ label: `  ${values(control).join(', ')}`, control })),
  ]);
}

/** One class needs no amount: it is the whole difference. Several stand in full below the table. */
function because({ classes }: ControlTotal): string {
  const names = Object.entries(classes).filter(([, amount]) => !isZero(amount));
  return names.length > 1 ? `${names.length} classes` : (names[0]?.[0] ?? '');
}

function inFull({ label, control }: ControlLine): string[] {
  const parts = Object.entries(control.classes).filter(([, amount]) => !isZero(amount));
  return parts.length < 2 ? [] : [`  ${label.trim()}: ${parts.map(([name, amount]) => `${name} ${grouped(amount)}`).join(', ')}`];
}

function isGrand(control: ControlTotal): boolean {
  return Object.keys(control.dimension).length === 0;
}

/** Rows of one table that are shown. */
const MOST_SETTLEMENT = 20;

function settlement({ title, columns, rows, notes }: WordTable, style: Style): string {
  const shown = rows.slice(0, MOST_SETTLEMENT);
  const list = table(
    shown,
    columns.map(({ name, isNumber }, index) => ({
      header: name,
      value: (row: readonly string[]) => (isNumber && row[index] !== '' ? grouped(row[index] ?? '') : (row[index] ?? '')),
    })),
    style,
  );
  const more = rows.length > shown.length ? [`  ${counted(rows.length - shown.length, 'more line')}: with --json`] : [];
  return [`${style.paint.bold(title)}\n${list}`, ...[...notes.map((note) => `  ${note}`), ...more].map((line) => style.paint.dim(line))].join('\n');
}

function coverage(items: readonly CoverageItem[], style: Style): string {
  const list = table(
    items,
    [
      { header: 'entity', value: (item) => item.entity },
      { header: 'field', value: (item) => item.field ?? '(row)' },
      { header: 'why', value: (item) => (item.explained === undefined ? item.reason : `${item.reason}: ${item.explained}`) },
      { header: 'rows', value: (item) => item.rows },
      { header: 'sum', value: (item) => item.sum },
    ],
    style,
  );
  return `${style.paint.bold('Not compared')}\n${list}`;
}

function isZero(amount: string): boolean {
  return /^-?0*(\.0*)?$/.test(amount);
}
