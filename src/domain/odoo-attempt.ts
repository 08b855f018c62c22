/** What is heard of the calls to Odoo, one by one. */
import type { OdooFailure } from './ports.ts';

/** One attempt of a call, as the connection saw it. */
export interface OdooAttempt {
  /** The method changes nothing. */
  readonly reads: boolean;
  /** From sending to the answer; waiting for a place is not counted. */
  readonly seconds: number;
  /** Null: it was answered. */
  readonly failure: OdooFailure | null;
}
