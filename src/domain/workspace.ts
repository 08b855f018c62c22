/** cutover.yaml, and the whole workspace once it has been read. */
import { z } from 'zod';
import type { BreakDecisionRow } from './break-decision.ts';
import type { CapabilityFile, CodeMapRow, EntityContract, LinkDecisionRow, SourceMapping } from './contract.ts';
import type { MatchDecisionRow } from './matching.ts';

const systemName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower case letters, digits and -, beginning with a letter');
const secret = z
  .string()
  .regex(/^(\$\{[A-Z][A-Z0-9_]*\}|file:.+)$/, 'a secret is named by ${ENV} or file:PATH, never written here')
  .describe('${ENV} or file:PATH (outside the workspace).');
const address = z.string().describe('May contain ${ENV}; a password inside must be ${ENV}.');

export const FilesSystem = z.strictObject({
  connector: z.literal('files').describe('Delimited files in a folder.'),
  directory: z.string().describe('Folder of the exports, relative to the workspace.'),
  delimiter: z.string().min(1).max(3).default(',').describe('What stands between two values.'),
  quote: z.string().max(1).default('"').describe('What a value is wrapped in that holds the delimiter; empty for none.'),
  encoding: z.string().default('utf-8').describe('utf-8, utf-16le, latin-9, windows-1252, …'),
  header: z.boolean().default(true).describe('The first row names the columns.'),
  columns: z.record(z.string(), z.array(z.string())).default({}).describe('For files without a header: file → column names.'),
  null_text: z.array(z.string()).default(['']).describe('Unquoted texts that stand for no value.'),
});
export const SqlSystem = z.strictObject({
  connector: z.literal('sql').describe('A database read by SQL.'),
  client: z.enum(['pg', 'pglite']).default('pg').describe('pg: a PostgreSQL server by URL; pglite: an embedded PostgreSQL directory.'),
  url: address.describe('postgres://user:${PASSWORD}@host/database, or the directory for pglite.'),
});
export const OdooSystem = z.strictObject({
  connector: z.literal('odoo').describe('An Odoo, 14 or newer.'),
  url: address,
  database: address.optional(),
  login: address.optional().describe('Needed for JSON-RPC (Odoo 14 to 18).'),
  api_key: secret.optional(),
  password: secret.optional().describe('JSON-RPC only; an API key is better.'),
  company: z.string().optional().describe("Name of the company worked in; the user's own by default."),
  concurrency: z.number().int().min(1).max(8).default(2).describe("Parallel calls; more than the server's workers gains nothing."),
  timeout_seconds: z.number().int().min(5).max(3600).default(150).describe('After this long without an answer a call counts as unknown.'),
});
export const SystemConfig = z.discriminatedUnion('connector', [FilesSystem, SqlSystem, OdooSystem]);
export type FilesSystem = z.infer<typeof FilesSystem>;
export type SqlSystem = z.infer<typeof SqlSystem>;
export type OdooSystem = z.infer<typeof OdooSystem>;
export type SystemConfig = z.infer<typeof SystemConfig>;

export const LoadPolicy = z.strictObject({
  batch_seconds: z
    .number()
    .min(0.5)
    .max(60)
    .default(5)
    .describe("For how long Odoo may be busy with one batch; batches grow and shrink towards it, up to the binding's `batch`."),
  concurrency: z.number().int().min(1).max(8).optional().describe("At most so many calls of a load at a time; the Odoo system's `concurrency` by default."),
  slowdown: z.number().min(1.2).max(20).default(3).describe('A load makes way when Odoo takes this many times as long for a document as it did before.'),
});

export const Policies = z.strictObject({
  shrink_percent: z.number().min(0).max(100).default(20).describe('A snapshot smaller than the last by more than this is refused.'),
  allow_empty: z.array(z.string()).default([]).describe('Sources (`system/entity`) that may answer empty.'),
  rejects: z.number().int().min(0).default(0).describe('More rejects than this are findings (exit 3).'),
  conflicts: z.number().int().min(0).default(0).describe('More conflicts of identifiers than this, decided ones left out, are findings (exit 3).'),
  new_breaks: z
    .number()
    .int()
    .min(0)
    .default(1000)
    .describe('More new breaks than this in one night raise one alarm instead of a list; every break is still in the files.'),
  archive_percent: z
    .number()
    .min(0)
    .max(100)
    .default(20)
    .describe('A plan that archives or deletes more than this share of the linked records of an entity is refused. Ten or fewer pass.'),
  allow_archive: z.array(z.string()).default([]).describe('Entities of which a plan may archive or delete more than that.'),
  overlap_minutes: z.number().int().min(0).default(15).describe('How far an incremental pull reaches behind its watermark.'),
  memory: z
    .string()
    .regex(/^\d+(MB|GB)$/)
    .default('1GB')
    .describe('Memory limit of the data engine; beyond it works on disk.'),
  threads: z.number().int().min(1).max(64).default(2).describe('Threads of the data engine.'),
  load: LoadPolicy.prefault({}).describe('The pace of loads and rollbacks: batches and parallel calls are found by measuring, within these.'),
});

export const Approvals = z.strictObject({
  required: z.number().int().min(1).max(9).default(1).describe('So many people approve a plan, none of them its author.'),
  by: z.array(z.string().min(1)).default([]).describe('Only these people, by the names they sign with; empty: anybody but the author.'),
  valid_hours: z.number().min(1).max(720).default(24).describe('An approval that is older when the load begins does not count.'),
});
export type Approvals = z.infer<typeof Approvals>;

export const Environment = z.strictObject({
  production: z
    .boolean()
    .default(false)
    .describe('Whoever writes here names it on the command line, and its state must be a PostgreSQL. The others are copies: they must not send mail.'),
  odoo: systemName.optional().describe('The system that is its Odoo; the target of the workspace by default.'),
  state: address.optional().describe('Its state; that of the workspace by default.'),
  store: z.string().optional().describe('Its store; the folder environments/NAME in that of the workspace by default.'),
  approvals: Approvals.optional().describe('A plan is loaded here only when it was approved (`cutover plan approve`).'),
  allow_mail: z.string().min(1).optional().describe('Why a load may go on although this copy could send mail; goes into the journal.'),
});
export type Environment = z.infer<typeof Environment>;

const recipient = z.string().regex(/^age1[a-z0-9]+$/, 'a recipient begins with age1, as `age-keygen` prints it');

export const WorkspaceFile = z.strictObject({
  version: z.literal(1).describe('Version of the format of this file.'),
  name: z.string().optional().describe('What this workspace is for.'),
  namespace: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, 'lower case letters, digits and _')
    .describe('Module part of the External IDs made in Odoo. Must not be the name of an Odoo module.'),
  systems: z.record(systemName, SystemConfig).describe('The legacy systems and Odoo, by name.'),
  odoo: systemName.default('odoo').describe('The system that is the target.'),
  capabilities: z.array(z.string()).min(1).describe('Folders of mappings/, in the order they are worked on.'),
  pii_key: secret.optional().describe('Key of the tokens and value hashes of fields marked `pii`, as ${CUTOVER_PII_KEY}; without it they are blank.'),
  state: address.default('embedded').describe('`embedded`, or postgres://… shared by several people and CI.'),
  store: z.string().default('.cutover').describe('Directory of snapshots, baselines and runs; may be shared.'),
  environments: z
    .record(systemName, Environment)
    .optional()
    .describe('Where the same work is done: rehearsal copies and production, by name. Every command then takes --environment NAME.'),
  plan_recipients: z.array(recipient).optional().describe('Plans are encrypted to these age recipients (age1…); in clear by default.'),
  age_identity: secret.optional().describe('The age identity that opens encrypted plans: ${ENV}, or file:PATH as `age-keygen` wrote it.'),
  policies: Policies.prefault({}).describe('What is tolerated, and how much of the machine is used.'),
});
export type WorkspaceFile = z.infer<typeof WorkspaceFile>;

/** A code map as it is used: file path for messages, rows by source value. */
export interface CodeMap {
  readonly name: string;
  readonly file: string;
  readonly rows: readonly CodeMapRow[];
}

/** Where a value stands in a file of the workspace, for messages: 1-based. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Position of a configuration value by its path: `positionOf(['fields', 'name'])`; `offset` is a character inside a text, 0-based. */
export type PositionOf = (path: readonly (string | number)[], offset?: number) => FilePosition;

export interface EntityDefinition {
  readonly contract: EntityContract;
  readonly position: PositionOf;
  /** One per source system that has this entity. */
  readonly sources: readonly { readonly mapping: SourceMapping; readonly position: PositionOf }[];
  /** Entities whose `parent` is this one, in order. */
  readonly lines: readonly string[];
}

export interface Capability {
  readonly name: string;
  readonly file: CapabilityFile;
  /** Every entity in load order, each document followed by its lines. */
  readonly entities: readonly EntityDefinition[];
  readonly codes: ReadonlyMap<string, CodeMap>;
  /** SHA-256 over the parsed definitions (not the bytes: a comment does not change it). */
  readonly hash: string;
}

/** An environment as it was named: on the command line, or by CUTOVER_ENVIRONMENT. */
export interface NamedEnvironment {
  readonly name: string;
  readonly isOnCommandLine: boolean;
}

export interface WorkingEnvironment extends NamedEnvironment {
  readonly production: boolean;
  /** System of cutover.yaml that is its Odoo. In the workspace as it is worked in, it goes by the name of the target. */
  readonly odoo: string;
  readonly approvals: Approvals | null;
  /** Why a load may go on although this copy could send mail. */
  readonly allowMail: string | null;
  /** Why a load may write to production with an embedded state. */
  readonly embeddedStateReason: string | null;
}

export interface Workspace {
  readonly directory: string;
  /** As it stands in the environment that is worked in. */
  readonly file: WorkspaceFile;
  /** Left out: the workspace has no environments. */
  readonly environment?: WorkingEnvironment;
  readonly capabilities: ReadonlyMap<string, Capability>;
  readonly linkDecisions: readonly LinkDecisionRow[];
  /** Of all files decisions/match*.csv, in the order of files and rows; rows without a decision are left out. */
  readonly matchDecisions: readonly MatchDecisionRow[];
  /** Of all files decisions/breaks*.csv, in the order of files and rows; rows without a decision are left out. */
  readonly breakDecisions: readonly PlacedBreakDecision[];
}

/** A decision on a break, with where it stands. `problem`: why it decides nothing (null: nothing speaks against it). */
export interface PlacedBreakDecision extends BreakDecisionRow {
  readonly position: FilePosition;
  readonly problem: string | null;
}

/** The definition of an entity; asking for one that is not there is a mistake of the caller. */
export function entityOf(capability: Capability, name: string): EntityDefinition {
  const found = capability.entities.find((entity) => entity.contract.entity === name);
  if (found === undefined) throw new Error(`no entity ${name} in capability ${capability.name}`);
  return found;
}
