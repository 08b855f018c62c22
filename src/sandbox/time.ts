/** Naive UTC texts, as Odoo writes them. */

export function nowText(): string {
  return new Date().toISOString().slice(0, 19).replace('T', ' ');
}

function parse(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

function format(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

export function addDays(text: string, days: number): string {
  return format(parse(text) + days * 86_400_000);
}

/** Minutes a time zone is ahead of UTC at that moment. */
function offsetAt(milliseconds: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(milliseconds);
  const part = (type: string): number => Number(parts.find((item) => item.type === type)?.value ?? 0);
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local - Math.floor(milliseconds / 1000) * 1000;
}

/** A local datetime of a zone in UTC. Where a clock was set back, the later (winter) reading is meant, as in pytz with `is_dst=False`. */
export function localToUtc(text: string, zone: string): string {
  if (zone === 'UTC') return text;
  const local = parse(text);
  const winter = Math.min(offsetAt(local - 86_400_000, zone), offsetAt(local + 86_400_000, zone));
  const candidates = [winter, Math.max(offsetAt(local - 86_400_000, zone), offsetAt(local + 86_400_000, zone))];
  for (const offset of candidates) if (offsetAt(local - offset, zone) === offset) return format(local - offset);
  return format(local - winter);
}

export function isTimeZone(zone: string): boolean {
  if (zone === 'UTC') return true;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
