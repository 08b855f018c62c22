/** Calls of Odoo that are atomic where the helper is installed (odoo-helper.ts), and as good as they can be where it is not. */

export interface LoadMessage {
  readonly type: 'error' | 'warning';
  /** 0-based rows of the call it is about. */
  readonly rows: { readonly from: number; readonly to: number } | null;
  readonly field: string | null;
  readonly message: string;
}
export type LoadResult =
  | { readonly ids: readonly number[]; readonly messages: readonly LoadMessage[] }
  | { readonly ids: null; readonly messages: readonly LoadMessage[] };

export type GuardKind = 'atomic' | 'window';

/** The optional server action in Odoo, with exactly the text that this cutover ships. */
export interface OdooHelper {
  readonly id: number;
  readonly version: number;
}

/** A change, and what must still be there for it to be made: field → value as `read` answers it (decimals may be text). */
export interface GuardedChange {
  readonly id: number;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface GuardedWrites {
  /** Null where it is not installed, has another text, or may not be run by this user. Cached. */
  helper(): Promise<OdooHelper | null>;
  /** With the helper: one transaction; rows are locked, compared and, where all `expected` hold, written. `found` is null for a record that was written;
   *  else nothing of that record was, and it is what was there (empty: the record is gone). Without the helper this is `save`, and every `found` is null:
   *  what the caller read before is all the guard there is. No id twice. */
  saveGuarded(
    model: string,
    changes: readonly GuardedChange[],
    context: Readonly<Record<string, unknown>>,
  ): Promise<readonly { readonly id: number; readonly found: Readonly<Record<string, unknown>> | null }[]>;
  /** With the helper: `load`, unless one of `externalIds` names a record already; then nothing is made and `taken` says which record each names. One
   *  transaction. Without the helper this is `load`, which would write to such a record. */
  loadNew(
    model: string,
    fields: readonly string[],
    rows: readonly (readonly (string | number | null)[])[],
    externalIds: readonly string[],
    context: Readonly<Record<string, unknown>>,
  ): Promise<LoadResult | { readonly taken: ReadonlyMap<string, { readonly model: string; readonly id: number }> }>;
}
