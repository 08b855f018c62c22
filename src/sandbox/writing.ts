/** `create` and `write`: defaults, coercion, foreign keys, commands, constraints, in the order in which Odoo meets them. */
import { unlinkRecords } from './deleting.ts';
import type { Environment } from './environment.ts';
import { attributeError, IntegrityError, OdooException, valueError } from './errors.ts';
import { coerce } from './fields.ts';
import { type Field, isToMany, type Model } from './model.ts';
import { existingRows } from './reading.ts';
import { isList, isObject, isTruthy, type Json, pythonType, type Row, represent, type Value, type Values } from './values.ts';

/** Odoo keeps these itself and drops what a client sends for them. */
const magic: ReadonlySet<string> = new Set(['id', 'parent_path', 'create_uid', 'create_date', 'write_uid', 'write_date']);

function checkedValues(model: Model, values: Json, unknown: (name: string) => OdooException): Values {
  if (!isObject(values)) throw attributeError(`'${pythonType(values)}' object has no attribute 'get'`);
  const kept: Values = {};
  for (const [name, value] of Object.entries(values)) {
    if (magic.has(name)) continue;
    if (!model.fields.has(name)) throw unknown(name);
    kept[name] = value;
  }
  return kept;
}

export function createRecords(environment: Environment, model: Model, list: readonly Json[]): number[] {
  const rows = list.map((values) =>
    createRow(
      environment,
      model,
      checkedValues(model, values, (name) => valueError(`Invalid field ${represent(name)} in ${represent(model.name)}`)),
    ),
  );
  const current = (): Row[] => rows.map(({ id }) => model.table.get(id)).filter((row) => row !== undefined);
  for (const { id, commands } of rows) for (const [field, value] of commands) applyCommands(environment, model, id, field, value);
  model.behaviour.created?.(environment, current());
  for (const { id, inverses } of rows) for (const [field, value] of inverses) invert(environment, model, id, field, value);
  const names = new Set(list.flatMap((values) => Object.keys(values ?? {})));
  model.behaviour.validate?.(environment, current(), names);
  return rows.map(({ id }) => id);
}

interface CreatedRow {
  readonly id: number;
  readonly commands: readonly (readonly [Field, Json])[];
  readonly inverses: readonly (readonly [Field, Json])[];
}

function createRow(environment: Environment, model: Model, values: Values): CreatedRow {
  for (const [key, value] of Object.entries(environment.context)) {
    const name = key.startsWith('default_') ? key.slice('default_'.length) : '';
    if (model.fields.has(name) && !(name in values)) values[name] = value;
  }
  model.behaviour.prepareCreate?.(environment, values);
  for (const [name, value] of defaultsOf(environment, model)) if (!(name in values)) values[name] = value;
  createParent(environment, model, values);
  const { columns, commands, inverses } = sortOut(model, values);
  const id = model.table.newId();
  const trail = { create_uid: environment.userId, create_date: environment.now, write_uid: environment.userId, write_date: environment.now };
  putRow(environment, model, { ...trail, ...columns, id }, Object.keys(columns), true);
  return { id, commands, inverses };
}

/** Recorded defaults; a date stands for the present, and what belongs to the parent of `_inherits` is the parent's to fill in. */
export function defaultsOf(environment: Environment, model: Model): [string, Json][] {
  const inherited = `${model.behaviour.inherits?.field}.`;
  return Object.entries(model.defaults)
    .filter(([name]) => !model.fields.get(name)?.related?.startsWith(inherited))
    .map(([name, value]) => {
      const type = model.fields.get(name)?.type;
      if (type === 'datetime') return [name, environment.now];
      return [name, type === 'date' ? environment.now.slice(0, 10) : value];
    });
}

/** `_inherits`: what belongs to the parent record creates it, or changes it when one is given. */
function createParent(environment: Environment, model: Model, values: Values): void {
  const inherits = model.behaviour.inherits;
  if (!inherits) return;
  const parent = environment.model(inherits.model);
  const inherited: Values = {};
  for (const name of Object.keys(values)) {
    if (!model.fields.get(name)?.related?.startsWith(`${inherits.field}.`)) continue;
    inherited[name] = values[name] ?? null;
    delete values[name];
  }
  if (isTruthy(values[inherits.field])) writeRecords(environment, parent, [Number(values[inherits.field])], inherited);
  else values[inherits.field] = createRecords(environment.withContext({ create_product_product: false }), parent, [inherited])[0] ?? false;
}

export function writeRecords(environment: Environment, model: Model, ids: readonly number[], input: Json): void {
  const values = checkedValues(model, input, (name) => new OdooException(500, 'builtins.KeyError', name));
  const rows = existingRows(environment, model, ids);
  model.behaviour.prepareWrite?.(environment, rows, values);
  const { columns, commands, inverses } = sortOut(model, values);
  for (const before of rows) {
    const current = model.table.get(before.id) ?? before;
    putRow(
      environment,
      model,
      { ...current, ...columns, write_uid: environment.userId, write_date: environment.now, id: before.id },
      Object.keys(columns),
      false,
    );
    for (const [field, value] of inverses) invert(environment, model, before.id, field, value);
    for (const [field, value] of commands) applyCommands(environment, model, before.id, field, value);
  }
  model.behaviour.written?.(environment, rows, values);
  const after = rows.map(({ id }) => model.table.get(id)).filter((row) => row !== undefined);
  model.behaviour.validate?.(environment, after, new Set(Object.keys(values)));
}

interface SortedValues {
  readonly columns: { [name: string]: Value };
  readonly commands: readonly (readonly [Field, Json])[];
  readonly inverses: readonly (readonly [Field, Json])[];
}

function sortOut(model: Model, values: Readonly<Values>): SortedValues {
  const columns: { [name: string]: Value } = {};
  const commands: [Field, Json][] = [];
  const inverses: [Field, Json][] = [];
  for (const [name, value] of Object.entries(values)) {
    const field = model.fields.get(name);
    if (!field) continue;
    if (model.behaviour.inverses?.[name] || field.related) inverses.push([field, value]);
    else if (model.behaviour.computes?.[name]) checkComputed(model, field, value);
    else if (isToMany(field)) commands.push([field, value]);
    else columns[name] = coerce(model.name, field, value);
  }
  for (const [field, value] of inverses) if (!isToMany(field)) coerce(model.name, field, value);
  return { columns, commands, inverses };
}

/** A value sent for a computed field is looked at and then computed anew. */
function checkComputed(model: Model, field: Field, value: Json): void {
  if (!isToMany(field)) coerce(model.name, field, value);
}

/** Writes through a related or inverse field, to where its value lives. */
function invert(environment: Environment, model: Model, id: number, field: Field, value: Json): void {
  const row = model.table.get(id);
  if (!row) return;
  const inverse = model.behaviour.inverses?.[field.name];
  if (inverse) {
    inverse(environment, row, value);
    return;
  }
  if (field.readonly) return;
  const [through = '', ...rest] = (field.related ?? '').split('.');
  const step = model.fields.get(through);
  const target = row[through];
  if (step?.relation && typeof target === 'number' && rest.length === 1)
    writeRecords(environment, environment.model(step.relation), [target], { [rest[0] ?? '']: value });
}

/** In the order in which the database meets them: references first. */
function requiredFields(model: Model): readonly Field[] {
  let fields = requiredByModel.get(model);
  if (!fields) {
    const stored = [...model.fields.values()].filter((field) => field.required && field.store && !isToMany(field) && !magic.has(field.name));
    const own = stored.filter((field) => !field.related && !model.behaviour.computes?.[field.name]);
    fields = [...own.filter((field) => field.type === 'many2one'), ...own.filter((field) => field.type !== 'many2one')];
    requiredByModel.set(model, fields);
  }
  return fields;
}

const requiredByModel = new WeakMap<Model, readonly Field[]>();

/** Stores a row after the database's own checks: NOT NULL, CHECK, foreign keys, then unique keys. */
export function putRow(environment: Environment, model: Model, row: Row, touched: readonly string[], isNew: boolean): void {
  for (const field of requiredFields(model)) {
    const value = row[field.name];
    if (value === undefined ? isNew : value === false && field.type !== 'boolean') throw new IntegrityError('not-null', model.name, field.name, '');
  }
  const broken = model.behaviour.check?.(row);
  if (broken) throw new IntegrityError('check', model.name, broken.column, broken.message);
  for (const name of touched) {
    const field = model.fields.get(name);
    const value = row[name];
    if (field?.type === 'many2one' && typeof value === 'number' && !environment.model(field.relation ?? '').table.has(value)) {
      throw new IntegrityError('foreign-key', model.name, name, '');
    }
  }
  model.table.put(row);
}

/** Changes a row from within, without hooks; a change bumps the write date, as Odoo's recomputations do. */
export function patchRow(environment: Environment, model: Model, id: number, changes: { readonly [name: string]: Value }): void {
  const row = model.table.get(id);
  if (!row || Object.entries(changes).every(([name, value]) => row[name] === value)) return;
  model.table.put({ ...row, ...changes, write_uid: environment.userId, write_date: environment.now, id });
}

/** x2many commands: [0,0,vals] [1,id,vals] [2,id,0] [3,id,0] [4,id,0] [5,0,0] [6,0,ids]. */
export function applyCommands(environment: Environment, model: Model, id: number, field: Field, value: Json): void {
  if (!isTruthy(value)) return;
  if (!isList(value)) throw valueError(`Wrong value for ${model.name}.${field.name}: ${String(value)}`);
  const commands = value.every((item) => typeof item === 'number') ? [[6, 0, value] as Json] : value;
  for (const command of commands) {
    if (!isList(command)) throw valueError(`Wrong value for ${model.name}.${field.name}: ${represent(value)}`);
    if (field.type === 'many2many') applyToMany(environment, model, id, field, command);
    else applyToChildren(environment, id, field, command);
  }
}

function applyToMany(environment: Environment, model: Model, id: number, field: Field, command: readonly Json[]): void {
  const [code, other, extra] = command;
  const comodel = environment.model(field.relation ?? '');
  const row = model.table.get(id);
  if (!row) return;
  const current = new Set((row[field.name] as readonly number[] | undefined) ?? []);
  const target = Number(other);
  if (code === 0) current.add(createRecords(environment, comodel, [extra ?? {}])[0] ?? 0);
  else if (code === 1) writeRecords(environment, comodel, [target], extra ?? {});
  else if (code === 2) unlinkRecords(environment, comodel, [target]);
  else if (code === 3) current.delete(target);
  else if (code === 4) current.add(target);
  else if (code === 5) current.clear();
  else if (code === 6) {
    current.clear();
    for (const linked of isList(extra) ? extra : []) current.add(Number(linked));
  }
  const after = model.table.get(id) ?? row;
  for (const linked of current) if (!comodel.table.has(linked)) throw new IntegrityError('foreign-key', model.name, null, '');
  model.table.put({ ...after, [field.name]: [...current] });
}

function applyToChildren(environment: Environment, id: number, field: Field, command: readonly Json[]): void {
  const [code, other, extra] = command;
  const comodel = environment.model(field.relation ?? '');
  const inverse = comodel.fields.get(field.relation_field ?? '');
  if (!inverse) return;
  const release = (child: number): void => {
    if (inverse.required || inverse.on_delete === 'cascade') unlinkRecords(environment, comodel, [child]);
    else writeRecords(environment, comodel, [child], { [inverse.name]: false });
  };
  const adopt = (child: number): void => {
    if (comodel.table.get(child)?.[inverse.name] !== id) writeRecords(environment, comodel, [child], { [inverse.name]: id });
  };
  const target = Number(other);
  if (code === 0) createChild(environment, comodel, inverse, id, extra ?? {});
  else if (code === 1) writeRecords(environment, comodel, [target], extra ?? {});
  else if (code === 2) unlinkRecords(environment, comodel, [target]);
  else if (code === 3) release(target);
  else if (code === 4) adopt(target);
  else if (code === 5 || code === 6) {
    const wanted = code === 6 && isList(extra) ? extra.map(Number) : [];
    for (const child of environment.childIds(field, id)) if (!wanted.includes(child)) release(child);
    for (const child of wanted) adopt(child);
  }
}

function createChild(environment: Environment, comodel: Model, inverse: Field, id: number, values: Json): void {
  if (!isObject(values)) throw attributeError(`'${pythonType(values)}' object has no attribute 'get'`);
  const [created] = createRecords(environment, comodel, [{ ...values, [inverse.name]: id }]);
  // Inside `load`, a new line carries its External ID in its values.
  const externalId = values.id;
  const module = environment.context._import_current_module;
  if (created !== undefined && typeof module === 'string' && typeof externalId === 'string' && externalId !== '') {
    environment.database.externalIds.assign(environment, [
      { externalId: externalId.includes('.') ? externalId : `${module}.${externalId}`, model: comodel.name, id: created },
    ]);
  }
}
