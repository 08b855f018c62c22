/** The files of a new workspace: small, runnable as they are, each saying what to change in it. */
import { csvLine } from '../../domain/csv.ts';
import { jsonSchemas, schemaText } from '../../domain/json-schemas.ts';
import { type CiKind, ciFiles } from './ci-files.ts';

export interface ScaffoldOptions {
  /** What the workspace is for, as in `Northgate General Hospital`. */
  readonly name: string;
  /** Module part of the External IDs made in Odoo; see `namespaceFor`. */
  readonly namespace: string;
  /** YYYY-MM-DD: the date of the example decisions. */
  readonly today: string;
  /** Also a workflow for the night; null: none. `version`: of the tool it runs. */
  readonly ci: { readonly kind: CiKind; readonly version: string } | null;
}

/** A namespace from a name: lower case letters, digits and _, beginning with a letter. */
export function namespaceFor(name: string): string {
  const letters = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^[_0-9]+|_+$/g, '');
  return letters === '' ? 'hospital_migration' : `${letters}_migration`;
}

/** Path in the workspace → content. Everything passes `cutover doctor` unedited. */
export function scaffoldFiles(options: ScaffoldOptions): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    ['cutover.yaml', cutoverYaml(options)],
    ['README.md', readme(options)],
    ['.gitignore', '# Snapshots, baselines, runs and the embedded state hold the data of the hospital: never in git.\n.cutover/\n'],
    ['mappings/procurement/capability.yaml', capabilityYaml],
    ['mappings/procurement/supplier.yaml', supplierYaml],
    ['mappings/procurement/codes/payment-term.csv', paymentTerms(options)],
    ['decisions/links.csv', links(options)],
  ]);
  for (const [entity, text] of Object.entries(sources)) files.set(`mappings/procurement/sources/legacy/${entity}.yaml`, text);
  for (const [file, text] of Object.entries(exportsOfLegacy)) files.set(`exports/${file}`, text);
  if (options.ci !== null)
    for (const [file, text] of ciFiles(options.ci.kind, { version: options.ci.version, capability: 'procurement' })) files.set(file, text);
  for (const [name, schema] of jsonSchemas()) files.set(`.cutover-schemas/${name}`, schemaText(schema));
  return files;
}

function cutoverYaml({ name, namespace }: ScaffoldOptions): string {
  return `# yaml-language-server: $schema=.cutover-schemas/cutover.schema.json
version: 1
name: ${JSON.stringify(name)}

# Module part of the External IDs that loads make in Odoo. Never the name of an Odoo module; never change it after the first load.
namespace: ${namespace}

systems:
  # A legacy system whose exports are delimited files. For a database: connector: sql, url: postgres://user:\${PASSWORD}@host/database
  legacy:
    connector: files
    directory: exports
  # The target. This is where \`cutover sandbox\` listens; put your own Odoo here when you have looked around. Secrets are named, never written:
  # \${VARIABLE}, or file:/path/outside/this/workspace.
  odoo:
    connector: odoo
    url: http://127.0.0.1:8169
    api_key: \${ODOO_API_KEY}

capabilities: [procurement]

# pii_key: \${CUTOVER_PII_KEY}                          # key of the tokens that stand for fields marked pii in reports
# state: postgres://user:\${PASSWORD}@host/database    # shared by several people and CI; embedded by default
# store: /mnt/shared/cutover                          # snapshots, baselines and runs; .cutover by default

# Where the same work is done. Every command then takes --environment NAME; production is named on the command line of whoever writes there.
# environments:
#   rehearsal:
#     odoo: odoo-copy                                 # a system above; each environment has a store of its own
#   production:
#     production: true                                # needs a PostgreSQL state, and a name that is typed
#     state: postgres://user:\${PASSWORD}@host/database
#     approvals: {required: 1, valid_hours: 24}       # by somebody other than the author: cutover plan approve FILE
# plan_recipients: [age1...]                          # plans are encrypted to these (age-keygen)
# age_identity: \${CUTOVER_AGE_IDENTITY}              # and opened with this

policies:
  shrink_percent: 20     # a source that lost more than this since the last pull is refused
  rejects: 0             # more rejects than this are findings (exit 3)
`;
}

const capabilityYaml = `# yaml-language-server: $schema=../../.cutover-schemas/capability.schema.json
capability: procurement
# The shipped definitions. Files beside this one add to them or override them; an upgrade of the package keeps your changes.
extends: procurement@1
# Order of load, parents first. The pack has more: supplier_bank_account, supplier_price, purchase_order.
entities: [unit, product_category, supplier, product]
phase: legacy-led
`;

const supplierYaml = `# yaml-language-server: $schema=../../.cutover-schemas/entity-overlay.schema.json
# What this hospital adds to the pack's supplier. Keys given here override the pack's, lists replace, null removes.
checks:
  - name: supplier-without-tax-id
    severity: info
    when: tax_id is null and active
    hint: Ask purchasing for the tax id before the cut-over.
`;

const sources: Readonly<Record<string, string>> = {
  unit: source(`entity: unit
from: units.csv
fields:
  code: CODE
  name: DESCRIPTION
  factor: FACTOR
  base_unit: BASE
`),
  'product-category': source(`entity: product_category
from: categories.csv
fields:
  code: CODE
  name: trim(NAME)
  parent: PARENT
`),
  supplier: source(`entity: supplier
from: vendors.csv
# Each field is one SQL expression over the columns of a row; text stays text until it is cast.
filter: STATUS <> 'T'                         # test vendors; what a filter leaves out is counted
fields:
  supplier_no: "lpad(VEND_NO, 6, '0')"
  name: trim(VEND_NAME)
  active: STATUS = 'A'
  tax_id: nullif(TAX_ID, '000000000')         # a placeholder is no value
  street: STREET
  city: CITY
  zip: ZIP
  country: COUNTRY
  email: lower(EMAIL)
  payment_term: code('payment-term', TERMS)   # translated by codes/payment-term.csv
`),
  product: source(`entity: product
from: items.csv
fields:
  product_no: ITEM_NO
  name: trim(DESCR)
  category: CATEGORY
  unit: UNIT
  kind: "'goods'"
  list_price: replace(PRICE, ',', '.')        # a decimal comma
`),
};

function source(text: string): string {
  return `# yaml-language-server: $schema=../../../../.cutover-schemas/source.schema.json\nsystem: legacy\n${text}`;
}

const exportsOfLegacy: Readonly<Record<string, string>> = {
  'units.csv': table(['CODE', 'DESCRIPTION', 'FACTOR', 'BASE'], ['EA', 'Each', null, null], ['BX10', 'Box of 10', '10', 'EA']),
  'categories.csv': table(['CODE', 'NAME', 'PARENT'], ['MED', 'Medical consumables', null], ['GLOVE', 'Gloves', 'MED'], ['WOUND', 'Wound care', 'MED']),
  'vendors.csv': table(
    ['VEND_NO', 'VEND_NAME', 'STATUS', 'TAX_ID', 'STREET', 'CITY', 'ZIP', 'COUNTRY', 'EMAIL', 'TERMS'],
    ['17', 'Kestrel Medical Supplies', 'A', '000000000', '4 Harbour Row', 'Millbrook', '02118', 'US', 'Orders@kestrel.example', 'N30'],
    ['23', 'Alder & Finch Instruments', 'A', '000000000', '9 Foundry Lane', 'Eastvale', '60614', 'US', 'sales@alderfinch.example', 'N30'],
    ['31', 'Old Quarry Linen', 'I', '000000000', '1 Quarry Road', 'Stonebridge', '97201', 'US', null, 'N15'],
    ['99', 'TEST VENDOR', 'T', null, null, null, null, null, null, null],
  ),
  'items.csv': table(
    ['ITEM_NO', 'DESCR', 'CATEGORY', 'UNIT', 'PRICE'],
    ['004711', 'Examination gloves, nitrile, M', 'GLOVE', 'BX10', '8,90'],
    ['004712', 'Examination gloves, nitrile, L', 'GLOVE', 'BX10', '8,90'],
    ['008150', 'Gauze swab 10x10', 'WOUND', 'EA', '0,35'],
  ),
};

function paymentTerms({ today }: ScaffoldOptions): string {
  return table(
    ['source', 'target', 'status', 'by', 'at', 'reason'],
    ['N15', 'account.account_payment_term_15days', 'confirmed', 'cutover init', today, 'an example'],
    ['N30', 'account.account_payment_term_30days', 'confirmed', 'cutover init', today, 'an example'],
  );
}

/** Units that Odoo has are linked, not created a second time. */
function links({ today }: ScaffoldOptions): string {
  return table(
    ['entity', 'system', 'key', 'odoo', 'decision', 'by', 'at', 'reason'],
    ['unit', 'legacy', 'EA', 'uom.product_uom_unit', 'same', 'cutover init', today, 'an example'],
  );
}

function table(...rows: readonly (readonly (string | null)[])[]): string {
  return rows.map(csvLine).join('');
}

function readme({ name }: ScaffoldOptions): string {
  return `# ${name}

A workspace of [cutover](https://www.npmjs.com/package/odoo-cutover): what moves from the legacy systems into Odoo, and how. Begin with

    cutover sandbox        # an Odoo to try things on; run the export lines it prints in a second terminal
    cutover doctor         # is everything there?
    cutover pull && cutover map procurement && cutover reconcile procurement

cutover.yaml names the systems, mappings/ says what becomes what. All of it belongs into git; .cutover/ never.

decisions/ holds what people decided, and every run keeps to it:

- links.csv: which Odoo record a legacy record is, or is not.
- match*.csv: which records are one thing (same, different), and which conflicts are right as they are (keep). \`cutover match decide procurement\`
  writes match.csv; a worklist of \`cutover match\` can be filled in and dropped in beside it, under a name that begins with match. A row without a
  decision counts for nothing. One with a value_hash holds for the values it was made on, and is asked again once they have changed.
- breaks*.csv: which differences are accepted until when (waive), or whose value holds (legacy, odoo). \`cutover waive\` and
  \`cutover decisions import\` write breaks.csv; they are bound to the values, and lapse when those change or the day has passed.
`;
}
