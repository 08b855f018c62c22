/** The states of a document in Odoo, and the steps between them: a part of the binding of an entity (contract.ts). */
import { z } from 'zod';

export const fieldName = z.string().regex(/^[a-z][a-z0-9_]*$/, 'lower case letters, digits and _, beginning with a letter');
/** Odoo field → values, any of which the record has. */
export const odooReading = z.record(z.string(), z.array(z.union([z.string(), z.boolean()])));

const stepPlaceholders =
  '"$ids" stands for the records it is called on, "$id" for the one record, "$today" for the day the plan is made for, "$<canonical field>" for the value the document has in Odoo, "$open_day" for the date of the document (`locks`), or the first day after it that is not locked.';

/** One thing done to a record after it exists: a method call, or a write of bound fields. Each is a journal step of its own. */
export const OdooStep = z
  .strictObject({
    call: z.string().optional().describe('Method of the record, as in button_confirm.'),
    on: z.string().optional().describe('Call it on the records this relational field names instead (`picking_ids`).'),
    unless: odooReading
      .optional()
      .describe('Records already so are left alone: Odoo field → values. true and false also say whether a relational field names any record.'),
    context: z.record(z.string(), z.unknown()).default({}).describe('Context of the call.'),
    arguments: z.record(z.string(), z.unknown()).optional().describe(`Named arguments of the call. ${stepPlaceholders}`),
    wizard: z
      .strictObject({
        model: z.string().describe('Odoo model of the wizard, as in account.move.reversal.'),
        values: z.record(z.string(), z.unknown()).default({}).describe(`What it is made with. ${stepPlaceholders}`),
      })
      .optional()
      .describe(
        'Make a record of this model first and call the method on it, as the button of a wizard does. It is opened for the documents: active_model and active_ids are in its context. Needs `unless`: how a document reads for which it was done.',
      ),
    write: z.array(fieldName).optional().describe('Canonical fields written (again) at this point, as dates that a method overwrites.'),
    unlink: z.string().optional().describe('Delete the records this relational field named before the steps began (by-products of an action).'),
  })
  .refine((step) => step.wizard === undefined || (step.call !== undefined && step.unless !== undefined), {
    error: 'a wizard needs `call`, the method that is called on it, and `unless`, by which is seen that it was done',
  });
export type OdooStep = z.infer<typeof OdooStep>;

export const rollbackPolicy = z.enum(['unlink', 'archive', 'keep']);

export const OdooStates = z.strictObject({
  field: fieldName.describe('The canonical field (type choice) that holds the state.'),
  values: z
    .record(
      z.string(),
      z.strictObject({
        is: odooReading.describe('How the state reads in Odoo: Odoo field → values. The first state that fits is taken.'),
        reach: z.array(z.string()).default([]).describe('Steps, in order, that bring a new record there.'),
        leave: z.array(z.string()).default([]).describe('Steps, in order, that a rollback takes before it deletes the record, or instead (`rollback: keep`).'),
        rollback: rollbackPolicy
          .optional()
          .describe(
            'What a rollback does with a record that the load brought into this state, where it is not what the binding says of all; keep with `leave`: it is cancelled, reset or reversed by these steps, and stays.',
          ),
        hindered: z
          .array(
            z.strictObject({
              same: fieldName.describe('Code field: records of Odoo hinder those for which it is the same, as the journal.'),
              domain: z.array(z.unknown()).describe('Which records of the same model hinder, as an Odoo domain.'),
              why: z.string().describe('What a plan says of a record that it refuses.'),
            }),
          )
          .optional()
          .describe(
            'What must not be in Odoo when a record is brought into this state, as a draft with a number from which the journal would go on counting. Looked at when a load is planned.',
          ),
        barred: z
          .array(
            z.strictObject({
              is: odooReading
                .optional()
                .describe('How a record reads of which Odoo bars the way back: Odoo field → values; true and false also say whether a field has any.'),
              locked: z.literal(true).optional().describe('It does so when the date of the record (`locks`) lies in a locked period.'),
              why: z.string().describe('What a plan says of it, as in "it is secured by a hash".'),
              leave: z
                .array(z.string())
                .optional()
                .describe(
                  'Steps that a rollback takes instead; the record stays, as one that is reversed. Left out: the rollback refuses it when it is planned.',
                ),
            }),
          )
          .optional()
          .describe(
            'When Odoo does not let a record of this state go back by `leave` or `back`. Looked at when a rollback is planned; the first that holds counts.',
          ),
        back: z
          .record(z.string(), z.array(z.string()))
          .optional()
          .describe('For a record that was there before: earlier state → steps, in order, by which a rollback returns to it. What is not named stays.'),
      }),
    )
    .describe('Each value of the state field: how it reads in Odoo, how a record comes there and leaves again.'),
  steps: z.record(z.string(), OdooStep).default({}).describe('Steps by name, as `reach` and `leave` name them.'),
});
export type OdooStates = z.infer<typeof OdooStates>;
