/** From one compared record to what is done about it. Pure: no file, no clock, no database. */
import type { Operation } from 'fast-json-patch';
import type { RecordName } from '../../domain/matching.ts';
import type { PlannedRecord, PlannedValue } from '../../domain/plan.ts';
import type { ResolvedField } from '../pull/pull-odoo-binding.ts';
import {
  type BlockingConflict,
  companionsOf,
  type EntityToPlan,
  externalIdOf,
  isFed,
  type LeftAlone,
  type RecordToPlan,
  writableFields,
} from './planning-record.ts';
import type { BrokenRule } from './refused-by-check.ts';
import { decimalText, isDecimalType, type WireValue } from './wire-value.ts';

/** Why something is refused; grouped by in the summary (`refusalGroup`), so no values in it. */
export const Refusal = {
  existsUnlinked: 'exists in Odoo but is not linked; decide in decisions/links.csv',
  duplicateKey: 'its key is not unique in the legacy system',
  rejected: (faults: string | null | undefined) => `the legacy row was rejected by the mapping${faults ? ` (${faults})` : ''}`,
  circle: 'its references run in a circle',
  deletedInOdoo: 'was deleted in Odoo since it was linked; decide in decisions/links.csv',
  ownedByOdoo: 'Odoo owns this entity, and the record is not there',
  undecided: 'both sides changed; decide which one holds',
  goneUncertain: 'is gone from the legacy system, but rows without a readable key were rejected and it may be one of them',
  goneNoArchive: 'is gone from the legacy system, and this model cannot be archived',
  lineOfNoDocument: 'its document is not among the mapped records',
  lineRefused: (reason: string) => `a line is refused: ${reason}`,
  reference: (field: string, target: string) => `${field} refers to ${target}, which is refused, rejected or missing`,
  code: (field: string) => `the code of ${field} does not exist in Odoo`,
  noPath: (from: string, to: string) => `there is no way from ${from} to ${to} in Odoo`,
  follows: 'is one thing with another legacy record, which is refused',
  lineOfFollower: 'its document is one thing with another legacy document, whose lines are loaded',
  conflicts: (conflicts: readonly BlockingConflict[]) => {
    const named = conflicts.map(({ class: name, field, ids }) => `${name}${field === null ? '' : ` of ${field}`} (${ids.join(', ')})`);
    return `unresolved conflict ${named.join(' and ')}; decide in decisions/match.csv or mend it`;
  },
  broken: (rules: readonly BrokenRule[]) =>
    rules.map(({ check, hint, row, place }) => `breaks the rule ${check}: ${hint.replace(/\.$/, '')} (source row ${row} in ${place})`).join('; '),
  locked: (field: string, lock: string, day: string) => `${field} lies in a period that is locked in Odoo (${lock} ${day})`,
  hindered: (why: string, field: string, code: string) => `${why} (${field} ${code})`,
  unfit: (field: string, own: string, there: string) => `${field} is ${own}, and ${there} on the record of Odoo that it is linked to`,
  nul: (field: string) => `${field} holds a NUL character, which Odoo cannot store`,
} as const;

/** A reason without the ids of conflicts, the keys referred to and the names of source rows. */
export function refusalGroup(reason: string): string {
  return reason
    .replace(/ \([0-9a-f]{16}(, [0-9a-f]{16})*\)/g, '')
    .replace(/ \(source row .*?\)(?=; |$)/g, '')
    .replace(/( refers to) .*?(, which is refused, rejected or missing)/, '$1 a record$2');
}

/** The first source row that a reason names, with its file or table. */
export function sourceRowOf(reason: string): string | null {
  return / \(source row (.*?)\)(?=; |$)/.exec(reason)?.[1] ?? null;
}

export function planRecord(record: RecordToPlan, entity: EntityToPlan): PlannedRecord {
  if (record.leftAlone !== null) return leave(record, entity, leftAloneWords(record.leftAlone));
  if (record.conflicts !== null) return refuse(record, entity, Refusal.conflicts(record.conflicts));
  const ruledOut = whyRuledOut(record, entity);
  if (ruledOut !== null) return refuse(record, entity, ruledOut);
  switch (record.class) {
    case 'linked':
      return planLinked(record, entity);
    case 'only-legacy':
      if (record.leader !== null) return planFollower(record, record.leader, entity);
      if (record.direction === 'return-to-legacy') return leave(record, entity, ODOO_HOLDS);
      return record.direction === 'decide' ? refuse(record, entity, Refusal.ownedByOdoo) : planCreate(record, entity);
    case 'missing-in-odoo':
      if (record.direction === 'return-to-legacy') return leave(record, entity, ODOO_HOLDS);
      return record.direction === 'create-in-odoo' ? planCreate(record, entity) : refuse(record, entity, Refusal.deletedInOdoo);
    case 'missing-in-legacy':
      return planGone(record, entity);
    case 'exists-unlinked':
      return refuse(record, entity, Refusal.existsUnlinked);
    case 'duplicate-key':
      return refuse(record, entity, Refusal.duplicateKey);
    case 'rejected':
      return refuse(record, entity, Refusal.rejected(record.faults));
    case 'only-odoo':
    case 'null-key':
    case 'outside-scope':
      throw new Error(`a record of class ${record.class} has no legacy record and is not planned`);
  }
}

/** Null: nothing is wrong with the record itself. */
export function whyRuledOut(record: RecordToPlan, entity: EntityToPlan): string | null {
  return unfitBecause(record, entity) ?? (isToBeWritten(record) ? ruledOutBecause(record, entity) : null);
}

/** It is linked to a record of Odoo that is of another kind. */
function unfitBecause(record: RecordToPlan, { binding, resolved }: EntityToPlan): string | null {
  if (record.class !== 'linked') return null;
  for (const { field, odoo } of resolved.fields) {
    const { fits } = binding.fields[field] ?? {};
    const [own, there] = [record.values?.[field], record.odoo?.[odoo]];
    if (fits === undefined || typeof own !== 'string' || typeof there !== 'string' || own === there) continue;
    if (!fits.some((group) => group.includes(own) && group.includes(there))) return Refusal.unfit(field, own, there);
  }
  return null;
}

/** What is in Odoo as it should be is no matter of rules any more. */
function isToBeWritten({ class: kind, toLink, differing }: RecordToPlan): boolean {
  if (kind === 'linked') return toLink || Object.values(differing).includes('update-odoo');
  return kind === 'only-legacy' || kind === 'missing-in-odoo';
}

/** A rule of the contract that it breaks, a locked period (Odoo takes a document of one and moves its date when it is posted), or what stands in its way. */
function ruledOutBecause(record: RecordToPlan, entity: EntityToPlan): string | null {
  if (record.broken) return Refusal.broken(record.broken);
  for (const [field, locks] of Object.entries(entity.binding.locks ?? {})) {
    const date = record.values?.[field];
    if (typeof date !== 'string') continue;
    const lock = locks.find((name) => date.slice(0, 10) <= (entity.lockDates?.[name] ?? ''));
    if (lock !== undefined) return Refusal.locked(field, lock, entity.lockDates?.[lock] ?? '');
  }
  const state = record.values?.[entity.binding.states?.field ?? ''];
  for (const { field, ids, why } of entity.hindrances?.get(String(state)) ?? []) {
    if (ids.has(record.codes[field] ?? 0)) return Refusal.hindered(why, field, String(record.values?.[field]));
  }
  return null;
}

const ODOO_HOLDS = 'decided: it is not to be in Odoo';

function leftAloneWords({ status, until }: LeftAlone): string {
  switch (status) {
    case 'waived':
      return `waived until ${until}`;
    case 'pending':
      return `may be on its way: it counts as a break from ${until} on`;
    case 'echo':
      return 'was written by one of our own loads since Odoo was pulled';
    case 'explained':
      return 'is explained by a rule of the contract: it stays as it is';
  }
}

/** Nothing is done about a record, and why. What refers to a record that is not in Odoo cannot be loaded then. */
export function leave(record: RecordToPlan, entity: EntityToPlan, reason: string): PlannedRecord {
  return { ...identityOf(record, entity), odooId: record.class === 'missing-in-legacy' ? record.odooId : null, action: 'noop', reason, patch: [] };
}

/** Is a record left alone that others cannot refer to? */
export function isLeftOut({ action, reason, odooId }: Pick<PlannedRecord, 'action' | 'reason' | 'odooId'>): boolean {
  return action === 'noop' && reason !== null && odooId === null;
}

export function refuse(record: RecordToPlan, entity: EntityToPlan, reason: string): PlannedRecord {
  return { ...identityOf(record, entity), action: 'refuse', reason: withSourceRow(reason, record, entity), patch: [] };
}

/** The reason with the place where a person mends it: file or table, and row. */
export function withSourceRow(reason: string, { ref, system }: RecordToPlan, { places }: EntityToPlan): string {
  if (ref === null || ref === undefined || reason.includes(' (source row')) return reason;
  return `${reason} (source row ${ref}${places?.has(system) === true ? ` in ${places.get(system)}` : ''})`;
}

function identityOf(record: RecordToPlan, entity: EntityToPlan): Omit<PlannedRecord, 'action' | 'reason' | 'patch'> {
  const { system, key } = record;
  return { entity: entity.contract.entity, system, key, externalId: externalIdOf(entity, system, key), odooId: null };
}

function planCreate(record: RecordToPlan, entity: EntityToPlan): PlannedRecord {
  if (!record.grounded) return refuse(record, entity, Refusal.circle);
  const patch: Operation[] = [];
  for (const field of writableFields(entity, record.system)) {
    const value = plannedValue(record, field, entity);
    if (typeof value === 'string') return refuse(record, entity, value);
    if (value.planned !== null || entity.binding.whole === true) patch.push({ op: 'add', path: pointer(field.odoo), value: value.planned });
  }
  for (const [name, value] of Object.entries(entity.binding.set)) patch.push({ op: 'add', path: pointer(name), value });
  return { ...identityOf(record, entity), action: 'create', reason: null, patch };
}

/** One thing with a record that this plan creates: linked to it once it is there, with what that one does not say. */
function planFollower(record: RecordToPlan, leader: RecordName, entity: EntityToPlan): PlannedRecord {
  const { entity: name } = entity.contract;
  if (entity.isRefused(name, leader.system, leader.key)) return refuse(record, entity, Refusal.follows);
  const patch: Operation[] = [];
  for (const field of writableFields(entity, record.system)) {
    if (record.ahead?.some((system) => isFed(entity, field.field, system)) === true) continue;
    const value = plannedValue(record, field, entity);
    if (typeof value === 'string') return refuse(record, entity, value);
    if (value.planned !== null) patch.push({ op: 'add', path: pointer(field.odoo), value: value.planned });
  }
  const follows = { $ref: { entity: name, system: leader.system, key: leader.key } };
  return { ...identityOf(record, entity), action: 'link', reason: DECIDED, provenance: 'decision', follows, patch };
}

const DECIDED = 'decided to be the same record';

function planLinked(record: RecordToPlan, entity: EntityToPlan): PlannedRecord {
  const patch: Operation[] = [];
  for (const field of writableFields(entity, record.system)) {
    const direction = record.differing[field.field];
    if (direction === undefined || direction === 'return-to-legacy') continue;
    const value = plannedValue(record, field, entity);
    if (typeof value === 'string') return refuse(record, entity, value);
    if (direction === 'decide') return refuse(record, entity, Refusal.undecided);
    // Odoo has no empty number, boolean or required field: a legacy row without a value has nothing to say about it.
    if (value.planned === null && !field.nullable) continue;
    patch.push({ op: 'test', path: pointer(field.odoo), value: record.odoo?.[field.odoo] ?? null });
    patch.push({ op: 'replace', path: pointer(field.odoo), value: value.planned });
  }
  patch.push(...alongPatch(patch, record, entity));
  const identity = { ...identityOf(record, entity), odooId: record.odooId };
  if (record.toLink) {
    const reason = record.evidence === null ? DECIDED : `is in Odoo already by ${record.evidence}`;
    return { ...identity, action: 'link', reason, provenance: record.provenance ?? 'decision', patch };
  }
  return { ...identity, action: patch.length > 0 ? 'update' : 'noop', reason: null, patch };
}

/** Operations that send what Odoo would compute anew, with the value it has. */
export function alongPatch(patch: readonly Operation[], record: RecordToPlan, entity: EntityToPlan): Operation[] {
  const written = new Set(patch.flatMap((operation) => (operation.op === 'replace' ? [fieldOf(operation.path)] : [])));
  const names = entity.resolved.fields.flatMap((field) => (written.has(field.odoo) ? [field.field] : []));
  const companions = new Set(names.flatMap((name) => companionsOf(entity.binding, entity.resolved.fields, name)));
  return [...companions].flatMap((field) => {
    const value = record.odoo?.[field.odoo] ?? null;
    if (written.has(field.odoo) || value === null) return [];
    return [
      { op: 'test' as const, path: pointer(field.odoo), value },
      { op: 'replace' as const, path: pointer(field.odoo), value },
    ];
  });
}

/** Linked, and no longer in the legacy system. */
function planGone(record: RecordToPlan, entity: EntityToPlan): PlannedRecord {
  if (record.direction !== 'archive-in-odoo' && record.direction !== null) {
    return record.direction === 'return-to-legacy' ? noop(record, entity) : refuse(record, entity, Refusal.undecided);
  }
  if (entity.rejectedWithoutKey > 0) return refuse(record, entity, Refusal.goneUncertain);
  if (!entity.resolved.fields.some((field) => field.odoo === 'active' && field.send)) return refuse(record, entity, Refusal.goneNoArchive);
  if (record.odoo?.['active'] === false) return noop(record, entity);
  const patch: Operation[] = [
    { op: 'test', path: '/active', value: true },
    { op: 'replace', path: '/active', value: false },
  ];
  return { ...identityOf(record, entity), odooId: record.odooId, action: 'archive', reason: 'is gone from the legacy system', patch };
}

function noop(record: RecordToPlan, entity: EntityToPlan): PlannedRecord {
  return { ...identityOf(record, entity), odooId: record.odooId, action: 'noop', reason: null, patch: [] };
}

/** The legacy value of a field on its way to Odoo, or the reason why it cannot go there. */
export function plannedValue(record: RecordToPlan, field: ResolvedField, entity: EntityToPlan): { readonly planned: PlannedValue } | string {
  const value = record.values?.[field.field] ?? null;
  if (value === null) return { planned: null };
  if (field.contract.type === 'ref') return plannedReference(record, field, String(value), entity);
  if (field.contract.type === 'code' && field.relation !== null) {
    const id = record.codes[field.field] ?? null;
    return id === null ? Refusal.code(field.field) : { planned: id };
  }
  if (typeof value === 'string' && value.includes('\0')) return Refusal.nul(field.field);
  return { planned: asOdooWords(value, field) };
}

function plannedReference(record: RecordToPlan, field: ResolvedField, key: string, entity: EntityToPlan): { readonly planned: PlannedValue } | string {
  const target = record.references[field.field] ?? { id: null, class: null, leader: null };
  if (field.contract.type !== 'ref') throw new Error(`${field.field} is not a reference`);
  const { entity: name, pii } = field.contract;
  const named = target.leader ?? { system: record.system, key };
  const refusal = Refusal.reference(field.field, pii ? `a ${name}` : `${name} ${named.key}`);
  if (target.id !== null) return entity.isRuledOut?.(name, named.system, named.key) === true ? refusal : { planned: target.id };
  if (target.class === null || entity.isRefused(name, named.system, named.key)) return refusal;
  return { planned: { $ref: { entity: name, ...named } } };
}

/** Dates and moments in the form of the Odoo field: a day becomes its first second, a moment its day. */
function asOdooWords(value: WireValue, field: ResolvedField): PlannedValue {
  if (typeof value !== 'string') return value;
  if (isDecimalType(field.type)) return decimalText(value);
  if (field.type === 'datetime' && value.length === 10) return `${value} 00:00:00`;
  if (field.type === 'date') return value.slice(0, 10);
  if (field.type === 'integer') return Number(value);
  return value;
}

/** RFC 6901 pointer to a field of the record. */
export function pointer(field: string): string {
  return `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The field a pointer names. */
export function fieldOf(path: string): string {
  return path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
}
