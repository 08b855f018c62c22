/** The fixed parts of a workbook (ECMA-376, SpreadsheetML): everything is text, the header stays in view, and what is to be filled in is marked. */
import { breakDecisions } from '../../domain/break-decision.ts';
import { type ReconcileReport, reportFiles, worklistColumns } from '../../domain/report.ts';
import type { WordTable } from '../../domain/settlement-tables.ts';
import type { WorklistColumn } from '../../domain/worklist-row.ts';
import { clearNotice, verdictMeaning } from './wording.ts';
import { escapedXml } from './xml-text.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SPREADSHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** Positions in the styles below. */
const style = { text: 1, header: 2, input: 3, day: 4, notice: 5, wrapped: 6 } as const;
/** A workbook with a longer text than this is taken for damaged. */
const LONGEST_TEXT = 32_767;

/** Nearly every value: nothing to escape in it. */
const ORDINARY = /^(?:[A-Za-z0-9\u0020!#-%'-;=?@[\]^`{-~\u00A0-\uD7FF]|_(?!x))*$/i;

const widths: Partial<Record<WorklistColumn, number>> = {
  break: 19,
  entity: 20,
  key: 18,
  rule: 18,
  class: 18,
  field: 16,
  legacy: 34,
  odoo: 34,
  baseline: 24,
  movement: 16,
  direction: 17,
  first_seen: 25,
  nights: 8,
  guidance: 56,
  by: 16,
  reason: 36,
  value_hash: 19,
};
const inputs: ReadonlySet<string> = new Set<WorklistColumn>(['decision', 'by', 'reason']);

export function columnName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${columnName(Math.floor(index / 26) - 1)}${letter}`;
}

/** Escaped for the format first: `_x0041_` would be read as A, and what XML cannot hold is written so. */
export function cellText(text: string): string {
  if (ORDINARY.test(text)) return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  const safe = short
    .replace(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_')
    .replace(
      /[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu,
      (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    );
  return escapedXml(safe);
}

export function textCell(place: string, look: keyof typeof style, text: string): string {
  return `<c r="${place}" s="${style[look]}" t="inlineStr"><is><t xml:space="preserve">${cellText(text)}</t></is></c>`;
}

/** Up to the rows. `head`: the row of the header; it and what is above stay in view. */
export function sheetStart(head: number, isFirst: boolean): string {
  const columns = worklistColumns.map((name, index) => {
    const look = name === 'until' ? style.day : inputs.has(name) ? style.input : style.text;
    return `<col min="${index + 1}" max="${index + 1}" width="${widths[name] ?? 12}" style="${look}" customWidth="1"/>`;
  });
  return `${DECLARATION}<worksheet xmlns="${SPREADSHEET}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView${isFirst ? ' tabSelected="1"' : ''} workbookViewId="0"><pane ySplit="${head}" topLeftCell="A${head + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>${columns.join('')}</cols><sheetData>`;
}

/** From the rows on: the filter, the drop-down of decisions, and days that are days. */
export function sheetEnd(head: number, lastRow: number): string {
  const place = (name: WorklistColumn) => columnName(worklistColumns.indexOf(name));
  const last = columnName(worklistColumns.length - 1);
  const rows = (name: WorklistColumn) => `${place(name)}${head + 1}:${place(name)}${Math.max(lastRow, head + 1)}`;
  const decision = `<dataValidation type="list" allowBlank="1" showInputMessage="1" showErrorMessage="1" errorTitle="Decision" error="waive, legacy or odoo" promptTitle="Decision" prompt="waive: the difference is accepted until a day. legacy, odoo: that side is right." sqref="${rows('decision')}"><formula1>"${breakDecisions.join(',')}"</formula1></dataValidation>`;
  const until = `<dataValidation type="date" operator="greaterThan" errorStyle="warning" allowBlank="1" showErrorMessage="1" errorTitle="Until" error="A day, as in 2026-12-31" sqref="${rows('until')}"><formula1>36526</formula1></dataValidation>`;
  return `</sheetData><autoFilter ref="A${head}:${last}${Math.max(lastRow, head)}"/><dataValidations count="2">${decision}${until}</dataValidations><pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/><pageSetup orientation="landscape" fitToHeight="0"/></worksheet>`;
}

export function guideSheet(manifest: ReconcileReport): string {
  const lines: readonly (readonly [string, string])[] = [
    ...(manifest.clear ? [['', clearNotice] as const] : []),
    ['What this is', `The breaks of ${manifest.capability} as of ${manifest.asOf}, one row each. Verdict: ${manifest.verdict}. ${verdictMeaning(manifest)}`],
    [
      'What to do',
      'Filter, read the guidance, and fill in the yellow columns. Rows without a decision are left alone. Save it as .xlsx or CSV and give it back: cutover decisions import FILE.',
    ],
    ['decision: waive', 'The difference is accepted until the day in "until", for as long as the values stay what they are. It needs a reason and a day.'],
    ['decision: legacy', 'The value of the legacy side is right.'],
    ['decision: odoo', 'The value in Odoo is right.'],
    ['by', 'Who decided.'],
    ['reason', 'Why. Whoever reads it in a year should understand it.'],
    ['until', 'The last day the decision holds, as in 2026-12-31.'],
    ['break, value_hash', 'What was decided on: leave them as they are. If the values change, the decision lapses.'],
    ['No value', 'An empty cell: that side has no value.'],
    ['Totals', 'What must end at nothing, how amounts are rounded, what the contract explains and what payments pay: no row of it is to be decided.'],
    ['The page', `Patterns, bridge and trend are in ${reportFiles.html}.`],
  ];
  const rows = lines.map(
    ([name, text], index) => `<row r="${index + 1}">${textCell(`A${index + 1}`, 'header', name)}${textCell(`B${index + 1}`, 'wrapped', text)}</row>`,
  );
  return `${DECLARATION}<worksheet xmlns="${SPREADSHEET}"><cols><col min="1" max="1" width="22" customWidth="1"/><col min="2" max="2" width="100" customWidth="1"/></cols><sheetData>${rows.join('')}</sheetData></worksheet>`;
}

/** Tables of words, one below the other. */
export function tablesSheet(tables: readonly WordTable[]): string {
  const rows: string[] = [];
  const add = (look: keyof typeof style, cells: readonly string[]) => {
    const row = rows.length + 1;
    rows.push(`<row r="${row}">${cells.map((cell, index) => textCell(`${columnName(index)}${row}`, look, cell)).join('')}</row>`);
  };
  for (const { title, columns, rows: lines, notes } of tables) {
    add('header', [title]);
    add(
      'header',
      columns.map(({ name }) => name),
    );
    for (const line of lines) add('text', line);
    for (const note of notes) add('text', [note]);
    add('text', []);
  }
  return `${DECLARATION}<worksheet xmlns="${SPREADSHEET}"><cols><col min="1" max="8" width="28" customWidth="1"/></cols><sheetData>${rows.join('')}</sheetData></worksheet>`;
}

export function styles(): string {
  const format = (font: number, fill: number, number: number, rest = '') =>
    `<xf numFmtId="${number}" fontId="${font}" fillId="${fill}" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"${rest === '' ? '/>' : ` applyAlignment="1">${rest}</xf>`}`;
  const text = 49;
  const day = 164;
  const fill = (colour: string) => `<fill><patternFill patternType="solid"><fgColor rgb="FF${colour}"/><bgColor indexed="64"/></patternFill></fill>`;
  const formats = [
    format(0, 0, 0),
    format(0, 0, text),
    format(1, 2, text, '<alignment vertical="center"/>'),
    format(0, 3, text),
    format(0, 3, day),
    format(2, 0, text),
    format(0, 0, text, '<alignment vertical="top" wrapText="1"/>'),
  ];
  return `${DECLARATION}<styleSheet xmlns="${SPREADSHEET}"><numFmts count="1"><numFmt numFmtId="${day}" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="3"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><color rgb="FFB00020"/><name val="Calibri"/></font></fonts><fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>${fill('E7ECF2')}${fill('FFF8DC')}</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="${formats.length}">${formats.join('')}</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;
}

export function workbook(names: readonly string[]): string {
  const sheets = names.map((name, index) => `<sheet name="${escapedXml(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`);
  return `${DECLARATION}<workbook xmlns="${SPREADSHEET}" xmlns:r="${OFFICE}"><sheets>${sheets.join('')}</sheets></workbook>`;
}

export function relations(sheets: number): string {
  const relation = (id: number, kind: string, target: string) => `<Relationship Id="rId${id}" Type="${OFFICE}/${kind}" Target="${target}"/>`;
  const all = Array.from({ length: sheets }, (_, index) => relation(index + 1, 'worksheet', `worksheets/sheet${index + 1}.xml`));
  return `${DECLARATION}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all.join('')}${relation(sheets + 1, 'styles', 'styles.xml')}</Relationships>`;
}

export function contentTypes(sheets: number): string {
  const kind = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  const part = (name: string, type: string) => `<Override PartName="/xl/${name}" ContentType="${kind}.${type}+xml"/>`;
  const all = Array.from({ length: sheets }, (_, index) => part(`worksheets/sheet${index + 1}.xml`, 'worksheet'));
  return `${DECLARATION}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${part('workbook.xml', 'sheet.main')}${part('styles.xml', 'styles')}${all.join('')}</Types>`;
}
