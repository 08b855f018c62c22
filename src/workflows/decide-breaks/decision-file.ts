/** Files of decisions as text: rows added at the end, whatever else stands in the file. */
import { csvLine } from '../../domain/csv.ts';
import { CutoverError } from '../../domain/errors.ts';

/** `content` (null: there is no file yet) with `rows`, in the columns and with the line ends that it has. E_CONFIG where one of `columns` is missing: the
 *  rows could not be read back. */
export function withRows(
  content: string | null,
  rows: readonly Readonly<Record<string, string>>[],
  of: { readonly file: string; readonly columns: readonly string[] },
): string {
  const text = content === null || content.trim() === '' ? csvLine(of.columns) : content;
  const [first = ''] = text.split('\n', 1);
  const header = first
    .replace(/^\uFEFF/, '')
    .trim()
    .split(',')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const missing = of.columns.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new CutoverError('E_CONFIG', `${of.file} has no column ${missing.join(', ')}`, {
      hint: `git mv ${of.file} ${of.file.replace(/\.csv$/, '-1.csv')}`,
      details: ['decisions are added at the end of the file, so it needs the columns they are read back from; under another name it goes on being read'],
    });
  }
  const end = first.endsWith('\r') ? '\r\n' : '\n';
  const lines = rows.map((row) => csvLine(header.map((name) => row[name] || null)).replace(/\n$/, end));
  return `${text}${text.endsWith('\n') ? '' : end}${lines.join('')}`;
}
