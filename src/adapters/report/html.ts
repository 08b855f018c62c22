/** The report as one file that needs nothing else: no network, no server, no framework. Written as a stream, a block of rows at a time. */
import { createHash } from 'node:crypto';
import type { Break } from '../../domain/difference.ts';
import type { ReconcileReport, ReportSource } from '../../domain/report.ts';
import { settlementTables } from '../../domain/settlement-tables.ts';
import { encodedBlocks } from './encode-blocks.ts';
import { checksOf, patternsOf, sourcesOf, waiversOf } from './html-findings.ts';
import { PRINTED, rowsOf } from './html-rows.ts';
import { bridgeOf, coverageOf, entitiesOf, headOf, lifeOf, settlementOf, trendOf } from './html-summary.ts';
import { html, Markup } from './markup.ts';
import { pageScript, pageStyle } from './page-script.ts';

export async function* htmlReport(source: ReportSource): AsyncIterable<string> {
  const { manifest } = source;
  const [script, style] = await Promise.all([pageScript(), pageStyle()]);
  yield `${documentHead(manifest, script, style).text}${body(manifest, await firstOf(source)).text}`;
  for await (const block of encodedBlocks(source.breaks())) yield `<script type="application/octet-stream" class="block">${block}</script>\n`;
  yield `<script type="module">${script}</script>\n</body>\n</html>\n`;
}

/** The policy forbids every request, names the one script and the one style by their hashes, and lets no text become markup. */
function documentHead({ capability, verdict, asOf }: ReconcileReport, script: string, style: string): Markup {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${verdict}: ${capability}, ${asOf.slice(0, 10)}</title>
<style>${new Markup(style)}</style>
</head>
`;
}

function body(manifest: ReconcileReport, first: readonly Break[]): Markup {
  const links = [
    ['bridge', 'Totals'],
    ['payments', 'Payments'],
    ['coverage', 'Coverage'],
    ['trend', 'Nights'],
    ['patterns', 'Patterns'],
    ['waivers', 'Waivers'],
    ['checks', 'Checks'],
    ['rows', 'Rows'],
  ] as const;
  return html`<body>
<a class="skip" href="#rows">Skip to the rows</a>
<nav aria-label="On this page"><ul>${links.filter(([id]) => id !== 'payments' || settlementTables(manifest).length > 0).map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
<main>
${headOf(manifest)}${lifeOf(manifest)}${entitiesOf(manifest)}${bridgeOf(manifest)}${settlementOf(manifest)}${coverageOf(manifest)}${trendOf(manifest)}${patternsOf(manifest)}${waiversOf(manifest)}${checksOf(manifest)}${rowsOf(manifest, first)}
</main>
${sourcesOf(manifest)}
`;
}

async function firstOf({ breaks }: ReportSource): Promise<readonly Break[]> {
  const first: Break[] = [];
  for await (const batch of breaks()) {
    first.push(...batch.slice(0, PRINTED - first.length));
    if (first.length === PRINTED) break;
  }
  return first;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
