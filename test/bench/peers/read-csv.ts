/** DuckDB's own reader, every column as text, to Parquet. */
import { DuckDBInstance } from '@duckdb/node-api';

const { csv, parquet, threads, memory } = JSON.parse(process.argv[2] ?? '{}') as { csv: string; parquet: string; threads: number; memory: string };
const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), memory_limit: memory });
const connection = await instance.connect();
await connection.run(`COPY (SELECT * FROM read_csv('${csv}', header = true, all_varchar = true)) TO '${parquet}' (FORMAT parquet, COMPRESSION zstd)`);
const rows = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM '${parquet}'`);
console.log(JSON.stringify({ rows: rows.getRows()[0]?.[0] }));
