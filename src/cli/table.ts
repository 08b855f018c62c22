/** Tables for a terminal: aligned, no wider than it is. */
import { stripVTControlCharacters } from 'node:util';
import { grouped, type Style } from './style.ts';

export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | number | null;
  /** Never cut and never taken for a number: it is typed into the next command. */
  readonly isWhole?: boolean;
  /** Colours the finished cell. */
  readonly paint?: (cell: string, row: Row) => string;
}

const GAP = 3;
const NARROWEST = 8;

/** A column whose values are all numbers or null is right-aligned and grouped by thousands. When the table is too wide, its widest text column is cut, but for one that is whole. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], style: Style, indent = 2): string {
  const cells = columns.map((column) => rows.map((row) => column.value(row)));
  const isNumber = (value: string | number | null) => value === null || typeof value === 'number' || isDecimal(value);
  const numeric = cells.map((values, index) => columns[index]?.isWhole !== true && values.length > 0 && values.every(isNumber));
  const texts = cells.map((values, index) => (numeric[index] ? decimalAligned(values) : values.map((value) => oneLine(String(value ?? '')))));
  const widths = texts.map((values, index) => Math.max(columns[index]?.header.length ?? 0, ...values.map((value) => value.length)));
  const uncut = columns.map((column, index) => numeric[index] === true || column.isWhole === true);
  shrink(widths, uncut, style.width - indent);
  const line = (values: readonly string[], paint: (cell: string, index: number) => string) =>
    (
      ' '.repeat(indent) + values.map((value, index) => paint(fitted(value, widths[index] ?? 0, numeric[index] === true), index)).join(' '.repeat(GAP))
    ).trimEnd();
  const head = line(
    columns.map((column) => column.header),
    (cell) => style.paint.dim(cell),
  );
  const body = rows.map((row, at) =>
    line(
      texts.map((values) => values[at] ?? ''),
      (cell, index) => columns[index]?.paint?.(cell, row) ?? (cell.trim() === '·' || (numeric[index] && cell.trim() === '0') ? style.paint.dim(cell) : cell),
    ),
  );
  return [head, ...body].join('\n');
}

/** Pairs as a list: names dimmed, values in one column. */
export function pairs(entries: readonly (readonly [string, string])[], style: Style, indent = 2): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${' '.repeat(indent)}${style.paint.dim(name.padEnd(width))}  ${value}`).join('\n');
}

/** Breaks a text at spaces so that it fits, each line indented. */
export function wrapped(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (stripVTControlCharacters(longer).length > width - indent && line !== '') {
        lines.push(line.trimEnd());
        line = word;
      } else line = longer;
    }
    lines.push(line);
  }
  return lines.map((line) => ' '.repeat(indent) + line).join('\n');
}

function isDecimal(value: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(value);
}

/** Decimal points below each other, by spaces: an added zero would be a digit that nobody measured. */
function decimalAligned(values: readonly (string | number | null)[]): string[] {
  const texts = values.map((value) => (value === null ? '·' : grouped(value)));
  const decimals = (text: string) => (text.includes('.') ? text.length - text.indexOf('.') : 0);
  const most = Math.max(0, ...texts.map(decimals));
  return texts.map((text) => (text === '·' ? text : text + ' '.repeat(most - decimals(text))));
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n\t]+\s*/g, ' ');
}

function fitted(text: string, width: number, right: boolean): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
  return right ? cut.padStart(width) : cut.padEnd(width);
}

function shrink(widths: number[], uncut: readonly boolean[], available: number): void {
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
    const widest = widths.reduce((best, width, index) => (!uncut[index] && width > (widths[best] ?? 0) ? index : best), uncut.indexOf(false));
    if (total <= available || widest < 0 || (widths[widest] ?? 0) <= NARROWEST) return;
    widths[widest] = Math.max(NARROWEST, (widths[widest] ?? 0) - (total - available));
  }
}
