/** Steps: methods called on documents, and values written again where methods overwrite them. Never repeated before the state was read again. */
import type { PlannedStep } from '../../domain/plan.ts';
import type { WireValue } from '../plan/wire-value.ts';
import { isSameValue } from '../plan/wire-value.ts';
import { forWrite } from './apply-updates.ts';
import { callStep, type Target } from './call-step.ts';
import { areKept } from './guard.ts';
import { sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { inLockedPeriods, lockedWords } from './locked-periods.ts';
import { deadLetter, type OpenDocument, pick, watchedFields } from './open-document.ts';
import { readsAs } from './reads-as.ts';
import { stepValues } from './references.ts';

/** More orders in one `button_confirm` take longer per order (100: a tenth more than 25), fewer pay per call; leading orders out again costs next to
 *  nothing each (measured on Odoo 19). */
const DOCUMENTS_PER_CALL = { load: 50, rollback: 250 } as const;

/** Takes every document through its steps: first steps first, the same step of several documents in one call. */
export async function takeSteps(run: LoadRun, documents: readonly OpenDocument[], found: ReadonlyMap<string, number>): Promise<void> {
  const longest = Math.max(0, ...documents.map((document) => document.action.steps.length));
  const position = new Map(documents.map((document) => [document, 0]));
  for (let wave = 0; wave < longest; wave += 1) {
    const due = documents.flatMap((document) => {
      const step = document.ended ? undefined : document.action.steps[position.get(document) ?? 0];
      position.set(document, (position.get(document) ?? 0) + 1);
      return step === undefined || run.settlement.isAnswered(document.action.seq, step.name) || step.byproducts !== undefined ? [] : [{ document, step }];
    });
    for (const group of Map.groupBy(due, ({ step }) => step.name).values()) {
      const size = DOCUMENTS_PER_CALL[run.manifest.kind];
      for (let from = 0; from < group.length; from += size) {
        await takeStep(run, group.slice(from, from + size), found);
      }
    }
  }
}

interface Due {
  readonly document: OpenDocument;
  readonly step: PlannedStep;
}

async function takeStep(run: LoadRun, due: readonly Due[], found: ReadonlyMap<string, number>): Promise<void> {
  const [first] = due as readonly [Due];
  const { step } = first;
  const { model } = run.entity(first.document.action.entity);
  await readStates(
    run,
    due.map(({ document }) => document),
  );
  const settled = await settle(
    run,
    model,
    due.filter(({ document }) => run.settlement.begun(document.action.seq, step.name) !== null),
    found,
  );
  const waiting = await leaveLocked(
    run,
    due.filter((one) => !settled.includes(one)),
  );
  await run.state.journal(
    waiting.map(({ document, step: own }) =>
      run.entry('intent', document.action, own.name, document.id, {
        before: document.state ?? {},
        sent: own.write === null ? null : stepValues(own, found),
        call: { model: own.wizard?.model ?? model, method: own.call ?? (own.write === null ? 'unlink' : 'write') },
      }),
    ),
  );
  const before = new Map(waiting.map(({ document }) => [document, document.state ?? {}]));
  const sent = await sendIsolating<Due, Due>(waiting, {
    backOff: run.backOff,
    send: async (items) => {
      await perform(run, model, items, found);
      return items;
    },
    settle: async (items, error) => {
      run.tally.unknown(1);
      await run.state.journal(
        items.map(({ document }) =>
          run.entry('unknown', document.action, step.name, document.id, { refusal: { name: error.failure, message: error.message } }),
        ),
      );
      const took = await whichTook(run, model, items, found, (item) => before.get(item.document) ?? {});
      run.tally.unknown(-1);
      return items.map((item) => (took.has(item) ? item : null));
    },
  });
  const refusals = sent.flatMap((outcome) => {
    if (!('refusal' in outcome)) return [];
    outcome.item.document.ended = true;
    return [deadLetter(run, outcome.item.document.action, step.name, outcome.item.document.id, outcome.refusal)];
  });
  await run.state.journal(refusals);
  await answer(run, model, [...settled, ...sent.flatMap((outcome) => ('answer' in outcome ? [outcome.item] : []))], found, settled);
}

/** A load calls no method on a document whose period was locked since the plan was made: it ends as a dead letter, and is taken up when the period is open. */
async function leaveLocked(run: LoadRun, due: readonly Due[]): Promise<readonly Due[]> {
  const [first] = due;
  if (first === undefined || run.manifest.kind !== 'load' || first.step.call === null) return due;
  const locked = await inLockedPeriods(
    run,
    due.map(({ document }) => document),
  );
  const entries = due.flatMap(({ document, step }) => {
    const period = locked.get(document.id);
    if (period === undefined) return [];
    document.ended = true;
    const message = `${lockedWords(period)}; Odoo would move it`;
    return [deadLetter(run, document.action, step.name, document.id, { name: 'locked-period', message })];
  });
  if (entries.length > 0) await run.state.journal(entries);
  return due.filter(({ document }) => !document.ended);
}

/** The call itself: on the documents, or on the records a field of theirs names. */
async function perform(run: LoadRun, model: string, due: readonly Due[], found: ReadonlyMap<string, number>): Promise<void> {
  const [{ step }] = due as readonly [Due];
  const { context } = run.entity((due[0] as Due).document.action.entity);
  const ids = due.map(({ document }) => document.id);
  if (step.write !== null) {
    await run.odoo.save(
      model,
      due.map(({ document, step: own }) => ({ id: document.id, values: forWrite(run, model, stepValues(own, found)) })),
      context,
    );
  }
  if (step.call !== null) {
    const targetOf = async (documents: readonly OpenDocument[]): Promise<Target> => {
      const own = { model, ids: documents.map(({ id }) => id) };
      const target = step.on === null ? own : await related(run, model, own.ids, step.on);
      return step.unless === null ? target : { ...target, ids: await unlessAlready(run, target.model, target.ids, step.unless) };
    };
    await callStep(
      run,
      step,
      due.map(({ document }) => document),
      targetOf,
      context,
    );
  }
  if (step.unlink !== null) {
    const target = await related(run, model, ids, step.unlink);
    if (target.ids.length > 0) await run.odoo.unlink(target.model, target.ids, context);
  }
}

async function related(run: LoadRun, model: string, ids: readonly number[], field: string): Promise<Target> {
  const relation = (await run.metadata(model)).get(field)?.relation;
  if (relation === null || relation === undefined) throw new Error(`${model}.${field} does not name other records`);
  const records = await run.read(model, ids, [field]);
  const values = [...records.values()].flatMap((record) => {
    const value = record[field] ?? null;
    return Array.isArray(value) ? (value as readonly number[]) : typeof value === 'number' ? [value] : [];
  });
  return { model: relation, ids: [...new Set(values)] };
}

async function unlessAlready(run: LoadRun, model: string, ids: readonly number[], unless: NonNullable<PlannedStep['unless']>): Promise<readonly number[]> {
  const records = await run.read(model, ids, Object.keys(unless));
  return ids.filter((id) => {
    const record = records.get(id);
    return record !== undefined && !readsAs(record, unless);
  });
}

/** Begun before this process and never answered: found out by reading. */
async function settle(run: LoadRun, model: string, due: readonly Due[], found: ReadonlyMap<string, number>): Promise<readonly Due[]> {
  if (due.length === 0) return [];
  const took = await whichTook(run, model, due, found, ({ document, step }) => (run.settlement.begun(document.action.seq, step.name)?.before ?? {}) as Values);
  return due.filter((one) => took.has(one));
}

/** A call on the document took place when its state is no longer what it was; one on other records when none is left to act upon. */
async function whichTook(
  run: LoadRun,
  model: string,
  due: readonly Due[],
  found: ReadonlyMap<string, number>,
  before: (item: Due) => Values,
): Promise<ReadonlySet<Due>> {
  const took = new Set<Due>();
  for (const item of due) {
    const { document, step } = item;
    if (step.write !== null) {
      const written = stepValues(step, found);
      const records = await run.read(model, [document.id], Object.keys(written));
      if (areKept(run, model, written, records.get(document.id))) took.add(item);
    } else if (step.unless !== null) {
      const target = step.on === null ? { model, ids: [document.id] } : await related(run, model, [document.id], step.on);
      if ((await unlessAlready(run, target.model, target.ids, step.unless)).length === 0) took.add(item);
    } else if (step.call !== null && step.on === null) {
      document.state = null;
      await readStates(run, [document]);
      const was = before(item);
      const now = document.state ?? {};
      if (Object.keys(was).some((field) => !isSameValue((was[field] ?? null) as WireValue, (now as Values)[field] ?? null, run.typeOf(model, field))))
        took.add(item);
    }
  }
  return took;
}

async function readStates(run: LoadRun, documents: readonly OpenDocument[]): Promise<void> {
  const unread = documents.filter((document) => document.state === null);
  const [first] = unread;
  if (first === undefined) return;
  const { model, stateFields } = run.entity(first.action.entity);
  const records = await run.read(
    model,
    unread.map((document) => document.id),
    stateFields,
  );
  for (const document of unread) document.state = pick(records.get(document.id), stateFields);
}

async function answer(run: LoadRun, model: string, due: readonly Due[], found: ReadonlyMap<string, number>, settled: readonly Due[]): Promise<void> {
  const [first] = due;
  if (first === undefined) return;
  const { stateFields } = run.entity(first.document.action.entity);
  // A call on other records leaves the document as it is.
  const isElsewhere = due.every(({ document, step }) => step.on !== null && document.state !== null && watchedFields(run, document.action).length === 0);
  const fields = [
    ...new Set([...stateFields, ...due.flatMap(({ document, step }) => [...Object.keys(step.write ?? {}), ...watchedFields(run, document.action)])]),
  ];
  const ids = isElsewhere ? [] : due.map(({ document }) => document.id);
  const records = await run.read(model, ids, fields);
  await run.state.journal(
    due.map((one) => {
      const { document, step } = one;
      const now = isElsewhere ? (document.state ?? {}) : records.get(document.id);
      const after = { ...pick(now, stateFields), ...pick(now, [...Object.keys(stepValues(step, found)), ...watchedFields(run, document.action)]) };
      const entry = run.entry(settled.includes(one) ? 'resolved' : 'answer', document.action, step.name, document.id, {
        before: document.state ?? {},
        after,
        altered: watchedFields(run, document.action).filter((field) => !(field in stepValues(step, found)) && !stateFields.includes(field)),
      });
      document.state = pick(now, stateFields);
      document.wrote = true;
      return entry;
    }),
  );
}
