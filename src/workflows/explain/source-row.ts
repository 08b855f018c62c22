/** One row of a source, and what its mapping makes of it, expression by expression. */
import { dirname } from 'node:path';
import type { EntityContract, SourceMapping } from '../../domain/contract.ts';
import type { ExplainedField } from '../../domain/explanation.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import { recordKeySql } from '../../domain/record-key.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { Capability, EntityDefinition } from '../../domain/workspace.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { type CompiledField, type CompiledMapping, compileMapping } from '../map/compile-mapping.ts';

export interface SourceOf {
  readonly capability: Capability;
  readonly definition: EntityDefinition;
  readonly mapping: SourceMapping;
  readonly snapshot: Snapshot;
}

export interface SourceRow {
  readonly row: number;
  readonly ref: string | null;
  /** Field → how the source yields it. Values in clear. */
  readonly fields: ReadonlyMap<string, NonNullable<ExplainedField['source']>>;
}

/** The expressions of a mapping run in a plane that sees this snapshot and nothing else. */
async function withSource<Result>(
  source: SourceOf,
  ports: Ports,
  work: (compiled: CompiledMapping, rows: string, plane: DataPlane) => Promise<Result>,
): Promise<Result | null> {
  const { capability, definition, mapping, snapshot } = source;
  const plane = await ports.openPlane();
  try {
    const { compiled } = await compileMapping({ capability, entity: definition, mapping, columns: snapshot.manifest.columns }, plane);
    if (compiled === null) return null;
    const rows = await rowsOf(snapshot, plane);
    await plane.run(TRY_STAYS_WHOLE);
    await plane.lockDown([dirname(snapshot.data)]);
    return await work(compiled, rows, plane);
  } finally {
    await plane.close();
  }
}

/** Row `row` of the snapshot. */
export async function readSourceRow(source: SourceOf, row: number, ports: Ports): Promise<SourceRow | null> {
  return await withSource(source, ports, async (compiled, rows, plane) => {
    const given = compiled.fields.map((field, index) => `TRY(CAST(${field.expression.sql} AS VARCHAR)) AS "given ${index}"`);
    const values = compiled.columns.map((column, index) => `CAST(${identifier(column)} AS VARCHAR) AS "column ${index}"`);
    const name = compiled.row === null ? 'NULL' : `TRY(CAST(${compiled.row.sql} AS VARCHAR))`;
    const [found] = await plane.rows(`SELECT ${[`${name} AS "row name"`, ...given, ...values].join(', ')} FROM ${rows} WHERE _row = ${row}`);
    if (found === undefined) return null;
    const fields = compiled.fields.map((field, index) => [field.name, sourceField(source, compiled, field, found, index)] as const);
    return { row, ref: text(found['row name']) ?? String(row), fields: new Map(fields) };
  });
}

function sourceField(
  { definition, mapping }: SourceOf,
  compiled: CompiledMapping,
  field: CompiledField,
  found: DataRow,
  index: number,
): NonNullable<ExplainedField['source']> {
  const position = definition.sources.find((one) => one.mapping.system === mapping.system)?.position(['fields', field.name]);
  const given = text(found[`given ${index}`]);
  const row = field.codes?.rows.find((one) => one.source === given);
  return {
    columns: field.expression.columns.map((column) => ({ column, value: text(found[`column ${compiled.columns.indexOf(column)}`]) })),
    expression: mapping.fields[field.name] ?? '',
    ...{ file: position?.file ?? '', line: position?.line ?? 1, given },
    code: field.codes === null ? null : { file: field.codes.file, source: given, target: row?.target ?? null, status: row?.status ?? null },
  };
}

/** The row whose key fields give this key, whatever becomes of it: also one that the filter leaves out. Null where there is none. */
export async function findFiltered(source: SourceOf, key: string, ports: Ports): Promise<number | null> {
  if (source.mapping.filter === undefined) return null;
  return await withSource(source, ports, async (compiled, rows, plane) => {
    const parts = keyParts(source.definition.contract, compiled);
    if (parts === null || compiled.filter === null) return null;
    const [found] = await plane.rows<{ row: number }>(
      `SELECT _row AS row FROM ${rows} WHERE TRY(${recordKeySql(parts)}) = ${literal(key)} AND coalesce(TRY(${compiled.filter.sql}), false) IS false ORDER BY _row LIMIT 1`,
    );
    return found?.row ?? null;
  });
}

/** The key fields as texts; a number may be spelt otherwise than its key is. */
function keyParts({ key }: EntityContract, { fields }: CompiledMapping): string[] | null {
  const parts = key.flatMap((name) => fields.filter((field) => field.name === name).map((field) => `CAST(${field.expression.sql} AS VARCHAR)`));
  return parts.length === key.length ? parts : null;
}

/** The rows of a snapshot with their ordinal, as ensureCanonical counts them. */
async function rowsOf({ data }: Snapshot, plane: DataPlane): Promise<string> {
  const columns = await plane.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM read_parquet(${literal(data)})`);
  if (columns.some((column) => column.column_name === '_row')) return `read_parquet(${literal(data)})`;
  return `(SELECT file_row_number + 1 AS _row, * EXCLUDE (file_row_number) FROM read_parquet(${literal(data)}, file_row_number = true))`;
}

const text = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));
