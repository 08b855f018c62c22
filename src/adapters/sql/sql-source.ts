/** A PostgreSQL (or embedded PGlite) database as a source system: one read-only, repeatable-read cut, read through server-side cursors. */
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Extract, ExtractRequest, Progress, SourceCut, SourceSystem } from '../../domain/ports.ts';
import type { SnapshotColumn } from '../../domain/snapshot.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { asTextSql, type SourceColumn } from './column-type.ts';
import { findRelation, type Relation, tableNames } from './relation.ts';
import { openSqlSession, type SqlConfig, type SqlSession } from './sql-session.ts';

/** Rows asked for at once: enough to keep the line busy, few enough to hold two batches of wide rows. */
const FETCH_ROWS = 4000;

let extracts = 0;

export function sqlSource(name: string, config: SqlConfig): SourceSystem {
  return {
    name,
    async open() {
      return new SqlCut(name, await openSqlSession(name, config));
    },
  };
}

class SqlCut implements SourceCut {
  readonly #name: string;
  readonly #session: SqlSession;

  constructor(name: string, session: SqlSession) {
    this.#name = name;
    this.#session = session;
  }

  async columns(from: string | null, query: string | null): Promise<readonly SnapshotColumn[]> {
    const relation = await this.#told(from, () => findRelation(this.#session, this.#name, from, query));
    return relation.columns.map(({ name, type }) => ({ name, type }));
  }

  async extract(request: ExtractRequest, plane: DataPlane, progress: Progress): Promise<Extract> {
    return await this.#told(request.from ?? `the query of ${request.entity}`, async () => {
      const relation = await findRelation(this.#session, this.#name, request.from, request.query);
      const wanted = this.#wanted(relation, request);
      extracts += 1;
      const table = `extract_${extracts}`;
      const rows = await this.#read(rowsSql(relation, wanted, request), `${table}_texts`, { columns: wanted, isNumbered: true }, plane, (count) =>
        progress({ kind: 'advance', step: request.entity, by: count }),
      );
      const quarantine = await separateUnfit(plane, table, wanted);
      const ids = request.since === null ? null : await this.#readIds(relation, request.since.idColumn, `${table}_ids`, plane);
      return { table, columns: wanted.map(({ name, type }) => ({ name, type })), rows: rows - (quarantine?.rows ?? 0), quarantine, ids };
    });
  }

  async tables(): Promise<readonly string[]> {
    return await this.#told(null, () => tableNames(this.#session));
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #wanted(relation: Relation, request: ExtractRequest): readonly SourceColumn[] {
    const { columns } = request;
    if (columns === null) return relation.columns;
    const missing = columns.filter((name) => !relation.columns.some((column) => column.name === name));
    if (missing.length > 0) {
      throw new CutoverError('E_SOURCE_DRIFT', `system ${this.#name}: ${request.from ?? 'the query'} has no column ${missing.join(', ')}`);
    }
    return relation.columns.filter((column) => columns.includes(column.name));
  }

  async #readIds(relation: Relation, idColumn: string, table: string, plane: DataPlane): Promise<string> {
    const column = relation.columns.find(({ name }) => name === idColumn) as SourceColumn;
    const sql = `SELECT ${asTextSql(column)} FROM ${relation.sql}`;
    await this.#read(sql, `${table}_texts`, { columns: [column], isNumbered: false }, plane, () => undefined);
    await plane.run(`CREATE VIEW ${identifier(table)} AS SELECT ${castSql(column)} AS id FROM ${identifier(`${table}_texts`)}`);
    return table;
  }

  /** Reads a query through a cursor into a table of texts; the next rows are on their way while the last are written. */
  async #read(
    sql: string,
    table: string,
    shape: { readonly columns: readonly SourceColumn[]; readonly isNumbered: boolean },
    plane: DataPlane,
    advance: (rows: number) => void,
  ): Promise<number> {
    const session = this.#session;
    const names = [...(shape.isNumbered ? ['_row'] : []), ...shape.columns.map((column) => column.name)];
    await plane.run(`CREATE TABLE ${identifier(table)} (${names.map((name) => `${identifier(name)} VARCHAR`).join(', ')})`);
    await session.query(`DECLARE cutover_rows NO SCROLL CURSOR FOR ${sql}`);
    const fetch = `FETCH FORWARD ${FETCH_ROWS} FROM cutover_rows`;

    async function* batches(): AsyncIterable<readonly (readonly (string | null)[])[]> {
      let row = 0;
      let next = settled(session.query(fetch));
      while (true) {
        const answer = await next;
        if ('error' in answer) throw answer.error;
        const { rows } = answer.result;
        if (rows.length === 0) return;
        next = settled(session.query(fetch));
        const before = row;
        row += rows.length;
        yield shape.isNumbered ? rows.map((values, index) => [String(before + index + 1), ...values]) : rows;
        advance(rows.length);
      }
    }

    const count = await plane.append(table, batches());
    await session.query('CLOSE cutover_rows');
    return count;
  }

  /** Errors of the database in its own words, unless they may quote a cell. */
  async #told<Result>(what: string | null, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
      if (error instanceof CutoverError || code === null || !/^[0-9A-Z]{5}$/.test(code)) throw error;
      const isAboutData = code.startsWith('22') || code.startsWith('23');
      const words = isAboutData ? `a value did not fit (SQLSTATE ${code}; it is not shown here)` : (error as Error).message;
      const isLost = code.startsWith('08') || code.startsWith('57');
      throw new CutoverError(
        isLost ? 'E_SOURCE_UNREACHABLE' : 'E_SOURCE_UNREADABLE',
        `system ${this.#name}: ${what ?? 'the catalog'} could not be read: ${words}`,
        {
          hint: isLost ? `cutover pull ${this.#name}` : `cutover profile ${this.#name}`,
        },
      );
    }
  }
}

/** What comes of a promise that is looked at later: until then its error is nobody's, and must not end the process. */
async function settled<Result>(promise: Promise<Result>): Promise<{ readonly result: Result } | { readonly error: unknown }> {
  try {
    return { result: await promise };
  } catch (error) {
    return { error };
  }
}

function rowsSql(relation: Relation, wanted: readonly SourceColumn[], request: ExtractRequest): string {
  const columns = wanted.map(asTextSql).join(', ');
  const where = whereSql(request);
  // `r.`: an output column of the same name is text, and 10 comes before 9 there
  const order = relation.order.length === 0 ? '' : ` ORDER BY ${relation.order.map((name) => `r.${identifier(name)}`).join(', ')}`;
  return `SELECT ${columns} FROM ${relation.sql}${where}${order}`;
}

function whereSql({ since, only }: ExtractRequest): string {
  if (only !== undefined) return ` WHERE ${identifier(only.idColumn)} IN (${only.ids.map(literal).join(', ')})`;
  // a row without a watermark would never be seen to change, so it always comes along
  return since === null ? '' : ` WHERE ${identifier(since.watermarkColumn)} >= ${literal(since.value)} OR ${identifier(since.watermarkColumn)} IS NULL`;
}

function castSql(column: SourceColumn): string {
  const name = identifier(column.name);
  if (column.type === 'VARCHAR') return name;
  // DuckDB 1.5 reads a year before Christ as one after, and infinity does not survive Parquet
  const isMoment = column.type === 'DATE' || column.type === 'TIMESTAMP';
  return isMoment
    ? `TRY_CAST(CASE WHEN ${name} NOT LIKE '%BC' AND ${name} NOT LIKE '%infinity' THEN ${name} END AS ${column.type})`
    : `TRY_CAST(${name} AS ${column.type})`;
}

/** Makes the typed view. Rows with a value that the type cannot hold (a year beyond DuckDB's, a numeric NaN) go aside, with the column's name. */
async function separateUnfit(plane: DataPlane, table: string, columns: readonly SourceColumn[]): Promise<Extract['quarantine']> {
  const texts = identifier(`${table}_texts`);
  const unfit = columns
    .filter((column) => column.type !== 'VARCHAR')
    .map((column) => ({ column, test: `(${identifier(column.name)} IS NOT NULL AND ${castSql(column)} IS NULL)` }));
  const anyUnfit = unfit.map(({ test }) => test).join(' OR ');
  const values = ['_row::BIGINT AS _row', ...columns.map((column) => `${castSql(column)} AS ${identifier(column.name)}`)].join(', ');
  const [count] = unfit.length === 0 ? [{ n: 0 }] : await plane.rows<{ n: number }>(`SELECT count(*) AS n FROM ${texts} WHERE ${anyUnfit}`);
  const rows = count?.n ?? 0;
  await plane.run(`CREATE VIEW ${identifier(table)} AS SELECT ${values} FROM ${texts}${rows === 0 ? '' : ` WHERE NOT (${anyUnfit})`}`);
  if (rows === 0) return null;
  const reasons = unfit.map(({ column, test }) => `CASE WHEN ${test} THEN ${literal(`${column.name} does not fit ${column.type}`)} END`).join(', ');
  const quarantine = `${table}_quarantine`;
  await plane.run(
    `CREATE TABLE ${identifier(quarantine)} AS SELECT _row::BIGINT AS _row, concat_ws('; ', ${reasons}) AS reason, NULL::VARCHAR AS line FROM ${texts} WHERE ${anyUnfit}`,
  );
  return { table: quarantine, rows };
}
