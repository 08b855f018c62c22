/** Colours and numbers as a person reads them. */
import { Chalk, type ChalkInstance } from 'chalk';

/** Colours of one stream, and how wide it is. */
export interface Style {
  readonly paint: ChalkInstance;
  readonly width: number;
}

/** Colour only on a terminal, and never with --no-color, NO_COLOR or TERM=dumb; FORCE_COLOR asks for it anywhere. */
export function styleOf(stream: NodeJS.WriteStream, options: { readonly noColor: boolean }): Style {
  const environment = process.env;
  const refused = options.noColor || (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  const forced = (environment.FORCE_COLOR ?? '0') !== '0';
  const level = !refused && (forced || stream.isTTY === true) ? 2 : 0;
  const columns = stream.isTTY === true ? stream.columns : Number(environment.COLUMNS ?? 100);
  return { paint: new Chalk({ level }), width: Math.min(Math.max(columns || 100, 60), 140) };
}

/** `1234567` → `1,234,567`; a decimal text keeps its decimals: no number is rounded for the eye. */
export function grouped(amount: number | string): string {
  const [, sign, whole, rest] = /^([-+]?)(\d+)(.*)$/s.exec(String(amount)) ?? [];
  return whole === undefined ? String(amount) : `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${rest}`;
}

/** `1 row`, `2,000 rows`, `3 entities` with the plural given. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Seconds as `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** `2026-11-23T06:00:00.000Z` → `2026-11-23 06:00 UTC`. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
