/** The second half of `load`: the cells of a record become values for create and write, or messages. */
import { contextText, type Environment } from './environment.ts';
import { attributeError, OdooException, typeError } from './errors.ts';
import { wrongModel } from './external-ids.ts';
import { parseFloatAsPython, toDate, toDatetime } from './fields.ts';
import type { RawRecord } from './load-rows.ts';
import type { Field, Model } from './model.ts';
import { isTimeZone, localToUtc } from './time.ts';
import { isTruthy, type Json, pythonType, type Values } from './values.ts';

/** A cell that cannot be read. `%(field)s` in the message stands for the field's label. */
export class CellError extends Error {
  readonly details: { readonly [name: string]: Json };
  constructor(message: string, details: { readonly [name: string]: Json } = {}) {
    super(message);
    this.name = 'CellError';
    this.details = details;
  }
}

export interface CellMessage {
  readonly type: 'error' | 'warning';
  readonly field: string;
  readonly error: CellError;
}

export interface Conversion {
  readonly environment: Environment;
  /** Saves the records read so far: a later row may refer to an earlier one. */
  readonly flush: (wanted: { readonly externalId?: string; readonly model?: string }) => void;
  readonly log: (message: CellMessage) => void;
}

const references: ReadonlySet<string> = new Set(['', 'id', '.id']);

export function convertRecord(conversion: Conversion, model: Model, record: RawRecord): Values {
  const values: Values = {};
  for (const [name, cell] of record) {
    if (references.has(name)) continue;
    const field = model.fields.get(name);
    if (!field) continue;
    if (isEmpty(cell)) {
      values[name] = false;
      continue;
    }
    try {
      const warnings: CellError[] = [];
      values[name] = convertCell(conversion, field, cell, warnings);
      for (const error of warnings) conversion.log({ type: error.message.startsWith('Unknown value') ? 'error' : 'warning', field: name, error });
    } catch (error) {
      if (error instanceof CellError) conversion.log({ type: 'error', field: name, error });
      else if (error instanceof OdooException && error.exception === 'builtins.ValueError')
        conversion.log({ type: 'error', field: name, error: new CellError(error.message) });
      else throw error;
    }
  }
  return values;
}

function isEmpty(cell: Json | RawRecord[]): boolean {
  return Array.isArray(cell) ? cell.length === 0 : !isTruthy(cell as Json);
}

function convertCell(conversion: Conversion, field: Field, cell: Json | RawRecord[], warnings: CellError[]): Json {
  switch (field.type) {
    case 'many2one':
      return convertReference(conversion, field, cell as RawRecord[], warnings);
    case 'many2many':
      return [[6, 0, convertReferences(conversion, field, cell as RawRecord[], warnings)]];
    case 'one2many':
      return convertChildren(conversion, field, cell as RawRecord[], warnings);
    default:
      return convertScalar(conversion.environment, field, cell as Json, warnings);
  }
}

function textOf(cell: Json): string {
  if (typeof cell !== 'string') throw attributeError(`'${pythonType(cell)}' object has no attribute 'lower'`);
  return cell;
}

function convertScalar(environment: Environment, field: Field, cell: Json, warnings: CellError[]): Json {
  switch (field.type) {
    case 'boolean':
      return convertBoolean(cell, warnings);
    case 'integer':
    case 'many2one_reference':
      if (typeof cell === 'number') return Math.trunc(cell);
      if (cell === true) return 1;
      if (!/^\s*[+-]?\d+\s*$/.test(String(cell))) throw new CellError(`'${String(cell)}' does not seem to be an integer for field '%(field)s'`);
      return Number(cell);
    case 'float':
    case 'monetary': {
      const number = typeof cell === 'number' ? cell : cell === true ? 1 : parseFloatAsPython(String(cell));
      if (number === null) throw new CellError(`'${String(cell)}' does not seem to be a number for field '%(field)s'`);
      return number;
    }
    case 'date':
      return convertDate(cell);
    case 'datetime':
      return convertDatetime(environment, cell);
    case 'selection':
      return convertSelection(field, cell);
    default:
      return cell;
  }
}

function convertBoolean(cell: Json, warnings: CellError[]): boolean {
  const text = textOf(cell).toLowerCase();
  if (['1', 'true', 'yes'].includes(text)) return true;
  if (['', '0', 'false', 'no'].includes(text)) return false;
  warnings.push(new CellError(`Unknown value '${String(cell)}' for boolean field '%(field)s'`, { moreinfo: "Use '1' for yes and '0' for no" }));
  return true;
}

function convertSelection(field: Field, cell: Json): Json {
  const wanted = textOf(cell).toLowerCase();
  const found = field.selection?.find(([item, label]) => item.toLowerCase() === wanted || label.toLowerCase() === wanted);
  if (found) return found[0];
  throw new CellError(`Value '${String(cell)}' not found in selection field '%(field)s'`, { moreinfo: field.selection?.map(([, label]) => label) ?? [] });
}

function convertDate(cell: Json): Json {
  try {
    return toDate(cell) as Json;
  } catch (error) {
    if (!(error instanceof OdooException) || error.exception !== 'builtins.ValueError') throw error;
    throw new CellError(`'${String(cell)}' does not seem to be a valid date for field '%(field)s'`, { moreinfo: "Use the format '2012-12-31'" });
  }
}

/** Read in the time zone of the context, else of the user, else UTC. */
function convertDatetime(environment: Environment, cell: Json): Json {
  try {
    const local = String(toDatetime(cell));
    const own = environment.get('res.users', environment.userId, 'tz');
    const zone = contextText(environment, 'tz', typeof own === 'string' && own !== '' ? own : 'UTC');
    return localToUtc(local, isTimeZone(zone) ? zone : 'UTC');
  } catch (error) {
    if (!(error instanceof OdooException) || error.exception !== 'builtins.ValueError') throw error;
    throw new CellError(`'${String(cell)}' does not seem to be a valid datetime for field '%(field)s'`, { moreinfo: "Use the format '2012-12-31 23:59:59'" });
  }
}

/** How a relation's cell refers: by name (''), External ID ('id') or database id ('.id'). */
function referenceOf(record: RawRecord): { how: string; value: Json } {
  const columns = [...record.keys()];
  if (columns.some((name) => !references.has(name))) throw new CellError('Can not create Many-To-One records indirectly, import the field separately');
  if (columns.length > 1) throw new CellError("Ambiguous specification for field '%(field)s', only provide one of name, external id or database id");
  const [how = ''] = columns;
  return { how, value: (record.get(how) ?? null) as Json };
}

function convertReference(conversion: Conversion, field: Field, records: readonly RawRecord[], warnings: CellError[]): Json {
  const { how, value } = referenceOf(records[0] ?? new Map());
  return findRecord(conversion, field, how, value, warnings);
}

function convertReferences(conversion: Conversion, field: Field, records: readonly RawRecord[], warnings: CellError[]): number[] {
  const { how, value } = referenceOf(records[0] ?? new Map());
  if (typeof value !== 'string') throw attributeError(`'${pythonType(value)}' object has no attribute 'split'`);
  return value
    .split(',')
    .map((part) => findRecord(conversion, field, how, part, warnings))
    .filter((id) => typeof id === 'number');
}

function isNo(value: Json): boolean {
  return typeof value === 'string' && ['', '0', 'false', 'no'].includes(value.toLowerCase());
}

const possibleValues = (field: Field, how: string): { [name: string]: Json } => ({
  moreinfo: {
    name: 'Possible Values',
    type: 'ir.actions.act_window',
    target: 'new',
    view_mode: 'list,form',
    views: [
      [false, 'list'],
      [false, 'form'],
    ],
    context: { create: false },
    help: 'See all possible values',
    ...(how === '' ? { res_model: field.relation ?? '' } : { res_model: 'ir.model.data', domain: [['model', '=', field.relation ?? '']] }),
  },
});

function findRecord(conversion: Conversion, field: Field, how: string, value: Json, warnings: CellError[]): number | false {
  const model = conversion.environment.model(field.relation ?? '');
  const none = (kind: string): CellError =>
    new CellError(`No matching record found for ${kind} '${String(value)}' in field '%(field)s'`, possibleValues(field, how));
  if (how === '.id') {
    if (isNo(value)) return false;
    if (!/^\s*\d+\s*$/.test(String(value))) throw new CellError(`Invalid database id '${String(value)}' for the field '%(field)s'`, possibleValues(field, how));
    if (!model.table.has(Number(value))) throw none('database id');
    return Number(value);
  }
  if (how === 'id') {
    if (isNo(textOf(value))) return false;
    return findByExternalId(conversion, model, String(value)) ?? raise(none('external id'));
  }
  conversion.flush({ model: model.name });
  if (typeof value !== 'string') throw typeError(`expected str instance, ${pythonType(value)} found`);
  const found = conversion.environment.nameSearch(model.name, value, '=', 100);
  if (found.length > 1) warnings.push(new CellError(`Found multiple matches for value "${value}" in field "%(field)s" (${found.length} matches)`));
  return found[0] ?? raise(none('name'));
}

function raise(error: Error): never {
  throw error;
}

function findByExternalId({ environment, flush }: Conversion, model: Model, text: string): number | null {
  const externalId = text.includes('.') ? text : `${contextText(environment, '_import_current_module', '')}.${text}`;
  flush({ externalId });
  const found = environment.database.externalIds.find(externalId);
  if (!found || !model.table.has(found.id)) return null;
  if (found.model !== model.name) throw wrongModel(externalId, model.name, found.model);
  return found.id;
}

function convertChildren(conversion: Conversion, field: Field, given: readonly RawRecord[], warnings: CellError[]): Json {
  const comodel = conversion.environment.model(field.relation ?? '');
  const inner: Conversion = {
    ...conversion,
    log: ({ type, field: name, error }) => {
      if (type === 'warning') warnings.push(error);
      else throw new CellError(error.message.replace('%(field)s', `%(field)s/${comodel.fields.get(name)?.string ?? name}`), error.details);
    },
  };
  const commands: Json[] = [];
  for (const record of split(given)) {
    const referring: RawRecord = new Map([...record].filter(([name]) => references.has(name)));
    const writable = convertRecord(inner, comodel, new Map([...record].filter(([name]) => !references.has(name))));
    const id = referring.size === 0 ? null : findChild(conversion, field, referring, writable, warnings);
    if (id) commands.push([4, id, 0], [1, id, writable]);
    else commands.push([0, 0, writable]);
  }
  return commands;
}

/** One row with nothing but a reference may name several children, with commas between. */
function split(records: readonly RawRecord[]): readonly RawRecord[] {
  const [only, ...others] = records;
  if (!only || others.length > 0 || [...only.keys()].some((name) => !references.has(name))) return records;
  const { how, value } = referenceOf(only);
  return String(value)
    .split(',')
    .map((part) => new Map([[how, part as Json]]));
}

/** A child with an External ID that is not there yet is created under it. */
function findChild(conversion: Conversion, field: Field, referring: RawRecord, writable: Values, warnings: CellError[]): number | false {
  const { how, value } = referenceOf(referring);
  if (how === '' && !isTruthy(value)) return false;
  try {
    return isTruthy(value) ? findRecord(conversion, field, how, value, warnings) : false;
  } catch (error) {
    if (!(error instanceof CellError || error instanceof OdooException) || how !== 'id') throw error;
    if (error instanceof OdooException && error.exception !== 'builtins.ValueError') throw error;
    writable.id = value;
    return false;
  }
}
