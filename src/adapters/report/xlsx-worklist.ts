/** The worklist as a workbook. Written as a stream: a library that holds the sheet needs 3 GB for 200,000 breaks. */
import type { Break } from '../../domain/difference.ts';
import { type ReportSource, worklistColumns } from '../../domain/report.ts';
import { settlementTables } from '../../domain/settlement-tables.ts';
import { worklistRow } from '../../domain/worklist-row.ts';
import { clearNotice } from './wording.ts';
import { cellText, columnName, contentTypes, guideSheet, relations, sheetEnd, sheetStart, styles, tablesSheet, textCell, workbook } from './workbook-parts.ts';
import { type ZipEntry, zip } from './zip.ts';

/** Rows of a sheet, the header left out. */
export const SHEET_ROWS = 1_048_575;
/** A part of a ZIP without extensions holds 4 GiB. */
const SHEET_CHARACTERS = 2 ** 31;

const letters = worklistColumns.map((_, index) => columnName(index));

export function xlsxWorklist(source: ReportSource, { sheetRows = SHEET_ROWS }: { readonly sheetRows?: number } = {}): AsyncIterable<Uint8Array> {
  return zip(parts(source, sheetRows));
}

async function* parts({ manifest, breaks }: ReportSource, sheetRows: number): AsyncIterable<ZipEntry> {
  const notice = manifest.clear ? clearNotice : null;
  const rows = new PushedBackRows(breaks());
  let sheets = 0;
  do {
    sheets += 1;
    yield { name: `xl/worksheets/sheet${sheets}.xml`, content: sheet(rows, notice, sheets === 1, sheetRows) };
  } while (!(await rows.isAtEnd()));
  const worklists = Array.from({ length: sheets }, (_, index) => (index === 0 ? 'Worklist' : `Worklist ${index + 1}`));
  const names = [...worklists, 'Totals', 'Guide'];
  yield { name: `xl/worksheets/sheet${sheets + 1}.xml`, content: [tablesSheet(settlementTables(manifest))] };
  yield { name: `xl/worksheets/sheet${sheets + 2}.xml`, content: [guideSheet(manifest)] };
  yield { name: 'xl/styles.xml', content: [styles()] };
  yield { name: 'xl/workbook.xml', content: [workbook(names)] };
  yield { name: 'xl/_rels/workbook.xml.rels', content: [relations(names.length)] };
  yield {
    name: '_rels/.rels',
    content: [
      '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    ],
  };
  yield { name: '[Content_Types].xml', content: [contentTypes(names.length)] };
}

async function* sheet(rows: PushedBackRows, notice: string | null, isFirst: boolean, sheetRows: number): AsyncIterable<string> {
  const head = notice === null ? 1 : 2;
  const room = sheetRows + 1 - head;
  yield sheetStart(head, isFirst);
  if (notice !== null) yield `<row r="1">${textCell('A1', 'notice', notice)}</row>`;
  yield `<row r="${head}">${worklistColumns.map((name, index) => textCell(`${letters[index]}${head}`, 'header', name)).join('')}</row>`;
  let [written, characters] = [0, 0];
  while (written < room && characters < SHEET_CHARACTERS) {
    const batch = await rows.next(room - written);
    if (batch.length === 0) break;
    const text = batch.map((one, index) => rowXml(one, head + 1 + written + index)).join('');
    written += batch.length;
    characters += text.length;
    yield text;
  }
  yield sheetEnd(head, head + written);
}

function rowXml(one: Break, row: number): string {
  let cells = '';
  for (const [index, value] of worklistRow(one, null).entries()) {
    if (value !== null) cells += `<c r="${letters[index]}${row}" s="1" t="inlineStr"><is><t xml:space="preserve">${cellText(value)}</t></is></c>`;
  }
  return `<row r="${row}">${cells}</row>`;
}

/** Batches cut to the room there is; what did not fit is the next sheet's. */
class PushedBackRows {
  readonly #batches: AsyncIterator<readonly Break[]>;
  #left: readonly Break[] = [];

  constructor(batches: AsyncIterable<readonly Break[]>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** At most so many rows; none at the end. */
  async next(most: number): Promise<readonly Break[]> {
    if (await this.isAtEnd()) return [];
    const rows = this.#left.slice(0, most);
    this.#left = this.#left.slice(most);
    return rows;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#left.length === 0) {
      const { done, value } = await this.#batches.next();
      if (done === true) return true;
      this.#left = value;
    }
    return false;
  }
}
