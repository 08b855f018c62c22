/** A control total of a contract. */
import { z } from 'zod';
import { fieldName } from './odoo-states.ts';
import { entityName, sqlExpression } from './settlement-contract.ts';

const dimensions = z.record(
  fieldName,
  z.union([
    sqlExpression,
    z
      .record(fieldName, sqlExpression)
      .refine((parts) => Object.keys(parts).length > 0, 'at least one dimension')
      .describe('Several dimensions at once, as in {partner: partner.code, bucket: …}.'),
  ]),
);

/** Rows of another entity that are summed into a control total. */
export const ControlTerm = z.strictObject({
  measure: z
    .string()
    .regex(/^-?[a-z][a-z0-9_]*$/, 'a field, with a minus in front where it counts the other way')
    .describe('The field that is summed; `-open_amount` counts the other way.'),
  at: fieldName
    .optional()
    .describe(
      "Field with the rate of the row: how many of its currency one of the company's is. The amount is divided by it and rounded half-up to the company's currency, as Odoo books it.",
    ),
  where: sqlExpression.optional().describe('Only rows for which this holds.'),
  by: dimensions.default({}).describe('The dimensions of the control total, by the same names, over the fields of this entity.'),
});
export type ControlTerm = z.infer<typeof ControlTerm>;

const terms = z.record(entityName, ControlTerm).refine((all) => Object.keys(all).length > 0, 'at least one entity');

/** What is left of a total that other sums should take away. */
export const RestContract = z
  .strictObject({
    class: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .describe('Name of the class; the bridge shows it as `explained:<class>`.'),
    of: terms.optional().describe('The rest is what these rows sum up to.'),
    alone: z.literal(true).optional().describe('The rest of a dimension for which this entity has no row at all.'),
    at_most: z
      .string()
      .regex(/^\d+(\.\d+)?$/, 'a decimal in quotes, as in "0.10"')
      .optional()
      .describe(
        'The rest where it is not more than this, either way: an explicit tolerance, shown with its sum. Never the whole of a difference that is larger.',
      ),
    reason: z.string().min(1).describe('Why this is as it should be, in the words of an auditor.'),
  })
  .refine(({ of, alone, at_most }) => [of, alone, at_most].filter((one) => one !== undefined).length === 1, 'one of of, alone and at_most');
export type RestContract = z.infer<typeof RestContract>;

export const ControlContract = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .describe('Name of the control total, unique in the entity.'),
    measure: z.union([z.literal('count'), fieldName]).describe('`count`, or the field that is summed on both sides.'),
    where: sqlExpression.optional().describe('Only rows for which this holds; the total is not made where no source yields a field that it needs.'),
    by: dimensions
      .default({})
      .describe(
        'Dimensions: name → expression over canonical fields (`<ref field>.<field>` for a referred record; `as_of` for the day of the run), or several at once.',
      ),
    less: terms
      .optional()
      .describe(
        'Entity → what its rows take away: the total must end at 0 on either side by itself, as the balance of a control account less the items that are open on it. Entities that the workspace does not use are left out; what Odoo does not hold stands against both sides.',
      ),
    explained: z.array(RestContract).optional().describe('What may be left of a total with `less`, by classes; of several the first takes its part first.'),
  })
  .refine(({ less, explained }) => less !== undefined || explained === undefined, '`explained` is for totals with `less`')
  .refine(({ less, measure }) => less === undefined || measure !== 'count', 'a total with `less` sums an amount');
export type ControlContract = z.infer<typeof ControlContract>;
