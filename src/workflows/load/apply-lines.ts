/** Lines that do not travel inside their document's own call: of documents that are there already, and those that give other fields. */
import type { JournalPayload } from '../../domain/journal.ts';
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import { readLines } from './apply-creates.ts';
import { forWrite } from './apply-updates.ts';
import { areKept, type Begun, guardRecord, LOOKS, movedSince, overtakenIn, wholeWrite } from './guard.ts';
import { type Complaint, RowsRefused, type Sent, sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { loadTable, nestedLines, signatureOf } from './load-table.ts';
import type { Merged } from './merge-fields.ts';
import { comesOrGoes, deadLetter, journalLine, notAgreed, noteAltered, type OpenDocument, partialConflict, pick } from './open-document.ts';
import { testedValues, writtenValues } from './references.ts';
import { sendRows } from './send-rows.ts';
import { Stage } from './stages.ts';

export interface DueLine {
  readonly document: OpenDocument;
  readonly line: PlannedRecord;
}

/** Deletes, then creates, then updates: a line that makes room goes first. */
export async function applyLines(run: LoadRun, documents: readonly OpenDocument[], found: ReadonlyMap<string, number>): Promise<void> {
  await stage(
    run,
    Stage.linesDelete,
    due(run, documents, Stage.linesDelete, (line) => line.action === 'delete'),
    (group) => deleteLines(run, group),
  );
  const isApart = (line: PlannedRecord, action: PlanAction): boolean => line.action === 'create' && !nestedLines(action).includes(line);
  await stage(run, Stage.linesCreate, due(run, documents, Stage.linesCreate, isApart), (group) => createLines(run, group, found));
  const isChange = (line: PlannedRecord): boolean => line.action === 'update' || line.action === 'link' || line.action === 'detach';
  await stage(run, Stage.linesUpdate, due(run, documents, Stage.linesUpdate, isChange), (group) => updateLines(run, group, found));
}

export function due(run: LoadRun, documents: readonly OpenDocument[], name: string, wanted: (line: PlannedRecord, action: PlanAction) => boolean): DueLine[] {
  return documents.flatMap((document) =>
    document.ended || run.settlement.isAnswered(document.action.seq, name)
      ? []
      : document.action.lines
          .filter((line) => wanted(line, document.action) && !(document.isMoved === true && comesOrGoes(line)))
          .map((line) => ({ document, line })),
  );
}

/** What became of a line. */
export interface Done extends DueLine {
  readonly odooId: number | null;
  readonly before: Values | null;
  readonly after: Values | null;
  readonly altered: readonly string[];
}

/** Groups share calls; the answer of a document comes once, when all its groups are through, also when one of its lines was refused. */
export async function stage(
  run: LoadRun,
  name: string,
  lines: readonly DueLine[],
  apply: (group: readonly DueLine[]) => Promise<readonly Done[]>,
): Promise<void> {
  const done: Done[] = [];
  for (const group of Map.groupBy(lines, ({ line }) => `${line.entity} ${name === Stage.linesCreate ? signatureOf(line) : ''}`).values()) {
    const open = group.filter(({ document }) => !document.ended);
    if (open.length > 0) done.push(...(await apply(open)));
  }
  const entries = [...new Set(lines.map(({ document }) => document))].flatMap((document) => {
    const group = done.filter((one) => one.document === document);
    // refused in all its lines: the dead letter says it
    if (group.length === 0 && document.ended) return [];
    if (group.length > 0) document.wrote = true;
    return run.entry('answer', document.action, name, document.id, {
      lines: group.map(({ line, odooId, before, after, altered }) => journalLine(line, odooId, before, after, altered)),
    });
  });
  await run.state.journal(entries);
  const linked = done.filter(({ line, odooId }) => odooId !== null && (line.action === 'create' || line.action === 'link'));
  await run.link(linked.map(({ line, odooId }) => ({ record: line, odooId: odooId as number, created: line.action === 'create' })));
  await run.unlink(done.flatMap(({ line }) => (line.action === 'delete' || line.action === 'detach' ? [line] : [])));
}

export async function deleteLines(run: LoadRun, group: readonly DueLine[]): Promise<readonly Done[]> {
  // What was given on create only is needed to make the line again.
  const { model, context, set = [] } = run.entity((group[0] as DueLine).line.entity);
  const idOf = ({ line }: DueLine): number => line.odooId as number;
  const records = await run.read(model, group.map(idOf), [...new Set([...set, ...group.flatMap(({ line }) => Object.keys(testedValues(line)))])]);
  const ours = await leaveChanged(run, group, Stage.linesDelete, (item) => {
    const now = records.get(idOf(item));
    return now === undefined ? null : guardRecord(run, item.document.action.seq, item.line, {}, now);
  });
  const before = (item: DueLine): Values => records.get(idOf(item)) ?? testedValues(item.line);
  await intend(run, ours, Stage.linesDelete, before, () => null);
  const sent = await sendIsolating<DueLine, DueLine>(
    ours.filter((item) => records.has(idOf(item))),
    {
      backOff: run.backOff,
      send: async (items) => {
        await run.odoo.unlink(model, items.map(idOf), context);
        return items;
      },
      settle: async (items) => {
        const left = await run.read(model, items.map(idOf), ['id']);
        return items.map((item) => (left.has(idOf(item)) ? null : item));
      },
    },
  );
  const refused = await endRefused(run, sent, Stage.linesDelete);
  return ours.filter((item) => !refused.has(item)).map((item) => ({ ...item, odooId: idOf(item), before: before(item), after: null, altered: [] }));
}

/** `valuesOf`: what a line is made with. */
export async function createLines(
  run: LoadRun,
  group: readonly DueLine[],
  found: ReadonlyMap<string, number>,
  valuesOf: (line: PlannedRecord) => Values = (line) => writtenValues(line, found),
): Promise<readonly Done[]> {
  const { entity } = (group[0] as DueLine).line;
  const { model, context, parentField } = run.entity(entity);
  if (parentField === null) throw new Error(`${entity} is a line, and its binding names no field for its document`);
  await run.metadata(model);
  await intend(
    run,
    group,
    Stage.linesCreate,
    () => null,
    ({ line }) => valuesOf(line),
  );
  const there = await run.odoo.resolveExternalIds(group.map(({ line }) => line.externalId));
  // What a call without an answer was to make, and is there later on, it has made.
  const uncertain = new Set<DueLine>();
  const send = async (items: readonly DueLine[]): Promise<readonly DueLine[]> => {
    if (items.length === 0) return [];
    const rows = items.map(({ document, line }) => ({
      externalId: line.externalId,
      values: { [parentField]: document.id, ...valuesOf(line) },
      lines: [],
    }));
    const table = loadTable(rows, (field) => run.typeOf(model, field), null);
    const names = items.map(({ line }) => line.externalId);
    const result = await sendRows(run.odoo, model, table, names, context);
    if ('ids' in result) return items;
    const isOurs = (item: DueLine): boolean => uncertain.has(item) && result.taken.get(item.line.externalId)?.model === model;
    const others = takenRows(items, (item) => (isOurs(item) ? undefined : result.taken.get(item.line.externalId)));
    if (others.size > 0) throw new RowsRefused('another record has the External ID of a line', others);
    await send(items.filter((item) => !isOurs(item)));
    return items;
  };
  const sent = await sendIsolating<DueLine, DueLine>(
    group.filter(({ line }) => !there.has(line.externalId)),
    {
      backOff: run.backOff,
      send,
      settle: async (items) => {
        for (const item of items) uncertain.add(item);
        const made = await run.odoo.resolveExternalIds(items.map(({ line }) => line.externalId));
        return items.map((item) => (made.has(item.line.externalId) ? item : null));
      },
    },
  );
  const refused = await endRefused(run, sent, Stage.linesCreate);
  const kept = group.filter((item) => !refused.has(item));
  const made = await readLines(
    run,
    kept.map(({ line }) => line),
    found,
  );
  return kept.map((item) => {
    const record = made.get(item.line.externalId);
    return { ...item, odooId: record?.id ?? null, before: null, after: record?.after ?? null, altered: record?.altered ?? [] };
  });
}

/** Which lines another record has the External ID of. */
function takenRows(
  items: readonly DueLine[],
  takenBy: (item: DueLine) => { readonly model: string; readonly id: number } | undefined,
): ReadonlyMap<number, Complaint> {
  return new Map(
    items.flatMap((item, row) => {
      const record = takenBy(item);
      return record === undefined ? [] : [[row, { message: `its External ID names ${record.model} ${record.id} already`, field: null }] as const];
    }),
  );
}

interface LineChange extends DueLine {
  readonly id: number;
  /** As of a document (apply-updates.ts). */
  readonly before: Values;
  readonly sent: Values;
  readonly toWrite: Values;
  readonly expected: Values;
}

/** Lines that a user changed between the look and the write are looked at again; what is changed then is a conflict. */
async function updateLines(run: LoadRun, group: readonly DueLine[], found: ReadonlyMap<string, number>, look = 1): Promise<readonly Done[]> {
  const { entity } = (group[0] as DueLine).line;
  const { model } = run.entity(entity);
  const fields = [...new Set(group.flatMap(({ line }) => [...Object.keys(testedValues(line)), ...Object.keys(writtenValues(line, found))]))];
  const records = await run.read(
    model,
    group.map(({ line }) => line.odooId as number),
    fields,
  );
  const changes = new Map<DueLine, LineChange>();
  const ours = await leaveChanged(run, group, Stage.linesUpdate, (item) => {
    const { document, line } = item;
    const now = records.get(line.odooId as number);
    const merged = guardRecord(run, document.action.seq, line, writtenValues(line, found), now);
    const whole = wholeWrite(run, model, merged, now ?? {}, begunLine(run, item));
    // What a link is made on, and all that a line was read for: a line goes or stays as a whole.
    changes.set(item, { ...item, id: line.odooId as number, ...whole, toWrite: merged.toWrite, expected: pick(now, fields) });
    return merged;
  });
  const ready = ours.flatMap((item) => changes.get(item) ?? []);
  await intend(
    run,
    ready,
    Stage.linesUpdate,
    ({ before }) => before,
    ({ sent }) => sent,
    { guard: await run.guards() },
  );
  const outcomes = await sendIsolating<LineChange, WrittenLine>(
    ready.filter(({ toWrite }) => Object.keys(toWrite).length > 0),
    {
      backOff: run.backOff,
      send: (items) => writeLines(run, entity, items),
      settle: async (items) => {
        const now = await run.read(
          model,
          items.map(({ id }) => id),
          fields,
        );
        return items.map((item) => (areKept(run, model, item.toWrite, now.get(item.id)) ? { overtaken: null } : null));
      },
    },
  );
  const refused = await endRefused(run, outcomes, Stage.linesUpdate);
  const overtaken = new Map(
    outcomes.flatMap((outcome) => ('answer' in outcome && outcome.answer.overtaken !== null ? [[outcome.item, outcome.answer.overtaken] as const] : [])),
  );
  const kept = ready.filter((item) => !refused.has(item) && !overtaken.has(item));
  const now = await run.read(
    model,
    kept.map(({ id }) => id),
    fields,
  );
  const done = kept.map(({ document, line, id, before, sent }) => {
    const after = pick(now.get(id), Object.keys(before));
    const altered = [...noteAltered(run, entity, model, sent, after), ...notAgreed(run, model, sent, before)];
    return { document, line, odooId: id, before, after, altered };
  });
  if (overtaken.size === 0) return done;
  const again = ours.filter((item) => overtaken.has(changes.get(item) as LineChange));
  if (look < LOOKS) return [...done, ...(await updateLines(run, again, found, look + 1))];
  await leaveMoving(run, model, overtaken);
  return done;
}

/** Lines that had another value at every look. */
async function leaveMoving(run: LoadRun, model: string, overtaken: ReadonlyMap<LineChange, Values>): Promise<void> {
  const entries = [...overtaken].map(([{ document, line, expected }, values]) => {
    document.hasConflict = true;
    return partialConflict(run, document, Stage.linesUpdate, { conflicts: movedSince(run, model, expected, values), held: [] }, line);
  });
  await run.state.journal(entries);
}

/** `overtaken`: a user was quicker; what was there instead, and nothing of the line was written. */
interface WrittenLine {
  readonly overtaken: Values | null;
}

async function writeLines(run: LoadRun, entity: string, changes: readonly LineChange[]): Promise<readonly WrittenLine[]> {
  const { model, context } = run.entity(entity);
  const answers = await run.odoo.saveGuarded(
    model,
    changes.map(({ id, toWrite, expected }) => ({ id, expected, values: forWrite(run, model, toWrite) })),
    context,
  );
  const overtaken = overtakenIn(run, model, answers);
  return changes.map(({ id }) => ({ overtaken: overtaken.get(id) ?? null }));
}

/** What an earlier part of the run had begun to write to a line. */
export function begunLine(run: LoadRun, { document, line }: DueLine): Begun | null {
  const begun = run.settlement.begun(document.action.seq, Stage.linesUpdate)?.lines?.find(({ externalId }) => externalId === line.externalId);
  return begun === undefined ? null : { before: (begun.before ?? {}) as Values, sent: (begun.after ?? {}) as Values };
}

/** The lines that nobody has changed. The others are conflicts and stay as they are; their documents go on without them. */
async function leaveChanged(run: LoadRun, group: readonly DueLine[], name: string, guard: (item: DueLine) => Merged | null): Promise<readonly DueLine[]> {
  const entries = [];
  const ours: DueLine[] = [];
  for (const item of group) {
    const { document, line } = item;
    const merged = guard(item);
    const isTold = run.settlement.told(document.action.seq, line.externalId).size > 0;
    if (merged === null || (merged.conflicts.length === 0 && !isTold)) {
      ours.push(item);
      continue;
    }
    document.hasConflict = true;
    if (merged.conflicts.length > 0) entries.push(partialConflict(run, document, name, merged, line));
  }
  await run.state.journal(entries);
  return ours;
}

/** One entry per document, with its lines. */
export async function intend<Item extends DueLine>(
  run: LoadRun,
  lines: readonly Item[],
  name: string,
  before: (item: Item) => Values | null,
  sent: (item: Item) => Values | null,
  more: Partial<Pick<JournalPayload, 'guard'>> = {},
): Promise<void> {
  const entries = [...Map.groupBy(lines, ({ document }) => document)].map(([document, group]) =>
    run.entry('intent', document.action, name, document.id, {
      ...more,
      lines: group.map((item) => journalLine(item.line, item.line.odooId, before(item), sent(item))),
    }),
  );
  await run.state.journal(entries);
}

export async function endRefused<Item extends DueLine>(run: LoadRun, sent: readonly Sent<Item, unknown>[], name: string): Promise<ReadonlySet<Item>> {
  const refused = new Set<Item>();
  for (const outcome of sent) {
    if (!('refusal' in outcome)) continue;
    const { document, line } = outcome.item;
    refused.add(outcome.item);
    if (document.ended) continue;
    document.ended = true;
    await run.state.journal([deadLetter(run, document.action, name, document.id, outcome.refusal, line)]);
  }
  return refused;
}
