import type { Knex } from 'knex';
import { CutoverError } from '../../domain/errors.ts';
import type { RunRecord, RunStatus, StateStore } from '../../domain/ports.ts';
import { STATE_SCHEMA } from './migrations.ts';

interface RunRow {
  id: string;
  command: string;
  capability: string | null;
  status: RunStatus;
  started_at: Date | string;
  ended_at: Date | string | null;
  as_of: string;
  environment: string | null;
  data: unknown;
}

const TABLE = `${STATE_SCHEMA}.run`;
const NAMES = 'id, command, capability, status, started_at, ended_at, as_of, environment, data';

export async function startRun(knex: Knex, run: Parameters<StateStore['startRun']>[0], environment: string | null): Promise<void> {
  await knex.raw(`insert into ${TABLE} (id, command, capability, status, started_at, as_of, environment) values (?, ?, ?, 'running', ?, ?, ?)`, [
    run.id,
    run.command,
    run.capability,
    run.startedAt,
    run.asOf,
    environment,
  ]);
}

export async function endRun(knex: Knex, id: string, status: RunStatus, endedAt: string, data: unknown): Promise<void> {
  const { rows } = await knex.raw<{ rows: { id: string }[] }>(
    `update ${TABLE} set status = ?, ended_at = ?, data = (?::text)::json where id = ? returning id`,
    [status, endedAt, JSON.stringify(data ?? null), id],
  );
  if (rows.length === 0) throw new CutoverError('E_RUN_UNKNOWN', `no run ${id}`, { hint: 'cutover status' });
}

export async function readRun(knex: Knex, id: string): Promise<RunRecord | null> {
  const { rows } = await knex.raw<{ rows: RunRow[] }>(`select ${NAMES} from ${TABLE} where id = ?`, [id]);
  return rows[0] === undefined ? null : recordOf(rows[0]);
}

export async function readRuns(knex: Knex, filter: NonNullable<Parameters<StateStore['runs']>[0]>): Promise<readonly RunRecord[]> {
  const { rows } = await knex.raw<{ rows: RunRow[] }>(
    `select ${NAMES} from ${TABLE}
     where command = coalesce(?::text, command) and (?::text is null or capability = ?::text)
     order by started_at desc, id desc limit ?::integer`,
    [filter.command ?? null, filter.capability ?? null, filter.capability ?? null, filter.limit ?? null],
  );
  return rows.map(recordOf);
}

function recordOf(row: RunRow): RunRecord {
  return {
    id: row.id,
    command: row.command,
    capability: row.capability,
    status: row.status,
    startedAt: new Date(row.started_at).toISOString(),
    endedAt: row.ended_at === null ? null : new Date(row.ended_at).toISOString(),
    asOf: row.as_of,
    ...(row.environment === null ? {} : { environment: row.environment }),
    data: row.data,
  };
}
