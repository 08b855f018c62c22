/** What a rollback will find: looked up in Odoo when it is planned, so that what stays is listed before anything is taken back. */
import type { Holder, PlanAction, PlannedRecord } from '../../domain/plan.ts';
import type { RollbackOutlook, StayingRecord } from '../../domain/rollback-results.ts';
import { usedByproducts } from '../load/byproducts.ts';
import { isTouched, refersToItself, usedWords, WRITERS } from '../load/guard-dependants.ts';
import type { LoadRun, Values } from '../load/load-run.ts';
import { MASK } from '../load/odoo-words.ts';
import { testedValues } from '../load/references.ts';
import { fieldOf } from '../plan/plan-record.ts';
import { isKeptValue, isSameValue } from '../plan/wire-value.ts';
import { Dependants } from './dependants.ts';

type Unnumbered = Omit<PlanAction, 'seq'>;
type Document = { readonly action: PlanAction; readonly id: number };
type Finding = Pick<StayingRecord, 'why' | 'fields' | 'by' | 'at' | 'holders' | 'words'>;

interface ChangedLine {
  readonly line: PlannedRecord;
  readonly fields: readonly string[];
  /** Null: it is gone. */
  readonly now: Values | null;
}

/** Documents looked at together: Odoo is asked once for each field that could refer to them, however many they are. */
const CHUNK = 4000;
/** The plan names them all. */
const LISTED = 200;

export class Outlook {
  readonly #run: LoadRun;
  readonly #dependants: Dependants;
  readonly #users = new Map<number, string>();
  readonly #counts = new Map<string, { entity: string; why: StayingRecord['why']; count: number }>();
  readonly #records: StayingRecord[] = [];
  /** Records that Odoo's delete only archives, by the record they would go with for good, as bank accounts by their supplier. */
  readonly #archived = new Map<string, PlanAction[]>();
  readonly #archivedWith: ReadonlyMap<string, string>;
  #gone = 0;

  /** `archivedWith`: of entities that Odoo's delete only archives, the Odoo field that names the record they go with. */
  constructor(run: LoadRun, archivedWith: ReadonlyMap<string, string>) {
    this.#run = run;
    this.#dependants = new Dependants(run);
    this.#archivedWith = archivedWith;
  }

  result(): RollbackOutlook {
    return { stays: [...this.#counts.values()], gone: this.#gone, records: this.#records, notChecked: this.#dependants.notChecked };
  }

  /** The same actions, each with what stands in its way. */
  async *look(actions: AsyncIterable<Unnumbered>): AsyncIterable<Unnumbered> {
    let chunk: Unnumbered[] = [];
    for await (const action of actions) {
      if (chunk.length >= CHUNK || (chunk[0] !== undefined && chunk[0].entity !== action.entity)) {
        yield* await this.#lookAt(chunk);
        chunk = [];
      }
      chunk.push(action);
    }
    yield* await this.#lookAt(chunk);
  }

  async #lookAt(chunk: readonly Unnumbered[]): Promise<readonly Unnumbered[]> {
    this.#run.ports.signal.throwIfAborted();
    const [first] = chunk;
    if (first === undefined) return [];
    const numbered = chunk.map((action, index): PlanAction => ({ ...action, seq: index }));
    const documents = numbered.flatMap((action) => (action.action === 'refuse' || action.odooId === null ? [] : [{ action, id: action.odooId }]));
    const { model } = this.#run.entity(first.entity);
    const known = await this.#run.metadata(model);
    const there = new Map<number, Values>();
    for (const [id, record] of await this.#run.read(
      model,
      documents.map(({ id }) => id),
      ['write_date', ...WRITERS, ...new Set(documents.flatMap(({ action }) => Object.keys(testedValues(action)).filter((field) => known.has(field))))],
    ))
      there.set(id, record);
    this.#gone += documents.filter(({ action, id }) => action.action === 'delete' && !there.has(id)).length;
    const findings = new Map<number, Finding>();
    await this.#findUsed(documents, findings);
    await this.#findChanged(
      documents.filter(({ action }) => !findings.has(action.seq)),
      there,
      findings,
    );
    const held = await this.#findHeld(documents, there, findings);
    for (const [seq, finding] of findings) {
      const action = numbered[seq] as PlanAction;
      this.#tell(action, finding);
      if (action.action === 'delete') for (const part of this.#archived.get(`${model} ${action.odooId}`) ?? []) this.#tell(part, archivedWith(model));
    }
    await this.#noteArchived(documents, there, findings);
    return numbered.map(({ seq, ...action }) => {
      const finding = findings.get(seq);
      const heldBy = held.get(seq);
      return { ...action, ...(finding === undefined ? {} : { reason: finding.words }), ...(heldBy === undefined ? {} : { heldBy }) };
    });
  }

  /** Of a record that was changed in Odoo since: which fields, and who wrote last. */
  async #findChanged(documents: readonly Document[], there: ReadonlyMap<number, Values>, findings: Map<number, Finding>): Promise<void> {
    const lines = await this.#linesNow(documents);
    const changed = documents.flatMap(({ action, id }) => {
      const now = there.get(id);
      if (now === undefined) return [];
      const own = [...this.#movedFields(action, now), ...(action.action === 'delete' && isTouched(now) ? ['write_uid'] : [])];
      const ofLines = action.lines.flatMap((line): readonly ChangedLine[] => {
        if (line.odooId === null) return [];
        const found = lines.get(line.externalId);
        if (found === undefined) return line.action === 'delete' ? [{ line, fields: ['id'], now: null }] : [];
        const fields = [...this.#movedFields(line, found), ...(action.action === 'delete' && isTouched(found) ? ['write_uid'] : [])];
        return fields.length > 0 ? [{ line, fields, now: found }] : [];
      });
      return own.length + ofLines.length > 0 ? [{ action, now: own.length > 0 ? now : (ofLines[0]?.now ?? now), own, ofLines }] : [];
    });
    await this.#learnUsers(changed.map(({ now }) => Number(now['write_uid'] ?? 0)));
    for (const { action, now, own, ofLines } of changed) {
      const fields = [...own, ...new Set(ofLines.flatMap(({ line, fields: names }) => names.map((name) => `${line.entity}.${name}`)))];
      const by = this.#users.get(Number(now['write_uid'] ?? 0)) ?? null;
      const at = typeof now['write_date'] === 'string' ? now['write_date'] : null;
      const stays = action.action === 'delete' ? 'it stays' : 'these fields stay';
      const words = `${stays}: changed in Odoo since (${fields.map((field) => (field === 'write_uid' ? 'in fields the load did not write' : field)).join(', ')})${by === null ? '' : `, last written by ${by}`}${at === null ? '' : ` at ${at}`}`;
      findings.set(action.seq, { why: 'changed', fields, by, at, holders: [], words });
    }
  }

  /** Fields whose value is no longer the one the load left, and not the one they are to get either. */
  #movedFields(record: PlannedRecord, now: Values): readonly string[] {
    const { model } = this.#run.entity(record.entity);
    const wanted = new Map(record.patch.flatMap((one) => (one.op === 'replace' || one.op === 'add' ? [[fieldOf(one.path), one.value as Values[string]]] : [])));
    return Object.entries(testedValues(record)).flatMap(([field, value]) => {
      if (!(field in now)) return [];
      const type = this.#run.typeOf(model, field);
      const is = now[field] ?? null;
      return isSameValue(value, is, type) || (wanted.has(field) && isKeptValue(wanted.get(field) ?? null, is, type)) ? [] : [field];
    });
  }

  async #linesNow(documents: readonly Document[]): Promise<ReadonlyMap<string, Values>> {
    const found = new Map<string, Values>();
    const lines = documents.flatMap(({ action }) => action.lines.filter((line) => line.odooId !== null));
    for (const [name, group] of Map.groupBy(lines, (line) => line.entity)) {
      const { model } = this.#run.entity(name);
      const fields = ['write_date', ...WRITERS, ...new Set(group.flatMap((line) => Object.keys(testedValues(line))))];
      const records = await this.#run.read(
        model,
        group.map((line) => line.odooId as number),
        fields,
      );
      for (const line of group) {
        const record = records.get(line.odooId as number);
        if (record !== undefined) found.set(line.externalId, record);
      }
    }
    return found;
  }

  async #findUsed(documents: readonly Document[], findings: Map<number, Finding>): Promise<void> {
    for (const [seq, by] of await usedByproducts(this.#run, documents)) {
      const holders = by.map(({ model, ids }) => ({ model, count: ids.length }));
      findings.set(seq, { why: 'used', fields: [], by: null, at: null, holders, words: usedWords(by) });
    }
  }

  /** Children come first: what of them stays holds its parents. */
  async #findHeld(
    documents: readonly Document[],
    there: ReadonlyMap<number, Values>,
    findings: Map<number, Finding>,
  ): Promise<ReadonlyMap<number, readonly Holder[]>> {
    const deletes = documents.filter(({ action, id }) => action.action === 'delete' && there.has(id));
    const leaving = deletes.filter(({ action }) => !findings.has(action.seq));
    const held = new Map<number, readonly Holder[]>();
    let left = leaving;
    const isOwn = left[0] !== undefined && (await refersToItself(this.#run, left[0].action.entity));
    this.#dependants.goes(left);
    // One that stays may hold another of its kind, as a category its parent.
    while (left.length > 0) {
      const holders = await this.#dependants.holdersOf(left);
      const staying = left.filter(({ id }) => holders.has(id));
      for (const { action, id } of staying) {
        const by = holders.get(id) ?? [];
        held.set(action.seq, by);
        findings.set(action.seq, { why: 'held', fields: [], by: null, at: null, holders: summed(by), words: `kept: ${heldWords(by)}` });
      }
      this.#dependants.stays(staying);
      left = staying.length === 0 || !isOwn ? [] : left.filter(({ id }) => !holders.has(id));
    }
    return held;
  }

  /** They are deleted first; whether what they go with stays is found out later. */
  async #noteArchived(documents: readonly Document[], there: ReadonlyMap<number, Values>, findings: ReadonlyMap<number, Finding>): Promise<void> {
    for (const { action, id } of documents) {
      const field = this.#archivedWith.get(action.entity);
      const owner = field === undefined ? null : there.get(id)?.[field];
      if (field === undefined || typeof owner !== 'number' || findings.has(action.seq)) continue;
      const name = `${(await this.#run.metadata(this.#run.entity(action.entity).model)).get(field)?.relation} ${owner}`;
      this.#archived.set(name, [...(this.#archived.get(name) ?? []), action]);
    }
  }

  async #learnUsers(ids: readonly number[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => id > 0 && !this.#users.has(id));
    if (unknown.length === 0) return;
    for (const [id, user] of await this.#run.read('res.users', unknown, ['name'])) this.#users.set(id, String(user['name'] ?? id));
  }

  #tell(action: PlanAction, finding: Finding): void {
    const group = `${action.entity} ${finding.why}`;
    const found = this.#counts.get(group) ?? { entity: action.entity, why: finding.why, count: 0 };
    found.count += 1;
    this.#counts.set(group, found);
    if (this.#records.length >= LISTED) return;
    const key = this.#run.entity(action.entity).keyIsPii ? MASK : action.key;
    this.#records.push({ entity: action.entity, system: action.system, key, odooId: action.odooId ?? 0, ...finding });
  }
}

function archivedWith(model: string): Finding {
  return { why: 'archived', fields: [], by: null, at: null, holders: [{ model, count: 1 }], words: 'archived: it goes for good with a record that stays' };
}

function summed(holders: readonly Holder[]): readonly { readonly model: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { model, count } of holders) counts.set(model, (counts.get(model) ?? 0) + count);
  return [...counts].map(([model, count]) => ({ model, count }));
}

function heldWords(holders: readonly Holder[]): string {
  const named = summed(holders).map(({ model, count }) => `${count} of ${model}`);
  return `${named.join(' and ')} ${holders.length === 1 && holders[0]?.count === 1 ? 'refers' : 'refer'} to it`;
}
