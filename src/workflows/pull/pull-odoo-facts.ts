/** What has to be known of an Odoo beside its records, kept as snapshots so that reconcile never asks Odoo: which database it is, how its
 *  company rounds (`lookup.res.company`), what its fields are (`lookup.ir.model.fields`), and the value tables that codes are resolved in. */

import { CutoverError } from '../../domain/errors.ts';
import type { OdooConnection, OdooFieldMetadata, OdooIdentity } from '../../domain/ports.ts';
import { OdooError } from '../../domain/ports.ts';
import { plainDecimal } from '../../domain/rounding.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { type BindingMistake, type ModelFields, type ResolvedBinding, resolveBinding } from './pull-odoo-binding.ts';
import type { StagedColumn } from './pull-odoo-sql.ts';

export const companySnapshot = 'lookup.res.company';
export const fieldsSnapshot = 'lookup.ir.model.fields';

export const companyColumns: readonly StagedColumn[] = [
  { name: 'id', type: 'BIGINT' },
  { name: 'name', type: 'VARCHAR' },
  { name: 'currency', type: 'VARCHAR' },
  { name: 'currency_digits', type: 'INTEGER' },
  { name: 'currencies', type: 'VARCHAR' },
  { name: 'rounding', type: 'VARCHAR' },
  { name: 'lock_dates', type: 'VARCHAR' },
  { name: 'url', type: 'VARCHAR' },
  { name: 'database', type: 'VARCHAR' },
  { name: 'uuid', type: 'VARCHAR' },
  { name: 'version', type: 'VARCHAR' },
];

export const fieldColumns: readonly StagedColumn[] = [
  { name: 'model', type: 'VARCHAR' },
  { name: 'name', type: 'VARCHAR' },
  { name: 'type', type: 'VARCHAR' },
  { name: 'relation', type: 'VARCHAR' },
  { name: 'required', type: 'BOOLEAN' },
  { name: 'readonly', type: 'BOOLEAN' },
  { name: 'store', type: 'BOOLEAN' },
  { name: 'company_dependent', type: 'BOOLEAN' },
  { name: 'precision', type: 'INTEGER' },
  { name: 'scale', type: 'INTEGER' },
];

/** Fields of every model that any capability of the workspace binds or looks codes up in: lookup snapshots are shared by capabilities. */
export async function modelFields(workspace: Workspace, connection: OdooConnection): Promise<ModelFields> {
  const models = new Map<string, ReadonlyMap<string, OdooFieldMetadata> | null>();
  const learn = async (model: string): Promise<ReadonlyMap<string, OdooFieldMetadata> | null> => {
    if (!models.has(model)) models.set(model, await fieldsOrNull(connection, model));
    return models.get(model) ?? null;
  };
  for (const capability of workspace.capabilities.values()) {
    for (const { contract } of capability.entities) {
      if (contract.odoo === undefined) continue;
      const known = await learn(contract.odoo.model);
      for (const [field, bound] of Object.entries(contract.odoo.fields)) {
        if (contract.fields[field]?.type !== 'code') continue;
        const names = typeof bound.field === 'string' ? [bound.field] : bound.field;
        const relation = names.map((name) => known?.get(name)).find((one) => one !== undefined)?.relation ?? null;
        if (relation !== null) await learn(relation);
      }
    }
  }
  return models;
}

async function fieldsOrNull(connection: OdooConnection, model: string): Promise<ReadonlyMap<string, OdooFieldMetadata> | null> {
  try {
    return await connection.fields(model);
  } catch (error) {
    if (error instanceof OdooError && error.failure === 'missing-model') return null;
    throw error;
  }
}

/** The bindings of a capability's entities, by entity. E_ODOO_METADATA names every model and field that this Odoo does not have. */
export function resolveBindings(capability: Capability, models: ModelFields, version: string): ReadonlyMap<string, ResolvedBinding> {
  const bindings = new Map<string, ResolvedBinding>();
  const mistakes: BindingMistake[] = [];
  for (const definition of capability.entities) {
    if (definition.contract.odoo === undefined) continue;
    const resolved = resolveBinding(definition, models);
    bindings.set(definition.contract.entity, resolved.binding);
    mistakes.push(...resolved.mistakes);
  }
  if (mistakes.length > 0) {
    throw new CutoverError(
      'E_ODOO_METADATA',
      `${mistakes.length} name${mistakes.length === 1 ? '' : 's'} of ${capability.name} that Odoo ${version} does not have`,
      {
        hint: 'cutover doctor',
        details: mistakes.map(({ position, message }) => `${position.file}:${position.line}:${position.column} ${message}`),
      },
    );
  }
  return bindings;
}

/** Related model → the fields in which the capabilities of the workspace look codes up there. */
export function lookupModels(workspace: Workspace, models: ModelFields): ReadonlyMap<string, readonly string[]> {
  const lookups = new Map<string, Set<string>>();
  for (const capability of workspace.capabilities.values()) {
    for (const definition of capability.entities) {
      if (definition.contract.odoo === undefined) continue;
      for (const field of resolveBinding(definition, models).binding.fields) {
        if (field.by === null || field.relation === null || !models.get(field.relation)) continue;
        const fields = lookups.get(field.relation) ?? new Set<string>();
        if (field.by !== 'external_id' && models.get(field.relation)?.has(field.by) === true) fields.add(field.by);
        lookups.set(field.relation, fields);
      }
    }
  }
  return new Map([...lookups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([model, fields]) => [model, [...fields].sort()]));
}

/** One row of `companyColumns`. */
export async function companyRow(workspace: Workspace, connection: OdooConnection, identity: OdooIdentity): Promise<readonly (string | null)[]> {
  const config = workspace.file.systems[workspace.file.odoo];
  const wanted = config?.connector === 'odoo' ? config.company : undefined;
  const id = wanted === undefined ? await userCompany(connection, identity.userId) : (await connection.searchIds('res.company', [['name', '=', wanted]]))[0];
  const known = await connection.fields('res.company');
  const locks = [...known.values()].flatMap(({ name, type, store }) => (store && type === 'date' && name.endsWith('lock_date') ? [name] : []));
  const fields = ['name', 'currency_id', ...(known.has('tax_calculation_rounding_method') ? ['tax_calculation_rounding_method'] : []), ...locks];
  const [company] = id === undefined ? [] : await connection.read('res.company', [id], fields);
  if (company === undefined)
    throw new CutoverError('E_ODOO_ACCESS', `Odoo has no company ${wanted ?? 'of this user'} that the user may read`, { hint: 'cutover doctor' });
  const [currency] = await connection.read('res.currency', [Number(company.currency_id)], ['name', 'decimal_places']);
  if (currency === undefined) throw new CutoverError('E_ODOO_ACCESS', "Odoo does not let the user read the company's currency", { hint: 'cutover doctor' });
  const used = await connection.read('res.currency', await connection.searchIds('res.currency', []), ['name', 'rounding']);
  // where accounting is not installed there is no method, and lines are rounded one by one
  const rounding = company.tax_calculation_rounding_method === 'round_globally' ? 'round_globally' : 'round_per_line';
  return [
    String(company.id),
    String(company.name),
    String(currency.name),
    String(currency.decimal_places),
    JSON.stringify(Object.fromEntries(used.map((one) => [String(one.name), plainDecimal(String(one.rounding))]).sort())),
    rounding,
    JSON.stringify(Object.fromEntries(locks.flatMap((name) => (typeof company[name] === 'string' ? [[name, company[name]]] : [])))),
    identity.url,
    identity.database,
    identity.uuid,
    identity.version,
  ];
}

async function userCompany(connection: OdooConnection, userId: number): Promise<number | undefined> {
  const [user] = await connection.read('res.users', [userId], ['company_id']);
  return typeof user?.company_id === 'number' ? user.company_id : undefined;
}

/** Rows of `fieldColumns`, in order of model and name. */
export function fieldRows(models: ModelFields): (string | null)[][] {
  const rows: (string | null)[][] = [];
  for (const [model, fields] of models) {
    for (const field of fields?.values() ?? []) {
      const [precision = null, scale = null] = field.digits ?? [];
      rows.push([
        ...[model, field.name, field.type, field.relation],
        ...[field.required, field.readonly, field.store, field.companyDependent].map(String),
        ...[precision, scale].map((digits) => (digits === null ? null : String(digits))),
      ]);
    }
  }
  return rows;
}
