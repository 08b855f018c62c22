/** What the search for conflicts is given, and the words it answers in. */
import type { EntityContract } from '../../domain/contract.ts';
import { schemeOf } from '../../domain/identifiers/registry.ts';
import type { IdentifierScheme } from '../../domain/identifiers/scheme.ts';

/** One night's data of an entity. Relations are a quoted table or `read_parquet(…)`; null: there is none. */
export interface ConflictNight {
  /** Canonical rows of all legacy systems (domain/canonical.ts). */
  readonly legacy: string | null;
  /** Canonical rows of Odoo: `_odoo_id`, `_key`, `_external_id`, `_in_scope` and the bound fields. */
  readonly odoo: string | null;
  /** External IDs of the workspace's namespace: `external_id`, `odoo_id`. After a merge a record has several; null: those in `odoo`. */
  readonly externalIds: string | null;
  /** Open links of the entity: `system`, `key`, `odoo_id`, `external_id`, `provenance`. */
  readonly links: string | null;
}

export interface ConflictInput {
  readonly contract: EntityContract;
  readonly now: ConflictNight;
  readonly previous: ConflictNight | null;
  /** Fields that the rows of Odoo have. */
  readonly odooFields: readonly string[];
  /** Keys of legacy rows that exist but were rejected: `system`, `key`. */
  readonly rejected: string | null;
  /** What the matcher found to be one thing: `system` (null for Odoo), `key` (Odoo: the id as text), `cluster`. */
  readonly clusters: string | null;
}

/** A step makes the table `name` from `sql`. `distinct-values`: `sql` answers `scheme` and `canonical`; the table adds `valid`, told in TypeScript. */
export interface ConflictStep {
  readonly name: string;
  readonly sql: string;
  readonly by: 'sql' | 'distinct-values';
}

/** An identifier field and its place among the columns `value_<index>` of conflict_records. */
export interface IdentifierField {
  readonly name: string;
  readonly index: number;
  readonly scheme: IdentifierScheme;
  readonly pii: boolean;
  /** The whole key of a record and not a part of it. */
  readonly isKey: boolean;
}

export function identifierFields(contract: EntityContract): IdentifierField[] {
  return Object.entries(contract.fields)
    .flatMap(([name, field]) => (field.type === 'identifier' ? [{ name, scheme: schemeOf(field.scheme), pii: field.pii }] : []))
    .map((field, index) => ({ ...field, index, isKey: contract.key.length === 1 && contract.key[0] === field.name }));
}
