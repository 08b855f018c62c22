/** One database: every served model with its table, the External IDs, the sequences, and transactions over all of it. */
import { Environment } from './environment.ts';
import { IntegrityError } from './errors.ts';
import { ExternalIds, externalIdModel } from './external-ids.ts';
import metadata from './metadata/models.json' with { type: 'json' };
import { genericMethods } from './methods.ts';
import type { Behaviour, Field, Model } from './model.ts';
import { behaviours } from './models/behaviours.ts';
import { type IndexDefinition, type IndexKey, Table, UndoLog } from './tables.ts';
import { asText, type JsonObject, type Row, type Value, type Values } from './values.ts';

interface RecordedModel {
  readonly description: string;
  readonly order: string;
  readonly defaults: Values;
  readonly fields: { readonly [name: string]: Omit<Field, 'name'> };
}

/** The JSON is what the recorder wrote; its literal types are of no use. */
const recorded = metadata as unknown as { readonly [model: string]: RecordedModel };

/** Not recorded, being hundreds: the zones this machine knows are those Odoo knows. */
const timeZones: readonly (readonly [string, string])[] = ['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => [zone, zone]);

export class Database {
  readonly models = new Map<string, Model>();
  readonly log = new UndoLog();
  readonly externalIds: ExternalIds;
  readonly #sequences = new Map<string, number>();

  constructor() {
    for (const [name, description] of Object.entries(recorded)) this.models.set(name, this.#build(name, description));
    for (const model of this.models.values()) {
      for (const field of model.fields.values()) if (pointsElsewhere(model, field)) this.models.get(field.relation ?? '')?.referrers.push({ model, field });
    }
    // The warehouse's tables are met first, as in Odoo's own refusals.
    for (const model of this.models.values())
      model.referrers.sort((left, right) => Number(right.model.name.startsWith('stock.')) - Number(left.model.name.startsWith('stock.')));
    this.externalIds = new ExternalIds(this.model(externalIdModel));
  }

  #build(name: string, description: RecordedModel): Model {
    const behaviour = behaviours[name] ?? {};
    const fields = new Map<string, Field>();
    for (const [field, attributes] of Object.entries(description.fields)) {
      fields.set(field, { ...attributes, name: field, ...(field === 'tz' ? { selection: timeZones } : {}) });
    }
    const order = description.order
      .split(',')
      .filter((term) => fields.has(term.trim().split(/[\s.]/)[0] ?? ''))
      .join(',');
    const own = Object.entries(behaviour.methods ?? {});
    return {
      name,
      description: description.description,
      order: order || 'id',
      defaults: description.defaults,
      fields,
      behaviour,
      table: new Table(name, this.log, indexesOf(name, fields, behaviour)),
      referrers: [],
      methods: new Map([...Object.entries(genericMethods), ...own]),
    };
  }

  model(name: string): Model {
    const model = this.models.get(name);
    if (!model) throw new RangeError(`the sandbox serves no model ${name}`);
    return model;
  }

  /** Not undone by a rollback, as PostgreSQL's sequences are not. */
  nextNumber(sequence: string, prefix: string, padding: number): string {
    const next = (this.#sequences.get(sequence) ?? 0) + 1;
    this.#sequences.set(sequence, next);
    return `${prefix}${String(next).padStart(padding, '0')}`;
  }

  /** One call, one transaction: all of it or, on an error, nothing. */
  transact<Result>(context: JsonObject, userId: number, work: (environment: Environment) => Result): Result {
    const environment = new Environment(this, context, userId);
    const result = this.log.attempt(() => work(environment));
    this.log.commit();
    return result;
  }
}

function isStored(field: Field, behaviour: Behaviour): boolean {
  return field.store && !field.related && !behaviour.computes?.[field.name];
}

function pointsElsewhere(model: Model, field: Field): boolean {
  return (
    (field.type === 'many2one' || field.type === 'many2many') &&
    isStored(field, model.behaviour) &&
    model.table.hasIndex(field.name) &&
    !['create_uid', 'write_uid'].includes(field.name)
  );
}

function indexesOf(model: string, fields: ReadonlyMap<string, Field>, behaviour: Behaviour): IndexDefinition[] {
  const indexes: IndexDefinition[] = [];
  for (const field of fields.values()) {
    if (!isStored(field, behaviour) || ['create_uid', 'write_uid'].includes(field.name)) continue;
    if (field.type === 'many2one') indexes.push({ name: field.name, keys: (row) => keysOf(row[field.name]) });
    if (field.type === 'many2many') indexes.push({ name: field.name, keys: (row) => (row[field.name] as readonly number[] | undefined) ?? [] });
  }
  for (const name of behaviour.indexes ?? []) {
    const field = fields.get(name);
    if (field && isStored(field, behaviour)) indexes.push({ name, keys: (row) => keysOf(row[name]) });
  }
  for (const { fields: names, message } of behaviour.unique ?? []) {
    const keys = (row: Row): IndexKey[] => {
      const values = names.map((name) => row[name]);
      return values.some((value) => value === undefined || value === false) ? [] : [JSON.stringify(values)];
    };
    indexes.push({
      name: `unique ${names.join(' ')}`,
      keys,
      unique: () => new IntegrityError('unique', model, names.length === 1 ? (names[0] ?? null) : null, message),
    });
  }
  if (model === externalIdModel) {
    indexes.push({ name: 'external_id', keys: (row) => [`${asText(row.module)}.${asText(row.name)}`] });
    indexes.push({ name: 'record', keys: (row) => [`${asText(row.model)},${String(row.res_id)}`] });
  }
  return indexes;
}

function keysOf(value: Value | undefined): readonly IndexKey[] {
  return typeof value === 'number' || typeof value === 'string' ? [value] : [];
}
