/** Markdown for the summary of a CI run, a comment and a mail: what is to be known at once, and where the rest is. */
import { type ReconcileReport, type ReportSource, reportFiles } from '../../domain/report.ts';
import { settlementTables } from '../../domain/settlement-tables.ts';
import { bytesOf, cell, code, plain, row, section } from './markdown-text.ts';
import {
  alarmSentence,
  clearNotice,
  counted,
  coverageReason,
  daysLeft,
  dimensionName,
  explains,
  formatted,
  formattedAmount,
  isUnwanted,
  isZeroAmount,
  verdictMeaning,
  waiverState,
} from './wording.ts';

/** A comment on GitHub holds 64 KB, a step summary 1 MiB. */
const LARGEST = 60_000;
const ROWS = 40;
const PATTERNS = 10;
/** A waiver that ends within so many days is worth a line. */
const SOON = 14;

const marks = { RECONCILED: '✅', PENDING: '🕓', BREAKS: '❌', INCOMPLETE: '⚠️' } as const;

/** Cut off by itself, section by section, with a pointer to the whole. */
export function markdownReport({ manifest }: ReportSource): string {
  const sections = [entities, bridge, settlement, patterns, waivers, coverage, checks].map((make) => make(manifest)).filter((text) => text !== '');
  const end = `\n---\nAll of it, row by row: \`${reportFiles.html}\` (page), \`${reportFiles.xlsx}\` and \`${reportFiles.csv}\` (worklists).\n`;
  const cut = '\n> The rest would not fit here.\n';
  let written = head(manifest);
  for (const text of sections) {
    if (bytesOf(written) + bytesOf(text) + bytesOf(cut) + bytesOf(end) > LARGEST) {
      written += cut;
      break;
    }
    written += text;
  }
  return `${written}${end}`;
}

function head(manifest: ReconcileReport): string {
  const { verdict, alarm, life, capability, phase, asOf, odoo, clear, workspace } = manifest;
  const title = workspace === null ? capability : `${workspace}: ${capability}`;
  return [
    ...(clear ? [`> **${clearNotice}**`, ''] : []),
    `## ${marks[verdict]} ${verdict}: ${plain(title, 200)}`,
    '',
    `${verdictMeaning(manifest)}`,
    '',
    ...(alarm === null ? [] : [`> **ALARM**: ${alarmSentence(alarm)}`, '']),
    `As of ${code(asOf)}, phase ${code(phase)}, Odoo ${code(odoo.database)} ${code(odoo.version)}.`,
    '',
    '| open | new | persisting | reopened | resolved | pending | waived |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    row([life.open, life.new, life.persisting, life.reopened, life.resolved, life.pending, life.waived].map(formatted)),
    '',
  ].join('\n');
}

function entities({ entities: all, life }: ReconcileReport): string {
  if (life.open + life.pending + life.waived === 0 && all.length === 0) return '';
  const rows = all.map((entity) => {
    const breaks = Object.values(entity.breaks).reduce((sum, count) => sum + count, 0);
    const classes = Object.entries(entity.breaks).map(([name, count]) => `${name} ${formatted(count)}`);
    const numbers = [entity.legacy, entity.odoo, entity.equal, breaks, entity.pending, entity.waived].map(formatted);
    return row([code(entity.entity), ...numbers, cell(classes.join(', '), 200)]);
  });
  return section('Entities', ['entity', 'legacy', 'Odoo', 'equal', 'breaks', 'pending', 'waived', 'classes'], 'lrrrrrrl', rows, ROWS);
}

/** Only what does not tie: a total that does is no news. */
function bridge({ controls }: ReconcileReport): string {
  const untied = controls.filter((control) => !isZeroAmount(control.difference) || !isZeroAmount(control.residual) || control.offsetting);
  const rows = untied.map((control) => {
    const classes = Object.entries(control.classes).map(([name, sum]) => `${name} ${formattedAmount(sum)}`);
    const residual = isZeroAmount(control.residual) ? formattedAmount(control.residual) : `**${formattedAmount(control.residual)}**`;
    const amounts = [control.legacy, control.odoo, control.difference].map(formattedAmount);
    const why = [...classes, ...(control.offsetting ? ['rows cancel out'] : []), ...(control.rule === null ? [] : [control.rule])];
    return row([`${code(control.entity)} ${cell(control.name)}`, cell(dimensionName(control.dimension)), ...amounts, cell(why.join(', '), 240), residual]);
  });
  const tied = controls.length - untied.length;
  const intro =
    controls.length === 0
      ? ''
      : `${tied === controls.length ? 'Every control total ties.' : `${formatted(tied)} of ${counted(controls.length, 'control total')} tie; these do not:`}\n\n`;
  if (rows.length === 0) return intro === '' ? '' : `\n### Control totals\n\n${intro}`;
  return section('Control totals', ['total', 'of', 'legacy', 'Odoo', 'difference', 'explained by', 'residual'], 'llrrrlr', rows, ROWS, intro);
}

function settlement(manifest: ReconcileReport): string {
  return settlementTables(manifest)
    .map(({ title, columns, rows, notes }) => {
      const alignment = columns.map(({ isNumber }) => (isNumber ? 'r' : 'l')).join('');
      const cells = rows.map((one) => row(one.map((text, index) => (columns[index]?.isNumber === true ? formattedAmount(text) : cell(text, 200)))));
      const below = notes.map((note) => `\n${plain(note, 300)}\n`).join('');
      const names = columns.map(({ name }) => name);
      return `${section(title, names, alignment, cells, ROWS)}${below}`;
    })
    .join('');
}

function patterns({ patterns: all }: ReconcileReport): string {
  if (all.length === 0) return '';
  const lines = all.slice(0, PATTERNS).map((pattern, index) => {
    const sample = pattern.samples[0];
    const pair = sample === undefined ? '' : `: ${code(sample.legacy ?? '(none)')} → ${code(sample.odoo ?? '(none)')}`;
    const mend = pattern.change === null ? '' : ` Mend it in ${code(pattern.change.file)}.`;
    return `${index + 1}. ${code(`${pattern.entity}.${pattern.field}`)} ${plain(pattern.sentence, 300)}; ${explains(pattern)}${pair}.${mend}\n`;
  });
  const more = all.length > PATTERNS ? `\n${counted(all.length - PATTERNS, 'further pattern')} in \`${reportFiles.html}\`.\n` : '';
  return `\n### Patterns\n\n${lines.join('')}${more}`;
}

function waivers({ waivers: all }: ReconcileReport): string {
  const worth = all.filter((waiver) => waiver.state !== 'applies' || (waiver.daysLeft !== null && waiver.daysLeft <= SOON));
  if (worth.length === 0) return '';
  const rows = worth.map((waiver) => {
    const what = [code(waiver.break), waiver.entity === '' ? '' : cell(`${waiver.entity}.${waiver.field}`), waiver.key === '' ? '' : code(waiver.key)];
    const place = code(`${waiver.file}:${waiver.line}`);
    return row([
      what.filter((part) => part !== '').join(' '),
      cell(waiver.decision),
      cell(waiver.by),
      cell(daysLeft(waiver)),
      cell(waiverState(waiver)),
      place,
    ]);
  });
  return section('Waivers that end soon or do not hold', ['break', 'decision', 'by', 'left', 'state', 'where'], 'llllll', rows, ROWS);
}

function coverage({ coverage: all }: ReconcileReport): string {
  if (all.length === 0) return '';
  const unwanted = all.filter(isUnwanted);
  const chosen = all.length - unwanted.length;
  const intro = chosen === 0 ? '' : `${counted(chosen, 'line')} of mapping, scope and contract are in \`${reportFiles.html}\`.\n\n`;
  if (unwanted.length === 0) return `\n### Not compared\n\n${intro}`;
  const rows = unwanted.map((item) => {
    const sum = item.sum === null ? '' : formattedAmount(item.sum);
    return row([code(item.field === null ? item.entity : `${item.entity}.${item.field}`), cell(coverageReason(item)), formatted(item.rows), sum]);
  });
  return section('Not compared', ['what', 'why', 'rows', 'sum'], 'llrr', rows, ROWS, intro);
}

function checks({ checks: all }: ReconcileReport): string {
  const found = all.filter((check) => check.count > 0);
  if (found.length === 0) return '';
  const rows = found.map((check) => row([`${code(check.entity)} ${cell(check.name)}`, check.severity, formatted(check.count), cell(check.hint, 240)]));
  return section('Checks', ['check', 'severity', 'rows', 'hint'], 'llrl', rows, ROWS);
}
