/** Breaks over nights as a drawing: how many are open, and below what came and what went. */
import type { ReconcileReport } from '../../domain/report.ts';
import { html, Markup } from './markup.ts';
import { formatted } from './wording.ts';

type Nights = ReconcileReport['trend'];

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 16;
/** Room for half of the first and of the last bars. */
const INSET = 12;
const OPEN = { top: 16, height: 120 } as const;
const MOVES = { top: 168, height: 64 } as const;
const HEIGHT = 262;

export function trendChart(nights: Nights): Markup {
  const step = (WIDTH - LEFT - RIGHT - 2 * INSET) / Math.max(1, nights.length - 1);
  const x = (index: number) => LEFT + INSET + index * step;
  const most = ceiling(Math.max(...nights.map((night) => night.open)));
  const mostMoved = ceiling(Math.max(...nights.map((night) => Math.max(night.new, night.resolved))));
  const y = (value: number) => OPEN.top + OPEN.height * (1 - value / most);
  const points = nights.map((night, index) => `${round(x(index))},${round(y(night.open))}`).join(' ');
  const bottom = OPEN.top + OPEN.height;
  const [first, last] = [nights[0], nights.at(-1)];
  const summary = `Open breaks from ${formatted(first?.open ?? 0)} on ${day(first?.asOf)} to ${formatted(last?.open ?? 0)} on ${day(last?.asOf)}.`;
  const bar = Math.max(1.5, Math.min(9, step / 2 - 1));
  return html`<figure class="trend"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${summary}">
${axis(OPEN, most)}${axis(MOVES, mostMoved)}
<polygon class="open-area" points="${round(x(0))},${bottom} ${points} ${round(x(nights.length - 1))},${bottom}"/>
<polyline class="open-line" points="${points}"/>
<circle class="open-dot" cx="${round(x(nights.length - 1))}" cy="${round(y(last?.open ?? 0))}" r="4"/>
${nights.map((night, index) => new Markup(column('new-bar', x(index) - bar, bar, night.new, mostMoved) + column('resolved-bar', x(index), bar, night.resolved, mostMoved)))}
<text x="${LEFT}" y="${HEIGHT - 8}">${day(first?.asOf)}</text><text class="end" x="${WIDTH - RIGHT}" y="${HEIGHT - 8}">${day(last?.asOf)}</text>
</svg><figcaption><span class="legend open-legend">open</span> <span class="legend new-legend">new</span> <span class="legend resolved-legend">resolved</span> <span class="muted">${summary}</span></figcaption></figure>`;
}

function axis({ top, height }: { readonly top: number; readonly height: number }, most: number): Markup {
  const line = (value: number) => {
    const y = round(top + height * (1 - value / most));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text class="end" x="${LEFT - 8}" y="${y + 4}">${formatted(value)}</text>`;
  };
  return new Markup(
    [0, most / 2, most]
      .filter((value) => Number.isInteger(value))
      .map(line)
      .join(''),
  );
}

function column(kind: string, x: number, width: number, value: number, most: number): string {
  const height = (MOVES.height * value) / most;
  return `<rect class="${kind}" x="${round(x)}" y="${round(MOVES.top + MOVES.height - height)}" width="${round(width)}" height="${round(height)}"/>`;
}

/** A round number that is not less: 1, 2 or 5 with noughts, and even so that its half is round too. */
function ceiling(value: number): number {
  let scale = 2;
  for (let index = 0; scale < value; index += 1) scale *= [2, 2.5, 2][index % 3] ?? 2;
  return scale;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function day(asOf: string | undefined): string {
  return asOf?.slice(0, 10) ?? '';
}
