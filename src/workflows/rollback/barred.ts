/** Ways back that Odoo bars for a record as it reads now: found out when the rollback is planned, so that nothing is begun that ends half way. */
import type { OdooBinding } from '../../domain/contract.ts';
import type { OdooStates } from '../../domain/odoo-states.ts';
import type { PlanAction } from '../../domain/plan.ts';
import type { LoadRun, Values } from '../load/load-run.ts';
import { inLockedPeriods, type LockedPeriod, lockedWords } from '../load/locked-periods.ts';
import { readsAs } from '../load/reads-as.ts';
import { plannedStep } from '../plan/planned-step.ts';
import { stateIn } from '../plan/state-path.ts';

type Unnumbered = Omit<PlanAction, 'seq'>;
type Bar = NonNullable<OdooStates['values'][string]['barred']>[number];

/** Documents looked at together. */
const CHUNK = 1000;

/** The same actions; one whose way back is barred takes the other steps its binding names and stays, or is refused. `bindings`: by entity. */
export async function* withoutBarred(run: LoadRun, bindings: ReadonlyMap<string, OdooBinding>, actions: AsyncIterable<Unnumbered>): AsyncIterable<Unnumbered> {
  let chunk: Unnumbered[] = [];
  for await (const action of actions) {
    if (chunk.length >= CHUNK || (chunk[0] !== undefined && chunk[0].entity !== action.entity)) {
      yield* await judged(run, bindings, chunk);
      chunk = [];
    }
    chunk.push(action);
  }
  yield* await judged(run, bindings, chunk);
}

async function judged(run: LoadRun, bindings: ReadonlyMap<string, OdooBinding>, chunk: readonly Unnumbered[]): Promise<readonly Unnumbered[]> {
  const binding = bindings.get(chunk[0]?.entity ?? '');
  const { states } = binding ?? {};
  const bars = Object.values(states?.values ?? {}).flatMap(({ barred }) => barred ?? []);
  // A record whose way back calls no method is deleted or written as it stands.
  const ids = chunk.flatMap(({ odooId, steps }) => (odooId !== null && steps.some(({ call }) => call !== null) ? [odooId] : []));
  const [first] = chunk;
  if (first === undefined || states === undefined || bars.length === 0 || ids.length === 0) return chunk;
  const { model, stateFields } = run.entity(first.entity);
  const records = await run.read(model, ids, [...new Set([...stateFields, ...bars.flatMap(({ is }) => Object.keys(is ?? {}))])]);
  const documents = ids.map((id) => ({ id, action: { ...first, seq: 0 } }));
  const locked = bars.some((bar) => bar.locked === true) ? await inLockedPeriods(run, documents) : new Map<number, LockedPeriod>();
  return chunk.map((action) => {
    const now = action.odooId === null || !ids.includes(action.odooId) ? undefined : records.get(action.odooId);
    const state = now === undefined ? null : stateIn(states, now, false);
    if (now === undefined || state === null) return action;
    const period = locked.get(action.odooId ?? 0);
    const bar = (states.values[state]?.barred ?? []).find((one) => applies(one, now, period));
    return bar === undefined ? action : otherwise(action, bar, whyBarred(bar, period), states);
  });
}

function applies({ is, locked }: Bar, now: Values, period: LockedPeriod | undefined): boolean {
  return (is === undefined || readsAs(now, is)) && (locked !== true || period !== undefined);
}

function whyBarred({ locked, why }: Bar, period: LockedPeriod | undefined): string {
  return locked === true && period !== undefined ? `${lockedWords(period)}: ${why}` : why;
}

function otherwise(action: Unnumbered, { leave }: Bar, why: string, { steps }: OdooStates): Unnumbered {
  const common = { ...action, reason: why };
  if (leave === undefined) {
    const lines = action.lines.map((line) => ({ ...line, action: 'refuse' as const, reason: `its document is refused: ${why}`, patch: [] }));
    return { ...common, action: 'refuse', patch: [], lines, steps: [], rollback: { will: 'nothing', cannot: null } };
  }
  const taken = leave.flatMap((name) => {
    const step = steps[name];
    return step === undefined ? [] : [plannedStep(name, step, null)];
  });
  const cannot = `delete it or reset it: it stays, after ${leave.join(', ')}`;
  // What it tests still guards it; what it would write, it cannot.
  const patch = action.patch.filter(({ op }) => op === 'test');
  return { ...common, action: 'update', patch, lines: [], steps: taken, rollback: { will: 'nothing', cannot } };
}
