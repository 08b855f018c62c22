/** The methods that every model has. */
import { unlinkRecords } from './deleting.ts';
import { valueError } from './errors.ts';
import { externalIdText } from './external-ids.ts';
import { groupRecords } from './grouping.ts';
import { load } from './load.ts';
import { isToMany, type Method, type MethodCall, type Model } from './model.ts';
import { existingRows, readRecords, readSpecified } from './reading.ts';
import { visibleRows } from './record-rules.ts';
import { asId, isList, isObject, isTruthy, type Json, type JsonObject } from './values.ts';
import { createRecords, defaultsOf, writeRecords } from './writing.ts';

function texts(value: Json | undefined): string[] | null {
  return isList(value) ? value.map(String) : null;
}

function withNames(load: Json | undefined): boolean {
  return load === undefined || load === '_classic_read';
}

function searchOptions({ offset, limit, order }: JsonObject): { offset: number; limit: number | null; order: string | null } {
  return { offset: Number(offset ?? 0), limit: isTruthy(limit) ? Number(limit) : null, order: typeof order === 'string' && order !== '' ? order : null };
}

function fieldsGet({ model, arguments: { allfields, attributes } }: MethodCall): Json {
  const wanted = texts(allfields);
  const shown = texts(attributes);
  const answer: { [name: string]: Json } = {};
  for (const field of model.fields.values()) {
    if (wanted && wanted.length > 0 && !wanted.includes(field.name)) continue;
    const { on_delete: _, ...attributesOfField } = { ...field, on_delete: field.on_delete };
    answer[field.name] = Object.fromEntries(
      Object.entries(attributesOfField).filter(([name]) => !shown || shown.length === 0 || shown.includes(name)),
    ) as JsonObject;
  }
  return answer;
}

function defaultGet({ environment, model, arguments: { fields } }: MethodCall): Json {
  const wanted = new Set(texts(fields) ?? []);
  const fromContext = Object.entries(environment.context)
    .filter(([key]) => key.startsWith('default_'))
    .map(([key, value]): [string, Json] => [key.slice('default_'.length), value]);
  const all = [
    ...Object.entries(model.behaviour.inherits ? environment.model(model.behaviour.inherits.model).defaults : {}),
    ...defaultsOf(environment, model),
    ...fromContext,
  ];
  return Object.fromEntries(all.filter(([name]) => wanted.has(name) && model.fields.has(name)));
}

function webSaveMulti({ environment, model, ids, arguments: { vals_list: list, specification } }: MethodCall): Json {
  const values = isList(list) ? list : [];
  if (values.length !== ids.length) throw valueError('Each record must have a corresponding vals entry.');
  for (const [index, id] of ids.entries()) writeRecords(environment, model, [id], values[index] ?? {});
  return readSpecified(environment, model, ids, isObject(specification) ? specification : {});
}

function externalIdsOf({ environment, model, ids }: MethodCall): Json {
  return Object.fromEntries(
    ids.map((id) => {
      const [first] = environment.database.externalIds.of(model.name, id);
      return [String(id), first ? externalIdText(first) : ''];
    }),
  );
}

function metadataOf({ environment, model, ids }: MethodCall): Json {
  const fields = ['id', 'create_uid', 'create_date', 'write_uid', 'write_date'].filter((name) => model.fields.has(name));
  return readRecords(environment, model, ids, { fields, withNames: true }).map((record) => {
    const entries = environment.database.externalIds.of(model.name, asId(record.id as number) ?? 0);
    const xmlids = entries.map((row) => ({ xmlid: externalIdText(row), noupdate: row.noupdate === true }));
    return { ...record, xmlid: xmlids[0]?.xmlid ?? false, noupdate: xmlids[0]?.noupdate ?? false, xmlids };
  });
}

/** Values of a copy; names of some models change, which none of the served ones needs. */
function copyOf({ environment, model, ids, arguments: changes }: MethodCall): Json {
  const given = isObject(changes.default) ? changes.default : {};
  return existingRows(environment, model, ids).flatMap((row) => {
    const values: { [name: string]: Json } = {};
    for (const field of model.fields.values()) {
      if (field.store && !field.readonly && !isToMany(field) && !field.related && row[field.name] !== undefined) values[field.name] = row[field.name] as Json;
    }
    if (typeof values.name === 'string') values.name = `${values.name} (copy)`;
    return createRecords(environment, model, [{ ...values, ...given }]);
  });
}

function nameSearch({ environment, model, arguments: { name, domain, operator, limit } }: MethodCall): Json {
  const named = isTruthy(name) ? environment.nameSearch(model.name, String(name), String(operator ?? 'ilike')) : environment.searchIds(model.name, []);
  const allowed = isTruthy(domain) ? new Set(environment.searchIds(model.name, domain ?? [])) : null;
  const found = named.filter((id) => !allowed || allowed.has(id)).slice(0, isTruthy(limit) ? Number(limit) : 100);
  return found.map((id) => [id, environment.nameOf(model.name, id)]);
}

function searchRead({ environment, model, arguments: given }: MethodCall): Json {
  const ids = environment.searchIds(model.name, given.domain ?? [], searchOptions(given));
  return readRecords(environment, model, ids, { fields: texts(given.fields), withNames: withNames(given.load) });
}

function webSearchRead({ environment, model, arguments: given }: MethodCall): Json {
  const all = environment.searchIds(model.name, given.domain ?? [], { order: searchOptions(given).order });
  const { offset, limit } = searchOptions(given);
  const page = all.slice(offset, limit === null ? undefined : offset + limit);
  return { length: all.length, records: readSpecified(environment, model, page, isObject(given.specification) ? given.specification : {}) };
}

function createOf({ environment, model, arguments: { vals_list: list } }: MethodCall): Json {
  return createRecords(environment, model, isList(list) ? list : [list ?? {}]);
}

function hasAccess({ environment, model, ids }: MethodCall): Json {
  const isVisible = visibleRows(environment, model);
  const rows = ids.map((id) => model.table.get(id)).filter((row) => row !== undefined);
  return isVisible === null || rows.every(isVisible);
}

export const genericMethods: Readonly<Record<string, Method>> = {
  create: { onModel: true, parameters: ['vals_list'], call: createOf },
  write: {
    parameters: ['vals'],
    call: ({ environment, model, ids, arguments: { vals } }) => {
      writeRecords(environment, model, ids, vals ?? {});
      return true;
    },
  },
  unlink: {
    parameters: [],
    call: ({ environment, model, ids }) => {
      unlinkRecords(environment, model, ids);
      return true;
    },
  },
  read: {
    parameters: ['fields?', 'load?'],
    call: ({ environment, model, ids, arguments: { fields, load } }) =>
      readRecords(environment, model, ids, { fields: texts(fields), withNames: withNames(load) }),
  },
  search: {
    onModel: true,
    parameters: ['domain', 'offset?', 'limit?', 'order?'],
    call: ({ environment, model, arguments: given }) => environment.searchIds(model.name, given.domain ?? [], searchOptions(given)),
  },
  search_read: { onModel: true, parameters: ['domain?', 'fields?', 'offset?', 'limit?', 'order?', 'load?'], call: searchRead },
  search_count: {
    onModel: true,
    parameters: ['domain', 'limit?'],
    call: ({ environment, model, arguments: given }) =>
      environment.searchIds(model.name, given.domain ?? [], { order: 'id', limit: searchOptions(given).limit }).length,
  },
  fields_get: { onModel: true, parameters: ['allfields?', 'attributes?'], call: fieldsGet },
  default_get: { onModel: true, parameters: ['fields'], call: defaultGet },
  load: { onModel: true, parameters: ['fields', 'data'], call: load },
  web_save_multi: { parameters: ['vals_list', 'specification'], call: webSaveMulti },
  web_read: {
    parameters: ['specification'],
    call: ({ environment, model, ids, arguments: { specification } }) => readSpecified(environment, model, ids, isObject(specification) ? specification : {}),
  },
  web_search_read: { onModel: true, parameters: ['domain', 'specification', 'offset?', 'limit?', 'order?', 'count_limit?'], call: webSearchRead },
  formatted_read_group: {
    onModel: true,
    parameters: ['domain', 'groupby?', 'aggregates?', 'having?', 'offset?', 'limit?', 'order?'],
    call: ({ environment, model, arguments: { domain, groupby, aggregates } }) =>
      groupRecords(environment, model, environment.searchIds(model.name, domain ?? [], { order: 'id' }), texts(groupby) ?? [], texts(aggregates) ?? []),
  },
  get_external_id: { parameters: [], call: externalIdsOf },
  get_metadata: { parameters: [], call: metadataOf },
  has_access: { parameters: ['operation'], call: hasAccess },
  check_access_rights: { onModel: true, parameters: ['operation', 'raise_exception?'], call: () => true },
  name_search: { onModel: true, parameters: ['name?', 'domain?', 'operator?', 'limit?'], call: nameSearch },
  name_create: {
    onModel: true,
    parameters: ['name'],
    call: ({ environment, model, arguments: { name } }) => {
      const [id = 0] = createRecords(environment, model, [{ [nameField(model)]: name ?? false }]);
      return [id, environment.nameOf(model.name, id)];
    },
  },
  copy: { parameters: ['default?'], call: copyOf },
  action_archive: {
    parameters: [],
    call: ({ environment, model, ids }) => {
      writeRecords(environment, model, ids, { active: false });
      return true;
    },
  },
  action_unarchive: {
    parameters: [],
    call: ({ environment, model, ids }) => {
      writeRecords(environment, model, ids, { active: true });
      return true;
    },
  },
};

function nameField(model: Model): string {
  const name = model.behaviour.recordName ?? 'name';
  return name === 'complete_name' ? 'name' : name;
}
