/** A folder of delimited files as a source system. Nothing is inferred: every value is text, a row is named by its line number. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Extract, ExtractRequest, Progress, SourceCut, SourceSystem } from '../../domain/ports.ts';
import type { SnapshotColumn } from '../../domain/snapshot.ts';
import { closest } from '../../domain/suggestion.ts';
import type { FilesSystem } from '../../domain/workspace.ts';
import { type DelimitedFormat, delimitedFormat, isUtf8 } from './delimited-format.ts';
import { extractFile, type FileToExtract } from './extract-file.ts';
import { readFirstRecord } from './record-reader.ts';

/** Tables of one data plane need names of their own, whatever cuts they come from. */
let extracts = 0;
const EXTENSIONS = /\.(csv|tsv|txt|dat|psv|tab)$/i;

export function filesSource(name: string, config: FilesSystem, workspaceDirectory: string): SourceSystem {
  const directory = resolve(workspaceDirectory, config.directory);
  const format = delimitedFormat(name, config);
  return {
    name,
    async open() {
      const found = await stat(directory).catch(() => null);
      if (found === null || !found.isDirectory()) {
        throw new CutoverError('E_SOURCE_UNREACHABLE', `system ${name}: there is no folder ${directory}`, {
          hint: `set systems.${name}.directory in cutover.yaml to the folder of the exports`,
        });
      }
      return new FilesCut(name, directory, config, format);
    },
  };
}

interface FileHeader {
  readonly columns: readonly string[];
  readonly lines: number;
}

class FilesCut implements SourceCut {
  readonly #name: string;
  readonly #directory: string;
  readonly #config: FilesSystem;
  readonly #format: DelimitedFormat;
  /** Size and time of change of the files read, as they were before. */
  readonly #seen = new Map<string, string>();

  constructor(name: string, directory: string, config: FilesSystem, format: DelimitedFormat) {
    this.#name = name;
    this.#directory = directory;
    this.#config = config;
    this.#format = format;
  }

  async columns(from: string | null, query: string | null): Promise<readonly SnapshotColumn[]> {
    const { columns } = await this.#header(this.#fileOf(from, query), await this.#find(from, query));
    return columns.map((name) => ({ name, type: 'VARCHAR' }));
  }

  async extract(request: ExtractRequest, plane: DataPlane, progress: Progress): Promise<Extract> {
    if (request.since !== null) throw new Error('a file is always read whole');
    const path = await this.#find(request.from, request.query);
    this.#seen.set(path, await fingerprint(path));
    const header = await this.#header(this.#fileOf(request.from, request.query), path);
    const wanted = request.columns ?? header.columns;
    const missing = wanted.filter((column) => !header.columns.includes(column));
    if (missing.length > 0) {
      throw new CutoverError('E_SOURCE_DRIFT', `system ${this.#name}: ${request.from} has no column ${missing.join(', ')}`);
    }
    extracts += 1;
    const file: FileToExtract = {
      path,
      table: `extract_${extracts}`,
      format: this.#format,
      columns: header.columns,
      wanted: header.columns.filter((column) => wanted.includes(column)),
      skipLines: header.lines,
    };
    return await extractFile(file, plane, (rows) => progress({ kind: 'advance', step: request.entity, by: rows }));
  }

  /** Files of the folder, by their names. */
  async tables(): Promise<readonly string[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && EXTENSIONS.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  }

  /** E_SOURCE_UNREADABLE when a file was changed while it was being read: then what was read is of no moment. */
  async close(): Promise<void> {
    for (const [path, before] of this.#seen) {
      const after = await fingerprint(path).catch(() => 'gone');
      if (after === before) continue;
      this.#seen.clear();
      throw this.#unreadable(relative(this.#directory, path), 'was changed while it was being read', `cutover pull ${this.#name}`);
    }
  }

  #fileOf(from: string | null, query: string | null): string {
    if (query !== null) {
      throw new CutoverError('E_CONFIG', `system ${this.#name}: files have no query`, { hint: 'name the file with `from:` and leave rows out with `filter:`' });
    }
    if (from === null) throw new CutoverError('E_CONFIG', `system ${this.#name}: no file is named`, { hint: 'name the file with `from:`' });
    return from;
  }

  async #find(from: string | null, query: string | null): Promise<string> {
    const file = this.#fileOf(from, query);
    const path = resolve(this.#directory, file);
    const inside = relative(this.#directory, path);
    if (inside.startsWith('..') || isAbsolute(inside)) throw this.#unreadable(file, 'is outside of the folder of the system', 'put the file into the folder');
    const found = await stat(path).catch(() => null);
    if (found?.isFile() === true) return path;
    const best = closest(file, await this.tables());
    const hint = best === null ? `put ${file} into ${this.#directory}` : `did you mean ${best}?`;
    throw this.#unreadable(file, `is not in ${this.#directory}`, hint);
  }

  async #header(file: string, path: string): Promise<FileHeader> {
    await this.#refuseOtherEncoding(file, path);
    const first = await readFirstRecord(path, this.#format);
    if (!this.#format.header) {
      const named = this.#config.columns[file] ?? this.#config.columns[file.replace(/\.[^.]*$/, '')];
      // without declared names the columns are numbered, so that a file can be profiled before it is described
      const columns = named ?? (first?.values ?? []).map((_, index) => `column${index + 1}`);
      if (columns.length === 0) throw this.#unreadable(file, 'is empty and its columns are not named', `name them under systems.${this.#name}.columns`);
      return { columns: this.#checked(file, columns), lines: 0 };
    }
    if (first === null || first.values.every((value) => value === '')) {
      throw this.#unreadable(file, 'has no header: its first line does not name columns', `set systems.${this.#name}.header to false and name the columns`);
    }
    return { columns: this.#checked(file, first.values), lines: first.lines };
  }

  #checked(file: string, columns: readonly string[]): readonly string[] {
    const problems = columns.flatMap((column, index) => {
      if (column.trim() === '') return [`column ${index + 1} has no name`];
      // the data plane compares names without case
      const earlier = columns.findIndex((other) => other.toLowerCase() === column.toLowerCase());
      if (earlier < index) return [`columns ${earlier + 1} and ${index + 1} are both named ${column}`];
      return column.toLowerCase() === '_row' ? [`column ${index + 1} is named _row, which is the tool's own`] : [];
    });
    if (problems.length === 0) return columns;
    throw this.#unreadable(file, 'has a header that cannot be used', `mend the header, or set systems.${this.#name}.header to false`, problems);
  }

  async #refuseOtherEncoding(file: string, path: string): Promise<void> {
    if (!isUtf8(this.#format.encoding)) return;
    const encoding = await byteOrderMark(path);
    if (encoding !== null) throw this.#unreadable(file, `is ${encoding}, not utf-8`, `set systems.${this.#name}.encoding to ${encoding}`);
  }

  #unreadable(file: string, problem: string, hint: string, details: readonly string[] = []): CutoverError {
    return new CutoverError('E_SOURCE_UNREADABLE', `system ${this.#name}: ${file} ${problem}`, { hint, details });
  }
}

async function fingerprint(path: string): Promise<string> {
  const found = await stat(path, { bigint: true });
  return `${found.size} ${found.mtimeNs}`;
}

async function byteOrderMark(path: string): Promise<'utf-16le' | 'utf-16be' | null> {
  for await (const chunk of createReadStream(path, { end: 1 })) {
    const mark = (chunk as Buffer).toString('hex');
    if (mark === 'fffe') return 'utf-16le';
    if (mark === 'feff') return 'utf-16be';
  }
  return null;
}
