/** What people decided about breaks. */
import { z } from 'zod';
import { didYouMean } from './suggestion.ts';

export const breakDecisions = ['waive', 'legacy', 'odoo'] as const;

/** decisions/breaks*.csv: one row, as it was written. A row that cannot be right is kept with its problem: it never decides anything, and it is listed. */
export const BreakDecisionRow = z.object({
  break: z.string().describe('Id of the break.'),
  entity: z.string().default('').describe('Entity of the record; for people.'),
  key: z.string().default('').describe('Record key; for people, empty where it is `pii`.'),
  field: z.string().default('').describe('Field; for people.'),
  decision: z.string().describe('waive: the difference is accepted; legacy: the value of the legacy side holds; odoo: that of Odoo.'),
  by: z.string().default('').describe('Who decided.'),
  at: z.string().default('').describe('When.'),
  reason: z.string().default('').describe('Why.'),
  until: z.string().default('').describe('The last day it holds, YYYY-MM-DD; a waiver must have one.'),
  value_hash: z.string().default('').describe('The values it was decided on, as the worklist has them.'),
});
export type BreakDecisionRow = z.infer<typeof BreakDecisionRow>;

/** Why a row decides nothing; null: nothing speaks against it. */
export function breakDecisionProblem({ break: id, decision, by, reason, until, value_hash: hash }: BreakDecisionRow): string | null {
  if (!/^[0-9a-f]{16}$/.test(id)) return 'break must be the id of a break: 16 hex digits';
  if (!breakDecisions.some((known) => known === decision)) return `decision must be one of ${breakDecisions.join(', ')}${didYouMean(decision, breakDecisions)}`;
  if (by.trim() === '') return 'by is empty: a decision has an owner';
  if (reason.trim() === '') return 'reason is empty';
  if (until === '' && decision === 'waive') return 'until is empty: a waiver has an end';
  if (until !== '' && !z.iso.date().safeParse(until).success) return 'until must be a day: YYYY-MM-DD';
  if (!/^[0-9a-f]{16}$/.test(hash)) return 'value_hash must be that of the worklist: a decision is bound to the values it was made on';
  return null;
}
