/** What one Odoo has that can point to a record, and which of its rows must be unique, as far as its user may read that. */
import { type OdooConnection, OdooError, type OdooRecord } from '../../domain/ports.ts';
import { type Definition, readDefinition, type UniqueKey } from './merge-impact-unique.ts';

/** A field in which rows point to records of a model. */
export interface Pointer {
  readonly model: string;
  readonly field: string;
  readonly kind: 'many2one' | 'many2many' | 'reference' | 'generic';
  /** Of a many2one: what the database does when the record goes. */
  readonly onDelete: 'cascade' | 'restrict' | 'set null';
  /** Of a generic one: the field that names the model. */
  readonly modelField: string | null;
  /** A many2many of the records themselves. */
  readonly isOwn: boolean;
}

export interface ModelKeys {
  readonly keys: readonly UniqueKey[];
  readonly definitions: readonly Definition[];
}

/** Looks at Odoo, and remembers what it was refused. */
export class Catalog {
  readonly connection: OdooConnection;
  readonly notChecked = new Set<string>();
  isComplete = true;
  readonly #pointers = new Map<string, Promise<readonly Pointer[]>>();
  readonly #keys = new Map<string, Promise<ModelKeys | null>>();
  #definitions: Promise<ReadonlyMap<string, readonly Definition[]> | null> | null = null;

  constructor(connection: OdooConnection) {
    this.connection = connection;
  }

  /** Null, and told, when this user may not see it or this Odoo does not have it. */
  async attempt<Result>(what: string, work: () => Promise<Result>): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OdooError) || !['access', 'missing-model', 'missing-field', 'validation'].includes(error.failure)) throw error;
      const why =
        error.failure === 'access'
          ? 'this user may not read it'
          : error.failure === 'missing-model'
            ? 'this Odoo does not answer it'
            : 'Odoo refuses to search it';
      this.notChecked.add(`${what}: ${why}`);
      this.isComplete = false;
      return null;
    }
  }

  pointersTo(model: string): Promise<readonly Pointer[]> {
    const known = this.#pointers.get(model) ?? this.#findPointers(model);
    this.#pointers.set(model, known);
    return known;
  }

  /** Unique keys and checks of a model; null when they cannot be read. */
  keysOf(model: string): Promise<ModelKeys | null> {
    const known = this.#keys.get(model) ?? this.#findKeys(model);
    this.#keys.set(model, known);
    return known;
  }

  async #findPointers(model: string): Promise<readonly Pointer[]> {
    const what = `what points to ${model} (ir.model.fields)`;
    const columns = ['model', 'name', 'ttype', 'on_delete', 'relation_table'];
    const found = await this.attempt(what, async () => {
      const domain = ['&', ['store', '=', true], '|', '&', ['relation', '=', model], ['ttype', 'in', ['many2one', 'many2many']]];
      const ids = await this.connection.searchIds('ir.model.fields', [
        ...domain,
        '|',
        ['ttype', 'in', ['many2one_reference', 'reference']],
        '&',
        ['model', '=', model],
        ['ttype', '=', 'many2many'],
      ]);
      return this.connection.read('ir.model.fields', ids, columns);
    });
    if (found === null) return [];
    const fields = found.map((row) => ({
      model: String(row.model),
      name: String(row.name),
      type: String(row.ttype),
      onDelete: String(row.on_delete),
      table: String(row.relation_table),
    }));
    const tables = await this.#tables([...new Set(fields.map((field) => field.model))]);
    const kept = fields.filter((field) => tables.has(field.model));
    const ofModels = new Set(kept.filter((field) => field.type === 'many2one').map((field) => field.model.replaceAll('.', '_')));
    const relations = new Set<string>();
    const pointers: Pointer[] = [];
    for (const field of kept) {
      if (field.type === 'many2many') {
        // one table, described from both its ends; or the table of a model that is looked at by its own fields
        if (relations.has(field.table) || ofModels.has(field.table)) continue;
        relations.add(field.table);
      }
      const modelField = field.type === 'many2one_reference' ? await this.#modelFieldOf(field.model, field.name) : null;
      if (field.type === 'many2one_reference' && modelField === null) continue;
      pointers.push({
        model: field.model,
        field: field.name,
        kind: field.type === 'many2one_reference' ? 'generic' : (field.type as 'many2one' | 'many2many' | 'reference'),
        onDelete: field.onDelete === 'cascade' || field.onDelete === 'restrict' ? field.onDelete : 'set null',
        modelField,
        isOwn: field.type === 'many2many' && field.model === model,
      });
    }
    return pointers.sort((left, right) => (left.model < right.model || (left.model === right.model && left.field < right.field) ? -1 : 1));
  }

  /** Models that have a table and keep what is in it: reports are views, which show the rows of others, and wizards are swept away. */
  async #tables(models: readonly string[]): Promise<ReadonlySet<string>> {
    const described = await this.attempt('which models are tables (ir.model)', async () =>
      this.connection.read('ir.model', await this.connection.searchIds('ir.model', [['model', 'in', models]]), ['model', 'transient']),
    );
    if (described === null) return new Set(models);
    const lasting = new Map(described.filter((row) => row.transient !== true).map((row) => [row.id, String(row.model)]));
    const constraints = await this.attempt('which models are tables (ir.model.constraint)', async () => {
      const domain = [
        ['type', '=', 'f'],
        ['model', 'in', [...lasting.keys()]],
      ];
      return this.connection.read('ir.model.constraint', await this.connection.searchIds('ir.model.constraint', domain), ['model']);
    });
    if (constraints === null) return new Set(lasting.values());
    const withKeys = new Set(constraints.map((row) => Number(row.model)));
    return new Set([...lasting].filter(([id]) => withKeys.has(id)).map(([, name]) => name));
  }

  /** Odoo tells which field names the model; before 16 or so it does not, and there the two names in use are tried. */
  async #modelFieldOf(model: string, field: string): Promise<string | null> {
    const answer = await this.attempt(`${model}.${field}`, async () => {
      const described = await this.connection.call<Readonly<Record<string, { readonly model_field?: string }>>>(model, 'fields_get', {
        allfields: [field],
        attributes: ['model_field'],
      });
      const known = await this.connection.fields(model);
      return { found: described[field]?.model_field ?? ['res_model', 'model'].find((name) => known.get(name)?.store === true) ?? null };
    });
    if (answer === null || answer.found !== null) return answer?.found ?? null;
    this.notChecked.add(`${model}.${field}: it does not tell which field names the model`);
    this.isComplete = false;
    return null;
  }

  async #findKeys(model: string): Promise<ModelKeys | null> {
    const found = await this.#allDefinitions();
    if (found === null) this.notChecked.add(`what must be unique in ${model} (ir.model.constraint)`);
    if (found === null) return null;
    const definitions = found.get(model) ?? [];
    return { definitions, keys: definitions.flatMap((one) => (one.kind === 'unique' ? [one.key] : [])) };
  }

  /** A few hundred in all: one call is cheaper than one per model. */
  #allDefinitions(): Promise<ReadonlyMap<string, readonly Definition[]> | null> {
    this.#definitions ??= this.attempt('what must be unique (ir.model.constraint)', async () => {
      const { connection } = this;
      const rows = await connection.read('ir.model.constraint', await connection.searchIds('ir.model.constraint', [['type', '!=', 'f']]), [
        'name',
        'definition',
        'model',
      ]);
      const models = await connection.read('ir.model', [...new Set(rows.map((row) => Number(row.model)))], ['model']);
      const names = new Map(models.map((model) => [model.id, String(model.model)]));
      const byModel = Map.groupBy(rows, (row) => names.get(Number(row.model)) ?? '');
      const definitionOf = (row: OdooRecord): Definition => readDefinition(String(row.name), typeof row.definition === 'string' ? row.definition : '');
      return new Map([...byModel].map(([model, list]) => [model, list.map(definitionOf)]));
    });
    return this.#definitions;
  }
}
