/** What a rehearsal counts before and after: everything its load can touch. */
import type { PlanManifest } from '../../domain/plan.ts';
import type { OdooConnection } from '../../domain/ports.ts';
import { delegatesOf, readableFields } from '../rollback/delegates.ts';

export interface CountedModel {
  readonly model: string;
  readonly domain: readonly unknown[];
  /** Compared one by one. */
  readonly fields: readonly string[];
  /** `proof`: must be as before; `kept`: Odoo lets nobody delete what it makes there; `drawn`: numbers that are not given back. */
  readonly kind: 'proof' | 'kept' | 'drawn';
}

/** Kept by Odoo about a record, not by people: chatter, and the moment of the last write (counted by itself). */
const aside = /^(message|activity|website_message|rating)_|^(__last_update|write_date|write_uid|access_token)$/;
/** Chatter and technical rows of another record. */
const companions = /^(mail|bus|rating|discuss)\./;

export interface Counted {
  readonly models: readonly CountedModel[];
  /** What is not compared, in words. */
  readonly notCompared: readonly string[];
}

export async function countedModels(manifest: PlanManifest, odoo: OdooConnection): Promise<Counted> {
  const bound = [...new Set(Object.values(manifest.entities).map(({ model }) => model))];
  const rules = Object.values(manifest.entities).flatMap(({ byproducts }) => byproducts);
  const delegates = (await Promise.all(bound.map((model) => delegatesOf(odoo, model)))).flat().map(({ model }) => model);
  const made = [...new Set(rules.map(({ model }) => model))];
  const parts = (await Promise.all(made.map((model) => partsOf(odoo, model)))).flat();
  const kept = new Set(rules.flatMap((rule) => (rule.rollback === 'keep' ? [rule.model] : [])));
  const models: CountedModel[] = [];
  const notCompared = ['chatter, files and pictures', 'who wrote a record last'];
  for (const model of new Set([...bound, ...delegates, ...made, ...parts])) {
    const fields = await comparedFields(odoo, model, manifest);
    if (fields === null) notCompared.push(`${model}: this Odoo does not have it, or this user may not read it`);
    else models.push({ model, domain: [], fields, kind: kept.has(model) ? 'kept' : 'proof' });
  }
  const names = await readableFields(odoo, 'ir.model.data');
  if (names === null) notCompared.push('External IDs: this user may not read them');
  else models.push({ model: 'ir.model.data', domain: [['module', '=', manifest.namespace]], fields: ['module', 'name', 'model', 'res_id'], kind: 'proof' });
  const sequences = await readableFields(odoo, 'ir.sequence');
  if (sequences?.has('number_next_actual') === true) models.push({ model: 'ir.sequence', domain: [], fields: ['number_next_actual'], kind: 'drawn' });
  else notCompared.push('the numbers of sequences: this user may not read them');
  return { models, notCompared };
}

/** Every stored field, and those the binding reads that belong to another record. Null: the model cannot be read. */
async function comparedFields(odoo: OdooConnection, model: string, manifest: PlanManifest): Promise<readonly string[] | null> {
  const known = await readableFields(odoo, model);
  if (known === null) return null;
  const bound = Object.values(manifest.entities).flatMap((entity) => (entity.model === model ? Object.keys(entity.fields) : []));
  const stored = [...known.values()].filter(({ name, store, type }) => store && type !== 'binary' && type !== 'one2many' && !aside.test(name));
  return [...new Set([...stored.map(({ name }) => name), ...bound.filter((name) => known.has(name))])].filter((name) => name !== 'id').sort();
}

/** Models of the records that go with one of this model, as moves with their receipt. */
async function partsOf(odoo: OdooConnection, model: string): Promise<readonly string[]> {
  const fields = await readableFields(odoo, model);
  return [...(fields?.values() ?? [])].flatMap(({ type, relation }) =>
    type === 'one2many' && relation !== null && relation !== model && !companions.test(relation) ? [relation] : [],
  );
}
