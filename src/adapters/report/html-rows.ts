/** The lower part of the page: the rows. The script fills the table; without it, and on paper, the first rows stand there as they are. */
import type { Break } from '../../domain/difference.ts';
import { type ReconcileReport, reportFiles } from '../../domain/report.ts';
import { html, type Markup, section, table } from './markup.ts';
import { clearNotice, formatted } from './wording.ts';

/** Rows on paper. */
export const PRINTED = 100;
const LONGEST_PRINTED = 80;

const filters = [
  ['entity', 'Entity'],
  ['rule', 'Rule'],
  ['class', 'Class'],
  ['status', 'Status'],
  ['life', 'Life'],
  ['direction', 'Next'],
  ['owner', 'Owner'],
  ['system', 'System'],
] as const;

const columns = [
  ['entity', 'entity'],
  ['key', 'record'],
  ['rule', 'rule'],
  ['legacy', 'legacy'],
  ['odoo', 'Odoo'],
  ['status', 'status'],
  ['life', 'nights'],
  ['direction', 'next'],
] as const;

export function rowsOf(manifest: ReconcileReport, first: readonly Break[]): Markup {
  if (manifest.breaks === 0) return section('rows', 'Rows', html`<p class="empty big">Both sides agree on everything that was compared.</p>`);
  return section('rows', 'Rows', [app(manifest), printed(manifest, first)]);
}

function app(manifest: ReconcileReport): Markup {
  const day = manifest.asOf.slice(0, 10);
  const file = `decisions-${manifest.capability.replace(/[^\w-]+/g, '-').slice(0, 60)}-${day}.csv`;
  return html`<div id="rows-app" class="screen" data-total="${manifest.breaks}" data-file="${file}" data-notice="${manifest.clear ? clearNotice : ''}">
<p id="broken" class="alarm" role="alert" hidden></p><noscript><p class="alarm">Without scripts only the first rows are shown.</p></noscript>
<div class="tools" role="search" aria-label="Filter the rows">
<label class="search">Search <kbd>/</kbd><input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="record, value, break id …"></label>
${filters.map(([column, name]) => html`<label>${name}<select id="filter-${column}"><option value="">any</option></select></label>`)}
<button type="button" id="filter-clear" class="quiet" disabled>Clear filters</button></div>
<div class="bar"><p id="count" role="status" aria-live="polite">${formatted(manifest.breaks)} breaks</p><button type="button" id="tick-all" class="quiet" disabled>Tick all</button> <button type="button" id="tick-none" class="quiet" disabled>Untick</button></div>
<div class="split"><div id="grid" role="grid" tabindex="0" aria-label="Breaks" aria-multiselectable="true" aria-describedby="keys"><div role="rowgroup" class="grid-head"><div role="row" aria-rowindex="1" class="line"><div role="columnheader" class="cell tick"><span class="visually-hidden">ticked</span></div>${columns.map(
    ([column, name]) =>
      html`<div role="columnheader" class="cell ${column}" aria-sort="none"><button type="button" data-sort="${column === 'life' ? 'nights' : column}">${name}</button></div>`,
  )}<div role="columnheader" class="cell decision">decided</div></div></div><div id="grid-body" role="rowgroup"></div><p id="no-rows" hidden>No row has all of that. Clear a filter, or search for less.</p></div>
<aside class="side"><div id="detail" tabindex="-1" role="region" aria-label="The chosen break"></div>${decisionForm(day)}</aside></div>
<p id="keys" class="muted"><kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Space</kbd> ticks, <kbd>Shift</kbd>+<kbd>Space</kbd> ticks from the last one to here, <kbd>Ctrl</kbd>+<kbd>A</kbd> ticks all shown, <kbd>Enter</kbd> reads the chosen one and <kbd>Esc</kbd> comes back, <kbd>/</kbd> searches.</p></div>`;
}

function decisionForm(day: string): Markup {
  const choice = (value: string, name: string, means: string) =>
    html`<label class="choice"><input type="radio" name="decision" value="${value}"${value === 'waive' ? html` checked id="decide-decision"` : null}> <span><strong>${name}</strong> <small>${means}</small></span></label>`;
  return html`<form id="decide" novalidate aria-labelledby="decide-title"><h3 id="decide-title">Decide what is ticked</h3>
<fieldset><legend class="visually-hidden">Decision</legend>${choice('waive', 'Waive', 'accepted until a day')}${choice('legacy', 'Legacy', 'that side is right')}${choice('odoo', 'Odoo', 'that side is right')}</fieldset>
<label>Reason<textarea id="decide-reason" name="reason" rows="2"></textarea></label>
<div class="pair"><label><span>Until <span id="decide-until-mark" class="muted"></span></span><input id="decide-until" name="until" type="date" min="${day}"></label><label>By<input id="decide-by" name="by" autocomplete="name"></label></div>
<p id="decide-problem" class="bad" role="alert"></p>
<div class="buttons"><button type="submit" id="decide-apply" class="primary" disabled>Decide</button><button type="button" id="decide-undo" class="quiet" disabled>Take back</button></div>
<div class="buttons"><button type="button" id="decide-download" disabled>Download decisions</button></div>
<p class="muted small">Then: <span class="code">cutover decisions import FILE</span></p></form>`;
}

function printed({ breaks }: ReconcileReport, first: readonly Break[]): Markup {
  const rows = first
    .slice(0, PRINTED)
    .map((one) => [
      html`<span class="code">${one.key ?? 'masked'}</span>`,
      one.entity,
      one.rule,
      shown(one.legacy),
      shown(one.odoo),
      one.status,
      one.life,
      one.id,
    ]);
  const names = ['record', 'entity', 'rule', 'legacy', 'Odoo', 'status', 'life', 'break'].map((name) => ({ name }));
  const left = breaks - rows.length;
  const note =
    left === 0
      ? 'These are all rows.'
      : `These are the first ${formatted(rows.length)} rows; ${formatted(left)} more are not on paper: see ${reportFiles.html}, ${reportFiles.xlsx} or ${reportFiles.csv}.`;
  return html`<div class="paper"><p>${note}</p>${table('The first rows', names, rows)}</div>`;
}

function shown(value: string | null): string {
  return value === null ? '—' : value.length > LONGEST_PRINTED ? `${value.slice(0, LONGEST_PRINTED)}…` : value;
}
