/** The tables of the state, as numbered steps. A step that has been released is never edited: the next change is a new number.
 *
 *  Everything lives in a schema of its own, so that a shared PostgreSQL can hold other things beside it. Text that is paged or compared by
 *  order is collated "C": the same order on every machine. */

export const STATE_SCHEMA = 'cutover';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'runs, crosswalk, plans, journal, baseline layers, locks',
    statements: [
      `create table ${STATE_SCHEMA}.run (
         id text collate "C" primary key,
         command text not null,
         capability text,
         status text not null,
         started_at timestamptz not null,
         ended_at timestamptz,
         as_of text not null,
         data json
       )`,
      `create index run_by_start on ${STATE_SCHEMA}.run (started_at desc, id desc)`,
      `create table ${STATE_SCHEMA}.crosswalk (
         id bigint generated always as identity primary key,
         odoo_uuid text not null,
         capability text not null,
         entity text collate "C" not null,
         system text collate "C" not null,
         key text collate "C" not null,
         model text not null,
         odoo_id integer not null,
         external_id text,
         provenance text not null,
         run_id text not null,
         valid_from timestamptz not null,
         valid_to timestamptz,
         closed_by text,
         check (valid_to is null or valid_to >= valid_from)
       )`,
      // One record has at most one open link; what it was linked to before stays as closed intervals.
      `create unique index crosswalk_open on ${STATE_SCHEMA}.crosswalk (odoo_uuid, entity, system, key) where valid_to is null`,
      `create index crosswalk_open_target on ${STATE_SCHEMA}.crosswalk (odoo_uuid, model, odoo_id) where valid_to is null`,
      `create table ${STATE_SCHEMA}.plan (
         nonce text primary key,
         kind text not null,
         capability text not null,
         run_id text not null,
         sha256 text not null,
         file text not null,
         registered_at timestamptz not null,
         consumed_by text,
         consumed_at timestamptz
       )`,
      `create index plan_by_run on ${STATE_SCHEMA}.plan (run_id)`,
      `create index plan_by_consumer on ${STATE_SCHEMA}.plan (consumed_by)`,
      // Payload is json and not jsonb: the text is kept as it was hashed.
      `create table ${STATE_SCHEMA}.journal (
         run_id text collate "C" not null,
         segment integer not null,
         sequence integer not null,
         kind text not null,
         action integer,
         step text,
         entity text,
         system text,
         key text,
         external_id text,
         model text,
         odoo_id integer,
         at text not null,
         payload json not null,
         hash text not null,
         primary key (run_id, segment, sequence)
       )`,
      `create table ${STATE_SCHEMA}.baseline_layer (
         odoo_uuid text not null,
         capability text not null,
         entity text not null,
         layer integer not null,
         run_id text not null,
         file text not null,
         added_at timestamptz not null,
         primary key (odoo_uuid, capability, entity, layer)
       )`,
      `create table ${STATE_SCHEMA}.lock (
         name text primary key,
         holder text not null,
         host text not null,
         pid integer not null,
         since timestamptz not null
       )`,
    ],
  },
  {
    version: 2,
    name: 'history of the crosswalk',
    statements: [`create index crosswalk_history on ${STATE_SCHEMA}.crosswalk (odoo_uuid, entity, system, key, valid_from)`],
  },
  {
    version: 3,
    name: 'where journals end, chain 2, dead letters',
    statements: [
      `alter table ${STATE_SCHEMA}.journal add column chain integer not null default 1`,
      // Written with every append, in the same statement: a tail that is cut off is missed.
      `create table ${STATE_SCHEMA}.journal_head (
         run_id text collate "C" not null,
         segment integer not null,
         entries integer not null,
         hash text not null,
         primary key (run_id, segment)
       )`,
      `insert into ${STATE_SCHEMA}.journal_head (run_id, segment, entries, hash)
         select distinct on (run_id, segment) run_id, segment, sequence, hash from ${STATE_SCHEMA}.journal order by run_id, segment, sequence desc`,
      `create index journal_dead_letters on ${STATE_SCHEMA}.journal (run_id, segment, sequence) where kind in ('dead-letter', 'settled', 'discarded')`,
    ],
  },
  {
    version: 4,
    name: 'what changed in the crosswalk, in order',
    statements: [
      `create table ${STATE_SCHEMA}.crosswalk_change (
         number integer generated always as identity primary key,
         mark uuid not null default gen_random_uuid()
       )`,
      // What is there already is part of the first change: its links keep number 0.
      `insert into ${STATE_SCHEMA}.crosswalk_change default values`,
      `alter table ${STATE_SCHEMA}.crosswalk add column changed_in integer not null default 0`,
      `create index crosswalk_changed on ${STATE_SCHEMA}.crosswalk (changed_in) where changed_in > 0`,
    ],
  },
  {
    version: 5,
    name: 'environments, authors and approvals of plans',
    statements: [
      `alter table ${STATE_SCHEMA}.run add column environment text`,
      `alter table ${STATE_SCHEMA}.plan add column environment text, add column author json`,
      `create index journal_approvals on ${STATE_SCHEMA}.journal (key) where kind = 'approved'`,
    ],
  },
];
