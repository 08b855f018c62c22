/** How the delimited files of a system are written, checked once and shared by both readers. */
import iconv from 'iconv-lite';
import { CutoverError } from '../../domain/errors.ts';
import type { FilesSystem } from '../../domain/workspace.ts';

export interface DelimitedFormat {
  readonly delimiter: string;
  /** '' when the files quote nothing. */
  readonly quote: string;
  readonly encoding: string;
  readonly header: boolean;
  /** Unquoted texts that stand for no value. */
  readonly nullTexts: readonly string[];
}

/** Longer records are taken for a quote that was never closed. Both readers keep to it. */
export const LONGEST_RECORD = 1 << 20;

export function delimitedFormat(system: string, config: FilesSystem): DelimitedFormat {
  // `\t` written without double quotes in YAML is a backslash and a t
  const delimiter = config.delimiter === '\\t' ? '\t' : config.delimiter;
  if (/[\r\n]/.test(delimiter + config.quote) || (config.quote !== '' && delimiter.includes(config.quote))) {
    throw new CutoverError('E_CONFIG', `system ${system}: delimiter and quote must differ from each other and from line ends`);
  }
  if (!iconv.encodingExists(config.encoding)) {
    throw new CutoverError('E_CONFIG', `system ${system}: the encoding ${config.encoding} is not known`, {
      hint: `set systems.${system}.encoding to utf-8, utf-16le, latin-9 or windows-1252`,
    });
  }
  return { delimiter, quote: config.quote, encoding: config.encoding, header: config.header, nullTexts: config.null_text };
}

export function isUtf8(encoding: string): boolean {
  return /^utf-?8$/i.test(encoding);
}

export function raggedReason(found: number, expected: number): string {
  return `${found} columns instead of ${expected}`;
}
