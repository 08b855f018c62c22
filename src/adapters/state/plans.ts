/** Plans: registered when made, used once. */
import type { Knex } from 'knex';
import { CutoverError } from '../../domain/errors.ts';
import type { Person } from '../../domain/person.ts';
import type { RegisteredPlan } from '../../domain/plan.ts';
import type { StateStore } from '../../domain/ports.ts';
import { STATE_SCHEMA } from './migrations.ts';

const TABLE = `${STATE_SCHEMA}.plan`;

/** Who has opened the state, and for which environment: stands with every plan that is made. */
export interface Registrar {
  readonly operator: Person | null;
  readonly environment: string | null;
}

export async function registerPlan(knex: Knex, plan: Parameters<StateStore['registerPlan']>[0], registrar: Registrar, now: string): Promise<void> {
  const { operator, environment } = registrar;
  await knex.raw(
    `insert into ${TABLE} (nonce, kind, capability, run_id, sha256, file, registered_at, environment, author) values (?, ?, ?, ?, ?, ?, ?, ?, (?::text)::json)`,
    [plan.nonce, plan.kind, plan.capability, plan.runId, plan.sha256, plan.file, now, environment, operator === null ? null : JSON.stringify(operator)],
  );
}

interface PlanRow {
  nonce: string;
  kind: RegisteredPlan['kind'];
  capability: string;
  run_id: string;
  sha256: string;
  file: string;
  registered_at: Date | string;
  environment: string | null;
  author: Person | null;
  consumed_by: string | null;
  consumed_at: Date | string | null;
}

/** Newest first; `nonce`: only this one. */
export async function readPlans(knex: Knex, nonce: string | null): Promise<readonly RegisteredPlan[]> {
  const { rows } = await knex.raw<{ rows: PlanRow[] }>(
    `select nonce, kind, capability, run_id, sha256, file, registered_at, environment, author, consumed_by, consumed_at from ${TABLE}
     where nonce = coalesce(?::text, nonce) order by registered_at desc, nonce`,
    [nonce],
  );
  return rows.map((row) => ({
    ...{ nonce: row.nonce, kind: row.kind, capability: row.capability, runId: row.run_id, sha256: row.sha256, file: row.file },
    ...{ registeredAt: new Date(row.registered_at).toISOString(), environment: row.environment, author: row.author, consumedBy: row.consumed_by },
    consumedAt: row.consumed_at === null ? null : new Date(row.consumed_at).toISOString(),
  }));
}

/** Runs that journalled an approval of the plan, in their order. */
export async function approvalRuns(knex: Knex, nonce: string): Promise<readonly string[]> {
  const { rows } = await knex.raw<{ rows: { run_id: string }[] }>(
    `select distinct run_id from ${STATE_SCHEMA}.journal where kind = 'approved' and key = ? order by run_id`,
    [nonce],
  );
  return rows.map(({ run_id }) => run_id);
}

/** One statement decides who used it, however many try at once. The run that used it may ask again (it was killed right after). */
export async function consumePlan(knex: Knex, nonce: string, runId: string, now: string): Promise<void> {
  const consumed = await knex.raw<{ rows: { nonce: string }[] }>(
    `update ${TABLE} set consumed_by = ?, consumed_at = coalesce(consumed_at, ?) where nonce = ? and (consumed_by is null or consumed_by = ?) returning nonce`,
    [runId, now, nonce, runId],
  );
  if (consumed.rows.length > 0) return;
  const { rows } = await knex.raw<{ rows: { consumed_by: string; capability: string }[] }>(`select consumed_by, capability from ${TABLE} where nonce = ?`, [
    nonce,
  ]);
  const used = rows[0];
  if (used === undefined) {
    throw new CutoverError('E_PLAN_INVALID', 'the plan was not made with this state', { hint: 'load it where it was made, or make a new one: cutover plan' });
  }
  throw new CutoverError('E_PLAN_USED', `the plan was loaded by run ${used.consumed_by}`, {
    hint: `cutover load --resume ${used.consumed_by} (if that run was interrupted), or cutover plan ${used.capability}`,
  });
}

/** The plan a run used, else the plan it made. */
export async function planOf(knex: Knex, runId: string): Promise<{ readonly nonce: string; readonly file: string; readonly sha256: string } | null> {
  const { rows } = await knex.raw<{ rows: { nonce: string; file: string; sha256: string }[] }>(
    `select nonce, file, sha256 from ${TABLE} where consumed_by = ? or run_id = ? order by (consumed_by = ?) desc nulls last, registered_at desc limit 1`,
    [runId, runId, runId],
  );
  return rows[0] ?? null;
}
