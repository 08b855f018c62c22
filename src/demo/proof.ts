/** What the demo has proven, collected on the way. */
import type { SeededFault } from '../../fixtures/hospital/hospital.ts';
import type { ReconcileResult } from '../domain/results.ts';

export interface Proof {
  legacyRows: number;
  /** Documents brought into Odoo, and the records they are made of. */
  documents: number;
  records: number;
  faults: readonly SeededFault[];
  reconciled: ReconcileResult | null;
  secondLoad: { readonly noop: number; readonly moved: number } | null;
  /** The books, posted. */
  books: ReconcileResult | null;
  rollback: { readonly deleted: number; readonly left: number; readonly counted: number } | null;
}

export function emptyProof(): Proof {
  return { legacyRows: 0, documents: 0, records: 0, faults: [], reconciled: null, secondLoad: null, books: null, rollback: null };
}
