/** What the doctor says: one finding per thing looked at. What could not be looked at is `not-checked`, never ok. */
import { CutoverError } from '../../domain/errors.ts';
import { OdooError } from '../../domain/ports.ts';
import type { DoctorResult } from '../../domain/results.ts';

export type Finding = DoctorResult['findings'][number];

export function ok(check: string, detail: string): Finding {
  return { check, status: 'ok', detail, fix: null };
}

export function warning(check: string, detail: string, fix: string): Finding {
  return { check, status: 'warning', detail, fix };
}

export function problem(check: string, detail: string, fix: string): Finding {
  return { check, status: 'problem', detail, fix };
}

export function notChecked(check: string, detail: string, fix: string | null = null): Finding {
  return { check, status: 'not-checked', detail, fix };
}

/** The findings of one look; what Odoo does not let us see becomes `not-checked` with its own words. */
export async function looked(check: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof OdooError)) throw error;
    const fix =
      error.failure === 'access'
        ? "run the doctor once with an administrator's key, or look it up in Odoo's settings"
        : 'run `cutover doctor` again once Odoo answers';
    return [notChecked(check, `Odoo did not say: ${words(error)}`, fix)];
  }
}

/** First line of what went wrong, and what mends it where the error knows. */
export function words(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0] as string;
}

export function fixOf(error: unknown, otherwise: string): string {
  return error instanceof CutoverError && error.hint !== undefined ? error.hint : otherwise;
}

/** At most ten of a list, and how many more there are. */
export function listed(values: readonly string[]): string {
  const shown = values.slice(0, 10).join(', ');
  return values.length > 10 ? `${shown} and ${values.length - 10} more` : shown;
}
