/** Text in Markdown that says what it says: no value becomes markup, a link, a mention or a new cell. */
import { reportFiles } from '../../domain/report.ts';
import { clipped } from './clipped.ts';

/** Longest value in a code span. */
const LONGEST_VALUE = 80;

/** A value: in a code span nothing is markup and nobody is mentioned. A bar would still end the cell. */
export function code(value: string, longest = LONGEST_VALUE): string {
  const text = clipped(oneLine(value), longest);
  if (text === '') return '(empty)';
  const longestRun = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longestRun + 1);
  // a space each side, which is not shown, where a backtick or a space that is to be shown would touch the fence
  const apart = longestRun > 0 || (/^ | $/.test(text) && text.trim() !== '') ? ' ' : '';
  return `${fence}${apart}${text.replaceAll('|', '\\|')}${apart}${fence}`;
}

/** Words, as they are. */
export function plain(words: string, longest = 120): string {
  return clipped(oneLine(words), longest)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]#|~$]/g, '\\$&')
    .replaceAll('://', ':\\/\\/')
    .replace(/@/g, '@\u2060')
    .replace(/\b(www)\./gi, '$1\u2060.');
}

/** Words in a cell of a table. */
export function cell(words: string, longest?: number): string {
  return plain(words, longest);
}

export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A table under a heading, with its first rows. `alignment`: l or r for each column. */
export function section(title: string, names: readonly string[], alignment: string, rows: readonly string[], most: number, intro = ''): string {
  const rule = [...alignment].map((side) => (side === 'r' ? '---:' : ':---'));
  const more = rows.length > most ? `\n${rows.length - most} more in \`${reportFiles.html}\`.\n` : '';
  return `\n### ${title}\n\n${intro}${[row(names), row(rule), ...rows.slice(0, most)].join('\n')}\n${more}`;
}

export function bytesOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** Line breaks and other control characters as the pictures of them, so that they are seen and end nothing. */
function oneLine(text: string): string {
  return text
    .replace(/\r\n|[\n\r\u2028\u2029\u0085]/g, '⏎')
    .replaceAll('\t', '⇥')
    .replace(/\p{Cc}|\p{Bidi_Control}/gu, '\uFFFD');
}
