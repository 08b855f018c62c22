/** Odoo: is this the database, and can everything the bindings want be done in it? */
import type { OdooConnection, OdooIdentity } from '../../domain/ports.ts';
import type { EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { mailRisk } from '../plan/mail-check.ts';
import { modelFields } from '../pull/pull-odoo-facts.ts';
import { type Finding, listed, looked, notChecked, ok, problem, warning } from './finding.ts';
import { examineBindings } from './odoo-bindings.ts';
import { examineCodes } from './odoo-codes.ts';
import { examineRights } from './odoo-rights.ts';

export interface OdooExamination {
  readonly workspace: Workspace;
  readonly connection: OdooConnection;
  readonly identity: OdooIdentity;
  /** ISO 8601 UTC. */
  readonly now: string;
}

/** Names of the checks that need Odoo, for when it is not there. */
export const odooChecks = ['namespace', 'models and fields', 'rights', 'code maps', 'rounding', 'outgoing mail', 'api key', 'guards'] as const;

export async function examineOdoo(examination: OdooExamination): Promise<readonly Finding[]> {
  const { workspace, connection } = examination;
  const bound = [...workspace.capabilities.values()].flatMap((capability) => capability.entities.filter((entity) => entity.contract.odoo !== undefined));
  const models = await modelFields(workspace, connection);
  return [
    ...(await looked('namespace', () => examineNamespace(examination))),
    ...(await looked('models and fields', () => examineBindings(bound, models, connection))),
    ...(await looked('rights', () => examineRights(presentModels(bound, models), connection))),
    ...(await looked('code maps', () => examineCodes(workspace, models, connection))),
    ...(await looked('rounding', () => examineRounding(examination))),
    ...(await looked('outgoing mail', () => examineMail(examination))),
    ...(await looked('api key', () => examineKey(examination))),
    ...(await looked('guards', () => examineGuards(examination))),
  ];
}

function presentModels(bound: readonly EntityDefinition[], models: Awaited<ReturnType<typeof modelFields>>): readonly EntityDefinition[] {
  return bound.filter((entity) => models.get(entity.contract.odoo?.model ?? '') !== null);
}

/** Odoo deletes External IDs of a module's namespace that the module's update does not bring: ours must never be a module's. */
async function examineNamespace({ workspace, connection }: OdooExamination): Promise<readonly Finding[]> {
  const { namespace } = workspace.file;
  const ids = await connection.searchIds('ir.module.module', [['name', '=', namespace]]);
  const [module] = await connection.read('ir.module.module', ids, ['state']);
  if (module === undefined) return [ok('namespace', `${namespace} is no module of this Odoo`)];
  const fix = 'choose another `namespace` in cutover.yaml before the first load';
  const isInstalled = ['installed', 'to upgrade', 'to remove', 'to install'].includes(String(module.state));
  if (isInstalled) return [problem('namespace', `${namespace} is an installed module: its next update would delete what was loaded`, fix)];
  return [warning('namespace', `${namespace} is a module that could be installed here`, fix)];
}

async function examineRounding({ connection, identity, workspace }: OdooExamination): Promise<readonly Finding[]> {
  const fields = await connection.fields('res.company');
  const [user] = await connection.read('res.users', [identity.userId], ['company_id']);
  const system = workspace.file.systems[workspace.file.odoo];
  const named = system?.connector === 'odoo' ? system.company : undefined;
  const ids = named === undefined ? [Number(user?.company_id)] : await connection.searchIds('res.company', [['name', '=', named]]);
  if (ids.length !== 1)
    return [problem('rounding', `${ids.length} companies are called '${named}'`, 'let `company` in cutover.yaml name one company of this Odoo')];
  const method = fields.has('tax_calculation_rounding_method') ? ['tax_calculation_rounding_method'] : [];
  const [company] = await connection.read('res.company', ids, ['name', ...method]);
  if (method.length === 0) return [notChecked('rounding', `company ${String(company?.name)} has no rounding method: the app account is not installed`)];
  return [ok('rounding', `company ${String(company?.name)} rounds amounts by ${String(company?.tax_calculation_rounding_method)}`)];
}

/** Production is there to send mail; a copy of it must not. */
async function examineMail({ connection, workspace: { environment } }: OdooExamination): Promise<readonly Finding[]> {
  const check = 'outgoing mail';
  const { dangers, notChecked: unseen, neutralized } = await mailRisk(connection);
  if (environment?.production === true) return [ok(check, `${environment.name} is production: what it sends is meant`)];
  const fix = 'on its server: odoo-bin neutralize -d DATABASE; or archive mail servers and mailboxes, and add a mail server with the host `invalid`';
  const findings: Finding[] = [];
  if (dangers.length > 0) {
    const told = `${dangers.join(', ')}: what a load makes could send mail`;
    const isRefused = environment !== undefined && environment.allowMail === null;
    findings.push(isRefused ? problem(check, `${told}, and a load into ${environment.name} is refused`, fix) : warning(check, told, fix));
  }
  findings.push(...unseen.map((text) => notChecked(check, text, fix)));
  if (findings.length > 0) return findings;
  return [ok(check, neutralized === true ? 'the database is neutralized' : 'every active mail server leads nowhere')];
}

/** The helper is never required. */
async function examineGuards({ connection }: OdooExamination): Promise<readonly Finding[]> {
  if ((await connection.helper()) !== null) return [ok('guards', 'atomic: the helper is installed and may be run')];
  return [ok('guards', 'read right before each write, a window of one round trip (`cutover odoo status` says more)')];
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Which of the user's keys is in use cannot be asked; the first to expire counts. */
async function examineKey({ connection, identity, now }: OdooExamination): Promise<readonly Finding[]> {
  const fields = await connection.fields('res.users.apikeys');
  if (!fields.has('expiration_date')) return [notChecked('api key', 'keys of this Odoo version do not expire')];
  const keys = await connection.read('res.users.apikeys', await connection.searchIds('res.users.apikeys', [['user_id', '=', identity.userId]]), [
    'name',
    'expiration_date',
  ]);
  if (keys.length === 0) return [notChecked('api key', "the user's keys cannot be seen", 'look at Preferences, Account Security in Odoo')];
  const days = keys.flatMap((key) => (typeof key.expiration_date === 'string' ? [{ name: String(key.name), days: daysUntil(key.expiration_date, now) }] : []));
  const soon = days.filter((key) => key.days < SOON_DAYS).sort((left, right) => left.days - right.days);
  if (soon.length === 0) return [ok('api key', days.length === 0 ? 'does not expire' : `expires in ${Math.min(...days.map((key) => key.days))} days`)];
  const told = soon.map((key) => (key.days < 0 ? `${key.name} has expired` : `${key.name} expires in ${key.days} days`));
  return [warning('api key', listed(told), 'make a new key before the cut-over: Odoo, Preferences, Account Security')];
}

/** Odoo answers moments as `YYYY-MM-DD HH:MM:SS` in UTC. */
function daysUntil(moment: string, now: string): number {
  return Math.floor((Date.parse(`${moment.replace(' ', 'T')}Z`) - Date.parse(now)) / DAY_MS);
}
