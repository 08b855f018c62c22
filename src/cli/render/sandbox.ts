import type { Style } from '../style.ts';
import { pairs } from '../table.ts';

export interface SandboxCoordinates {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  readonly password: string;
  readonly apiKey: string;
  readonly uuid: string;
}

/** Where the sandbox is, and the lines that put its coordinates into a shell. */
export function renderSandbox(sandbox: SandboxCoordinates, style: Style): string {
  const { paint } = style;
  const facts = [
    ['url', sandbox.url],
    ['database', sandbox.database],
    ['login', `${sandbox.login}, password ${sandbox.password}`],
    ['uuid', sandbox.uuid],
  ] as const;
  const exports = [
    ['ODOO_URL', sandbox.url],
    ['ODOO_DB', sandbox.database],
    ['ODOO_LOGIN', sandbox.login],
    ['ODOO_API_KEY', sandbox.apiKey],
  ].map(([name, value]) => paint.cyan(`  export ${name}=${value}`));
  return `${paint.bold('The sandbox is running')}\n${pairs(facts, style)}\n\nIn another terminal:\n${exports.join('\n')}\n\n${paint.dim('Ctrl-C ends it; its records are gone then.')}`;
}
