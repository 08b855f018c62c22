/** Reads the files that the verbs leave, as anybody would: the breaks of a reconcile, the documents of a plan. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Break } from '../domain/difference.ts';
import type { PlanAction, PlanEnd } from '../domain/plan.ts';
import type { DataPlane, DataRow } from '../domain/ports.ts';
import type { ReconcileResult } from '../domain/results.ts';
import { literal } from '../domain/sql.ts';

export type FoundBreak = Pick<Break, 'id' | 'entity' | 'system' | 'key' | 'class' | 'field' | 'direction'>;
export type PlannedDocument = Pick<PlanAction, 'action' | 'entity' | 'system' | 'key' | 'reason'>;

export async function breaksOf(result: ReconcileResult): Promise<readonly FoundBreak[]> {
  const file = result.files.find((path) => path.endsWith('breaks.ndjson'));
  return file === undefined ? [] : readObjects<FoundBreak>(file);
}

export interface FoundConflict extends DataRow {
  readonly class: string;
  readonly entity: string;
  readonly field: string | null;
  readonly system: string | null;
  /** Of a record of Odoo its id. */
  readonly key: string;
}
export interface FoundLink extends DataRow {
  readonly entity: string;
  readonly system: string;
  readonly key: string;
}
export interface Found {
  /** One line per record of a conflict. */
  readonly conflicts: readonly FoundConflict[];
  readonly count: number;
  readonly links: readonly FoundLink[];
}

/** What a match says of identifiers, and which records of Odoo it knows again. `directory`: of its run. */
export async function foundOf(directory: string, plane: DataPlane): Promise<Found> {
  const files = (kind: string) => `read_parquet(${literal(join(directory, `*.${kind}.parquet`))}, union_by_name = true, filename = true)`;
  const records = `FROM (SELECT id, class, entity, field, unnest(records) AS r FROM ${files('conflicts')})`;
  const conflicts = await plane.rows<FoundConflict>(
    `SELECT id, class, entity, field, r.system AS system, coalesce(r."key", CAST(r.odoo_id AS VARCHAR)) AS key ${records} ORDER BY ALL`,
  );
  const links = await plane.rows<FoundLink>(
    `SELECT regexp_extract(filename, '([^/]+)[.]links[.]parquet$', 1) AS entity, _system AS system, _key AS key FROM ${files('links')} ORDER BY ALL`,
  );
  return { conflicts, count: new Set(conflicts.map(({ id }) => id)).size, links };
}

/** The actions of a plan without its manifest and end line. */
export async function documentsOf(file: string): Promise<readonly PlannedDocument[]> {
  const lines = await readObjects<PlanAction | PlanEnd>(file);
  return lines.slice(1).filter((line): line is PlanAction => !('end' in line));
}

async function readObjects<Line>(file: string): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') lines.push(JSON.parse(line) as Line);
  }
  return lines;
}
