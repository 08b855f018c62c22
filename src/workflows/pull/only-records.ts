/** A pull that is restricted to records: a second look at a few, between two pulls of everything. */

/** Records of one entity to look at again. */
export interface RecordsAgain {
  /** Database ids in Odoo. */
  readonly odooIds: readonly number[];
  /** Legacy system → values of its mapping's `id` column, as text. Null: which rows they are cannot be said, so the entity is read as any pull
   *  reads it. Systems that are not named are not asked. */
  readonly legacyIds: ReadonlyMap<string, readonly string[] | null>;
}

/** Entity → records. What is not named is left alone. Every snapshot made is a full logical one: the latest, with these records as they are now; it is
 *  made only where something about them has changed. */
export type OnlyRecords = ReadonlyMap<string, RecordsAgain>;
