/** A model: its recorded metadata, its table, and what it does beyond storing rows. */
import type { Environment } from './environment.ts';
import type { Table } from './tables.ts';
import type { Json, Row, Value, Values } from './values.ts';

/** As recorded from `fields_get`, plus the foreign key's rule. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly string: string;
  readonly required: boolean;
  readonly readonly: boolean;
  readonly store: boolean;
  readonly relation?: string;
  readonly relation_field?: string;
  readonly selection?: readonly (readonly [string, string])[];
  readonly digits?: readonly [number, number];
  readonly currency_field?: string;
  readonly related?: string;
  readonly company_dependent?: boolean;
  readonly on_delete?: 'cascade' | 'restrict' | 'set null';
}

export type Compute = (environment: Environment, row: Row) => Value;

export interface MethodCall {
  readonly environment: Environment;
  readonly model: Model;
  readonly ids: readonly number[];
  readonly arguments: { readonly [parameter: string]: Json };
}
export interface Method {
  /** `@api.model`: takes no records. */
  readonly onModel?: boolean;
  /** In Python's order; a `?` marks one with a default. */
  readonly parameters: readonly string[];
  /** undefined is Python's None. */
  readonly call: (call: MethodCall) => Json | undefined;
}

/** What a model does beyond storing rows. Hooks run in the order of Odoo's own overrides. */
export interface Behaviour {
  /** Field whose value is the display name. Default `name`. */
  readonly recordName?: string;
  /** Fields a search by name looks at. Default: the record name. */
  readonly searchNames?: readonly string[];
  /** Parent field of a hierarchy: must not form a ring. */
  readonly parent?: string;
  /** `_inherits`: fields that the record does not have itself are those of the record it points to. */
  readonly inherits?: { readonly model: string; readonly field: string };
  readonly computes?: Readonly<Record<string, Compute>>;
  /** Computed, but stored and writable when sent: kept as a plain field that the hooks fill in. */
  readonly inverses?: Readonly<Record<string, (environment: Environment, row: Row, value: Json) => void>>;
  readonly indexes?: readonly string[];
  readonly unique?: readonly { readonly fields: readonly string[]; readonly message: string }[];
  /** CHECK constraints: Odoo's words and the column when broken. */
  readonly check?: (row: Row) => { readonly message: string; readonly column: string | null } | null;
  /** Fills in what the client did not send, before defaults. */
  readonly prepareCreate?: (environment: Environment, values: Values) => void;
  readonly created?: (environment: Environment, rows: readonly Row[]) => void;
  readonly prepareWrite?: (environment: Environment, rows: readonly Row[], values: Values) => void;
  readonly written?: (environment: Environment, before: readonly Row[], values: Readonly<Values>) => void;
  /** Python constraints: after create and write. */
  readonly validate?: (environment: Environment, rows: readonly Row[], fields: ReadonlySet<string>) => void;
  /** No group may delete it. */
  readonly undeletable?: boolean;
  /** For models that Odoo archives instead. */
  readonly insteadOfUnlink?: (environment: Environment, rows: readonly Row[]) => void;
  readonly beforeUnlink?: (environment: Environment, rows: readonly Row[]) => void;
  readonly unlinked?: (environment: Environment, rows: readonly Row[]) => void;
  readonly methods?: Readonly<Record<string, Method>>;
}

export interface Model {
  readonly name: string;
  readonly description: string;
  readonly order: string;
  readonly defaults: Readonly<Values>;
  readonly fields: ReadonlyMap<string, Field>;
  readonly behaviour: Behaviour;
  readonly table: Table;
  /** Fields of other models that point here: what a delete has to look at. */
  readonly referrers: { readonly model: Model; readonly field: Field }[];
  readonly methods: ReadonlyMap<string, Method>;
}

const numeric: ReadonlySet<string> = new Set(['integer', 'float', 'monetary']);

export function isNumeric(field: Field): boolean {
  return numeric.has(field.type);
}

export function isToMany(field: Field): boolean {
  return field.type === 'one2many' || field.type === 'many2many';
}

const nothing: readonly number[] = [];

/** What a field reads when nothing is stored. */
export function emptyValue(field: Field): Value {
  if (isToMany(field)) return nothing;
  return isNumeric(field) || field.type === 'many2one_reference' ? 0 : false;
}
