/** The middle of the page: patterns, waivers, checks; and below everything what it was made from. */
import type { Break } from '../../domain/difference.ts';
import { type Pattern, type ReconcileReport, reportFiles } from '../../domain/report.ts';
import { html, type Markup, section, table } from './markup.ts';
import { differingParts, type Part, visible } from './text-difference.ts';
import { counted, daysLeft, explains, formatted, waiverState } from './wording.ts';

/** Patterns and waivers that are listed. */
const PATTERNS = 100;
const WAIVERS = 500;
const LONGEST_SAMPLE = 400;

export function patternsOf({ patterns, breaks }: ReconcileReport): Markup {
  if (patterns.length === 0) {
    return section(
      'patterns',
      'Patterns',
      html`<p class="empty">${breaks === 0 ? 'No breaks, no patterns.' : 'No one thing explains many of these breaks.'}</p>`,
    );
  }
  const more = patterns.length > PATTERNS ? html`<p class="muted">${counted(patterns.length - PATTERNS, 'further pattern')} in report.json.</p>` : null;
  const lead = html`<p class="lead">Many breaks are few mistakes. One change here can resolve thousands of rows.</p>`;
  return section('patterns', 'Patterns', [lead, html`<ol class="patterns">${patterns.slice(0, PATTERNS).map(patternItem)}</ol>`, more]);
}

function patternItem(pattern: Pattern): Markup {
  const { entity, field, sentence, systems, samples, change } = pattern;
  const change_ =
    change === null
      ? null
      : html`<div class="change"><p class="muted">Change to paste into <span class="code">${change.file}</span></p><pre tabindex="0">${change.text}</pre><button type="button" class="copy" hidden>Copy</button></div>`;
  return html`<li><h3><span class="code">${entity}.${field}</span> ${sentence}</h3>
<p class="explains"><meter min="0" max="${pattern.of}" value="${pattern.explains}" aria-hidden="true"></meter> <span>${explains(pattern)}${systems.length === 0 ? '' : `, from ${systems.join(', ')}`}</span>
<button type="button" class="quiet rows-of" data-entity="${entity}" data-rule="${field}">Show the rows of this field</button></p>
${samples.length === 0 ? null : sampleTable(samples)}${change_}</li>`;
}

function sampleTable(samples: Pattern['samples']): Markup {
  const rows = samples.map((sample) => {
    const marked = sample.masked || sample.legacy === null || sample.odoo === null ? null : differingParts(clip(sample.legacy), clip(sample.odoo));
    return [html`<span class="code">${sample.key ?? 'masked'}</span>`, value(sample.legacy, marked?.left, sample), value(sample.odoo, marked?.right, sample)];
  });
  return table('Samples', [{ name: 'record' }, { name: 'legacy' }, { name: 'Odoo' }], rows);
}

function clip(text: string): string {
  return text.slice(0, LONGEST_SAMPLE);
}

function value(text: string | null, marked: readonly Part[] | undefined, { masked }: Pick<Break, 'masked'>): Markup {
  if (text === null) return html`<span class="none">${masked ? 'masked' : 'no value'}</span>`;
  const parts = marked ?? [{ text: clip(text), differs: false }];
  return html`<bdi class="value">${parts.map((part) => (part.differs ? html`<mark>${visible(part)}</mark>` : visible(part)))}</bdi>`;
}

export function waiversOf({ waivers }: ReconcileReport): Markup {
  if (waivers.length === 0) return section('waivers', 'Waivers', html`<p class="empty">Nothing is waived.</p>`);
  const columns = [
    { name: 'break' },
    { name: 'field' },
    { name: 'record' },
    { name: 'decision' },
    { name: 'left' },
    { name: 'state' },
    { name: 'by' },
    { name: 'reason' },
    { name: 'where' },
  ];
  const rows = waivers.slice(0, WAIVERS).map((waiver) => {
    const state = html`<span class="${waiver.state === 'applies' ? '' : waiver.state === 'no-such-break' ? 'muted' : 'bad'}">${waiverState(waiver)}</span>`;
    const what = [waiver.entity, waiver.field].filter((part) => part !== '').join('.');
    const left = `${daysLeft(waiver)}${waiver.until === '' ? '' : ` (${waiver.until})`}`;
    return [
      html`<span class="code">${waiver.break}</span>`,
      what,
      waiver.key,
      waiver.decision,
      left,
      state,
      waiver.by,
      waiver.reason,
      `${waiver.file}:${waiver.line}`,
    ];
  });
  const more = waivers.length > WAIVERS ? html`<p class="muted">${counted(waivers.length - WAIVERS, 'further waiver')} in report.json.</p>` : null;
  return section('waivers', 'Waivers', [table('Waivers and decisions', columns, rows), more]);
}

export function checksOf({ checks }: ReconcileReport): Markup {
  const found = checks.filter((check) => check.count > 0);
  const passed = checks.length - found.length;
  const rest = passed === 0 ? null : html`<p class="empty">${counted(passed, 'check')} found nothing.</p>`;
  if (found.length === 0) return section('checks', 'Checks', rest ?? html`<p class="empty">No checks are defined.</p>`);
  const columns = [{ name: 'check' }, { name: 'severity' }, { name: 'rows', isNumber: true }, { name: 'measure', isNumber: true }, { name: 'what to do' }];
  const rows = found.map((check) => [`${check.entity}: ${check.name}`, check.severity, formatted(check.count), check.measure ?? '', check.hint]);
  return section('checks', 'Checks', [table('Checks that found something', columns, rows), rest]);
}

export function sourcesOf({ snapshots, odoo, sha256, resolved }: ReconcileReport): Markup {
  const gone = resolved.first.map((one) => [
    html`<span class="code">${one.id}</span>`,
    `${one.entity}.${one.rule}`,
    one.class,
    one.firstSeen.slice(0, 10),
    formatted(one.nights),
  ]);
  const columns = [{ name: 'break' }, { name: 'rule' }, { name: 'class' }, { name: 'first seen' }, { name: 'nights', isNumber: true }];
  const list =
    resolved.first.length === 0
      ? null
      : html`<details><summary>Resolved since the night before: ${formatted(resolved.total)}</summary>${table('Resolved breaks', columns, gone)}</details>`;
  const rows = snapshots.map((snapshot) => [`${snapshot.system} / ${snapshot.entity}`, html`<span class="code">${snapshot.id}</span>`]);
  return html`<footer>${list}<details><summary>Made from ${counted(snapshots.length, 'snapshot')}</summary>${table('Snapshots', [{ name: 'of' }, { name: 'id' }], rows)}
<p class="muted">Odoo <span class="code">${odoo.uuid}</span> at ${odoo.url}. SHA-256 of the rows: <span class="code">${sha256}</span></p></details>
<p class="muted">The same rows as worklists: ${reportFiles.xlsx}, ${reportFiles.csv}. Nothing on this page leaves the browser.</p></footer>`;
}
