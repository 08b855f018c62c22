/** The upper part of the page: verdict, counts, bridge, coverage, trend. */
import type { ControlTotal, CoverageItem } from '../../domain/difference.ts';
import type { ReconcileReport } from '../../domain/report.ts';
import { settlementTables } from '../../domain/settlement-tables.ts';
import { type Column, html, type Markup, section, table } from './markup.ts';
import { trendChart } from './trend-chart.ts';
import {
  alarmSentence,
  clearNotice,
  counted,
  coverageReason,
  dimensionName,
  formatted,
  formattedAmount,
  isUnwanted,
  isZeroAmount,
  verdictMeaning,
} from './wording.ts';

/** Dimension values of one control total that are listed. */
const DIMENSIONS = 300;

const marks = { RECONCILED: '✓', PENDING: '…', BREAKS: '≠', INCOMPLETE: '?' } as const;

export function headOf(manifest: ReconcileReport): Markup {
  const { verdict, capability, workspace, asOf, phase, odoo, alarm, clear } = manifest;
  const title = workspace === null ? capability : `${workspace} · ${capability}`;
  return html`<header class="head">
${clear ? html`<p class="notice" role="note">${clearNotice}</p>` : null}
${alarm === null ? null : html`<p class="alarm" role="alert"><strong>Alarm.</strong> ${alarmSentence(alarm)} All of them are in the rows below.</p>`}
<p class="muted">${title}</p>
<h1 class="verdict ${verdict.toLowerCase()}"><span class="mark" aria-hidden="true">${marks[verdict]}</span> ${verdict}</h1>
<p class="meaning">${verdictMeaning(manifest)}</p>
<p class="muted">As of <time datetime="${asOf}">${asOf.slice(0, 16).replace('T', ' ')} UTC</time> · phase ${phase} · Odoo ${odoo.version}, ${odoo.database}</p>
</header>
`;
}

export function lifeOf({ life }: ReconcileReport): Markup {
  const items: readonly (readonly [string, number, string])[] = [
    ['open', life.open, 'count against the verdict'],
    ['new', life.new, 'not there in the night before'],
    ['persisting', life.persisting, 'there before'],
    ['reopened', life.reopened, 'gone once, and back'],
    ['resolved', life.resolved, 'gone since the night before'],
    ['pending', life.pending, 'young enough to be on its way'],
    ['waived', life.waived, 'accepted by a person'],
  ];
  return html`<section aria-label="Counts"><ul class="counts">${items.map(([name, count, means]) => html`<li class="${name}"><strong>${formatted(count)}</strong> <span>${name}</span> <small>${means}</small></li>`)}</ul></section>\n`;
}

export function entitiesOf({ entities }: ReconcileReport): Markup | null {
  if (entities.length === 0) return null;
  const numbers = ['legacy', 'Odoo', 'equal', 'breaks', 'pending', 'waived', 'outside scope'].map((name): Column => ({ name, isNumber: true }));
  const rows = entities.map((one) => {
    const breaks = Object.values(one.breaks).reduce((sum, count) => sum + count, 0);
    const classes = Object.entries(one.breaks).map(([name, count]) => `${name} ${formatted(count)}`);
    return [one.entity, ...[one.legacy, one.odoo, one.equal, breaks, one.pending, one.waived, one.outsideScope].map(formatted), classes.join(', ')];
  });
  return section('entities', 'Entities', table('Records and breaks of each entity', [{ name: 'entity' }, ...numbers, { name: 'classes of breaks' }], rows));
}

export function bridgeOf({ controls }: ReconcileReport): Markup {
  const groups = Map.groupBy(controls, (control) => `${control.entity}: ${control.name}`);
  if (groups.size === 0) return section('bridge', 'Control totals', html`<p class="empty">No control totals are defined.</p>`);
  const lead = html`<p class="lead">Legacy − Odoo = the sum of the classes. What they leave unexplained is the residual, and must be 0.</p>`;
  return section('bridge', 'Control totals', [lead, ...[...groups].map(([name, totals]) => bridgeTable(name, totals))]);
}

function bridgeTable(name: string, totals: readonly ControlTotal[]): Markup {
  const classes = [...new Set(totals.flatMap((total) => Object.keys(total.classes)))].sort();
  const number = (column: string): Column => ({ name: column, isNumber: true });
  const columns = [
    { name: 'of' },
    number('legacy'),
    number('Odoo'),
    number('difference'),
    ...classes.map(number),
    number('residual'),
    number('gross'),
    { name: '' },
  ];
  // those that do not tie are what is looked for; the sort is stable
  const listed = totals.length <= DIMENSIONS ? totals : totals.toSorted((a, b) => Number(isTied(a)) - Number(isTied(b))).slice(0, DIMENSIONS);
  const rows = listed.map((total) => {
    const residual = isZeroAmount(total.residual) ? formattedAmount(total.residual) : html`<strong class="bad">${formattedAmount(total.residual)}</strong>`;
    const explained = classes.map((one) => (total.classes[one] === undefined ? html`<span class="none">·</span>` : formattedAmount(total.classes[one])));
    const flag = total.offsetting ? html`<span class="chip pending">rows cancel out</span>` : isTied(total) ? html`<span class="tied">ties</span>` : '';
    return [
      dimensionName(total.dimension),
      formattedAmount(total.legacy),
      formattedAmount(total.odoo),
      formattedAmount(total.difference),
      ...explained,
      residual,
      formattedAmount(total.gross),
      flag,
    ];
  });
  const rules = [...new Set(totals.flatMap((total) => total.rule ?? []))];
  return html`<h3>${name}</h3>${table(`Bridge of ${name}`, columns, rows)}${rules.map((rule) => html`<p class="muted">Rounding: ${rule}</p>`)}${
    totals.length > DIMENSIONS ? html`<p class="muted">${counted(totals.length - DIMENSIONS, 'further total')} in report.json.</p>` : null
  }`;
}

function isTied({ difference, residual, offsetting }: ControlTotal): boolean {
  return isZeroAmount(difference) && isZeroAmount(residual) && !offsetting;
}

export function settlementOf(manifest: ReconcileReport): Markup | null {
  const tables = settlementTables(manifest);
  if (tables.length === 0) return null;
  return section(
    'payments',
    'What must end at nothing, payments, and what is explained',
    tables.map(({ title, columns, rows, notes }) => {
      const cells = rows.slice(0, DIMENSIONS).map((row) => row.map((cell, index) => (columns[index]?.isNumber === true ? formattedAmount(cell) : cell)));
      return html`<h3>${title}</h3>${table(title, columns, cells)}${notes.map((note) => html`<p class="muted">${note}</p>`)}`;
    }),
  );
}

export function coverageOf({ coverage }: ReconcileReport): Markup {
  if (coverage.length === 0) return section('coverage', 'What was not compared', html`<p class="empty">Everything was compared.</p>`);
  const columns = [{ name: 'what' }, { name: 'why' }, { name: 'rows', isNumber: true }, { name: 'sum', isNumber: true }];
  const rows = (items: readonly CoverageItem[]) =>
    items.map((item) => {
      const { entity, field, rows: count, sum } = item;
      return [field === null ? entity : `${entity}.${field}`, coverageReason(item), formatted(count), sum === null ? '' : formattedAmount(sum)];
    });
  const [unwanted, chosen] = [coverage.filter(isUnwanted), coverage.filter((item) => !isUnwanted(item))];
  return section('coverage', 'What was not compared', [
    unwanted.length === 0
      ? html`<p class="empty">Nothing but what mapping, scope and contract leave out.</p>`
      : table('Not compared, though it should have been', columns, rows(unwanted)),
    chosen.length === 0
      ? null
      : html`<details><summary>Left out by mapping, scope and contract (${chosen.length})</summary>${table('Left out by mapping, scope and contract', columns, rows(chosen))}</details>`,
  ]);
}

/** Nights that are drawn and listed. */
const NIGHTS = 60;

export function trendOf({ trend }: ReconcileReport): Markup {
  if (trend.length < 2) return section('trend', 'Nights', html`<p class="empty">This is the first night: from the next one on there is a trend.</p>`);
  const nights = trend.slice(-NIGHTS);
  const columns = [
    { name: 'night' },
    ...['open', 'new', 'reopened', 'resolved', 'pending', 'waived'].map((name): Column => ({ name, isNumber: true })),
    { name: 'verdict' },
  ];
  const rows = nights.toReversed().map((night) => {
    return [night.asOf.slice(0, 10), ...[night.open, night.new, night.reopened, night.resolved, night.pending, night.waived].map(formatted), night.verdict];
  });
  return section('trend', 'Nights', [
    trendChart(nights),
    html`<details><summary>The same as a table</summary>${table('Breaks of each night', columns, rows)}</details>`,
  ]);
}
