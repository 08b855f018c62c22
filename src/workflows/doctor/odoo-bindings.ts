/** Bindings against the models and fields of this Odoo: they exist, their types fit, what Odoo requires is given. */

import { isAmount } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';
import { type OdooConnection, OdooError, type OdooFieldMetadata } from '../../domain/ports.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { EntityDefinition, FilePosition } from '../../domain/workspace.ts';
import { type ModelFields, type ResolvedField, resolveBinding } from '../pull/pull-odoo-binding.ts';
import { type Finding, listed, ok, problem, warning } from './finding.ts';

/** Required fields that Odoo fills by itself without a default that could be asked for; `fields_get` does not tell (seen on Odoo 14 and 19). */
const workedOutByOdoo: Readonly<Record<string, readonly string[]>> = {
  'product.product': ['product_tmpl_id'],
  'product.supplierinfo': ['product_tmpl_id'],
  'purchase.order': ['currency_id'],
};

type KnownFields = ReadonlyMap<string, OdooFieldMetadata>;

const CHECK = 'models and fields';

/** Apps that bring the models of the shipped packs. */
const appOf: Readonly<Record<string, string>> = {
  'purchase.order': 'purchase',
  'purchase.order.line': 'purchase',
  'product.product': 'product',
  'product.category': 'product',
  'product.supplierinfo': 'product',
  'stock.picking': 'stock',
  'account.move': 'account',
  'uom.uom': 'uom',
};

export async function examineBindings(bound: readonly EntityDefinition[], models: ModelFields, connection: OdooConnection): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  let fields = 0;
  for (const definition of bound) {
    const model = definition.contract.odoo?.model as string;
    const known = models.get(model) ?? null;
    if (known === null) {
      findings.push(problem(CHECK, `${definition.contract.entity}: this Odoo has no model ${model}`, installing(model)));
      continue;
    }
    const { binding, mistakes } = resolveBinding(definition, models);
    findings.push(
      ...mistakes.map(({ position, message }) =>
        problem(CHECK, `${place(position)}  ${message}`, 'correct the binding, or install the app that brings the field'),
      ),
    );
    fields += binding.fields.length;
    for (const field of binding.fields) findings.push(...examineField(definition, field, known.get(field.odoo) as OdooFieldMetadata));
    findings.push(...examineNames(definition, known));
    findings.push(...(await examineRequired(definition, binding.fields, known, connection)));
  }
  return findings.some((finding) => finding.status !== 'ok')
    ? findings
    : [...findings, ok(CHECK, `${bound.length} models with ${fields} bound fields exist and fit`)];
}

function installing(model: string): string {
  const app = appOf[model];
  return app === undefined ? 'install the app that brings it (Odoo, Apps)' : `install the app ${app} (Odoo, Apps)`;
}

const fitting: Readonly<Record<FieldContract['type'], readonly string[]>> = {
  text: ['char', 'text', 'html', 'selection'],
  identifier: ['char', 'text', 'selection'],
  choice: ['selection', 'char'],
  code: ['many2one', 'selection', 'char'],
  ref: ['many2one', 'many2one_reference', 'many2many'],
  boolean: ['boolean'],
  integer: ['integer', 'float', 'monetary', 'many2one_reference'],
  decimal: ['float', 'monetary'],
  quantity: ['float', 'monetary'],
  money: ['float', 'monetary'],
  date: ['date'],
  timestamp: ['datetime'],
};

function examineField(definition: EntityDefinition, field: ResolvedField, metadata: OdooFieldMetadata): Finding[] {
  const { contract } = field;
  const where = place(definition.position(['odoo', 'fields', field.field]));
  const findings: Finding[] = [];
  if (!fitting[contract.type].includes(field.type)) {
    findings.push(
      problem(
        CHECK,
        `${where}  ${field.field} is of type ${contract.type}, ${field.odoo} of this Odoo is ${field.type}`,
        `bind it to a field of type ${fitting[contract.type].join(' or ')}`,
      ),
    );
  }
  if (field.send && metadata.readonly && !metadata.store) {
    findings.push(problem(CHECK, `${where}  ${field.odoo} is worked out by Odoo and cannot be written`, `write {field: ${field.odoo}, send: false}`));
  }
  if (contract.type === 'choice' && metadata.selection !== null) {
    const unknown = contract.values.filter((value) => !(metadata.selection as readonly string[]).includes(value));
    if (unknown.length > 0)
      findings.push(problem(CHECK, `${where}  ${field.odoo} knows no value ${unknown.join(', ')}`, `its values are ${metadata.selection.join(', ')}`));
  }
  if (isAmount(contract) && field.digits !== null && contract.digits > field.digits) {
    const detail = `${where}  ${field.field} keeps ${contract.digits} decimals, ${field.odoo} only ${field.digits}: what has more is rounded by Odoo and shows as a break`;
    findings.push(
      warning(
        CHECK,
        detail,
        `raise the decimal accuracy to ${contract.digits} (Odoo, Settings, Technical, Decimal Accuracy), or lower \`digits\` or set \`tolerance\``,
      ),
    );
  }
  return findings;
}

/** Names that stand outside of `fields`: what is set on create, and what steps and lines go through. */
function examineNames(definition: EntityDefinition, known: KnownFields): Finding[] {
  const odoo = definition.contract.odoo;
  if (odoo === undefined) return [];
  const named: { name: string; path: string[] }[] = [
    ...Object.keys(odoo.set).map((name) => ({ name, path: ['odoo', 'set', name] })),
    ...Object.entries(odoo.states?.steps ?? {}).flatMap(([step, { on, unlink }]) => [
      ...(on === undefined ? [] : [{ name: on, path: ['odoo', 'states', 'steps', step, 'on'] }]),
      ...(unlink === undefined ? [] : [{ name: unlink, path: ['odoo', 'states', 'steps', step, 'unlink'] }]),
    ]),
    ...odoo.byproducts.flatMap(({ through }, index) =>
      through === undefined ? [] : [{ name: through, path: ['odoo', 'byproducts', String(index), 'through'] }],
    ),
  ];
  return named
    .filter(({ name }) => !known.has(name))
    .map(({ name, path }) =>
      problem(
        CHECK,
        `${place(definition.position(path))}  ${odoo.model} has no field '${name}'${didYouMean(name, known.keys())}`,
        'correct the binding, or install the app that brings the field',
      ),
    );
}

/** Fields without which Odoo creates nothing, that come neither from the binding nor from Odoo's own defaults. */
async function examineRequired(
  definition: EntityDefinition,
  fields: readonly ResolvedField[],
  known: KnownFields,
  connection: OdooConnection,
): Promise<Finding[]> {
  const odoo = definition.contract.odoo;
  if (odoo === undefined) return [];
  const given = new Set([
    ...(workedOutByOdoo[odoo.model] ?? []),
    ...fields.filter((field) => field.send).map((field) => field.odoo),
    ...Object.keys(odoo.set),
    odoo.parent_field ?? '',
    'id',
  ]);
  const open = [...known.values()].filter((field) => field.required && field.store && !field.readonly && !given.has(field.name)).map((field) => field.name);
  if (open.length === 0) return [];
  const defaults = await defaultsOf(connection, odoo.model, open);
  const missing = open.filter((name) => !(name in defaults));
  if (missing.length === 0) return [];
  const detail = `${place(definition.position(['odoo', 'model']))}  ${odoo.model} requires ${listed(missing)}, which neither the binding nor a default gives`;
  return [warning(CHECK, detail, 'bind it, or give it under `set`; leave it if Odoo works it out by itself')];
}

/** The parameter is `fields` since Odoo 19 and was `fields_list` before. */
async function defaultsOf(connection: OdooConnection, model: string, names: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await connection.call(model, 'default_get', { fields: names });
  } catch (error) {
    if (!(error instanceof OdooError) || error.failure === 'access' || error.failure === 'unavailable') throw error;
    return await connection.call(model, 'default_get', { fields_list: names });
  }
}

function place({ file, line, column }: FilePosition): string {
  return `${file}:${line}:${column}`;
}
