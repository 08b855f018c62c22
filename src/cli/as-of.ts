/** --as-of: a moment given by a person. */
import { CutoverError } from '../domain/errors.ts';

const SHAPE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A date, or a date with a time; without a zone it is UTC, never the zone of whoever types it. Answers ISO 8601 UTC to the millisecond. */
export function parseAsOf(text: string): string {
  const [, day, time = '00:00', zone = 'Z'] = SHAPE.exec(text.trim()) ?? [];
  const moment = new Date(`${day}T${time}${zone}`);
  // 31 February would silently become 3 March.
  const isReal = day !== undefined && !Number.isNaN(moment.getTime()) && new Date(`${day}T00:00Z`).toISOString().startsWith(day);
  if (!isReal)
    throw new CutoverError('E_USAGE', `--as-of ${text} is not a moment`, {
      hint: 'give a date, as in --as-of 2026-03-31, or a moment in UTC, as in --as-of 2026-03-31T18:00',
    });
  return moment.toISOString();
}
