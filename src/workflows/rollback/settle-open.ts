/** An interrupted run leaves calls without an answer. Before it is taken back, Odoo is asked what became of them. */
import type { JournalEntry, JournalLine } from '../../domain/journal.ts';
import type { PlanManifest, PlannedEntity } from '../../domain/plan.ts';
import type { OdooConnection } from '../../domain/ports.ts';
import { isKeptValue, isSameValue, type WireValue, wireValue } from '../plan/wire-value.ts';

type Values = Readonly<Record<string, WireValue>>;

export class OpenCalls {
  readonly #odoo: OdooConnection;
  readonly #manifest: PlanManifest;

  constructor(odoo: OdooConnection, manifest: PlanManifest) {
    this.#odoo = odoo;
    this.#manifest = manifest;
  }

  /** The answer an intent would have had, or null when the call did nothing. */
  async answerOf(intent: JournalEntry): Promise<JournalEntry | null> {
    const entity = this.#entity(intent.entity);
    const answered = async (): Promise<Partial<JournalEntry> | null> => {
      if (intent.step === 'record') return intent.payload.action === 'create' ? this.#created(intent, entity) : this.#updated(intent, entity);
      if (intent.step?.startsWith('lines-')) return this.#lines(intent);
      return this.#stepped(intent, entity);
    };
    const found = await answered();
    return found === null ? null : { ...intent, kind: 'resolved', ...found };
  }

  async #created(intent: JournalEntry, entity: PlannedEntity): Promise<Partial<JournalEntry> | null> {
    const externalId = intent.externalId ?? '';
    const record = (await this.#odoo.resolveExternalIds([externalId])).get(externalId);
    if (record === undefined || record.model !== entity.model) return null;
    const after = await this.#read(entity.model, record.id, [...Object.keys(intent.payload.sent ?? {}), ...entity.stateFields]);
    const lines: JournalLine[] = [];
    for (const line of intent.payload.lines ?? []) {
      const there = (await this.#odoo.resolveExternalIds([line.externalId])).get(line.externalId);
      if (there !== undefined) lines.push({ ...line, odooId: there.id, after: {} });
    }
    return { odooId: record.id, payload: { action: 'create', before: null, after, lines } };
  }

  async #updated(intent: JournalEntry, entity: PlannedEntity): Promise<Partial<JournalEntry> | null> {
    const sent = (intent.payload.sent ?? {}) as Values;
    if (intent.odooId === null) return null;
    const now = await this.#read(entity.model, intent.odooId, Object.keys(sent));
    const types = await this.#odoo.fields(entity.model);
    const written = now !== null && Object.entries(sent).every(([field, value]) => isKeptValue(value, now[field] ?? null, types.get(field)?.type ?? 'char'));
    return written ? { payload: { ...intent.payload, after: now } } : null;
  }

  /** Of a step only the state matters: it is the one the document is led out of. */
  async #stepped(intent: JournalEntry, entity: PlannedEntity): Promise<Partial<JournalEntry> | null> {
    if (intent.odooId === null) return null;
    const now = await this.#read(entity.model, intent.odooId, [...entity.stateFields, ...Object.keys(intent.payload.sent ?? {})]);
    return now === null ? null : { payload: { before: intent.payload.before ?? {}, after: now } };
  }

  async #lines(intent: JournalEntry): Promise<Partial<JournalEntry> | null> {
    const lines: JournalLine[] = [];
    for (const line of intent.payload.lines ?? []) {
      const { model } = this.#entity(line.entity);
      if (intent.step === 'lines-create') {
        const there = (await this.#odoo.resolveExternalIds([line.externalId])).get(line.externalId);
        if (there !== undefined)
          lines.push({ ...line, odooId: there.id, before: null, after: await this.#read(model, there.id, Object.keys(line.after ?? {})) });
        continue;
      }
      const fields = Object.keys(line.before ?? {});
      const now = line.odooId === null ? null : await this.#read(model, line.odooId, fields);
      const types = await this.#odoo.fields(model);
      const changed =
        now !== null && fields.some((field) => !isSameValue((line.before?.[field] ?? null) as WireValue, now[field] ?? null, types.get(field)?.type ?? 'char'));
      if (intent.step === 'lines-delete' ? now === null : changed) lines.push({ ...line, after: now });
    }
    return lines.length === 0 ? null : { payload: { lines } };
  }

  async #read(model: string, id: number, fields: readonly string[]): Promise<Values | null> {
    const known = await this.#odoo.fields(model);
    const names = [...new Set(fields)].filter((field) => known.has(field));
    const [record] = await this.#odoo.read(model, [id], names.length > 0 ? names : ['id']);
    if (record === undefined) return null;
    return Object.fromEntries(names.map((field) => [field, wireValue(record[field], known.get(field)?.type ?? 'char')]));
  }

  #entity(name: string | null): PlannedEntity {
    const found = this.#manifest.entities[name ?? ''];
    if (found === undefined) throw new Error(`the journal names an entity ${String(name)} that its plan does not describe`);
    return found;
  }
}
