/** A worklist as a workbook. */
import readWorkbook from 'read-excel-file/node';
import { CutoverError } from '../../domain/errors.ts';
import type { Cell, Table } from './read-decisions.ts';

export async function workbookTables(bytes: Buffer, name: string): Promise<readonly Table[]> {
  try {
    const sheets = await readWorkbook(bytes, { trim: false });
    return sheets.map(({ sheet, data }) => ({ sheet: sheets.length === 1 ? null : sheet, rows: data as unknown as readonly (readonly Cell[])[] }));
  } catch (error) {
    throw new CutoverError('E_USAGE', `${name} cannot be read as a workbook`, { hint: 'save it anew as .xlsx, or as CSV UTF-8', cause: error });
  }
}
