/** The files a migration engineer writes, as schemas. They are the single source of the types, of validation and of the JSON Schemas
 *  that editors use: every key is described, an unknown key is a mistake.
 *
 *  Words: a *capability* owns ordered *entities*; an entity's file holds its *contract* (fields, key, checks, control totals) and its
 *  *binding* to Odoo; a *source mapping* says how one system's rows become canonical rows. */
import { z } from 'zod';
import { ControlContract } from './control-contract.ts';
import { conflictClasses } from './matching.ts';
import { fieldName, OdooStates, odooReading, rollbackPolicy } from './odoo-states.ts';
import { ExplainedContract, entityName, SettlesContract, sqlExpression } from './settlement-contract.ts';

const systemName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower case letters, digits and -, beginning with a letter');
const odooFieldName = z
  .union([z.string(), z.array(z.string()).min(1)])
  .describe('Odoo field. A list names the alternatives of different Odoo versions; the first that exists is used.');
const phase = z.enum(['legacy-led', 'shared', 'odoo-led']);
export type Phase = z.infer<typeof phase>;
const odooDomain = z.array(z.unknown()).describe('Odoo domain, as in [["supplier_rank", ">", 0]].');

// ---- fields ------------------------------------------------------------------------------------------------------------------

const common = {
  required: z.boolean().default(false).describe('A row without a value (NULL) is rejected; an empty text is a value.'),
  pii: z.boolean().default(false).describe('Personal or secret: its values never reach messages, logs or CI output.'),
  description: z.string().optional().describe('What the field means, in the words of its users.'),
};
const textRules = z
  .array(z.enum(['case', 'whitespace', 'url-scheme']))
  .default([])
  .describe('Differences that do not count when the two sides are compared; url-scheme: a missing http:// or https://, which Odoo adds by itself.');
const tolerance = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .or(z.number().nonnegative().transform(String))
  .optional()
  .describe('Largest absolute difference that counts as equal.');
const digits = z.number().int().min(0).max(12);

export const FieldContract = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text').describe('Text, kept as it is.'), ...common, compare: textRules }),
  z.strictObject({
    type: z.literal('identifier').describe('An identifier of a scheme: normalised and checked by it.'),
    ...common,
    scheme: z.string().describe('Identifier scheme: gtin, iban, us-ein, vat, code, …'),
    compare: textRules,
  }),
  z.strictObject({
    type: z.literal('choice').describe('One of a few values.'),
    ...common,
    values: z.array(z.string()).min(1).describe('The canonical values; any other is rejected.'),
  }),
  z.strictObject({
    type: z.literal('code').describe('A value translated by a code map.'),
    ...common,
    codes: z.string().describe('Code map: the file codes/<name>.csv translates source values. An unmapped or unconfirmed value is rejected.'),
  }),
  z.strictObject({
    type: z.literal('ref').describe('Another record of the same system.'),
    ...common,
    entity: entityName.describe('The entity referred to; the value is its record key, resolved through the crosswalk.'),
  }),
  z.strictObject({ type: z.literal('boolean').describe('True or false.'), ...common }),
  z.strictObject({ type: z.literal('integer').describe('A whole number.'), ...common }),
  z.strictObject({
    type: z.literal('decimal').describe('An exact number.'),
    ...common,
    digits: digits.default(6).describe('Decimals kept; a value with more is rejected.'),
    tolerance,
  }),
  z.strictObject({
    type: z.literal('quantity').describe('An exact number of a unit.'),
    ...common,
    unit: fieldName.optional().describe('The field of the same row that holds the unit.'),
    digits: digits.default(4).describe('Decimals kept; a value with more is rejected.'),
    tolerance,
  }),
  z.strictObject({
    type: z.literal('money').describe('An exact amount of a currency.'),
    ...common,
    currency: z.string().default('company').describe('`company`, or the field that holds the currency.'),
    digits: digits.default(2).describe('Decimals kept; a value with more is rejected.'),
    tolerance,
    rounding: z
      .union([z.literal('currency'), z.strictObject({ lines: z.string().describe('`<entity>.<field>` of the lines whose rounded amounts make up this one.') })])
      .optional()
      .describe(
        "How Odoo rounds this amount: `currency` half-up to the currency, or made of its lines by the company's rounding method. Compared after rounding; the difference is shown in control totals as class `rounding`.",
      ),
  }),
  z.strictObject({ type: z.literal('date').describe('A day.'), ...common }),
  z.strictObject({
    type: z.literal('timestamp').describe('A moment in UTC, to the second.'),
    ...common,
    description: common.description.describe('A moment in UTC, to the second.'),
  }),
]);
export type FieldContract = z.infer<typeof FieldContract>;
export type FieldType = FieldContract['type'];

// ---- checks and control totals ---------------------------------------------------------------------------------------------------

export const CheckContract = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .describe('Name of the check, unique in the entity.'),
  severity: z.enum(['error', 'warning', 'info']).default('warning').describe('error: the run ends with findings.'),
  when: sqlExpression.describe(
    'True for a row that breaks the rule. Fields of a referred record are written `<ref field>.<field>`, as in `supplier.active = false`.',
  ),
  measure: sqlExpression.optional().describe('An amount summed over the rows found.'),
  sums: z
    .record(fieldName, z.string().regex(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/, '<entity>.<field>, as in purchase_order_line.amount'))
    .optional()
    .describe(
      'Sums over the lines of a document, or over other records that refer to this one (name → `<entity>.<field>`), that `when` and `measure` may use by name; 0 where there are none.',
    ),
  refuse: z
    .boolean()
    .optional()
    .describe(
      'true: no plan takes a record that breaks the rule; it is refused with its document and with what refers to it, and the rest of the plan goes on. Of an entity that is not bound to Odoo, what refers to the record is refused.',
    ),
  hint: z.string().describe('What to do about it.'),
});
export type CheckContract = z.infer<typeof CheckContract>;

// ---- binding to Odoo -----------------------------------------------------------------------------------------------------------------

export const OdooFieldBinding = z.strictObject({
  field: odooFieldName,
  by: z
    .string()
    .optional()
    .describe('For codes: the field of the related Odoo model whose value is the target code (`code`, `name`); `external_id` by default.'),
  send: z.boolean().default(true).describe('false: Odoo computes it; it is read and compared, never written.'),
  compare: z.boolean().default(true).describe('false: written when the record is created and left alone afterwards, as a name that Odoo may word differently.'),
  fits: z
    .array(z.array(z.string()).min(1))
    .optional()
    .describe(
      'What Odoo may have there on a record that the legacy one is linked to, as groups of values that stand for one another: one of the group of the legacy value, or that value itself. A record that does not fit is refused, with what refers to it.',
    ),
  along: z
    .array(fieldName)
    .optional()
    .describe('Fields sent along, with the value they have, whenever this one is written to an existing record: Odoo would compute them anew otherwise.'),
});
export type OdooFieldBinding = z.infer<typeof OdooFieldBinding>;

export const OdooByproduct = z.strictObject({
  model: z.string().describe('Odoo model of the by-product, as in stock.picking.'),
  through: z.string().optional().describe('Relational field of the record that names them.'),
  domain: odooDomain
    .optional()
    .describe(
      'Where no field names them: a domain; "$id" stands for the record, "$<canonical ref field>" for the record it refers to, "$user" for the user of the tool.',
    ),
  step: z.string().optional().describe('The step that makes it; a record that does not take this step has none of it to take back.'),
  rollback: z
    .enum(['unlink', 'with', 'keep'])
    .default('unlink')
    .describe('What a rollback does with it; with: Odoo deletes it together with the record, and not alone; keep: Odoo lets nobody delete it.'),
  used: odooReading
    .optional()
    .describe('How it reads once somebody has worked with it, as {state: [done]} of a receipt: Odoo field → values. Its document is then kept by a rollback.'),
});
export type OdooByproduct = z.infer<typeof OdooByproduct>;

export const OdooBinding = z.strictObject({
  model: z.string().describe('Odoo model, as in res.partner.'),
  domain: odooDomain.default([]).describe('What is pulled. Archived records are always included.'),
  scope: odooDomain
    .optional()
    .describe(
      'Which pulled records take part even when no legacy record is linked to them. What is outside is counted, never a break. Left out: only linked records take part.',
    ),
  in: z.string().optional().describe('For lines: the one2many field of the parent that holds them.'),
  parent_field: z.string().optional().describe('For lines: the many2one field that names the parent.'),
  together: z
    .literal(true)
    .optional()
    .describe(
      'For lines: Odoo accepts changes to the lines of one document only together, as those of an entry that must balance. They are sent in one write of the document; a line that comes or goes has an amount of 0 before.',
    ),
  whole: z
    .boolean()
    .optional()
    .describe(
      'For lines of a document that Odoo takes as a whole only, as an entry that must balance: a new line gives every field, empty where it has no value, so that all of them go in one call.',
    ),
  set: z.record(z.string(), z.unknown()).default({}).describe('Odoo fields written on create only, never compared.'),
  context: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Context of writes, as in {tracking_disable: true}. Chatter tracking is off only where this says so.'),
  fields: z
    .record(
      fieldName,
      z
        .union([odooFieldName, OdooFieldBinding])
        .transform((value): OdooFieldBinding => (typeof value === 'string' || Array.isArray(value) ? { field: value, send: true, compare: true } : value)),
    )
    .describe('Canonical field → Odoo field.'),
  locks: z
    .record(fieldName, z.array(z.string()).min(1))
    .optional()
    .describe(
      'Date field → lock dates of the company, as in {posted_on: [fiscalyear_lock_date, hard_lock_date]}. A record of a locked period is refused by the plan: Odoo would take it and move its date.',
    ),
  states: OdooStates.optional().describe('How the state of a document is read, and the methods by which it is reached.'),
  byproducts: z.array(OdooByproduct).default([]).describe('Records that Odoo makes by itself when this one is loaded; a rollback takes them back too.'),
  batch: z.number().int().min(1).max(1000).default(250).describe('Records in one call.'),
  rollback: rollbackPolicy.default('unlink').describe('What a rollback does with a record that the load created; a state may say otherwise.'),
  archived_by_unlink: fieldName
    .optional()
    .describe('Deleting such a record only archives it; it goes for good with the record this ref field names, as a bank account with its supplier.'),
});
export type OdooBinding = z.infer<typeof OdooBinding>;

// ---- matching ---------------------------------------------------------------------------------------------------------------------------

/** What a field means when two records are compared. */
export const matchKinds = [
  'person_name',
  'name',
  'address',
  'place',
  'postcode',
  'phone',
  'email',
  'url',
  'date',
  'identifier',
  'category',
  'amount',
  'text',
] as const;
export type MatchKind = (typeof matchKinds)[number];

const bits = z.number().min(-50).max(50);
export const MatchContract = z.strictObject({
  fields: z
    .record(fieldName, z.enum([...matchKinds, 'ignore']))
    .default({})
    .describe(
      'What a field means when records are compared, where its type, name and values do not tell; `ignore` leaves it out. Key fields take part only when named here.',
    ),
  thresholds: z
    .strictObject({
      match: bits.optional().describe('Weight (log2 odds) from which a pair is one thing.'),
      review: bits.optional().describe('Weight from which a person is asked.'),
      cluster: bits.optional().describe('Average weight between two groups of records from which they become one.'),
    })
    .default({})
    .describe('Weights in bits: +1 doubles the odds that two records are one thing. The defaults are meant for every data set.'),
  link: z
    .enum(['match', 'key', 'decide'])
    .default('match')
    .describe(
      'match: a record that is in Odoo already by its key, an identifier or its score is linked by the plan; key: by its key (or `link_by`) alone, whatever else they say, as an account by its code; decide: only where a person decided it.',
    ),
  blocking: z.array(z.enum(conflictClasses)).default([]).describe('Classes of conflicts that keep a record out of a plan until they are mended or decided.'),
});
export type MatchContract = z.infer<typeof MatchContract>;

// ---- the files -----------------------------------------------------------------------------------------------------------------------

export const EntityContract = z.strictObject({
  entity: entityName,
  version: z.number().int().min(1).describe('Version of this contract; raise it when a field changes its meaning.'),
  description: z.string().optional().describe('What the entity is, in the words of its users.'),
  parent: entityName.optional().describe('The document this entity is a line of; a document loads as one unit with its lines.'),
  key: z
    .array(fieldName)
    .min(1)
    .describe(
      'The fields that identify a record within its system and company. Declared, never guessed; proven unique before anything is compared or planned.',
    ),
  fields: z.record(fieldName, FieldContract).describe('The fields of a canonical record by name.'),
  owner: z
    .strictObject({
      default: z.enum(['legacy', 'odoo']).default('legacy').describe('Owner of every field that is not named below.'),
      fields: z
        .record(fieldName, z.enum(['legacy', 'odoo']))
        .default({})
        .describe('Owner of single fields.'),
      phases: z
        .partialRecord(
          phase,
          z.strictObject({
            default: z.enum(['legacy', 'odoo']).optional().describe('Owner of every field that is not named below, in this phase.'),
            fields: z
              .record(fieldName, z.enum(['legacy', 'odoo']))
              .default({})
              .describe('Owner of single fields, in this phase.'),
          }),
        )
        .default({})
        .describe('Where it is another in a phase of the capability.'),
    })
    .default({ default: 'legacy', fields: {}, phases: {} })
    .describe('Which side is the source of truth, for the entity and for single fields.'),
  settle_minutes: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('A difference younger than this may be a change on its way: it is pending, and becomes a break when the time has passed.'),
  changed_at: fieldName
    .optional()
    .describe('The timestamp field that says when the legacy row was last changed, for `settle_minutes`. Left out: from when on a difference is seen.'),
  checks: z.array(CheckContract).default([]).describe('Business rules over canonical rows.'),
  controls: z.array(ControlContract).default([]).describe('Control totals that must tie on both sides.'),
  explained: z
    .array(ExplainedContract)
    .default([])
    .describe('What stands on one side only, or differs, for a reason: counted and summed as a class of its own, never a break.'),
  settles: SettlesContract.optional().describe('For payments: what they pay, found anew by every reconcile (allocations.csv).'),
  link_by: z.array(z.array(fieldName).min(1)).optional().describe('Sets of fields by which an existing Odoo record is recognised; the key by default.'),
  match: MatchContract.optional().describe('How records of this entity are recognised as the same thing. Left out: by the types and names of its fields.'),
  odoo: OdooBinding.optional().describe('Left out: the entity is mapped and checked, and nothing of it reaches Odoo.'),
});
export type EntityContract = z.infer<typeof EntityContract>;

/** Owners as they are in a phase; what the phase does not name stays as it is. */
export function ownerInPhase(owner: EntityContract['owner'], phase: Phase): EntityContract['owner'] {
  const { default: changed, fields = {} } = owner.phases[phase] ?? {};
  // a phase that names a default speaks for every field that it does not name itself
  return { default: changed ?? owner.default, fields: changed === undefined ? { ...owner.fields, ...fields } : fields, phases: owner.phases };
}

export const SourceMapping = z.strictObject({
  system: systemName.describe('A system of cutover.yaml.'),
  entity: entityName,
  from: z.string().optional().describe('Table, view (`schema.table`) or file the rows come from.'),
  query: z.string().optional().describe('For SQL systems, instead of `from`: one SELECT.'),
  row: z.string().optional().describe('Expression that names a source row to a person (a row number by default).'),
  watermark: z.string().optional().describe('Column that grows whenever a row changes; makes pulls incremental.'),
  id: z.string().optional().describe('Column that identifies a source row; needed with `watermark`.'),
  filter: sqlExpression.optional().describe('Rows for which this is not true are left out and counted as filtered.'),
  fields: z
    .record(fieldName, sqlExpression)
    .describe("Canonical field → expression over the columns of one source row; code('<code map>', …) for a field of type code."),
});
export type SourceMapping = z.infer<typeof SourceMapping>;

export const CapabilityFile = z.strictObject({
  capability: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .describe('Name of the capability; that of its folder.'),
  version: z.number().int().min(1).optional().describe('Version of a shipped pack.'),
  extends: z
    .string()
    .regex(/^[a-z][a-z0-9-]*@\d+$/, 'a shipped pack and its version, as in procurement@1')
    .optional()
    .describe('The shipped pack this capability builds on; files here add to it or override it.'),
  entities: z
    .array(entityName)
    .optional()
    .describe(
      'Order of load, parents first. Lines are loaded with their document. What the pack has and a shorter list here leaves out is as an optional entity without a source: it takes no part, sums over it are 0, and checks that look into it are not run.',
    ),
  optional: z
    .array(entityName)
    .optional()
    .describe(
      'Entities that take part only where a source mapping yields them, with their lines and with the fields that refer to them. The coverage statement names those that do not.',
    ),
  phase: phase.default('legacy-led').describe('Which side leads.'),
  cutoff: z.iso.date().optional().describe('Cut-off date of the capability.'),
});
export type CapabilityFile = z.infer<typeof CapabilityFile>;

/** codes/<name>.csv: one row. */
export const CodeMapRow = z.strictObject({
  source: z.string(),
  target: z.string(),
  status: z.enum(['proposed', 'confirmed']),
  by: z.string().default(''),
  at: z.string().default(''),
  reason: z.string().default(''),
});
export type CodeMapRow = z.infer<typeof CodeMapRow>;

/** decisions/links.csv: one row. `odoo` is an External ID (`uom.product_uom_unit`) or the database id of the record. */
export const LinkDecisionRow = z.strictObject({
  entity: entityName,
  system: systemName,
  key: z.string(),
  odoo: z.string(),
  decision: z.enum(['same', 'different']),
  by: z.string().min(1),
  at: z.string().min(1),
  reason: z.string().default(''),
});
export type LinkDecisionRow = z.infer<typeof LinkDecisionRow>;
