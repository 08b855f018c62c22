/** What people decided about breaks. */
import { z } from 'zod';

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
