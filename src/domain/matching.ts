/** Matching: which records are the same thing, which identifiers cannot be right, and what a person decided about both. */
import { z } from 'zod';

export const conflictClasses = [
  'placeholder',
  'homoglyph',
  'leading-zeros-lost',
  'truncated',
  'check-digit-fails',
  'malformed',
  'format-variant',
  'duplicate-record',
  'shared-identifier',
  'many-identifiers',
  'identifier-reused',
  'identifiers-swapped',
  'crosswalk-fork',
  'crosswalk-dangling',
  'crosswalk-repointed',
  'key-not-unique',
] as const;
export type ConflictClass = (typeof conflictClasses)[number];

/** How a link came to be: equal keys, an equal identifier, a score, a person, a load that created the record, or the External ID that Odoo holds. */
export const provenances = ['key', 'identifier', 'score', 'decision', 'load', 'external-id'] as const;
export type Provenance = (typeof provenances)[number];

/** One record as decisions name it: `<system>/<key>`; of Odoo `<odoo system>/<database id>` or `<odoo system>/<External ID>`. */
export interface RecordName {
  readonly system: string;
  readonly key: string;
}

export function recordName(text: string): RecordName | null {
  const slash = text.indexOf('/');
  return slash <= 0 || slash === text.length - 1 ? null : { system: text.slice(0, slash), key: text.slice(slash + 1) };
}

export const recordText = ({ system, key }: RecordName): string => `${system}/${key}`;

/** decisions/match*.csv: one row. It names a pair (`left` and `right`) or a conflict (its id), never both. */
export const MatchDecisionRow = z.object({
  entity: z.string().min(1).describe('Entity of the records.'),
  left: z.string().default('').describe('One record of a pair: <system>/<key>, of Odoo <system>/<database id or External ID>.'),
  right: z.string().default('').describe('The other record.'),
  conflict: z.string().default('').describe('Id of a conflict, as the worklist has it.'),
  decision: z.enum(['same', 'different', 'keep']).describe('same: one thing; different: two things; keep (conflicts only): it is right as it is.'),
  by: z.string().min(1).describe('Who decided.'),
  at: z.string().default('').describe('When.'),
  reason: z.string().default('').describe('Why.'),
  value_hash: z.string().default('').describe('The values it was decided on, as the worklist has them; empty: it holds whatever the values become.'),
});
export type MatchDecisionRow = z.infer<typeof MatchDecisionRow>;

/** The latest match of a capability, as its pointer file names it; paths are relative to the directory of the run.
 *
 *  Columns of a Parquet file of proposed links: `_system`, `_key` VARCHAR, `odoo_id` BIGINT, `provenance` VARCHAR (key, identifier, score),
 *  `evidence` VARCHAR (a sentence without cell contents), `weight` INTEGER (thousandths of a bit, null for a key alone).
 *
 *  Columns of a Parquet file of conflicts: those of `conflict_findings` (workflows/match/conflicts.ts) and `resolved` BOOLEAN (decided by a
 *  person and still as it was then). */
export const MatchManifest = z.object({
  format: z.literal('cutover-match/1'),
  runId: z.string(),
  asOf: z.string(),
  capability: z.string(),
  odooUuid: z.string(),
  mappingHash: z.string(),
  snapshots: z.array(z.object({ system: z.string(), entity: z.string(), id: z.string() })),
  /** `links`: proposed links (below), null where Odoo was not pulled; `conflicts`: every conflict found. */
  entities: z.record(z.string(), z.object({ links: z.string().nullable(), conflicts: z.string().nullable() })),
  /** Decisions on pairs that were made on other values than the records have now, as their files have them: not applied, asked again. */
  stale: z.array(z.object({ entity: z.string(), left: z.string(), right: z.string(), value_hash: z.string() })).default([]),
});
export type MatchManifest = z.infer<typeof MatchManifest>;
