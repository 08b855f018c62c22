/** Server actions. There is no Python here: of code actions the sandbox knows one text, that of the cutover helper, and does the same. */
import { helperContextKey, helperExternalId, helperText, helperVersion } from '../../domain/odoo-helper.ts';
import { Environment } from '../environment.ts';
import { IntegrityError, missingRecords, OdooException, userError } from '../errors.ts';
import { load } from '../load.ts';
import type { Behaviour, Model } from '../model.ts';
import { readRecords } from '../reading.ts';
import { asText, isList, isObject, isTruthy, type Json, type JsonObject, type Row, represent } from '../values.ts';
import { writeRecords } from '../writing.ts';

export const actions: Behaviour = {
  methods: {
    get_bindings: {
      onModel: true,
      parameters: ['model_name'],
      call: ({ environment, arguments: { model_name: name } }) => {
        const bound = environment.searchIds('ir.actions.server', [['binding_model_id.model', '=', name ?? '']], { order: 'sequence, id' });
        const shown = readRecords(environment, environment.model('ir.actions.server'), bound, {
          fields: ['name', 'binding_view_types', 'sequence'],
          withNames: false,
        });
        return shown.length === 0 ? {} : { action: shown };
      },
    },
  },
};

export const serverAction: Behaviour = {
  methods: {
    run: {
      parameters: [],
      call: ({ environment, model, ids }) => {
        const gone = ids.filter((id) => !model.table.has(id));
        if (gone.length > 0) throw missingRecords(model.name, gone, environment.userId);
        return ids.map((id) => runCode(environment, model.table.get(id) as Row)).at(-1) ?? false;
      },
    },
  },
};

function runCode(environment: Environment, action: Row): Json {
  const code = asText(action.code).trim();
  if (action.state !== 'code' || code !== helperText.trim()) {
    throw userError('The sandbox cannot run Python: of server actions it knows the text of the cutover helper and nothing else.');
  }
  try {
    return runHelper(environment, code);
  } catch (error) {
    throw insideAction(error, code);
  }
}

/** What `safe_eval` does with an exception that is neither one of Odoo's own nor a lost race. */
function insideAction(error: unknown, code: string): unknown {
  const names: Readonly<Record<IntegrityError['kind'], string>> = {
    unique: 'UniqueViolation',
    check: 'CheckViolation',
    'not-null': 'NotNullViolation',
    'foreign-key': 'ForeignKeyViolation',
  };
  const wrapped = (name: string, message: string) =>
    new OdooException(500, 'builtins.ValueError', `${name}(${represent(message)}) while evaluating\n${represent(code)}`);
  if (error instanceof IntegrityError) return wrapped(names[error.kind], error.raw ?? error.message);
  if (error instanceof OdooException && error.exception.startsWith('builtins.')) return wrapped(error.exception.slice('builtins.'.length), error.message);
  return error;
}

function runHelper(environment: Environment, code: string): Json {
  const request = environment.context[helperContextKey];
  if (!isObject(request) || !isTruthy(request)) throw userError('This action is called by cutover. Started by hand it does nothing.');
  const { [helperContextKey]: _, ...context } = environment.context;
  // The request must not be seen by what the call does.
  const here = new Environment(environment.database, context, environment.userId, environment.now);
  const result = { version: helperVersion, ...answerOf(here, request, code) };
  return { type: 'ir.actions.act_window_close', result };
}

function answerOf(here: Environment, request: JsonObject, code: string): JsonObject {
  switch (request.do) {
    case 'save':
      return { saved: save(here, modelOf(here, request.model), isList(request.changes) ? request.changes : [], contextOf(request)) };
    case 'create': {
      const taken = takenNames(here, isObject(request.names) ? request.names : {});
      if (Object.keys(taken).length > 0) return { taken };
      const given = { fields: request.fields ?? [], data: request.rows ?? [] };
      return { taken, loaded: load({ environment: here.withContext(contextOf(request)), model: modelOf(here, request.model), ids: [], arguments: given }) };
    }
    case 'text':
      if (here.database.externalIds.find(helperExternalId) === null) {
        throw new OdooException(500, 'builtins.ValueError', `External ID not found in the system: ${helperExternalId}`);
      }
      return { text: code };
    default:
      throw userError('The cutover helper does not know what is asked of it.');
  }
}

function contextOf({ context }: JsonObject): JsonObject {
  return isObject(context) ? context : {};
}

function modelOf(here: Environment, name: Json | undefined): Model {
  const model = here.database.models.get(String(name));
  if (!model) throw new OdooException(500, 'builtins.KeyError', String(name));
  return model;
}

function save(here: Environment, model: Model, changes: readonly Json[], context: JsonObject): Json {
  const asked = changes.map((change) => {
    const [id, expected, values] = isList(change) ? change : [];
    return { id: Number(id), expected: isObject(expected) ? expected : {}, values: isObject(values) ? values : {} };
  });
  const names = [...new Set(asked.flatMap(({ expected }) => Object.keys(expected)))].sort();
  const present = asked.map(({ id }) => id).filter((id) => model.table.has(id));
  const reading = here.withContext({ active_test: false });
  const read = readRecords(reading, model, present, { fields: names.length > 0 ? names : ['id'], withNames: false });
  const rows = new Map(read.map((row) => [row.id, row]));
  const groups = new Map<string, { readonly values: JsonObject; readonly ids: number[] }>();
  const answers = asked.map(({ id, expected, values }): Json => {
    const row = rows.get(id);
    if (row === undefined) return [id, {}];
    const found = Object.fromEntries(Object.keys(expected).map((name) => [name, asSent(model, name, row[name])]));
    if (Object.entries(expected).some(([name, value]) => represent(asSent(model, name, value)) !== represent(found[name]))) return [id, found];
    if (Object.keys(values).length > 0) {
      const key = represent(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
      const group = groups.get(key) ?? { values, ids: [] };
      groups.set(key, group);
      group.ids.push(id);
    }
    return [id, null];
  });
  for (const { values, ids } of groups.values()) writeRecords(here.withContext(context), model, ids, values);
  return answers;
}

/** A value as the action compares and answers it. */
function asSent(model: Model, name: string, value: Json | undefined): Json {
  switch (model.fields.get(name)?.type) {
    case 'date':
    case 'datetime':
      return isTruthy(value) ? String(value).slice(0, 19) : (value ?? false);
    case 'one2many':
    case 'many2many':
      return isList(value) ? value.map(Number).sort((one, other) => one - other) : [];
    case 'float':
    case 'monetary':
    case 'integer':
      return Number(value ?? 0);
    default:
      return value ?? false;
  }
}

function takenNames(here: Environment, names: JsonObject): JsonObject {
  const found: { [name: string]: Json } = {};
  for (const [module, list] of Object.entries(names)) {
    for (const name of isList(list) ? list : []) {
      const entry = here.database.externalIds.find(`${module}.${String(name)}`);
      if (entry !== null && here.database.models.get(entry.model)?.table.has(entry.id)) found[`${module}.${String(name)}`] = [entry.model, entry.id];
    }
  }
  return found;
}
