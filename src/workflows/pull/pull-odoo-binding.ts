/** An entity's binding resolved against the fields that one Odoo really has. The same function serves pull (fields asked of Odoo) and
 *  reconcile (fields kept in a snapshot), so that both speak of the same columns. */
import type { FieldContract } from '../../domain/contract.ts';
import type { OdooFieldMetadata } from '../../domain/ports.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { EntityDefinition, FilePosition } from '../../domain/workspace.ts';

/** One contract field and the Odoo field it was found to be bound to. */
export interface ResolvedField {
  readonly field: string;
  readonly contract: FieldContract;
  /** Name in this Odoo: the first of the binding's alternatives that exists. */
  readonly odoo: string;
  /** Odoo's type: char, many2one, monetary, … */
  readonly type: string;
  readonly relation: string | null;
  /** Decimals that Odoo keeps of it; null when it keeps all (and for monetary fields, which follow their currency). */
  readonly digits: number | null;
  /** For codes in relational fields: field of the related model that holds the target code, or `external_id`. Null for everything else. */
  readonly by: string | null;
  /** false: Odoo computes it; never written. */
  readonly send: boolean;
  /** false: written on create and left alone afterwards. */
  readonly compare: boolean;
  /** false: Odoo cannot hold "no value" here (numbers, booleans, required fields), so a legacy row without one has nothing to say. */
  readonly nullable: boolean;
}

export interface ResolvedBinding {
  readonly model: string;
  /** Contract order. The state field of `states` is not among them. */
  readonly fields: readonly ResolvedField[];
  /** The contract field of `states`, or null. */
  readonly stateField: string | null;
  /** Odoo fields that `states` reads. */
  readonly stateColumns: readonly string[];
  /** Many2one to the parent (lines), or null. */
  readonly parentField: string | null;
}

export interface BindingMistake {
  readonly position: FilePosition;
  readonly message: string;
}

/** Fields by model, as fields_get answers; null for a model that this Odoo does not have. */
export type ModelFields = ReadonlyMap<string, ReadonlyMap<string, OdooFieldMetadata> | null>;

const numbers = new Set(['integer', 'float', 'monetary']);

/** The binding of an entity that has one; every name that this Odoo does not know is told, not only the first. */
export function resolveBinding(
  definition: EntityDefinition,
  models: ModelFields,
): { readonly binding: ResolvedBinding; readonly mistakes: readonly BindingMistake[] } {
  const { contract, position } = definition;
  const odoo = contract.odoo;
  if (odoo === undefined) throw new Error(`${contract.entity} is not bound to Odoo`);
  const mistakes: BindingMistake[] = [];
  const fields: ResolvedField[] = [];
  const known = models.get(odoo.model) ?? null;
  if (known === null) {
    mistakes.push({ position: position(['odoo', 'model']), message: `this Odoo has no model '${odoo.model}'; is the app that brings it installed?` });
    return { binding: { model: odoo.model, fields, stateField: null, stateColumns: [], parentField: null }, mistakes };
  }
  const refuse = (path: readonly (string | number)[], name: string): void => {
    mistakes.push({ position: position(['odoo', ...path]), message: `'${odoo.model}' has no field '${name}'${didYouMean(name, known.keys())}` });
  };
  for (const [field, fieldContract] of Object.entries(contract.fields)) {
    const bound = odoo.fields[field];
    if (bound === undefined) continue;
    const alternatives = typeof bound.field === 'string' ? [bound.field] : bound.field;
    const metadata = alternatives.map((name) => known.get(name)).find((one) => one !== undefined);
    if (metadata === undefined) {
      refuse(['fields', field], alternatives.join("' or '"));
      continue;
    }
    const isRelation = metadata.relation !== null;
    const by = fieldContract.type === 'code' && isRelation ? (bound.by ?? 'external_id') : null;
    const related = metadata.relation === null ? undefined : models.get(metadata.relation);
    if (by !== null && by !== 'external_id' && related !== undefined && related?.has(by) !== true) {
      mistakes.push({
        position: position(['odoo', 'fields', field, 'by']),
        message: `'${metadata.relation}' has no field '${by}'${didYouMean(by, related?.keys() ?? [])}`,
      });
    }
    fields.push({
      field,
      contract: fieldContract,
      odoo: metadata.name,
      type: metadata.type,
      relation: metadata.relation,
      digits: metadata.type === 'float' ? (metadata.digits?.[1] ?? null) : null,
      by,
      send: bound.send,
      compare: bound.compare,
      nullable: !(numbers.has(metadata.type) || metadata.type === 'boolean' || metadata.required),
    });
  }
  const stateColumns = new Set<string>();
  for (const [state, { is }] of Object.entries(odoo.states?.values ?? {})) {
    for (const name of Object.keys(is)) {
      if (known.has(name)) stateColumns.add(name);
      else refuse(['states', 'values', state, 'is', name], name);
    }
  }
  const parentField = odoo.parent_field ?? null;
  if (parentField !== null && !known.has(parentField)) refuse(['parent_field'], parentField);
  return { binding: { model: odoo.model, fields, stateField: odoo.states?.field ?? null, stateColumns: [...stateColumns], parentField }, mistakes };
}

/** Every Odoo field a snapshot of the entity holds, each once, with its type. */
export function snapshotFields(binding: ResolvedBinding, known: ReadonlyMap<string, OdooFieldMetadata>): readonly OdooFieldMetadata[] {
  const names = new Set([...binding.fields.map((field) => field.odoo), ...binding.stateColumns]);
  if (binding.parentField !== null) names.add(binding.parentField);
  return [...names].sort().map((name) => known.get(name) as OdooFieldMetadata);
}
