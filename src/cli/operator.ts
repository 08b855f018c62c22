/** Who sits before the command line. */
import { hostname, userInfo } from 'node:os';
import { CutoverError } from '../domain/errors.ts';
import type { Person } from '../domain/person.ts';

/** The name given on the command line, else CUTOVER_USER, else whoever is logged in. E_USAGE where none of them is known. */
export function operatorName(given?: string): string {
  const known = nameOf(given);
  if (known !== null) return known;
  throw new CutoverError('E_USAGE', 'the system does not say who you are', { hint: 'export CUTOVER_USER="YOUR NAME"' });
}

/** The same with the account and the machine; null where no name is known. */
export function operator(given?: string): Person | null {
  const name = nameOf(given);
  return name === null ? null : { name, account: account(), host: hostname() };
}

function nameOf(given: string | undefined): string | null {
  return (
    [given, process.env.CUTOVER_USER, account(), process.env.USER, process.env.LOGNAME].map((name) => name?.trim() ?? '').find((name) => name !== '') ?? null
  );
}

/** An account without an entry, as in a container, has no name. */
function account(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
