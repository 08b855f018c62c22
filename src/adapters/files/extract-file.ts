/** Brings one file into the data plane, by the reader that can be trusted with it. Both give the same rows. */
import type { DataPlane, Extract } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { type DelimitedFormat, isUtf8 } from './delimited-format.ts';
import { isDuckDBFormat, readCsvSql } from './read-csv-sql.ts';
import { type BadRecord, readRecords } from './record-reader.ts';
import { findRegularity, type RegularFile } from './regularity.ts';

export interface FileToExtract {
  readonly path: string;
  /** Name of the table to make. */
  readonly table: string;
  readonly format: DelimitedFormat;
  /** All columns of the file, in order; those wanted, in the same order. */
  readonly columns: readonly string[];
  readonly wanted: readonly string[];
  /** Lines of the header. */
  readonly skipLines: number;
}

type Advance = (rows: number) => void;

export async function extractFile(file: FileToExtract, plane: DataPlane, advance: Advance): Promise<Extract> {
  if (isUtf8(file.format.encoding) && isDuckDBFormat(file.format, file.columns)) {
    const regular = await findRegularity(file.path, file.format, file.skipLines, file.columns.length);
    const extract = regular === null ? null : await extractByDuckDB(file, regular, plane);
    if (extract !== null) {
      advance(extract.rows);
      return extract;
    }
  }
  return await extractByCsvParse(file, plane, advance);
}

/** A file without a bad line becomes a view: the rows flow from the file into the snapshot, held nowhere. One with ragged lines is read at once,
 *  and DuckDB's rejects must be the lines found bad before; null when they are not. */
export async function extractByDuckDB(file: FileToExtract, regular: RegularFile, plane: DataPlane): Promise<Extract | null> {
  const read = { ...file, file: regular };
  const table = identifier(file.table);
  const columns = file.wanted.map((name) => ({ name, type: 'VARCHAR' }));
  if (regular.bad.length === 0) {
    await plane.run(`CREATE VIEW ${table} AS ${readCsvSql({ ...read, rejects: null })}`);
    return { table: file.table, columns, rows: regular.records, quarantine: null, ids: null };
  }
  const rejects = { errors: `${file.table}_reject_errors`, scans: `${file.table}_reject_scans` };
  // all columns are read here: a projection would let DuckDB overlook what is wrong in the others
  await plane.run(`CREATE TABLE ${table} AS ${readCsvSql({ ...read, wanted: file.columns, rejects })}`);
  const [rows] = await plane.rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
  const rejected = await plane.rows<{ line: number }>(`SELECT DISTINCT line FROM ${identifier(rejects.errors)} ORDER BY line`);
  await plane.run(`DROP TABLE ${identifier(rejects.errors)}; DROP TABLE ${identifier(rejects.scans)}`);
  const isAsFound =
    rows?.n === regular.records && rejected.length === regular.bad.length && rejected.every((one, index) => one.line === regular.bad[index]?.line);
  if (!isAsFound) {
    await plane.run(`DROP TABLE ${table}`);
    return null;
  }
  const quarantine = new Quarantine(file.table, plane);
  await quarantine.add(regular.bad);
  return { table: file.table, columns, rows: regular.records, quarantine: await quarantine.finish(), ids: null };
}

export async function extractByCsvParse(file: FileToExtract, plane: DataPlane, advance: Advance): Promise<Extract> {
  const quarantine = new Quarantine(file.table, plane);
  const positions = file.wanted.map((column) => file.columns.indexOf(column) + 1);
  const texts = `${file.table}_texts`;
  await plane.run(`CREATE TABLE ${identifier(texts)} (_row VARCHAR, ${file.wanted.map((column) => `${identifier(column)} VARCHAR`).join(', ')})`);

  async function* batches(): AsyncIterable<(string | null)[][]> {
    for await (const batch of readRecords(file.path, file.format, file.skipLines, file.columns.length)) {
      await quarantine.add(batch.bad);
      yield batch.records.map((record) => [record[0] ?? null, ...positions.map((position) => record[position] ?? null)]);
      advance(batch.records.length);
    }
  }

  const rows = await plane.append(texts, batches());
  await plane.run(`CREATE VIEW ${identifier(file.table)} AS SELECT * REPLACE (_row::BIGINT AS _row) FROM ${identifier(texts)}`);
  const columns = file.wanted.map((name) => ({ name, type: 'VARCHAR' }));
  return { table: file.table, columns, rows, quarantine: await quarantine.finish(), ids: null };
}

/** Rows that could not be read, as a table beside the extract. */
class Quarantine {
  readonly #table: string;
  readonly #plane: DataPlane;
  #rows = 0;

  constructor(extract: string, plane: DataPlane) {
    this.#table = `${extract}_quarantine`;
    this.#plane = plane;
  }

  async add(bad: readonly BadRecord[]): Promise<void> {
    if (bad.length === 0) return;
    if (this.#rows === 0) await this.#plane.run(`CREATE TABLE ${identifier(this.#table)} (_row BIGINT, reason VARCHAR, line VARCHAR)`);
    this.#rows += bad.length;
    const values = bad.map((one) => `(${one.line}, ${literal(one.reason)}, ${literal(one.text.replaceAll('\0', '\ufffd'))})`);
    await this.#plane.run(`INSERT INTO ${identifier(this.#table)} VALUES ${values.join(', ')}`);
  }

  async finish(): Promise<Extract['quarantine']> {
    return this.#rows === 0 ? null : { table: this.#table, rows: this.#rows };
  }
}
