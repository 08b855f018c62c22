/** Lines that do not travel inside their document's own call: of documents that are there already, and those that give other fields. */
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import { readLines } from './apply-creates.ts';
import { forWrite } from './apply-updates.ts';
import { areKept, verdictOf } from './guard.ts';
import { type Sent, sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { loadTable, nestedLines, signatureOf } from './load-table.ts';
import { conflict, deadLetter, journalLine, notAgreed, noteAltered, type OpenDocument, pick } from './open-document.ts';
import { testedValues, writtenValues } from './references.ts';
import { sendRows } from './send-rows.ts';
import { Stage } from './stages.ts';

interface DueLine {
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

function due(run: LoadRun, documents: readonly OpenDocument[], name: string, wanted: (line: PlannedRecord, action: PlanAction) => boolean): DueLine[] {
  return documents.flatMap((document) =>
    document.ended || run.settlement.isAnswered(document.action.seq, name)
      ? []
      : document.action.lines.filter((line) => wanted(line, document.action)).map((line) => ({ document, line })),
  );
}

/** What became of a line. */
interface Done extends DueLine {
  readonly odooId: number | null;
  readonly before: Values | null;
  readonly after: Values | null;
  readonly altered: readonly string[];
}

/** Groups share calls; the answer of a document comes once, when all its groups are through, also when one of its lines was refused. */
async function stage(run: LoadRun, name: string, lines: readonly DueLine[], apply: (group: readonly DueLine[]) => Promise<readonly Done[]>): Promise<void> {
  const done: Done[] = [];
  for (const group of Map.groupBy(lines, ({ line }) => `${line.entity} ${line.action === 'create' ? signatureOf(line) : ''}`).values()) {
    const open = group.filter(({ document }) => !document.ended);
    if (open.length > 0) done.push(...(await apply(open)));
  }
  const entries = [...Map.groupBy(done, ({ document }) => document)].map(([document, group]) => {
    document.wrote = true;
    return run.entry('answer', document.action, name, document.id, {
      lines: group.map(({ line, odooId, before, after, altered }) => journalLine(line, odooId, before, after, altered)),
    });
  });
  await run.state.journal(entries);
  const linked = done.filter(({ line, odooId }) => odooId !== null && (line.action === 'create' || line.action === 'link'));
  await run.link(linked.map(({ line, odooId }) => ({ record: line, odooId: odooId as number, created: line.action === 'create' })));
  await run.unlink(done.flatMap(({ line }) => (line.action === 'delete' || line.action === 'detach' ? [line] : [])));
}

async function deleteLines(run: LoadRun, group: readonly DueLine[]): Promise<readonly Done[]> {
  // What was given on create only is needed to make the line again.
  const { model, context, set = [] } = run.entity((group[0] as DueLine).line.entity);
  const idOf = ({ line }: DueLine): number => line.odooId as number;
  const records = await run.read(model, group.map(idOf), [...new Set([...set, ...group.flatMap(({ line }) => Object.keys(testedValues(line)))])]);
  const before = (item: DueLine): Values => records.get(idOf(item)) ?? testedValues(item.line);
  await intend(run, group, Stage.linesDelete, before, () => null);
  const sent = await sendIsolating<DueLine, DueLine>(
    group.filter((item) => records.has(idOf(item))),
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
  return group.filter((item) => !refused.has(item)).map((item) => ({ ...item, odooId: idOf(item), before: before(item), after: null, altered: [] }));
}

async function createLines(run: LoadRun, group: readonly DueLine[], found: ReadonlyMap<string, number>): Promise<readonly Done[]> {
  const { entity } = (group[0] as DueLine).line;
  const { model, context, parentField } = run.entity(entity);
  if (parentField === null) throw new Error(`${entity} is a line, and its binding names no field for its document`);
  await run.metadata(model);
  await intend(
    run,
    group,
    Stage.linesCreate,
    () => null,
    ({ line }) => writtenValues(line, found),
  );
  const there = await run.odoo.resolveExternalIds(group.map(({ line }) => line.externalId));
  const sent = await sendIsolating<DueLine, DueLine>(
    group.filter(({ line }) => !there.has(line.externalId)),
    {
      backOff: run.backOff,
      send: async (items) => {
        const rows = items.map(({ document, line }) => ({
          externalId: line.externalId,
          values: { [parentField]: document.id, ...writtenValues(line, found) },
          lines: [],
        }));
        await sendRows(
          run.odoo,
          model,
          loadTable(rows, (field) => run.typeOf(model, field), null),
          context,
        );
        return items;
      },
      settle: async (items) => {
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

async function updateLines(run: LoadRun, group: readonly DueLine[], found: ReadonlyMap<string, number>): Promise<readonly Done[]> {
  const { entity } = (group[0] as DueLine).line;
  const { model, context } = run.entity(entity);
  const idOf = ({ line }: DueLine): number => line.odooId as number;
  const fields = [...new Set(group.flatMap(({ line }) => [...Object.keys(testedValues(line)), ...Object.keys(writtenValues(line, found))]))];
  const records = await run.read(model, group.map(idOf), fields);
  const changes = new Map<DueLine, { readonly before: Values; readonly toWrite: Values }>();
  for (const item of group) {
    const now = records.get(idOf(item));
    const { conflicts, toWrite } = verdictOf(run, entity, testedValues(item.line), writtenValues(item.line, found), now);
    if (conflicts.length === 0) {
      const begun = run.settlement.begun(item.document.action.seq, Stage.linesUpdate) !== null;
      changes.set(item, { before: begun ? testedValues(item.line) : pick(now, Object.keys(toWrite)), toWrite });
    } else if (!item.document.ended) {
      item.document.ended = true;
      await run.state.journal([conflict(run, item.document.action, Stage.linesUpdate, item.document.id, conflicts, item.line)]);
    }
  }
  const ready = [...changes.keys()].filter(({ document }) => !document.ended);
  const written = (item: DueLine): Values => changes.get(item)?.toWrite ?? {};
  const before = (item: DueLine): Values => changes.get(item)?.before ?? {};
  await intend(run, ready, Stage.linesUpdate, before, written);
  const sent = await sendIsolating<DueLine, DueLine>(
    ready.filter((item) => Object.keys(written(item)).length > 0),
    {
      backOff: run.backOff,
      send: async (items) => {
        await run.odoo.save(
          model,
          items.map((item) => ({ id: idOf(item), values: forWrite(run, model, written(item)) })),
          context,
        );
        return items;
      },
      settle: async (items) => {
        const now = await run.read(model, items.map(idOf), fields);
        return items.map((item) => (areKept(run, model, written(item), now.get(idOf(item))) ? item : null));
      },
    },
  );
  const refused = await endRefused(run, sent, Stage.linesUpdate);
  const kept = ready.filter((item) => !refused.has(item));
  const now = await run.read(model, kept.map(idOf), fields);
  return kept.map((item) => {
    const after = pick(now.get(idOf(item)), Object.keys(before(item)));
    return {
      ...item,
      odooId: idOf(item),
      before: before(item),
      after,
      altered: [...noteAltered(run, entity, model, written(item), after), ...notAgreed(run, model, written(item), before(item))],
    };
  });
}

/** One entry per document, with its lines. */
async function intend(
  run: LoadRun,
  lines: readonly DueLine[],
  name: string,
  before: (item: DueLine) => Values | null,
  sent: (item: DueLine) => Values | null,
): Promise<void> {
  const entries = [...Map.groupBy(lines, ({ document }) => document)].map(([document, group]) =>
    run.entry('intent', document.action, name, document.id, {
      lines: group.map((item) => journalLine(item.line, item.line.odooId, before(item), sent(item))),
    }),
  );
  await run.state.journal(entries);
}

async function endRefused(run: LoadRun, sent: readonly Sent<DueLine, DueLine>[], name: string): Promise<ReadonlySet<DueLine>> {
  const refused = new Set<DueLine>();
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
