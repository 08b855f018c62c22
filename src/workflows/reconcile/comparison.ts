/** What comparing a capability's two sides leaves behind: small facts here, everything with rows in Parquet files of the run directory.
 *
 *  A comparison is a pure function of snapshots, contracts, code maps, decisions, crosswalk, latest match and baseline: it never asks Odoo. */
import type { CanonicalDataset } from '../../domain/canonical.ts';
import type { RecordClass } from '../../domain/difference.ts';
import type { EntityDefinition } from '../../domain/workspace.ts';
import type { ResolvedBinding } from '../pull/pull-odoo-binding.ts';
import type { LatestMatch } from '../sides/latest-match.ts';
import type { OdooWorld } from '../sides/sides.ts';

/** Rows that are not written anywhere: a query over files that never change, in parentheses, to stand after FROM. */
export interface Relation {
  readonly sql: string;
}

/** One entity compared. `breaks`, `records` and `candidates` are absolute paths of Parquet files; what is large and can be read where it lies is a
 *  relation.
 *
 *  legacy      every canonical legacy row (domain/canonical.ts) and
 *              `_odoo_id` BIGINT (crosswalk, else a `same` decision, else proposed by match, else null), `_class` VARCHAR (RecordClass),
 *              `_leader_system`, `_leader_key` VARCHAR, `_ahead` VARCHAR[]: the record that leads where several are one thing (sides/links-sql.ts),
 *              `_ref_<field>` BIGINT per ref field: Odoo id of the record referred to, null while that is not linked,
 *              `_code_<field>` BIGINT per bound code field: Odoo id of the related record, null when the code does not resolve in Odoo.
 *  odoo        every Odoo canonical row (domain/canonical.ts; the state field as its canonical value) and
 *              `odoo_<name>` per column of the snapshot, raw, and `_class` VARCHAR. `_key` is what Odoo's own key fields spell.
 *  baseline    `_system`, `_key` and per field that was ever agreed upon a VARCHAR STRUCT(v): the last agreed value; null: never agreed.
 *  breaks      the columns of `Break` in snake case (`odoo_id`), in clear text, and `pii` BOOLEAN: what has to be masked on output. Sorted.
 *  records     one row per record of either side: `_system`, `_key`, `_odoo_id`, `_class`, `_fields` VARCHAR[] (contract fields that differ),
 *              `_rounded` VARCHAR[] (equal, but only by the rounding rule), `_decision` VARCHAR (same, different or null),
 *              `_origin`, `_provenance`, `_evidence` VARCHAR of a link that the crosswalk does not hold yet (sides/links-sql.ts; else null),
 *              `_leader_system`, `_leader_key` VARCHAR.
 *              An `exists-unlinked` record has `_odoo_id` when there is exactly one candidate.
 *  candidates  for `exists-unlinked`: `_system`, `_key`, `_odoo_id`, `_external_id` (any module's, else null), `_in_scope`, `_link_by` VARCHAR. */
export interface EntityComparison {
  readonly entity: string;
  readonly definition: EntityDefinition;
  /** Null for an entity that nothing of reaches Odoo; then only `legacy` has rows. */
  readonly binding: ResolvedBinding | null;
  /** Field → the systems whose mapping yields it. A field that no system yields is not compared and must not be written. */
  readonly mapped: ReadonlyMap<string, readonly string[]>;
  readonly legacy: Relation;
  readonly odoo: Relation;
  /** Of all records, or of those a query (`_system`, `_key`) names: much less work where they are few. */
  readonly baseline: (only?: string) => Relation;
  readonly breaks: string;
  readonly records: string;
  readonly candidates: string;
  /** Parquet of what rules of the contract explain (explained-sql.ts); null: nothing, or not judged yet. */
  readonly explained: string | null;
  /** Files that the relations read, beside those of the run directory: a plane that is locked down needs their directories. */
  readonly reads: readonly string[];
  /** Both sides of the records that are not as an earlier comparison left them; null: there is none to hold on to. */
  readonly again: { readonly legacy: Relation; readonly odoo: Relation } | null;
  /** All records were compared, and not only those of `again`. */
  readonly isWhole: boolean;
  /** How the fields were compared (reuse.ts). */
  readonly rulesHash: string;
  /** Number of the newest layer of `baseline`; 0: none. */
  readonly baselineLayer: number;
  readonly counts: Readonly<Record<RecordClass, number>>;
  /** Legacy records that are one thing with another, which leads. */
  readonly followers: number;
  /** Linked records without a difference. */
  readonly equal: number;
  /** Rejected rows whose key is not known: any `missing-in-legacy` of this entity may be one of them and must not be archived. */
  readonly rejectedWithoutKey: number;
  /** Canonical legacy datasets, one per source system. */
  readonly datasets: readonly CanonicalDataset[];
  /** Snapshots it was made from. */
  readonly snapshots: readonly { readonly system: string; readonly entity: string; readonly id: string }[];
}

export interface Comparison {
  readonly capability: string;
  readonly asOf: string;
  readonly world: OdooWorld;
  /** In load order: a document, then its lines. */
  readonly entities: readonly EntityComparison[];
  /** Every snapshot used, lookups included; sorted by system and entity. */
  readonly snapshots: readonly { readonly system: string; readonly entity: string; readonly id: string }[];
  /** The match whose proposals were taken for links; null: there is none. */
  readonly match: LatestMatch | null;
}
