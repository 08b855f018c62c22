/** Lines of documents that are there already, by what Odoo accepts: each by itself, or all of a document in one write, as those of an entry that must balance. */
import type { PlannedRecord } from '../../domain/plan.ts';
import { fieldOf } from '../plan/plan-record.ts';
import { applyLines, begunLine, createLines, type Done, type DueLine, deleteLines, due, endRefused, intend, stage } from './apply-lines.ts';
import { forWrite } from './apply-updates.ts';
import { areKept, guardRecord, wholeWrite } from './guard.ts';
import { sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { nestedLines } from './load-table.ts';
import { notAgreed, noteAltered, type OpenDocument, partialConflict, pick } from './open-document.ts';
import { testedValues, writtenValues } from './references.ts';
import { Stage } from './stages.ts';

export async function applyLinesOf(run: LoadRun, documents: readonly OpenDocument[], found: ReadonlyMap<string, number>): Promise<void> {
  const isTogether = ({ action }: OpenDocument): boolean => action.action !== 'create' && typeof run.entity(action.entity).linesTogether === 'string';
  const apart = documents.filter((document) => !isTogether(document));
  if (apart.length > 0) await applyLines(run, apart, found);
  await applyTogether(run, documents.filter(isTogether), found);
}

/** Lines that come are made with amounts of 0, then all amounts change at once, then the lines that go are deleted, with amounts of 0. */
async function applyTogether(run: LoadRun, documents: readonly OpenDocument[], found: ReadonlyMap<string, number>): Promise<void> {
  const changed = await withChangedLines(run, documents, found);
  const ours = (group: readonly DueLine[]): readonly DueLine[] => group.filter(({ document }) => !changed.has(document));
  const isApart = (line: PlannedRecord, action: OpenDocument['action']): boolean => line.action === 'create' && !nestedLines(action).includes(line);
  await stage(run, Stage.linesCreate, due(run, documents, Stage.linesCreate, isApart), async (group) => {
    const lines = ours(group);
    return lines.length === 0
      ? []
      : createLines(run, lines, found, (line) => ({ ...writtenValues(line, found), ...emptied(run, line, writtenValues(line, found)) }));
  });
  const isWritten = (line: PlannedRecord): boolean => line.action !== 'noop' && line.action !== 'refuse';
  await stage(run, Stage.linesUpdate, due(run, documents, Stage.linesUpdate, isWritten), async (group) => {
    const lines = ours(group);
    return lines.length === 0 ? [] : writeTogether(run, lines, found);
  });
  await stage(
    run,
    Stage.linesDelete,
    due(run, documents, Stage.linesDelete, (line) => line.action === 'delete'),
    async (group) => {
      const lines = ours(group).filter(({ document }) => !document.ended);
      return lines.length === 0 ? [] : deleteEmptied(run, lines);
    },
  );
}

/** Amounts of a line as they are while it comes or goes. */
function emptied(run: LoadRun, line: PlannedRecord, values: Values): Values {
  const { model } = run.entity(line.entity);
  return Object.fromEntries(Object.keys(values).flatMap((field) => (run.typeOf(model, field) === 'monetary' ? [[field, '0']] : [])));
}

/** What a line is to have. */
function wanted(run: LoadRun, line: PlannedRecord, found: ReadonlyMap<string, number>): Values {
  return line.action === 'delete' ? emptied(run, line, testedValues(line)) : writtenValues(line, found);
}

async function linesNow(run: LoadRun, lines: readonly DueLine[]): Promise<ReadonlyMap<DueLine, { readonly id: number; readonly now: Values }>> {
  const { model, set = [] } = run.entity((lines[0] as DueLine).line.entity);
  const made = await run.odoo.resolveExternalIds(lines.flatMap(({ line }) => (line.odooId === null ? [line.externalId] : [])));
  const idOf = ({ line }: DueLine): number => line.odooId ?? made.get(line.externalId)?.id ?? 0;
  const fields = new Set([...set, ...lines.flatMap(({ line }) => line.patch.map(({ path }) => fieldOf(path)))]);
  const records = await run.read(model, lines.map(idOf), [...fields]);
  return new Map(lines.map((one) => [one, { id: idOf(one), now: records.get(idOf(one)) ?? {} }]));
}

/** Documents of which a user has changed a line: none of their lines is written, for the others no longer add up without it. */
async function withChangedLines(run: LoadRun, documents: readonly OpenDocument[], found: ReadonlyMap<string, number>): Promise<ReadonlySet<OpenDocument>> {
  const changed = new Set<OpenDocument>();
  const there = documents.flatMap((document) =>
    document.ended || run.settlement.isAnswered(document.action.seq, Stage.linesUpdate)
      ? []
      : document.action.lines.flatMap((line) => (line.odooId === null || line.action === 'noop' || line.action === 'refuse' ? [] : [{ document, line }])),
  );
  const entries = [];
  for (const group of Map.groupBy(there, ({ line }) => line.entity).values()) {
    for (const [{ document, line }, { now }] of await linesNow(run, group)) {
      const merged = guardRecord(run, document.action.seq, line, wanted(run, line, found), now);
      const isTold = run.settlement.told(document.action.seq, line.externalId).size > 0;
      if (merged.conflicts.length === 0 && !isTold) continue;
      document.hasConflict = true;
      changed.add(document);
      if (merged.conflicts.length > 0) entries.push(partialConflict(run, document, Stage.linesUpdate, merged, line));
    }
  }
  await run.state.journal(entries);
  return changed;
}

interface TogetherLine extends DueLine {
  readonly id: number;
  readonly before: Values;
  readonly sent: Values;
}

/** One write of each document, by the field that holds its lines. */
async function writeTogether(run: LoadRun, group: readonly DueLine[], found: ReadonlyMap<string, number>): Promise<readonly Done[]> {
  const { entity } = (group[0] as DueLine).line;
  const { model } = run.entity(entity);
  const ready: TogetherLine[] = [];
  for (const [{ document, line }, { id, now }] of await linesNow(run, group)) {
    const toWrite =
      line.action === 'create' ? pick(writtenValues(line, found), Object.keys(emptied(run, line, writtenValues(line, found)))) : wanted(run, line, found);
    const whole = wholeWrite(run, model, { toWrite }, now, begunLine(run, { document, line }));
    // A line that goes is made again by a rollback, with all it has.
    ready.push({ document, line, id, before: line.action === 'delete' ? { ...now, ...whole.before } : whole.before, sent: whole.sent });
  }
  await intend(
    run,
    ready,
    Stage.linesUpdate,
    ({ before, line }) => (line.action === 'create' ? null : before),
    ({ sent }) => sent,
    { guard: 'window' },
  );
  const first = (group[0] as DueLine).document.action.entity;
  const holder = run.entity(first).linesTogether as string;
  const byDocument = [...Map.groupBy(ready, ({ document }) => document).values()];
  const outcomes = await sendIsolating<readonly TogetherLine[], true>(byDocument, {
    backOff: run.backOff,
    send: async (items) => {
      const changes = items.map((lines) => ({
        id: (lines[0] as TogetherLine).document.id,
        values: { [holder]: lines.map(({ id, sent }) => [1, id, forWrite(run, model, sent)]) },
      }));
      await run.odoo.save(run.entity(first).model, changes, run.entity(first).context);
      return items.map(() => true);
    },
    settle: async (items) => {
      const records = await readBack(run, items.flat());
      return items.map((lines) => (lines.every((line) => areKept(run, model, line.sent, records.get(line.id))) ? true : null));
    },
  });
  const refusedLines = outcomes.flatMap((outcome) => ('refusal' in outcome ? outcome.item.map((item) => ({ item, refusal: outcome.refusal })) : []));
  const refused = await endRefused(run, refusedLines, Stage.linesUpdate);
  const kept = ready.filter((line) => !refused.has(line));
  const now = await readBack(run, kept);
  return kept.map(({ document, line, id, before, sent }) => {
    const after = pick(now.get(id), Object.keys({ ...before, ...sent }));
    const altered = [...noteAltered(run, entity, model, sent, after), ...notAgreed(run, model, sent, before)];
    return { document, line, odooId: id, before: line.action === 'create' ? null : before, after, altered };
  });
}

async function readBack(run: LoadRun, lines: readonly TogetherLine[]): Promise<ReadonlyMap<number, Values>> {
  const [first] = lines;
  if (first === undefined) return new Map();
  const fields = [...new Set(lines.flatMap(({ before, sent }) => Object.keys({ ...before, ...sent })))];
  return run.read(
    run.entity(first.line.entity).model,
    lines.map(({ id }) => id),
    fields,
  );
}

/** Their amounts are 0 by now: what is tested of them is the rest. */
async function deleteEmptied(run: LoadRun, lines: readonly DueLine[]): Promise<readonly Done[]> {
  const rest = lines.map(({ document, line }) => {
    const amounts = emptied(run, line, testedValues(line));
    const patch = line.patch.map((operation) => (operation.op === 'test' && fieldOf(operation.path) in amounts ? { ...operation, value: '0' } : operation));
    return { document, line: { ...line, patch } };
  });
  return deleteLines(run, rest);
}
