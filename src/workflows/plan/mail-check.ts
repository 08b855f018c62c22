/** Could this Odoo send or fetch mail? A copy of production has its mail servers, its mailboxes and its queue: what a rehearsal makes there would reach
 *  suppliers, and mail meant for production would be taken from it.
 *
 *  What tells, as measured on Odoo 14 and 19 (only an administrator may read any of it):
 *  - since Odoo 16 `odoo-bin neutralize` sets the parameter database.is_neutralized, archives every mail server and makes one whose host is `invalid`,
 *    archives the mailboxes and stops the scheduled actions; the queue stays as it was;
 *  - without any active mail server Odoo sends through the one of its configuration file, localhost by default, which cannot be seen from outside. */
import { CutoverError } from '../../domain/errors.ts';
import { type OdooConnection, OdooError, type Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';

export interface MailRisk {
  /** Ways in which mail would leave or be taken; empty: none was seen. */
  readonly dangers: readonly string[];
  /** What could not be looked at, in words. Not the same as fine. */
  readonly notChecked: readonly string[];
  readonly neutralized: boolean | null;
}

type Looked<Value> = { readonly value: Value } | { readonly missing: true } | { readonly refused: string };

export async function mailRisk(odoo: OdooConnection): Promise<MailRisk> {
  const neutralizedNow = await looked(() => odoo.call<unknown>('ir.config_parameter', 'get_param', { key: 'database.is_neutralized' }));
  const hosts = await looked(async () => {
    const ids = await odoo.searchIds('ir.mail_server', [['active', '=', true]]);
    return (await odoo.read('ir.mail_server', ids, ['smtp_host'])).map((server) => String(server.smtp_host));
  });
  const mailboxes = await looked(() =>
    odoo.searchIds('fetchmail.server', [
      ['active', '=', true],
      ['state', '=', 'done'],
    ]),
  );
  const queue = await looked(() => odoo.call<number>('mail.mail', 'search_count', { domain: [['state', '=', 'outgoing']] }));
  const neutralized = 'value' in neutralizedNow ? isTrue(neutralizedNow.value) : null;
  const live = 'value' in hosts ? hosts.value.filter((host) => !goesNowhere(host)).length : 0;
  const held = 'value' in hosts && hosts.value.length > 0 && live === 0;
  const dangers = [
    ...(live > 0 ? [`${counted(live, 'outgoing mail server')} active`] : []),
    ...('value' in mailboxes && mailboxes.value.length > 0 ? [`${counted(mailboxes.value.length, 'mailbox', 'mailboxes')} fetched from`] : []),
    ...('value' in queue && queue.value > 0 && !held ? [`${counted(queue.value, 'mail')} waiting to be sent`] : []),
  ];
  const refused = [neutralizedNow, hosts, mailboxes, queue].flatMap((one) => ('refused' in one ? [one.refused] : []));
  const notChecked = [
    ...(refused.length > 0 ? [`mail could not be checked, which is not the same as fine: this user may not read it (${refused[0]})`] : []),
    ...('value' in hosts && hosts.value.length === 0
      ? ["no mail server is active; whether the one of Odoo's configuration file (localhost by default) would send cannot be seen from here"]
      : []),
  ];
  return { dangers, notChecked, neutralized };
}

/** On an environment that is a copy: E_MAIL when it could send or fetch mail and nobody said why that is all right. Answers that reason. */
export async function checkMail({ environment }: Workspace, ports: Ports): Promise<string | null> {
  if (environment === undefined || environment.production) return null;
  const { name, allowMail } = environment;
  const { dangers, notChecked } = await mailRisk(await ports.odoo());
  for (const text of notChecked) ports.progress({ kind: 'warning', text: `${name}: ${text}` });
  if (dangers.length === 0) return null;
  if (allowMail !== null) {
    ports.progress({ kind: 'warning', text: `${name} could send or fetch mail (${dangers.join(', ')}); allowed because: ${allowMail}` });
    return allowMail;
  }
  throw new CutoverError('E_MAIL', `${name} is not production and could send or fetch mail: ${dangers.join(', ')}`, {
    hint: `on its server: odoo-bin neutralize -d DATABASE; or say in cutover.yaml why it is all right: environments.${name}.allow_mail: "REASON"`,
    details: ['nothing was written', 'Odoo 14 and 15 have no neutralize: archive mail servers and mailboxes, and add a mail server with the host `invalid`.'],
  });
}

/** Names that are reserved for going nowhere (RFC 2606); `neutralize` uses the first. */
function goesNowhere(host: string): boolean {
  return /(^|\.)invalid$/i.test(host.trim());
}

/** SQL writes `true`, Python `True`. */
function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

async function looked<Value>(look: () => Promise<Value>): Promise<Looked<Value>> {
  try {
    return { value: await look() };
  } catch (error) {
    if (error instanceof OdooError && error.failure === 'missing-model') return { missing: true };
    if (error instanceof OdooError && error.failure === 'access') return { refused: error.message.split('\n')[0]?.slice(0, 120) ?? '' };
    throw error;
  }
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many} ${count === 1 ? 'is' : 'are'}`;
}
