/** Cells of a worklist, and what spreadsheets make of them. */

import { unguarded } from '../../domain/worklist-row.ts';
import type { Cell } from './read-decisions.ts';

export interface Problem {
  /** In words, to follow what it is about. */
  readonly problem: string;
}

export function textOf(cell: Cell): string {
  if (cell === null) return '';
  if (cell instanceof Date) return cell.toISOString().slice(0, 10);
  return unguarded(String(cell));
}

/** 16 hex digits, or nothing. An id of digits only that became a number has lost its last ones: what it was is not to be guessed. */
export function idOf(cell: Cell): string | Problem {
  if (typeof cell === 'number') return { problem: `was made a number by a spreadsheet (${cell}): format the column as text and copy it anew` };
  if (cell instanceof Date) return { problem: 'was made a date by a spreadsheet: format the column as text and copy it anew' };
  const text = textOf(cell).trim().toLowerCase();
  if (text === '' || /^[0-9a-f]{16}$/.test(text)) return text;
  if (/^[\d.,]+e\+?\d+$/.test(text) || /^\d+$/.test(text)) {
    return { problem: `was made a number by a spreadsheet (${text.slice(0, 24)}): format the column as text and copy it anew` };
  }
  return { problem: 'is not 16 hex digits' };
}

const DAY = 86_400_000;
/** Days from the spreadsheet's day 0 to 1970-01-01. */
const SPREADSHEET_EPOCH = 25_569;

/** YYYY-MM-DD, or '' for none. Of a day and a month that could be one another nothing is guessed. */
export function dayOf(cell: Cell): string | Problem {
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? { problem: 'is a date that does not exist' } : cell.toISOString().slice(0, 10);
  const text = textOf(cell).trim();
  if (text === '') return '';
  const [, serial] = /^(\d{5})(?:\.\d+)?$/.exec(text) ?? [];
  if (serial !== undefined) return new Date((Number(serial) - SPREADSHEET_EPOCH) * DAY).toISOString().slice(0, 10);
  const [, year, month, day] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$/.exec(text) ?? [];
  if (year !== undefined) return calendarDay(text, year, month, day);
  const [, first = '', mark, second = '', last] = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ].*)?$/.exec(text) ?? [];
  if (last === undefined) return { problem: `cannot be read as a day (${text.slice(0, 24)}): write YYYY-MM-DD` };
  // with dots the day is first everywhere; else only a number beyond 12 tells
  if (mark === '.' || Number(first) > 12) return calendarDay(text, last, second, first);
  if (Number(second) > 12 || first === second) return calendarDay(text, last, first, second);
  return { problem: `could be two days (${text.slice(0, 24)}): write YYYY-MM-DD` };
}

function calendarDay(text: string, year = '', month = '', day = ''): string | Problem {
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const date = new Date(`${iso}T00:00:00.000Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== iso) return { problem: `is a day that does not exist (${text.slice(0, 24)})` };
  return iso;
}
