/** `cutover doctor`: everything that can be known to be wrong before the first row moves, each finding with its fix. Reads only. */
import { CutoverError } from '../../domain/errors.ts';
import { OdooError, type Ports } from '../../domain/ports.ts';
import type { DoctorResult } from '../../domain/results.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { type Finding, fixOf, notChecked, ok, problem, warning, words } from './finding.ts';
import { examineOdoo, odooChecks } from './odoo.ts';
import { examineSources } from './sources.ts';

/** As in package.json: `engines.node`. */
const OLDEST_NODE = [22, 18] as const;

/** `exposedSecrets` fills while the systems are opened: secret files that others than their owner may read. */
export async function doctor(
  request: { readonly workspace: Workspace; readonly exposedSecrets?: readonly { readonly detail: string; readonly fix: string }[] },
  ports: Ports,
): Promise<DoctorResult> {
  const { workspace } = request;
  const findings: Finding[] = [nodeVersion(), configuration(workspace), ...environment(workspace), ...(await store(ports)), ...(await state(ports))];
  findings.push(...(await examineSources(workspace, ports)));
  findings.push(...(await odoo(workspace, ports)));
  findings.push(...(request.exposedSecrets ?? []).map(({ detail, fix }) => warning('secrets', detail, fix)));
  return { findings };
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return isOld
    ? problem('node', `Node ${process.versions.node} is too old`, `install Node ${OLDEST_NODE.join('.')} or newer`)
    : ok('node', `Node ${process.versions.node}`);
}

/** A workspace that could be loaded has no mistakes: loading refuses it otherwise. */
function configuration({ file, capabilities }: Workspace): Finding {
  const entities = [...capabilities.values()].reduce((sum, capability) => sum + capability.entities.length, 0);
  return ok('configuration', `${Object.keys(file.systems).length} systems, ${[...capabilities.keys()].join(', ')}, ${entities} entities`);
}

/** Where the rest of the findings is about. */
function environment({ environment: working, file }: Workspace): Finding[] {
  if (working === undefined) return [];
  const { name, production, odoo: system, approvals } = working;
  const asks =
    approvals === null ? 'asks for no approval' : `asks for ${approvals.required === 1 ? 'an approval' : `${approvals.required} approvals`} of a plan`;
  const about = `${name}${production ? ' (production)' : ''}: Odoo ${system}, ${file.state === 'embedded' ? 'embedded state' : 'PostgreSQL state'}, store ${file.store}; ${asks}`;
  if (production && file.state === 'embedded')
    return [
      problem('environment', `${about}. An embedded state may lose its end in a power failure`, `set \`state: postgres://…\` for ${name} in cutover.yaml`),
    ];
  return [ok('environment', about)];
}

async function store(ports: Ports): Promise<Finding[]> {
  try {
    // The data plane keeps its spill files in the store: opening it proves that the store can be written.
    const plane = await ports.openPlane();
    await plane.close();
    const snapshots = await ports.snapshots.list();
    return [ok('store', `can be written; ${snapshots.length} snapshots`)];
  } catch (error) {
    return [problem('store', words(error), fixOf(error, 'let `store` in cutover.yaml name a directory you may write to'))];
  }
}

async function state(ports: Ports): Promise<Finding[]> {
  try {
    const opened = await ports.state();
    const [last] = await opened.runs({ limit: 1 });
    return [ok('state', last === undefined ? 'usable; no runs yet' : `usable; last run ${last.id} (${last.status})`)];
  } catch (error) {
    return [problem('state', words(error), fixOf(error, 'check `state` in cutover.yaml: `embedded`, or postgres://… that this machine reaches'))];
  }
}

async function odoo(workspace: Workspace, ports: Ports): Promise<readonly Finding[]> {
  const system = workspace.file.systems[workspace.file.odoo];
  const url = system?.connector === 'odoo' ? system.url : '';
  try {
    const connection = await ports.odoo();
    const identity = await connection.identity();
    const about = `${identity.url}: Odoo ${identity.version}, database ${identity.database === '' ? identity.uuid : `${identity.database} (${identity.uuid})`}, ${identity.protocol === 'json-2' ? 'JSON-2' : 'JSON-RPC'}`;
    return [ok('odoo', about), ...(await examineOdoo({ workspace, connection, identity, now: ports.clock.now() }))];
  } catch (error) {
    const rest = odooChecks.map((check) => notChecked(check, 'Odoo was not reached'));
    if (isThisMachine(url) && mayNotHaveBeenStarted(error)) {
      return [warning('odoo', `not reachable at ${url}: ${words(error)}`, '`cutover sandbox` starts one there; export the key it prints'), ...rest];
    }
    return [
      problem(
        'odoo',
        `cannot be used at ${url}: ${words(error)}`,
        fixOf(error, `check url, database and key of system ${workspace.environment?.odoo ?? workspace.file.odoo} in cutover.yaml`),
      ),
      ...rest,
    ];
  }
}

/** One that answers and refuses the key has been started. */
function mayNotHaveBeenStarted(error: unknown): boolean {
  if (error instanceof OdooError) return error.failure === 'unavailable';
  return error instanceof CutoverError && (error.code === 'E_ODOO_UNREACHABLE' || error.code === 'E_SECRET_MISSING');
}

/** An Odoo on this machine is one that is started when it is needed. */
function isThisMachine(url: string): boolean {
  return /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])([:/]|$)/.test(url);
}
