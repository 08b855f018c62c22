/** Which records of a plan have gone stale: every value it was made on, held against what Odoo has now. */
import type { PlanAction, PlanManifest, PlannedRecord } from '../../domain/plan.ts';
import type { PlanVerifyResult, StaleRecord } from '../../domain/plan-results.ts';
import { type OdooConnection, OdooError, type OdooRecord, type Ports } from '../../domain/ports.ts';
import { readActions } from './plan-file.ts';
import { MASK, patchedFields, shownValue } from './plan-summary.ts';
import { isKeptValue, isSameValue, type WireValue, wireValue } from './wire-value.ts';

/** So many documents are asked about together. */
const BATCH = 1000;

type RecordFindings = Pick<PlanVerifyResult, 'checked' | 'fresh' | 'already' | 'stale' | 'byField' | 'shown'>;

interface Checked {
  readonly seq: number;
  readonly record: PlannedRecord;
  readonly model: string;
}

/** Streams the plan; memory holds one batch and the stale records that are shown (`limit`). */
export async function verifyRecords(
  file: string,
  { manifest, actions }: { manifest: PlanManifest; actions: number },
  limit: number,
  ports: Ports,
): Promise<RecordFindings> {
  const verifying = new Verifying(manifest, await ports.odoo(), limit);
  const step = 'Reading Odoo again';
  ports.progress({ kind: 'step', step, total: actions });
  let batch: PlanAction[] = [];
  const flush = async (): Promise<void> => {
    ports.signal.throwIfAborted();
    await verifying.check(batch);
    ports.progress({ kind: 'advance', step, by: batch.length });
    batch = [];
  };
  for await (const action of readActions(ports.runs, file)) {
    batch.push(action);
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  ports.progress({ kind: 'done', step });
  return verifying.findings();
}

class Verifying {
  readonly #manifest: PlanManifest;
  readonly #odoo: OdooConnection;
  readonly #limit: number;
  readonly #byField = new Map<string, { entity: string; field: string; count: number }>();
  readonly #shown: StaleRecord[] = [];
  readonly #counts = { checked: 0, fresh: 0, already: 0, stale: 0 };
  readonly #users = new Map<number, string>();

  constructor(manifest: PlanManifest, odoo: OdooConnection, limit: number) {
    this.#manifest = manifest;
    this.#odoo = odoo;
    this.#limit = limit;
  }

  findings(): RecordFindings {
    const byField = [...this.#byField.values()].sort((left, right) => right.count - left.count || left.entity.localeCompare(right.entity));
    return { ...this.#counts, byField, shown: this.#shown.toSorted((left, right) => left.seq - right.seq) };
  }

  async check(actions: readonly PlanAction[]): Promise<void> {
    const records = actions.flatMap((action) =>
      action.action === 'refuse' ? [] : [action, ...action.lines].map((record): Checked => ({ seq: action.seq, record, model: this.#modelOf(record.entity) })),
    );
    const created = records.filter(({ record }) => record.action === 'create');
    const known = records.filter(({ record }) => record.odooId !== null && (record.action !== 'noop' || record.patch.some(({ op }) => op === 'test')));
    for (const [model, group] of Map.groupBy(known, (one) => one.model)) await this.#checkKnown(model, group);
    if (created.length > 0) await this.#checkCreated(created);
  }

  #modelOf(entity: string): string {
    const found = this.#manifest.entities[entity];
    if (found === undefined) throw new Error(`the plan does not describe the entity ${entity}`);
    return found.model;
  }

  async #checkKnown(model: string, group: readonly Checked[]): Promise<void> {
    const metadata = await this.#odoo.fields(model);
    const names = new Set(group.flatMap(({ record }) => [...patchedFields(record).before.keys(), ...patchedFields(record).after.keys()]));
    const asked = [...names].filter((name) => metadata.has(name));
    const ids = [...new Set(group.map(({ record }) => record.odooId as number))];
    const found = new Map((await this.#odoo.read(model, ids, [...asked, 'write_uid', 'write_date'])).map((record) => [record.id, record]));
    for (const one of group) {
      const now = found.get(one.record.odooId as number);
      const typeOf = (field: string): string => metadata.get(field)?.type ?? 'char';
      await this.#judge(one, now, typeOf);
    }
  }

  async #judge(one: Checked, now: OdooRecord | undefined, typeOf: (field: string) => string): Promise<void> {
    this.#counts.checked += 1;
    if (now === undefined) return await this.#add(one, 'gone', [], undefined);
    const { before, after } = patchedFields(one.record);
    const values = new Map([...before.keys(), ...after.keys()].map((field) => [field, wireValue(now[field], typeOf(field))]));
    const isMade = (field: string): boolean => {
      const wanted = after.get(field);
      return after.has(field) && !isReference(wanted) && isKeptValue(wanted as WireValue, values.get(field) ?? null, typeOf(field));
    };
    const changed = [...before].filter(([field, planned]) => !isMade(field) && !isSameValue(planned as WireValue, values.get(field) ?? null, typeOf(field)));
    if (changed.length > 0) {
      const fields = changed.map(([field, planned]) => this.#shownField(one.record.entity, field, planned, values.get(field)));
      return await this.#add(one, 'changed', fields, now);
    }
    this.#counts[after.size > 0 && [...after.keys()].every(isMade) ? 'already' : 'fresh'] += 1;
  }

  /** Was it made meanwhile? A load would take it up by its name and write what differs. */
  async #checkCreated(created: readonly Checked[]): Promise<void> {
    const named = await this.#odoo.resolveExternalIds(created.map(({ record }) => record.externalId));
    for (const one of created) {
      this.#counts.checked += 1;
      const found = named.get(one.record.externalId);
      if (found === undefined) {
        this.#counts.fresh += 1;
        continue;
      }
      const [now] = await this.#odoo.read(found.model, [found.id], ['write_uid', 'write_date']);
      await this.#add({ ...one, record: { ...one.record, odooId: found.id } }, 'exists', [], now);
    }
  }

  #shownField(entity: string, odooField: string, planned: unknown, now: unknown): StaleRecord['fields'][number] {
    const known = this.#manifest.entities[entity]?.fields[odooField];
    const masked = known?.pii ?? false;
    return { field: known?.field ?? odooField, planned: shownValue(planned, masked), now: shownValue(now, masked), masked };
  }

  async #add({ seq, record }: Checked, problem: StaleRecord['problem'], fields: StaleRecord['fields'], now: OdooRecord | undefined): Promise<void> {
    this.#counts.stale += 1;
    const { entity, system, odooId } = record;
    for (const field of fields.length > 0 ? fields.map((one) => one.field) : [problem]) {
      const name = JSON.stringify([entity, field]);
      const group = this.#byField.get(name) ?? { entity, field, count: 0 };
      group.count += 1;
      this.#byField.set(name, group);
    }
    if (this.#shown.length >= this.#limit) return;
    const key = this.#manifest.entities[entity]?.keyIsPii === true ? MASK : record.key;
    this.#shown.push({
      seq,
      entity,
      system,
      key,
      odooId,
      problem,
      fields,
      writtenBy: await this.#writer(now?.write_uid),
      writtenAt: momentOf(now?.write_date),
    });
  }

  /** A user's name, or their id where this user may not read names. */
  async #writer(uid: unknown): Promise<string | null> {
    const id = wireValue(uid, 'many2one');
    if (typeof id !== 'number') return null;
    const known = this.#users.get(id);
    if (known !== undefined) return known;
    const name = await this.#odoo
      .read('res.users', [id], ['name'])
      .then(([user]) => (typeof user?.name === 'string' ? user.name : `user ${id}`))
      .catch((error: unknown) => {
        if (error instanceof OdooError && error.failure === 'access') return `user ${id}`;
        throw error;
      });
    this.#users.set(id, name);
    return name;
  }
}

function isReference(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$ref' in value;
}

/** Odoo answers moments as `YYYY-MM-DD HH:MM:SS` in UTC. */
function momentOf(answer: unknown): string | null {
  return typeof answer === 'string' ? `${answer.replace(' ', 'T')}Z` : null;
}
