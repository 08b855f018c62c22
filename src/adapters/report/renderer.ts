/** Reports of a reconcile, made from its manifest and its breaks and nothing else. */
import type { ReportRenderer } from '../../domain/ports.ts';
import type { ReportFormat, ReportSource } from '../../domain/report.ts';
import { csvWorklist } from './csv-worklist.ts';
import { htmlReport } from './html.ts';
import { junitReport } from './junit.ts';
import { markdownReport } from './markdown.ts';
import { readDecisions } from './read-decisions.ts';
import { xlsxWorklist } from './xlsx-worklist.ts';

export function reportRenderer(): ReportRenderer {
  return { render, readDecisions };
}

function render(format: ReportFormat, source: ReportSource): AsyncIterable<string | Uint8Array> {
  switch (format) {
    case 'html':
      return htmlReport(source);
    case 'csv':
      return csvWorklist(source);
    case 'xlsx':
      return xlsxWorklist(source);
    case 'junit':
      return whole(() => junitReport(source));
    case 'markdown':
      return whole(() => markdownReport(source));
  }
}

async function* whole(make: () => string | Promise<string>): AsyncIterable<string> {
  yield await make();
}
