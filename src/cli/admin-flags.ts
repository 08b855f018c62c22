/** How a command gets at Odoo as an administrator whose key is not that of the workspace. */
import { string } from '@oclif/core/flags';
import { CutoverError } from '../domain/errors.ts';
import type { OdooConnection, Ports } from '../domain/ports.ts';
import { shellQuoted } from './command.ts';

export const adminFlags = {
  'as-admin': string({ helpValue: 'LOGIN', dependsOn: ['secret'], summary: 'Do it as this user of Odoo instead of that of the workspace.' }),
  secret: string({ helpValue: 'REFERENCE', dependsOn: ['as-admin'], summary: "The user's key or password, as '${ENV}' or file:PATH; never itself." }),
};

/** The same flags again, for a command to paste. */
export function adminArguments(flags: { readonly 'as-admin'?: string | undefined; readonly secret?: string | undefined }): string {
  const { 'as-admin': login, secret } = flags;
  return login === undefined || secret === undefined ? '' : ` --as-admin ${shellQuoted(login)} --secret ${shellQuoted(secret)}`;
}

/** E_USAGE for a secret that is written out. */
export async function administrator(
  { ports, odooAs }: { readonly ports: Pick<Ports, 'odoo'>; odooAs(user: { readonly login: string; readonly secret: string }): Promise<OdooConnection> },
  flags: { readonly 'as-admin'?: string | undefined; readonly secret?: string | undefined },
): Promise<OdooConnection> {
  const { 'as-admin': login, secret } = flags;
  if (login === undefined || secret === undefined) return ports.odoo();
  if (!/^(\$\{[A-Za-z_][A-Za-z0-9_]*\}|file:.+)$/.test(secret)) {
    throw new CutoverError('E_USAGE', '--secret takes the name of a secret, not the secret: other users of this machine see command lines', {
      hint: `--secret '\${ODOO_ADMIN_SECRET}' (in single quotes), or --secret file:PATH`,
    });
  }
  return odooAs({ login, secret });
}
