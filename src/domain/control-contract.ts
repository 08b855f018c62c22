/** A control total of a contract. */
import { z } from 'zod';
import { fieldName } from './odoo-states.ts';
import { sqlExpression } from './settlement-contract.ts';

export const ControlContract = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .describe('Name of the control total, unique in the entity.'),
  measure: z.union([z.literal('count'), fieldName]).describe('`count`, or the field that is summed on both sides.'),
  by: z
    .record(
      fieldName,
      z.union([
        sqlExpression,
        z
          .record(fieldName, sqlExpression)
          .refine((parts) => Object.keys(parts).length > 0, 'at least one dimension')
          .describe('Several dimensions at once, as in {partner: partner.code, bucket: …}.'),
      ]),
    )
    .default({})
    .describe(
      'Dimensions: name → expression over canonical fields (`<ref field>.<field>` for a referred record; `as_of` for the day of the run), or several at once.',
    ),
});
export type ControlContract = z.infer<typeof ControlContract>;
