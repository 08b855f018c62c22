/** What holds between the files of a capability: names that must exist elsewhere, and order. Each rule tells its own mistakes. */
import { codeCall } from '../../domain/code-call.ts';
import type { EntityContract, SourceMapping } from '../../domain/contract.ts';
import { schemes } from '../../domain/identifiers/registry.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { EntityDefinition, PositionOf } from '../../domain/workspace.ts';
import { checkControls } from './check-controls.ts';
import type { CapabilityParts } from './read-capability.ts';

interface Subject {
  readonly contract: EntityContract;
  readonly position: PositionOf;
  readonly sources: EntityDefinition['sources'];
  readonly parts: CapabilityParts;
  readonly mistakes: Mistakes;
}

/** `connectors`: how each system is reached. */
export function checkCapability(parts: CapabilityParts, connectors: ReadonlyMap<string, string>, mistakes: Mistakes): void {
  checkOrder(parts, mistakes);
  for (const entity of parts.entities) {
    const { contract, position, sources } = entity;
    const subject = { contract, position, sources, parts, mistakes };
    checkFields(subject);
    checkFieldNames(subject);
    checkControls(subject);
    checkSettlement(subject);
    checkBinding(subject);
    checkStates(subject);
    for (const source of entity.sources) checkSource({ entity, source, parts, connectors, mistakes });
  }
}

/** Parents first, and a line only with its document. */
function checkOrder(parts: CapabilityParts, mistakes: Mistakes): void {
  const order = parts.file.entities ?? [];
  const names = parts.entities.map((entity) => entity.contract.entity);
  for (const [index, name] of order.entries()) {
    const position = parts.position(['entities', index]);
    if (order.indexOf(name) !== index) mistakes.push({ position, message: `'${name}' is listed twice` });
    const entity = parts.entities.find((one) => one.contract.entity === name);
    if (entity?.contract.parent !== undefined && names.includes(entity.contract.parent)) {
      mistakes.push({ position, message: `'${name}' is a line of '${entity.contract.parent}' and is loaded with it: leave it out here` });
    }
  }
  for (const [index, entity] of parts.entities.entries()) {
    for (const [name, field] of Object.entries(entity.contract.fields)) {
      if (field.type !== 'ref' || field.entity === entity.contract.entity) continue;
      const at = names.indexOf(field.entity);
      if (at > index) {
        mistakes.push({
          position: parts.position(['entities', Math.max(order.indexOf(entity.contract.entity), 0)]),
          message: `'${entity.contract.entity}' refers to '${field.entity}' (field ${name}) and must come after it`,
        });
      }
    }
  }
}

function checkFields({ contract, position, parts, mistakes }: Subject): void {
  const names = Object.keys(contract.fields);
  const entities = parts.names;
  if (contract.parent !== undefined && !entities.includes(contract.parent)) {
    mistakes.push({ position: position(['parent']), message: `no entity '${contract.parent}' in this capability${didYouMean(contract.parent, entities)}` });
  }
  for (const [name, field] of Object.entries(contract.fields)) {
    const at = (key: string) => position(['fields', name, key]);
    if (field.type === 'ref' && !entities.includes(field.entity)) {
      mistakes.push({ position: at('entity'), message: `no entity '${field.entity}' in this capability${didYouMean(field.entity, entities)}` });
    }
    if (field.type === 'identifier') refuseUnknown(field.scheme, [...schemes.keys()], at('scheme'), mistakes, 'identifier scheme');
    if (field.type === 'quantity' && field.unit !== undefined) refuseUnknown(field.unit, names, at('unit'), mistakes);
    if (field.type === 'money' && field.currency !== 'company') refuseUnknown(field.currency, ['company', ...names], at('currency'), mistakes);
    if (field.type === 'money' && typeof field.rounding === 'object')
      checkLinesRounding(field.rounding.lines, { contract, parts, mistakes }, position(['fields', name, 'rounding', 'lines']));
  }
}

function checkLinesRounding(text: string, { contract, parts, mistakes }: Omit<Subject, 'position' | 'sources'>, at: ReturnType<PositionOf>): void {
  const [entity, field, ...rest] = text.split('.');
  const lines = parts.entities.find((one) => one.contract.entity === entity)?.contract;
  const own = parts.entities.filter((one) => one.contract.parent === contract.entity).map((one) => one.contract.entity);
  if (field === undefined || rest.length > 0) mistakes.push({ position: at, message: "'lines' must be written <entity>.<field>" });
  else if (lines === undefined || lines.parent !== contract.entity) {
    mistakes.push({ position: at, message: `'${entity}' is not a line of '${contract.entity}'${didYouMean(entity ?? '', own)}` });
  } else refuseUnknown(field, Object.keys(lines.fields), at, mistakes);
}

/** Key, owner, controls, link_by and checks name fields of the contract. What their expressions name is proven where they are parsed. */
function checkFieldNames({ contract, position, mistakes }: Subject): void {
  const names = Object.keys(contract.fields);
  for (const [index, name] of contract.key.entries()) {
    refuseUnknown(name, names, position(['key', index]), mistakes);
    if (contract.key.indexOf(name) !== index) mistakes.push({ position: position(['key', index]), message: `'${name}' stands in the key twice` });
  }
  for (const name of Object.keys(contract.owner.fields)) refuseUnknown(name, names, position(['owner', 'fields', name]), mistakes);
  for (const [phase, { fields }] of Object.entries(contract.owner.phases)) {
    for (const name of Object.keys(fields)) refuseUnknown(name, names, position(['owner', 'phases', phase, 'fields', name]), mistakes);
  }
  if (contract.changed_at !== undefined) {
    const at = position(['changed_at']);
    refuseUnknown(contract.changed_at, names, at, mistakes);
    const type = contract.fields[contract.changed_at]?.type;
    if (type !== undefined && type !== 'timestamp') mistakes.push({ position: at, message: `'${contract.changed_at}' is of type ${type}, not a timestamp` });
  }
  for (const [index, fields] of (contract.link_by ?? []).entries()) {
    for (const [inner, name] of fields.entries()) refuseUnknown(name, names, position(['link_by', index, inner]), mistakes);
  }
  refuseTwice(contract.controls, (index) => position(['controls', index, 'name']), mistakes);
  refuseTwice(contract.checks, (index) => position(['checks', index, 'name']), mistakes);
}

/** What `explained` and `settles` name; their expressions are proven where they are parsed. */
function checkSettlement({ contract, position, parts, mistakes }: Subject): void {
  const names = Object.keys(contract.fields);
  for (const [index, { field }] of contract.explained.entries()) {
    if (field !== undefined) refuseUnknown(field, names, position(['explained', index, 'field']), mistakes);
  }
  const classes = contract.explained.map(({ class: name, field = '' }) => ({ name: `${name} ${field}`.trim() }));
  refuseTwice(classes, (index) => position(['explained', index, 'class']), mistakes);
  const { settles } = contract;
  if (settles === undefined) return;
  const shared = [['partner', settles.partner] as const, ['date', settles.date] as const];
  const currency = settles.currency === undefined ? [] : [['currency', settles.currency] as const];
  for (const [key, name] of [...shared, ...currency]) refuseUnknown(name, names, position(['settles', key]), mistakes);
  const partner = contract.fields[settles.partner];
  if (partner !== undefined && partner.type !== 'ref') {
    mistakes.push({ position: position(['settles', 'partner']), message: `'${settles.partner}' is of type ${partner.type} and names no record` });
  }
  const documents = Object.keys(settles.documents);
  // a pack names all kinds of documents, and a workspace may use some of them
  if (!documents.some((document) => parts.names.includes(document))) {
    const [first = ''] = documents;
    mistakes.push({ position: position(['settles', 'documents']), message: `no entity '${first}' in this capability${didYouMean(first, parts.names)}` });
  }
  for (const document of documents) {
    const at = position(['settles', 'documents', document]);
    const fields = parts.entities.find((one) => one.contract.entity === document)?.contract.fields;
    if (fields === undefined) continue;
    for (const [, name] of [...shared, ...currency, ['number', settles.number] as const]) refuseUnknown(name, Object.keys(fields), at, mistakes);
    const type = fields[settles.date]?.type;
    if (type !== undefined && type !== 'date') mistakes.push({ position: at, message: `'${settles.date}' of ${document} is of type ${type}, not a date` });
  }
}

function refuseTwice(named: readonly { name: string }[], at: (index: number) => ReturnType<PositionOf>, mistakes: Mistakes): void {
  for (const [index, one] of named.entries()) {
    if (named.findIndex((other) => other.name === one.name) !== index)
      mistakes.push({ position: at(index), message: `the name '${one.name}' is taken already` });
  }
}

function checkBinding({ contract, position, sources, parts, mistakes }: Subject): void {
  const binding = contract.odoo;
  if (binding === undefined) return;
  const names = Object.keys(contract.fields);
  for (const [name, bound] of Object.entries(binding.fields)) {
    refuseUnknown(name, names, position(['odoo', 'fields', name]), mistakes);
    const field = contract.fields[name];
    if (bound.by !== undefined && field !== undefined && field.type !== 'code') {
      mistakes.push({ position: position(['odoo', 'fields', name, 'by']), message: `'by' is for fields of type code; '${name}' is of type ${field.type}` });
    }
    for (const [index, companion] of (bound.along ?? []).entries()) {
      refuseUnknown(companion, Object.keys(binding.fields), position(['odoo', 'fields', name, 'along', index]), mistakes, 'field bound to Odoo');
    }
    if (field?.type === 'ref') {
      const target = parts.entities.find((entity) => entity.contract.entity === field.entity);
      const isLeftOut = parts.leftOut.includes(field.entity);
      const isOptional = isLeftOut || parts.file.optional?.includes(field.entity) === true;
      if (target !== undefined && target.contract.odoo === undefined && !(isOptional && sources.every(({ mapping }) => mapping.fields[name] === undefined))) {
        const why = isLeftOut ? "left out of 'entities': list it, or leave the field unmapped" : 'not bound to Odoo';
        mistakes.push({ position: position(['odoo', 'fields', name]), message: `'${name}' refers to '${field.entity}', which is ${why}` });
      }
    }
  }
  for (const name of Object.keys(binding.locks ?? {})) refuseUnknown(name, names, position(['odoo', 'locks', name]), mistakes);
  if (binding.archived_by_unlink !== undefined) refuseUnknown(binding.archived_by_unlink, names, position(['odoo', 'archived_by_unlink']), mistakes);
  if (contract.parent !== undefined) {
    if (binding.in === undefined)
      mistakes.push({ position: position(['odoo']), message: "the binding of a line needs 'in': the one2many field of its document that holds it" });
    if (binding.parent_field === undefined)
      mistakes.push({ position: position(['odoo']), message: "the binding of a line needs 'parent_field': the many2one field that names its document" });
  } else {
    for (const key of ['in', 'parent_field'] as const) {
      if (binding[key] !== undefined) mistakes.push({ position: position(['odoo', key]), message: `'${key}' is for lines; this entity has no 'parent'` });
    }
  }
}

function checkStates({ contract, position, mistakes }: Subject): void {
  const states = contract.odoo?.states;
  if (states === undefined) return;
  const path = ['odoo', 'states'];
  refuseUnknown(states.field, Object.keys(contract.fields), position([...path, 'field']), mistakes);
  const field = contract.fields[states.field];
  if (field !== undefined && field.type !== 'choice') {
    mistakes.push({ position: position([...path, 'field']), message: `'${states.field}' must be of type choice` });
  }
  if (field?.type === 'choice') {
    for (const value of Object.keys(states.values)) refuseUnknown(value, field.values, position([...path, 'values', value]), mistakes, 'value of the field');
    for (const value of field.values) {
      if (states.values[value] === undefined)
        mistakes.push({ position: position([...path, 'values']), message: `the value '${value}' of '${states.field}' has no state here` });
    }
  }
  const steps = Object.keys(states.steps);
  for (const [value, state] of Object.entries(states.values)) {
    for (const key of ['reach', 'leave'] as const) {
      for (const [index, step] of state[key].entries()) refuseUnknown(step, steps, position([...path, 'values', value, key, index]), mistakes, 'step');
    }
    for (const [nth, { leave = [] }] of (state.barred ?? []).entries()) {
      const at = [...path, 'values', value, 'barred', nth, 'leave'];
      for (const [index, step] of leave.entries()) refuseUnknown(step, steps, position([...at, index]), mistakes, 'step');
    }
    for (const [nth, { same }] of (state.hindered ?? []).entries()) {
      const at = position([...path, 'values', value, 'hindered', nth, 'same']);
      refuseUnknown(same, Object.keys(contract.odoo?.fields ?? {}), at, mistakes, 'field bound to Odoo');
      const { type } = contract.fields[same] ?? {};
      if (type !== undefined && type !== 'code') mistakes.push({ position: at, message: `'${same}' must be of type code` });
    }
    for (const [earlier, names] of Object.entries(state.back ?? {})) {
      refuseUnknown(earlier, Object.keys(states.values), position([...path, 'values', value, 'back', earlier]), mistakes, 'state');
      for (const [index, step] of names.entries()) refuseUnknown(step, steps, position([...path, 'values', value, 'back', earlier, index]), mistakes, 'step');
    }
  }
  for (const [index, { step }] of (contract.odoo?.byproducts ?? []).entries()) {
    if (step !== undefined) refuseUnknown(step, steps, position(['odoo', 'byproducts', index, 'step']), mistakes, 'step');
  }
  const bound = Object.keys(contract.odoo?.fields ?? {});
  for (const [name, step] of Object.entries(states.steps)) {
    const kinds = [step.call, step.write, step.unlink].filter((kind) => kind !== undefined).length;
    if (kinds !== 1) mistakes.push({ position: position([...path, 'steps', name]), message: `the step '${name}' must have one of call, write and unlink` });
    for (const [index, written] of (step.write ?? []).entries()) {
      refuseUnknown(written, bound, position([...path, 'steps', name, 'write', index]), mistakes, 'field bound to Odoo');
    }
  }
}

interface SourceSubject {
  readonly entity: EntityDefinition;
  readonly source: { readonly mapping: SourceMapping; readonly position: PositionOf };
  readonly parts: CapabilityParts;
  readonly connectors: ReadonlyMap<string, string>;
  readonly mistakes: Mistakes;
}

function checkSource({ entity, source, parts, connectors, mistakes }: SourceSubject): void {
  const { mapping, position } = source;
  const { contract } = entity;
  const connector = connectors.get(mapping.system);
  if (connector === 'odoo') mistakes.push({ position: position(['system']), message: `'${mapping.system}' is an Odoo; a source is a legacy system` });
  if ((mapping.from === undefined) === (mapping.query === undefined))
    mistakes.push({ position: position([]), message: "one of 'from' and 'query' must say where the rows come from" });
  if (mapping.query !== undefined && connector === 'files')
    mistakes.push({ position: position(['query']), message: "'query' is for SQL systems; files have 'from'" });
  if (mapping.watermark !== undefined && mapping.id === undefined)
    mistakes.push({ position: position(['watermark']), message: "'watermark' needs 'id', the column that identifies a row" });

  for (const name of Object.keys(mapping.fields)) refuseUnknown(name, Object.keys(contract.fields), position(['fields', name]), mistakes);
  for (const [name, field] of Object.entries(contract.fields)) {
    if (mapping.fields[name] !== undefined) continue;
    if (contract.key.includes(name)) mistakes.push({ position: position(['fields']), message: `the key field '${name}' is not mapped` });
    else if (field.required) mistakes.push({ position: position(['fields']), message: `the required field '${name}' is not mapped` });
  }
  for (const [name, expression] of Object.entries(mapping.fields)) {
    const field = contract.fields[name];
    const call = codeCall(expression);
    if (field?.type === 'code') {
      const codes = call?.codes ?? field.codes;
      if (!parts.codes.has(codes)) {
        mistakes.push({
          position: position(['fields', name]),
          message: `there is no codes/${codes}.csv, which '${name}' is translated by${didYouMean(codes, parts.codes.keys())}`,
        });
      }
    } else if (call !== null && field !== undefined) {
      mistakes.push({
        position: position(['fields', name]),
        message: `code('${call.codes}', …) is for fields of type code; '${name}' is of type ${field.type}`,
      });
    }
  }
}

function refuseUnknown(name: string, known: readonly string[], at: ReturnType<PositionOf>, mistakes: Mistakes, what = 'field'): void {
  if (!known.includes(name)) mistakes.push({ position: at, message: `no ${what} '${name}'${didYouMean(name, known)}` });
}
