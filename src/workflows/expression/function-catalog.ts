/** Which functions an expression may call: scalar, the same answer for the same arguments, no look at the session, files or the clock.
 *  Read from DuckDB itself, so that the list is that of the version in use. */
import type { DataPlane, DataRow } from '../../domain/ports.ts';

export type FunctionKind = 'allowed' | 'aggregate' | 'table' | 'volatile' | 'refused';

export interface FunctionCatalog {
  /** Kind of a function; `unknown` when there is none of this name. `parameters` are those of the call. */
  kind(name: string, parameters: number): FunctionKind | 'unknown';
  readonly names: readonly string[];
}

/** CONSISTENT by DuckDB's own account, and yet they look at the session, the clock, the environment or files. */
const sessionFunctions =
  /^(current_.*|getenv|getvariable|version|read_.*|parse_duckdb_log_message|create_sort_key|.*_serialize_.*|.*_deserialize_.*|__internal.*|pg_.*)$/;

interface CatalogRow extends DataRow {
  readonly name: string;
  readonly type: string;
  readonly stability: string | null;
  readonly definition: string | null;
  readonly parameters: readonly string[];
  readonly calls: string | null;
}

let catalog: Promise<FunctionCatalog> | null = null;

/** One for the whole process: every data plane is of the same DuckDB, and none is given functions of its own. */
export function functionCatalog(plane: DataPlane): Promise<FunctionCatalog> {
  catalog ??= readCatalog(plane).catch((error: unknown) => {
    catalog = null;
    throw error;
  });
  return catalog;
}

async function readCatalog(plane: DataPlane): Promise<FunctionCatalog> {
  const rows = await plane.rows<CatalogRow>(catalogSql());
  const byName = Map.groupBy(rows, (row) => row.name);
  const kinds = new Map<string, FunctionKind>();
  const kindOf = (name: string, under: readonly string[]): FunctionKind | 'unknown' => {
    const known = kinds.get(name);
    if (known !== undefined) return known;
    const definitions = byName.get(name);
    if (definitions === undefined) return 'unknown';
    const kind = under.includes(name) ? 'refused' : judge(name, definitions, (called) => kindOf(called, [...under, name]));
    if (under.length === 0) kinds.set(name, kind);
    return kind;
  };
  return {
    // age(x) measures from today, age(x, y) does not.
    kind: (name, parameters) => (name === 'age' && parameters === 1 ? 'volatile' : kindOf(name, [])),
    names: [...byName.keys()].filter((name) => /^[a-z]\w*$/.test(name) && !sessionFunctions.test(name)),
  };
}

function judge(name: string, definitions: readonly CatalogRow[], kindOf: (name: string) => FunctionKind | 'unknown'): FunctionKind {
  const types = new Set(definitions.map((row) => row.type));
  if (!types.has('scalar') && !types.has('aggregate') && !types.has('macro')) return 'table';
  if (sessionFunctions.test(name)) return 'refused';
  if (types.has('scalar')) return definitions.every((row) => row.type !== 'scalar' || row.stability === 'CONSISTENT') ? 'allowed' : 'volatile';
  if (types.has('aggregate')) return 'aggregate';
  return definitions.every((row) => isHarmlessMacro(row, kindOf)) ? 'allowed' : 'refused';
}

/** A macro is as harmless as what it calls; what it names must be its own parameters. */
function isHarmlessMacro(row: CatalogRow, kindOf: (name: string) => FunctionKind | 'unknown'): boolean {
  const tree: unknown = row.calls === null ? null : JSON.parse(row.calls);
  let isHarmless = tree !== null;
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const child of node) visit(child);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const { class: kind, function_name: called, column_names: columns, error } = node as Record<string, unknown>;
    if (error === true || kind === 'SUBQUERY' || kind === 'WINDOW' || kind === 'STAR') isHarmless = false;
    if (kind === 'FUNCTION' && kindOf(String(called)) !== 'allowed') isHarmless = false;
    if (kind === 'COLUMN_REF' && !row.parameters.includes(String((columns as string[])[0]))) isHarmless = false;
    for (const child of Object.values(node)) visit(child);
  };
  visit(tree);
  return isHarmless;
}

function catalogSql(): string {
  return `
    SELECT DISTINCT lower(function_name) AS name, function_type AS type, stability, macro_definition AS definition,
           CASE WHEN function_type = 'macro' THEN parameters ELSE [] END AS parameters,
           CASE WHEN function_type = 'macro' THEN json_serialize_sql('select ' || macro_definition)::VARCHAR END AS calls
    FROM duckdb_functions() ORDER BY ALL`;
}
