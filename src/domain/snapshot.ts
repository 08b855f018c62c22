/** An immutable, typed extract of one entity of one system at one moment. Complete or absent: the manifest is written last. */

export interface SnapshotColumn {
  readonly name: string;
  /** DuckDB type. Everything from delimited files is VARCHAR: leading zeros are data. */
  readonly type: string;
}

export interface SnapshotManifest {
  readonly format: 1;
  /** `<as-of, compact>-<8 hex of the content hash>`; sorts by time. */
  readonly id: string;
  readonly system: string;
  /** Entity name, or `lookup.<model>` for the value tables of Odoo that codes are resolved in. */
  readonly entity: string;
  /** Moment of the cut, ISO 8601 UTC. */
  readonly asOf: string;
  readonly rows: number;
  /** Rows that could not be read at all, kept aside with line number and reason. */
  readonly quarantined: number;
  readonly columns: readonly SnapshotColumn[];
  /** What was asked of the source: table, file or query, and the columns. A change here is not drift of the source. */
  readonly requestHash: string;
  /** SHA-256 of data.parquet. */
  readonly contentHash: string;
  /** Present when this snapshot was made from the previous one plus what changed. */
  readonly incremental?: { readonly base: string; readonly since: string; readonly changed: number; readonly deleted: number };
  /** Odoo only: records known to be there, by the crosswalk or by an External ID of the workspace's namespace, that Odoo does not show to the user of the
   *  tool (record rules, another company). They are not among the rows, and were not deleted. Absent: there are none. */
  readonly restricted?: number;
  /** Their database ids, ascending; the first thousand. */
  readonly restrictedIds?: readonly number[];
  /** Highest watermark seen, as text; where the next incremental pull begins (minus the overlap). */
  readonly watermark?: string;
}

export interface Snapshot {
  readonly manifest: SnapshotManifest;
  /** Absolute paths. */
  readonly data: string;
  readonly quarantine: string | null;
}
