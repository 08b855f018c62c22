/** Planned values made ready to send: references resolved through the crosswalk. */
import type { Operation } from 'fast-json-patch';
import type { PlannedRecord, PlannedReference, PlannedStep, PlannedValue } from '../../domain/plan.ts';
import { fieldOf } from '../plan/plan-record.ts';
import type { WireValue } from '../plan/wire-value.ts';
import type { LoadRun, Values } from './load-run.ts';

export type Reference = PlannedReference['$ref'];

export function isReference(value: unknown): value is PlannedReference {
  return typeof value === 'object' && value !== null && '$ref' in value;
}

export function referenceName(reference: Pick<Reference, 'entity' | 'system' | 'key'>): string {
  return JSON.stringify([reference.entity, reference.system, reference.key]);
}

export function referencesOf(record: PlannedRecord): readonly Reference[] {
  const own = record.follows === undefined ? [] : [record.follows.$ref];
  return [...own, ...record.patch.flatMap((operation) => ('value' in operation && isReference(operation.value) ? [operation.value.$ref] : []))];
}

/** Where references lead, by name; those that lead nowhere are left out. */
export async function resolveReferences(run: LoadRun, records: readonly PlannedRecord[]): Promise<ReadonlyMap<string, number>> {
  const wanted = new Map<string, Map<string, Reference>>();
  for (const reference of records.flatMap(referencesOf)) {
    const group = JSON.stringify([reference.entity, reference.system]);
    const keys = wanted.get(group) ?? new Map<string, Reference>();
    wanted.set(group, keys.set(reference.key, reference));
  }
  const found = new Map<string, number>();
  for (const keys of wanted.values()) {
    const [first] = keys.values();
    if (first === undefined) continue;
    const links = await run.state.linksOf(run.manifest.odoo.uuid, first.entity, first.system, [...keys.keys()]);
    for (const link of links.values()) found.set(referenceName(link), link.odooId);
  }
  return found;
}

export function unresolved(record: PlannedRecord, found: ReadonlyMap<string, number>): Reference | null {
  return referencesOf(record).find((reference) => !found.has(referenceName(reference))) ?? null;
}

/** The record of Odoo that is changed or linked: known when the plan was made, or made by the action it follows. */
export function changedId(record: PlannedRecord, found: ReadonlyMap<string, number>): number {
  const id = record.odooId ?? (record.follows === undefined ? undefined : found.get(referenceName(record.follows.$ref)));
  if (id === undefined) throw new Error(`the record of ${record.entity} was written before it was known`);
  return id;
}

/** Field → value of the operations that write. */
export function writtenValues(record: PlannedRecord, found: ReadonlyMap<string, number>): Values {
  return Object.fromEntries(record.patch.filter(isWrite).map((operation) => [fieldOf(operation.path), resolve(operation.value, found)]));
}

/** Field → value the plan was made on. */
export function testedValues(record: PlannedRecord): Values {
  return Object.fromEntries(record.patch.flatMap((operation) => (operation.op === 'test' ? [[fieldOf(operation.path), operation.value as WireValue]] : [])));
}

export function stepValues(step: PlannedStep, found: ReadonlyMap<string, number>): Values {
  return Object.fromEntries(Object.entries(step.write ?? {}).map(([field, value]) => [field, resolve(value, found)]));
}

function isWrite(operation: Operation): operation is Operation & { op: 'add' | 'replace'; value: PlannedValue } {
  return operation.op === 'add' || operation.op === 'replace';
}

function resolve(value: PlannedValue, found: ReadonlyMap<string, number>): WireValue {
  if (!isReference(value)) return value;
  const id = found.get(referenceName(value.$ref));
  if (id === undefined) throw new Error(`the reference to ${value.$ref.entity} was sent before it was resolved`);
  return id;
}
