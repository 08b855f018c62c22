/** The models that administer Odoo itself. */
import type { Environment } from '../environment.ts';
import { unknownExternalId } from '../external-ids.ts';
import type { Behaviour } from '../model.ts';
import { visibleRows } from '../record-rules.ts';
import { asNumber, asText, type Json, type Row } from '../values.ts';
import { createRecords, writeRecords } from '../writing.ts';
import { currentRates } from './account-money.ts';

export const modelData: Behaviour = {
  indexes: ['module', 'model', 'res_id'],
  unique: [{ fields: ['module', 'name'], message: '' }],
  check: (row) => (asText(row.name).includes(' ') ? { message: 'External IDs cannot contain spaces', column: null } : null),
  computes: {
    complete_name: (_environment, row) => `${asText(row.module)}.${asText(row.name)}`,
    reference: (_environment, row) => `${asText(row.model)},${asNumber(row.res_id)}`,
    display_name: (environment, row) =>
      (environment.database.models.has(asText(row.model)) ? environment.nameOf(asText(row.model), asNumber(row.res_id)) : '') ||
      `${asText(row.module)}.${asText(row.name)}`,
  },
  methods: {
    check_object_reference: {
      onModel: true,
      parameters: ['module', 'xml_id', 'raise_on_access_error?'],
      call: ({ environment, arguments: { module, xml_id: name } }) => {
        const found = environment.database.externalIds.find(`${String(module)}.${String(name)}`);
        if (!found) throw unknownExternalId(`${String(module)}.${String(name)}`);
        const model = environment.model(found.model);
        const row = model.table.get(found.id);
        const isThere = row !== undefined && (visibleRows(environment, model)?.(row) ?? true);
        return [found.model, isThere ? found.id : false];
      },
    },
  },
};

function parameter(environment: Environment, key: Json | undefined): Row | undefined {
  const [id] = environment.model('ir.config_parameter').table.find('key', String(key));
  return id === undefined ? undefined : environment.row('ir.config_parameter', id);
}

export const configParameter: Behaviour = {
  recordName: 'key',
  indexes: ['key'],
  unique: [{ fields: ['key'], message: 'Key must be unique.' }],
  methods: {
    get_param: {
      onModel: true,
      parameters: ['key', 'default?'],
      call: ({ environment, arguments: { key, default: otherwise } }) => asText(parameter(environment, key)?.value) || (otherwise ?? false),
    },
    set_param: {
      onModel: true,
      parameters: ['key', 'value'],
      call: ({ environment, model, arguments: { key, value } }) => {
        const row = parameter(environment, key);
        if (row) writeRecords(environment, model, [row.id], { value: value ?? false });
        else createRecords(environment, model, [{ key: key ?? false, value: value ?? false }]);
        return row ? asText(row.value) : false;
      },
    },
  },
};

export const decimalPrecision: Behaviour = {
  unique: [{ fields: ['name'], message: 'Only one value can be defined for each given usage!' }],
  indexes: ['name'],
  methods: {
    precision_get: {
      onModel: true,
      parameters: ['application'],
      call: ({ environment, model, arguments: { application } }) => {
        const [id] = model.table.find('name', String(application));
        return id === undefined ? 2 : asNumber(environment.row(model.name, id)?.digits);
      },
    },
  },
};

export const currency: Behaviour = {
  searchNames: ['name', 'full_name'],
  indexes: ['name'],
  computes: {
    ...currentRates,
    decimal_places: (_environment, row) => {
      const rounding = asNumber(row.rounding);
      return rounding > 0 && rounding < 1 ? Math.ceil(Math.log10(1 / rounding)) : 0;
    },
  },
};

export const language: Behaviour = {
  methods: {
    get_installed: {
      onModel: true,
      parameters: [],
      call: ({ environment }) =>
        environment
          .searchIds('res.lang', [['active', '=', true]])
          .map((id) => [environment.get('res.lang', id, 'code') as Json, environment.get('res.lang', id, 'name') as Json]),
    },
  },
};

export const model: Behaviour = { indexes: ['model'] };

export const installedModule: Behaviour = { recordName: 'shortdesc', searchNames: ['name', 'shortdesc'], indexes: ['name'] };

export const tax: Behaviour = { computes: { price_include: () => false } };
