/** What a contract says of payments and of differences that have a reason. */
import { z } from 'zod';
import { fieldName } from './odoo-states.ts';

export const entityName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'lower case letters, digits and _, beginning with a letter')
  .describe('Name of an entity, as in `purchase_order`.');
export const sqlExpression = z.string().min(1).describe('One DuckDB scalar expression: no subquery, table function, aggregate, window or volatile function.');

export const ExplainedContract = z.strictObject({
  class: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .describe('Name of the class, unique in the entity; totals and coverage show it as `explained:<class>`.'),
  field: fieldName
    .optional()
    .describe('It explains differences of this field; `odoo.<field>` is what Odoo has. Left out: it explains records that stand on one side only.'),
  when: sqlExpression.describe(
    'True for a record that is explained. Fields of a referred record are written `<ref field>.<field>`. Of several rules the first holds.',
  ),
  reason: z.string().min(1).describe('Why this is as it should be, in the words of an auditor.'),
});
export type ExplainedContract = z.infer<typeof ExplainedContract>;

export const SettlesContract = z.strictObject({
  documents: z
    .record(entityName, sqlExpression)
    .refine((documents) => Object.keys(documents).length > 0, 'at least one entity')
    .describe(
      'Entity → expression over its fields of what is open of a document, signed as `amount` is: {vendor_bill: open_amount, vendor_credit: -open_amount}. Entities that the capability does not use are left out.',
    ),
  amount: sqlExpression.describe("Expression of what was paid, signed: `CASE WHEN direction = 'in' THEN -amount ELSE amount END`."),
  partner: fieldName.describe('Field of payments and documents that names the partner; nothing is sought across partners.'),
  currency: fieldName.optional().describe('Field of payments and documents with the currency; nothing is sought across currencies.'),
  date: fieldName.describe('Date field of payments and documents.'),
  number: fieldName.describe('Field of the documents that a reference names.'),
  reference: sqlExpression.describe('Expression of the text of a payment that may name documents.'),
  within: z.number().int().min(0).max(3660).default(60).describe('Days between a payment and a document within which sums that agree suggest each other.'),
});
export type SettlesContract = z.infer<typeof SettlesContract>;
