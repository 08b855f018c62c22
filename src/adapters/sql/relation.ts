/** Tables, views and queries of a PostgreSQL: what they are called, which columns they have, in which order they are read. */
import { CutoverError } from '../../domain/errors.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import { type SourceColumn, storedType } from './column-type.ts';
import type { SqlSession } from './sql-session.ts';

export interface Relation {
  /** What stands after FROM, named `r`. */
  readonly sql: string;
  readonly columns: readonly SourceColumn[];
  /** Primary key, so that the same data comes in the same order; empty where there is none. */
  readonly order: readonly string[];
}

export async function findRelation(session: SqlSession, system: string, from: string | null, query: string | null): Promise<Relation> {
  const relation = query === null ? await findTable(session, system, from) : await describeQuery(session, query);
  const seen = new Set<string>();
  for (const { name } of relation.columns) {
    // the data plane compares names without case
    if (seen.has(name.toLowerCase())) {
      throw new CutoverError('E_SOURCE_UNREADABLE', `system ${system}: ${from ?? 'the query'} has two columns named ${name}`, {
        hint: 'use `query:` with a name of its own for each column',
      });
    }
    seen.add(name.toLowerCase());
  }
  return relation;
}

/** Tables, views, materialised views and foreign tables of every schema that is not the server's own, as `schema.table`. */
export async function tableNames(session: SqlSession): Promise<string[]> {
  const { rows } = await session.query(`
    SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`);
  return rows.map(([name]) => name ?? '');
}

async function findTable(session: SqlSession, system: string, from: string | null): Promise<Relation> {
  if (from === null) throw new CutoverError('E_CONFIG', `system ${system}: neither a table nor a query is named`, { hint: 'name one with `from:`' });
  const parts = nameParts(from);
  // as written first; then as PostgreSQL reads names without quotes
  const spellings = [parts, parts.map((part) => part.toLowerCase())].map((spelling) => spelling.map(identifier).join('.'));
  for (const sql of spellings) {
    const { rows } = await session.query(`SELECT to_regclass(${literal(sql)})::oid::text`);
    const oid = rows[0]?.[0] ?? null;
    if (oid !== null) return { sql: `${sql} AS r`, columns: await columnsOf(session, oid), order: await primaryKeyOf(session, oid) };
  }
  const names = await tableNames(session);
  const suggestion = didYouMean(from, [...names, ...names.map((name) => name.split('.').slice(1).join('.'))]);
  throw new CutoverError('E_SOURCE_UNREADABLE', `system ${system}: there is no table ${from}${suggestion}`, {
    hint: `cutover profile ${system}`,
  });
}

/** `schema.table`, each part perhaps in double quotes. */
function nameParts(name: string): string[] {
  const parts = name.match(/"(?:[^"]|"")+"|[^."]+/g) ?? [name];
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part));
}

async function columnsOf(session: SqlSession, oid: string): Promise<SourceColumn[]> {
  const { rows } = await session.query(`
    SELECT a.attname::text, format_type(${baseTypeSql('a.atttypid', 'a.atttypmod')})
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = ${literal(oid)}::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`);
  return rows.map(([name, type]) => ({ name: name ?? '', sourceType: type ?? '', type: storedType(type ?? '') }));
}

/** A domain counts as the type it is made of (domains over domains are rare, and stay text). */
function baseTypeSql(type: string, modifier: string): string {
  return `CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE ${type} END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE ${modifier} END`;
}

async function primaryKeyOf(session: SqlSession, oid: string): Promise<string[]> {
  const { rows } = await session.query(`
    SELECT a.attname::text FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = ${literal(oid)}::oid AND i.indisprimary ORDER BY k.place`);
  return rows.map(([name]) => name ?? '');
}

async function describeQuery(session: SqlSession, query: string): Promise<Relation> {
  const sql = `(\n${query.trim().replace(/;$/, '')}\n) AS r`;
  const { names, types } = await session.query(`SELECT * FROM ${sql} LIMIT 0`);
  const described = types.map(({ oid, modifier }, place) => `(${place}, ${oid}::oid, ${modifier})`).join(', ');
  const { rows } = await session.query(`
    SELECT format_type(${baseTypeSql('v.oid', 'v.modifier')}) FROM (VALUES ${described}) AS v(place, oid, modifier)
    JOIN pg_catalog.pg_type t ON t.oid = v.oid ORDER BY v.place`);
  const columns = names.map((name, index) => {
    const sourceType = rows[index]?.[0] ?? 'text';
    return { name, sourceType, type: storedType(sourceType) };
  });
  return { sql, columns, order: [] };
}
