/** res.partner and res.partner.bank. */
import { contextText, type Environment } from '../environment.ts';
import { OdooException, userError, validationError } from '../errors.ts';
import type { Behaviour } from '../model.ts';
import { asId, asText, type Json, type Row, type Values } from '../values.ts';
import { patchRow, writeRecords } from '../writing.ts';
import { refuseUsedInAccounting } from './account-settings.ts';
import { formsRing } from './hierarchy.ts';

/** Odoo puts a scheme in front of a website that has none. */
function withScheme(values: Values): void {
  const website = values.website;
  if (typeof website === 'string' && website !== '' && !/^https?:\/\//i.test(website)) values.website = `http://${website}`;
}

function parentOf(environment: Environment, row: Row): Row | undefined {
  const parent = asId(row.parent_id);
  return parent === null ? undefined : environment.row('res.partner', parent);
}

function commercialPartner(environment: Environment, row: Row): Row {
  const parent = parentOf(environment, row);
  return row.is_company === true || !parent ? row : commercialPartner(environment, parent);
}

function completeName(environment: Environment, row: Row): string {
  const name = asText(row.name);
  const parent = parentOf(environment, row);
  const company = parent && row.is_company !== true ? asText(commercialPartner(environment, row).name) : '';
  const types = new Map([
    ['invoice', 'Invoice'],
    ['delivery', 'Delivery'],
    ['other', 'Other'],
  ]);
  if (company === '') return name.trim();
  return `${company}, ${name || (types.get(asText(row.type)) ?? '')}`.trim();
}

function normalizedEmail(email: string): string | false {
  const match = /^(?:[^<>]*<)?\s*([^\s<>@,]+@[^\s<>@,]+)\s*>?$/.exec(email.trim());
  return match?.[1] ? match[1].toLowerCase() : false;
}

export const partner: Behaviour = {
  recordName: 'complete_name',
  searchNames: ['complete_name', 'email', 'ref', 'vat', 'company_registry'],
  parent: 'parent_id',
  indexes: ['ref', 'name', 'vat', 'complete_name'],
  check: (row) => (row.type === 'contact' && (row.name === false || row.name === undefined) ? { message: 'Contacts require a name', column: null } : null),
  computes: {
    complete_name: completeName,
    commercial_partner_id: (environment, row) => commercialPartner(environment, row).id,
    commercial_company_name: (environment, row) => {
      const commercial = commercialPartner(environment, row);
      return commercial.is_company === true ? (commercial.name ?? false) : (row.company_name ?? false);
    },
    company_type: (_environment, row) => (row.is_company === true ? 'company' : 'person'),
    currency_id: (environment) => environment.get('res.company', 1, 'currency_id'),
    email_normalized: (_environment, row) => normalizedEmail(asText(row.email)),
    partner_share: (environment, row) => environment.model('res.users').table.find('partner_id', row.id).size === 0,
    purchase_order_count: (environment, row) => environment.model('purchase.order').table.find('partner_id', row.id).size,
  },
  inverses: {
    company_type: (environment, row, value) => patchRow(environment, environment.model('res.partner'), row.id, { is_company: value === 'company' }),
  },
  prepareCreate: (environment, values) => {
    withScheme(values);
    const zone = contextText(environment, 'tz', '');
    if (!('tz' in values) && zone !== '')
      values.tz = environment
        .model('res.partner')
        .fields.get('tz')
        ?.selection?.some(([name]) => name === zone)
        ? zone
        : false;
  },
  prepareWrite: (_environment, _rows, values) => withScheme(values),
  validate: (environment, rows, fields) => {
    if (fields.has('parent_id') && formsRing(environment, 'res.partner', 'parent_id', rows))
      throw validationError('You cannot create recursive Partner hierarchies.');
  },
  beforeUnlink: (environment, rows) => {
    refuseUsedInAccounting(environment, rows);
    const users = rows
      .flatMap((row) => [...environment.model('res.users').table.find('partner_id', row.id)])
      .filter((id) => environment.row('res.users', id)?.active === true);
    if (users.length === 0) return;
    const names = users.map((id) => environment.nameOf('res.users', id)).join(', ');
    throw new OdooException(
      500,
      'odoo.exceptions.RedirectWarning',
      `You cannot delete contacts linked to an active user.\nYou should rather archive them after archiving their associated user.\n\nLinked active users : ${names}`,
    );
  },
};

function sanitized(value: Json | undefined): string {
  return typeof value === 'string' ? value.replace(/\W+/g, '').toUpperCase() : '';
}

function sanitize(values: Values): void {
  if ('acc_number' in values) values.sanitized_acc_number = sanitized(values.acc_number);
}

function refuseArchivedTwin(environment: Environment, values: Values): void {
  const number = sanitized(values.acc_number);
  for (const id of environment.model('res.partner.bank').table.find('partner_id', Number(values.partner_id ?? 0))) {
    const row = environment.row('res.partner.bank', id);
    if (row?.active !== false || row.sanitized_acc_number !== number) continue;
    const holder = environment.nameOf('res.partner', Number(values.partner_id));
    throw userError(
      `A bank account with Account Number ${asText(row.acc_number) && String(values.acc_number)} already exists for Partner ${holder}, but is archived. Please unarchive it instead.`,
    );
  }
}

export const partnerBank: Behaviour = {
  recordName: 'acc_number',
  searchNames: ['sanitized_acc_number', 'acc_number'],
  unique: [{ fields: ['sanitized_acc_number', 'partner_id'], message: 'The combination Account Number/Partner must be unique.' }],
  computes: {
    acc_type: () => 'bank',
    display_name: (environment, row) => {
      const bank = asId(row.bank_id);
      return bank === null ? asText(row.acc_number) : `${asText(row.acc_number)} - ${environment.nameOf('res.bank', bank)}`;
    },
    acc_holder_name: (environment, row) => {
      const own = row.acc_holder_name;
      return own === undefined ? environment.get('res.partner', asId(row.partner_id) ?? 0, 'name') : own;
    },
  },
  inverses: {
    acc_holder_name: (environment, row, value) =>
      patchRow(environment, environment.model('res.partner.bank'), row.id, { acc_holder_name: typeof value === 'string' && value !== '' ? value : false }),
  },
  prepareCreate: (environment, values) => {
    sanitize(values);
    refuseArchivedTwin(environment, values);
  },
  prepareWrite: (_environment, _rows, values) => sanitize(values),
  // Odoo 19 archives an account instead: entries may refer to it.
  insteadOfUnlink: (environment, rows) => {
    for (const row of rows) patchRow(environment, environment.model('res.partner.bank'), row.id, { active: false });
  },
};

export const partnerCategory: Behaviour = { parent: 'parent_id' };

export const country: Behaviour = { searchNames: ['name', 'code'], indexes: ['name', 'code'] };

export const countryState: Behaviour = {
  searchNames: ['name', 'code'],
  indexes: ['name', 'code'],
  computes: {
    display_name: (environment, row) => `${asText(row.name)} (${String(environment.get('res.country', asId(row.country_id) ?? 0, 'code'))})`,
  },
};

/** Kept here for the users' fields that are their partner's. */
export const user: Behaviour = {
  inherits: { model: 'res.partner', field: 'partner_id' },
  indexes: ['login'],
  computes: { share: () => false },
  methods: {
    context_get: {
      onModel: true,
      parameters: [],
      call: ({ environment }) => ({ lang: 'en_US', tz: environment.get('res.users', environment.userId, 'tz') as Json, uid: environment.userId }),
    },
    has_group: { parameters: ['group_ext_id'], call: () => true },
  },
};

const companyFieldsOfPartner = ['city', 'country_id', 'email', 'phone', 'state_id', 'street', 'street2', 'vat', 'zip'] as const;

/** A company's address is its partner's. */
export const company: Behaviour = {
  computes: Object.fromEntries(
    [...companyFieldsOfPartner, 'name'].map((name) => [
      name,
      (environment: Environment, row: Row) => environment.get('res.partner', asId(row.partner_id) ?? 0, name),
    ]),
  ),
  inverses: Object.fromEntries(
    [...companyFieldsOfPartner, 'name'].map((name) => [
      name,
      (environment: Environment, row: Row, value: Json) =>
        writeRecords(environment, environment.model('res.partner'), [asId(row.partner_id) ?? 0], { [name]: value }),
    ]),
  ),
};
