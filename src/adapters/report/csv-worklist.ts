/** The worklist as CSV: for people whose tools want it, and the form in which decisions leave the page of the HTML report. */
import { csvLine } from '../../domain/csv.ts';
import { type ReportSource, worklistColumns } from '../../domain/report.ts';
import { guarded, worklistRow } from '../../domain/worklist-row.ts';
import { clearNotice } from './wording.ts';

/** With a byte order mark: without one a spreadsheet takes UTF-8 for the code page of the country. */
export async function* csvWorklist({ manifest, breaks }: ReportSource): AsyncIterable<string> {
  yield `\uFEFF${manifest.clear ? csvLine([clearNotice]) : ''}${csvLine(worklistColumns)}`;
  for await (const batch of breaks()) {
    if (batch.length === 0) continue;
    yield batch.map((one) => csvLine(worklistRow(one, null).map((cell) => (cell === null ? null : guarded(cell))))).join('');
  }
}
