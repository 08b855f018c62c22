/** Reads a workspace: cutover.yaml, the capabilities with the packs they extend, code maps and decisions. Every mistake of every file is
 *  collected before anything is refused. */
import { createHash } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ownerInPhase } from '../../domain/contract.ts';
import { storeOf } from '../../domain/environment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { type Mistakes, refuseMistakes } from '../../domain/mistakes.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import { type Capability, type FilePosition, type PositionOf, type SystemConfig, type Workspace, WorkspaceFile } from '../../domain/workspace.ts';
import { checkCapability } from './check-capability.ts';
import { type CapabilityParts, readCapability } from './read-capability.ts';
import { readDecisions } from './read-decisions.ts';
import { checkSecretReference } from './secrets.ts';
import { validate } from './validate.ts';
import { plainValue, positionsOf, readTree, subtree, type Tree } from './yaml-tree.ts';

const FILE_NAME = 'cutover.yaml';

/** The directory of the cutover.yaml here or above. E_WORKSPACE_NOT_FOUND when there is none. */
export async function findWorkspace(from: string): Promise<string> {
  let directory = path.resolve(from);
  for (;;) {
    if (await exists(path.join(directory, FILE_NAME))) return directory;
    const parent = path.dirname(directory);
    if (parent === directory) {
      throw new CutoverError('E_WORKSPACE_NOT_FOUND', `no ${FILE_NAME} in ${path.resolve(from)} or above`, {
        hint: '`cutover init` makes a workspace here; --workspace DIR names another place',
      });
    }
    directory = parent;
  }
}

/** Errors: E_WORKSPACE_NOT_FOUND; E_CONFIG with one detail line `file:line:column  message` for every mistake. */
export async function loadWorkspace(directory: string, options: { packsDirectory: string; environment: NodeJS.ProcessEnv }): Promise<Workspace> {
  const root = path.resolve(directory);
  const source = await readFile(path.join(root, FILE_NAME), 'utf8').catch((cause: unknown) => {
    throw new CutoverError('E_WORKSPACE_NOT_FOUND', `no ${FILE_NAME} in ${root}`, { hint: '`cutover init` makes a workspace', cause });
  });
  const mistakes: Mistakes = [];
  const tree = readTree(source, FILE_NAME, mistakes);
  const file = tree === null ? null : validate(WorkspaceFile, tree, mistakes);
  const outline = tree === null ? null : outlineOf(tree);
  if (file !== null && outline !== null) {
    checkSystems(file, root, outline.position, mistakes);
    checkEnvironments(file, outline.position, mistakes);
  }

  const capabilities = new Map<string, Capability>();
  const entities: string[] = [];
  for (const [index, name] of (outline?.capabilities ?? []).entries()) {
    const position = (outline as Outline).position(['capabilities', index]);
    if (capabilities.has(name)) mistakes.push({ position, message: `the capability '${name}' is listed twice` });
    const systems = [...(outline as Outline).connectors.keys()];
    const parts = await readCapability({ root, name, position, systems, packs: options.packsDirectory }, mistakes);
    if (parts === null) continue;
    checkCapability(parts, (outline as Outline).connectors, mistakes);
    entities.push(...parts.names);
    capabilities.set(name, capabilityOf(parts));
  }
  if (outline !== null) await checkMappingDirectories(root, outline.capabilities, mistakes);
  const names = { entities, systems: [...(outline?.connectors.keys() ?? [])], odoo: file?.odoo ?? 'odoo' };
  const decisions = await readDecisions(root, names, mistakes);
  refuseMistakes(mistakes);
  if (file === null) throw new Error('unreachable: a file that is not valid has mistakes');
  return { directory: root, file, capabilities, ...decisions };
}

/** What the other files need to know of cutover.yaml, also while it has mistakes. */
interface Outline {
  readonly capabilities: readonly string[];
  /** System → connector. */
  readonly connectors: ReadonlyMap<string, string>;
  readonly position: PositionOf;
}

function outlineOf(tree: Tree): Outline {
  const capabilities = subtree(tree, ['capabilities']);
  const systems = subtree(tree, ['systems']);
  const named = capabilities.isExact && capabilities.tree.kind === 'list' ? capabilities.tree.items.map(plainValue) : [];
  const connectors = systems.isExact && systems.tree.kind === 'map' ? [...systems.tree.entries] : [];
  return {
    capabilities: named.filter((name) => typeof name === 'string'),
    connectors: new Map(connectors.map(([name, system]) => [name, String((plainValue(system) as { connector?: unknown } | null)?.connector)])),
    position: positionsOf(tree),
  };
}

function capabilityOf({ name, file, entities, codes }: CapabilityParts): Capability {
  const definitions = entities.map((entity) => [entity.contract, entity.sources.map((source) => source.mapping)]);
  const inPhase = entities.map((entity) => ({ ...entity, contract: { ...entity.contract, owner: ownerInPhase(entity.contract.owner, file.phase) } }));
  return { name, file, entities: inPhase, codes, hash: definitionHash([file, definitions, [...codes.values()].map((map) => [map.name, map.rows])]) };
}

/** SHA-256 over parsed definitions: neither comments nor the order of keys count. */
function definitionHash(definition: unknown): string {
  const text = JSON.stringify(definition, (_, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)))
      : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

function checkSystems(file: WorkspaceFile, root: string, position: ReturnType<typeof positionsOf>, mistakes: Mistakes): void {
  const target = file.systems[file.odoo];
  const odooSystems = Object.keys(file.systems).filter((name) => file.systems[name]?.connector === 'odoo');
  if (target === undefined)
    mistakes.push({
      position: position(['odoo']),
      message: `'odoo' names the system '${file.odoo}', which is not in systems${didYouMean(file.odoo, odooSystems)}`,
    });
  else if (target.connector !== 'odoo')
    mistakes.push({ position: position(['odoo']), message: `the system '${file.odoo}' is the target and must have connector: odoo` });
  for (const [name, system] of Object.entries(file.systems)) {
    for (const [key, text] of Object.entries(system)) {
      if (typeof text === 'string') checkAddress(text, position(['systems', name, key]), mistakes);
    }
    for (const key of secretKeys(system)) checkSecretReference(key.text, root, position(['systems', name, key.name]), mistakes);
  }
  if (file.pii_key !== undefined) checkSecretReference(file.pii_key, root, position(['pii_key']), mistakes);
  if (file.age_identity !== undefined) checkSecretReference(file.age_identity, root, position(['age_identity']), mistakes);
  checkState(file.state, position(['state']), mistakes);
}

function checkState(state: string, position: FilePosition, mistakes: Mistakes): void {
  checkAddress(state, position, mistakes);
  if (state === 'embedded' || /^(postgres(ql)?:\/\/|\$\{|file:)/.test(state)) return;
  mistakes.push({ position, message: `'state' must be embedded or postgres://…${didYouMean(state, ['embedded'])}` });
}

/** Snapshots go by the name of a system, and in every environment the target goes by the same: two Odoos in one store would be taken for each other. */
function checkEnvironments(file: WorkspaceFile, position: PositionOf, mistakes: Mistakes): void {
  const odooSystems = Object.keys(file.systems).filter((name) => file.systems[name]?.connector === 'odoo');
  const stores = new Map<string, { readonly name: string; readonly odoo: string }>();
  for (const [name, environment] of Object.entries(file.environments ?? {})) {
    const at = (...keys: string[]) => position(['environments', name, ...keys]);
    const odoo = environment.odoo ?? file.odoo;
    if (environment.odoo !== undefined && !odooSystems.includes(environment.odoo))
      mistakes.push({ position: at('odoo'), message: `'${environment.odoo}' is no system with connector: odoo${didYouMean(environment.odoo, odooSystems)}` });
    if (environment.state !== undefined) checkState(environment.state, at('state'), mistakes);
    const { required = 1, by = [] } = environment.approvals ?? {};
    if (by.length > 0 && by.length < required)
      mistakes.push({ position: at('approvals', 'by'), message: `${required} approvals are required, and only ${by.length} may give one` });
    const store = path.resolve(environment.store ?? storeOf(file.store, name));
    const other = stores.get(store);
    if (other !== undefined && other.odoo !== odoo)
      mistakes.push({ position: at('store'), message: `'${name}' and '${other.name}' keep snapshots of two Odoos in one store; give each its own` });
    stores.set(store, { name, odoo });
  }
}

function secretKeys(system: SystemConfig): { name: string; text: string }[] {
  if (system.connector !== 'odoo') return [];
  return (['api_key', 'password'] as const).flatMap((name) => (system[name] === undefined ? [] : [{ name, text: system[name] }]));
}

/** A password inside an address must come from the environment. */
function checkAddress(text: string, position: ReturnType<ReturnType<typeof positionsOf>>, mistakes: Mistakes): void {
  const inAuthority = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*?:([^/@]+)@/i.exec(text)?.[1];
  const inQuery = /[?&](?:password|sslpassword|api_?key|token)=([^&]+)/i.exec(text)?.[1];
  for (const secret of [inAuthority, inQuery]) {
    if (secret !== undefined && !/^\$\{[A-Z][A-Z0-9_]*\}$/.test(secret))
      mistakes.push({ position, message: 'a password is written here; name it by ${ENV} instead' });
  }
}

/** A folder or file beside the capabilities is a mistyped one more often than not. */
async function checkMappingDirectories(root: string, capabilities: readonly string[], mistakes: Mistakes): Promise<void> {
  for (const entry of await readdir(path.join(root, 'mappings'), { withFileTypes: true }).catch(() => [])) {
    if (entry.name.startsWith('.') || /^readme/i.test(entry.name) || capabilities.includes(entry.name)) continue;
    const what = entry.isDirectory() ? `'${entry.name}' is not among the capabilities of ${FILE_NAME}` : 'not a file that cutover knows';
    mistakes.push({ position: { file: `mappings/${entry.name}`, line: 1, column: 1 }, message: `${what}${didYouMean(entry.name, capabilities)}` });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
