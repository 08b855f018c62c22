/** What a load left alone because users had changed it, as a worklist: conflicts.csv, which `decisions import` takes back. */
import { join } from 'node:path';
import { keyIsPii } from '../../domain/canonical.ts';
import { csvLine } from '../../domain/csv.ts';
import type { Break } from '../../domain/difference.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { PlannedEntity } from '../../domain/plan.ts';
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import { conflictsParquet, conflictsWorklist, worklistColumns } from '../../domain/report.ts';
import { copyToParquetSql } from '../../domain/sql.ts';
import { guarded, worklistRow } from '../../domain/worklist-row.ts';
import { type Capability, entityOf, type Workspace } from '../../domain/workspace.ts';
import { stateIn } from '../plan/state-path.ts';
import type { WireValue } from '../plan/wire-value.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { breakColumns, maskedBreaksSql } from '../reconcile/mask-sql.ts';
import { stagePiiKey } from '../reconcile/value-tokens.ts';
import { gatherSides } from '../sides/gather-sides.ts';
import { codesOf } from '../sides/open-sides.ts';
import type { EntitySides, Sides } from '../sides/sides.ts';
import { legacyRowsSql } from '../sides/sides-sql.ts';
import { fieldConflictsSql, judgedConflictsSql, linkNameColumns, metColumns, recordConflictsSql } from './conflicts-sql.ts';
import type { LoadRun } from './load-run.ts';

type Met = Readonly<Record<(typeof metColumns)[number], string | null>>;

/** The path of the worklist; null where there is nothing to decide. What cannot be written is a warning: the load is over, and the next reconcile lists them. */
export async function writeConflicts(run: LoadRun, workspace: Workspace, asOf: string): Promise<string | null> {
  const capability = workspace.capabilities.get(run.manifest.capability);
  if (capability === undefined || run.manifest.kind !== 'load') return null;
  try {
    const changed = await changedRecords(run);
    if (changed.size === 0) return null;
    const sides = await gatherSides({ workspace, capability, asOf, runId: run.runId }, run.ports);
    return await write(run, capability, asOf, sides, await asTheyAre(run, capability, changed));
  } catch (error) {
    if (run.ports.signal.aborted) throw error;
    const reason = error instanceof CutoverError ? error.message : 'unexpectedly';
    const text = `${conflictsWorklist} could not be written (${reason}); the next pull and reconcile list what differs`;
    run.ports.progress({ kind: 'warning', text });
    return null;
  }
}

/** A record with what users had changed of it: Odoo field → the value that the plan was made on. */
interface Changed {
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly externalId: string;
  readonly odooId: number | null;
  readonly action: string;
  readonly expected: Map<string, unknown>;
}

/** From the journal, so that all parts of a run are in it. */
async function changedRecords(run: LoadRun): Promise<ReadonlyMap<string, Changed>> {
  const changed = new Map<string, Changed>();
  for await (const page of run.state.journalOf(run.runId, { kinds: ['conflict'] })) {
    for (const entry of page) {
      const one = changedOf(run, entry);
      if (one === null) continue;
      const known = changed.get(one.externalId) ?? one;
      for (const [field, value] of one.expected) known.expected.set(field, value);
      changed.set(one.externalId, known);
    }
  }
  return changed;
}

function changedOf(run: LoadRun, entry: JournalEntry): Changed | null {
  const { payload } = entry;
  const [line] = payload.lines ?? [];
  const { entity, system, key, externalId } = line ?? entry;
  if (entity === null || system === null || key === null || externalId === null) return null;
  const expected = new Map((payload.conflict ?? []).map((one) => [one.field, one.expected]));
  // A line held back by the state of its document: the next plan goes by the state there is then.
  const isByState = line !== undefined && [...expected.keys()].every((field) => run.entity(entry.entity ?? '').stateFields.includes(field));
  return isByState ? null : { entity, system, key, externalId, odooId: (line ?? entry).odooId, action: line?.action ?? payload.action ?? '', expected };
}

/** What Odoo has of them by now: decisions are made on that. */
async function asTheyAre(run: LoadRun, capability: Capability, changed: ReadonlyMap<string, Changed>): Promise<readonly Met[]> {
  const met: Met[] = [];
  for (const [entity, records] of Map.groupBy(changed.values(), (one) => one.entity)) {
    const planned = run.entity(entity);
    const fields = [...new Set([...records.flatMap((one) => [...one.expected.keys()]), ...planned.stateFields])];
    const ids = records.flatMap(({ odooId }) => odooId ?? []);
    const now = await run.read(planned.model, ids, fields);
    for (const one of records) met.push(...metOf(one, planned, capability, one.odooId === null ? undefined : now.get(one.odooId)));
  }
  return met;
}

function metOf(one: Changed, planned: PlannedEntity, capability: Capability, now: Readonly<Record<string, WireValue>> | undefined): Met[] {
  const { entity, system, key, externalId, odooId, action, expected } = one;
  const row = (parts: Partial<Met>): Met => ({
    ...{ entity, system, key, odoo_id: odooId === null ? null : String(odooId), field: '', class: null, found: null, expected: null, candidate: null },
    ...parts,
  });
  // Under our External ID, and not made by this load: whoever made it, it is one with the legacy record or it is not.
  if (action === 'create') return [row({ class: 'exists-unlinked', candidate: externalId })];
  if (now === undefined) return [row({ class: 'missing-in-odoo' })];
  if (action === 'delete') return [row({ class: 'missing-in-legacy' })];
  const { states } = entityOf(capability, entity).contract.odoo ?? {};
  const base = Object.fromEntries(expected) as Readonly<Record<string, WireValue>>;
  const isMoved = states !== undefined && planned.stateFields.some((field) => expected.has(field));
  const state = isMoved ? [row({ field: states.field, found: stateIn(states, now, false), expected: stateIn(states, { ...now, ...base }, false) })] : [];
  const fields = [...expected].flatMap(([odoo, value]) => {
    const field = planned.stateFields.includes(odoo) ? null : (planned.fields[odoo]?.field ?? null);
    return field === null ? [] : [row({ field, found: wireText(now[odoo]), expected: wireText(value) })];
  });
  return [...state, ...fields];
}

function wireText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

async function write(run: LoadRun, capability: Capability, asOf: string, sides: Sides, met: readonly Met[]): Promise<string | null> {
  const directory = await run.ports.runs.runDirectory(run.runId);
  const [file, worklist] = [join(directory, conflictsParquet), join(directory, conflictsWorklist)];
  const plane = await run.ports.openPlane();
  try {
    await stagePiiKey(plane, await run.ports.piiKey());
    await stage(plane, 'met', metColumns, met);
    await stage(plane, 'link_names', linkNameColumns, await linkNames(run, capability, met));
    const rows = sides.entities.flatMap((entity) => entityConflictsSql(entity, sides, met));
    if (rows.length === 0) return null;
    const keysArePii = capability.entities.flatMap(({ contract }) => (keyIsPii(contract) ? [contract.entity] : []));
    await plane.run(copyToParquetSql(judgedConflictsSql(rows.join('\nUNION ALL '), { capability: capability.name, keysArePii, asOf }), file));
    const [first] = await plane.rows(`${maskedBreaksSql(file, { clear: false })} LIMIT 1`);
    if (first === undefined) return null;
    await run.ports.runs.writeFile(worklist, lines(plane, file));
    return worklist;
  } finally {
    await plane.close();
  }
}

async function stage<Column extends string>(
  plane: DataPlane,
  table: string,
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, string | null>>[],
) {
  await plane.run(stagingTableSql(table, columns));
  await plane.append(table, once(rows.map((row) => columns.map((column) => row[column]))));
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}

function entityConflictsSql(entity: EntitySides, sides: Sides, met: readonly Met[]): string[] {
  const { definition, datasets, odoo } = entity;
  const { contract } = definition;
  const own = met.filter((one) => one.entity === contract.entity);
  const fields = [...new Set(own.map((one) => one.field ?? ''))].flatMap((field) => {
    const fieldContract = contract.fields[field];
    if (fieldContract === undefined) return [];
    const bound = odoo?.binding.fields.find((one) => one.field === field) ?? null;
    return [fieldConflictsSql({ contract, field, fieldContract, bound, codes: codesOf(entity, sides), legacy: legacyRowsSql(contract, datasets) })];
  });
  return own.some((one) => one.field === '') ? [...fields, recordConflictsSql(contract)] : fields;
}

/** The legacy keys of records that references lead to now. */
async function linkNames(run: LoadRun, capability: Capability, met: readonly Met[]) {
  const wanted = new Map<string, Set<string>>();
  for (const { entity, field, found, expected } of met) {
    const contract = entityOf(capability, entity ?? '').contract.fields[field ?? ''];
    if (contract?.type !== 'ref') continue;
    const ids = wanted.get(contract.entity) ?? new Set();
    wanted.set(contract.entity, ids);
    for (const id of [found, expected]) if (id !== null) ids.add(id);
  }
  const names: { readonly entity: string; readonly odoo_id: string; readonly key: string }[] = [];
  for (const [entity, ids] of wanted) {
    for await (const links of run.state.links(run.manifest.odoo.uuid, capability.name, entity)) {
      for (const { odooId, key } of links) if (ids.has(String(odooId))) names.push({ entity, odoo_id: String(odooId), key });
    }
  }
  return names;
}

const names = breakColumns.map((column) => column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));

/** With a byte order mark, as every worklist: without one a spreadsheet takes UTF-8 for the code page of the country. */
async function* lines(plane: DataPlane, file: string): AsyncIterable<string> {
  yield `\uFEFF${csvLine(worklistColumns)}`;
  for await (const rows of plane.stream<DataRow>(maskedBreaksSql(file, { clear: false }))) {
    const breaks = rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[breakColumns[index] as string] ?? null])) as unknown as Break);
    yield breaks.map((one) => csvLine(worklistRow(one, null).map((cell) => (cell === null ? null : guarded(cell))))).join('');
  }
}
