/** The payload of a journal entry without what fields marked `pii` hold. Pure. */
import type { JournalEntry, JournalLine, JournalPayload } from '../../domain/journal.ts';
import type { PlanManifest, PlannedEntity } from '../../domain/plan.ts';
import { holdsPii, isPii, MASK } from '../load/odoo-words.ts';

type Values = Readonly<Record<string, unknown>>;

/** Null when there is nothing to leave out. Which fields are `pii` stands in the plan of the run; without it everything could be. */
export function maskedPayload({ entity, payload }: JournalEntry, manifest: PlanManifest | null): JournalPayload | null {
  const planned = manifest?.entities[entity ?? ''];
  const lines = payload.lines?.map((line) => maskedLine(line, manifest));
  const masked: JournalPayload = {
    ...payload,
    ...maskedValues(payload, planned),
    ...(lines === undefined ? {} : { lines }),
    // Odoo's words may quote any value of the record, or of another one like it.
    ...(payload.refusal === undefined || !holdsPii(planned) ? {} : { refusal: { ...payload.refusal, message: MASK } }),
    ...(payload.conflict === undefined
      ? {}
      : { conflict: payload.conflict.map((one) => (isPii(one.field, planned) ? { ...one, expected: MASK, found: MASK } : one)) }),
  };
  return JSON.stringify(masked) === JSON.stringify(payload) ? null : masked;
}

function maskedLine(line: JournalLine, manifest: PlanManifest | null): JournalLine {
  const planned = manifest?.entities[line.entity];
  const named = planned?.keyIsPii === true ? { key: MASK, externalId: MASK } : {};
  return { ...line, ...maskedValues(line, planned), ...named };
}

function maskedValues<Part extends { readonly before?: Values | null; readonly sent?: Values | null; readonly after?: Values | null }>(
  part: Part,
  planned: PlannedEntity | undefined,
): Pick<Part, 'before' | 'sent' | 'after'> {
  const masked: Record<string, Values | null> = {};
  for (const name of ['before', 'sent', 'after'] as const) {
    const values = part[name];
    if (values === undefined) continue;
    masked[name] =
      values === null
        ? null
        : Object.fromEntries(Object.entries(values).map(([field, value]) => [field, value !== null && isPii(field, planned) ? MASK : value]));
  }
  return masked as Pick<Part, 'before' | 'sent' | 'after'>;
}
