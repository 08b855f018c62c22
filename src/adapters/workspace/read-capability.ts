/** Reads the files of one capability and lays them over the pack it extends. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { CapabilityFile, EntityContract, SourceMapping } from '../../domain/contract.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { CodeMap, EntityDefinition, FilePosition, PositionOf } from '../../domain/workspace.ts';
import { readCodeMap } from './code-maps.ts';
import { validate } from './validate.ts';
import { mergeTrees, plainValue, positionsOf, readTree, subtree, type Tree } from './yaml-tree.ts';

export interface CapabilityParts {
  readonly name: string;
  readonly file: CapabilityFile;
  readonly position: PositionOf;
  readonly entities: readonly EntityDefinition[];
  /** Every entity that has a file, those with mistakes too: what refers to one of these is no mistake of its own. */
  readonly names: readonly string[];
  /** Entities of the pack that the capability does not list and others look into: they yield nothing. */
  readonly leftOut: readonly string[];
  readonly codes: ReadonlyMap<string, CodeMap>;
}

interface Place {
  readonly root: string;
  readonly name: string;
  /** Where cutover.yaml names the capability. */
  readonly position: FilePosition;
  readonly systems: readonly string[];
  readonly packs: string;
}

/** A folder of definitions and how its files are named in messages. */
interface Folder {
  readonly directory: string;
  readonly label: (file: string) => string;
  readonly files: readonly string[];
}

/** Null, with the mistakes told, when so much is wrong that there is nothing to check further. */
export async function readCapability(place: Place, mistakes: Mistakes): Promise<CapabilityParts | null> {
  const own = await folder(path.join(place.root, 'mappings', place.name), place.root);
  if (!own.files.includes('capability.yaml')) {
    const others = (await readdir(path.join(place.root, 'mappings')).catch(() => [])).filter((name) => !name.startsWith('.'));
    mistakes.push({ position: place.position, message: `there is no mappings/${place.name}/capability.yaml${didYouMean(place.name, others)}` });
    return null;
  }
  const overlay = await tree(own, 'capability.yaml', mistakes);
  if (overlay === null) return null;
  const pack = await packOf(overlay, place, mistakes);
  const merged = await mergedTree(pack, own, 'capability.yaml', mistakes);
  if (merged === null) return null;
  const position = positionsOf(merged);
  const file = validate(CapabilityFile, merged, mistakes);
  if (file === null) return null;
  if (file.capability !== place.name) {
    mistakes.push({ position: position(['capability']), message: `the folder is called '${place.name}', so 'capability' must be ${place.name}` });
  }
  if (file.entities === undefined) {
    mistakes.push({ position: position([]), message: "'entities' is missing: the order of load, parents first" });
    return null;
  }
  const { contracts, names, leftOut } = await readContracts(pack, own, file.entities, mistakes);
  const sources = await readSources({ pack, own, systems: place.systems, entities: names }, mistakes);
  const codes = await readCodes(pack, own, mistakes);
  tellUnknownFiles(own, place, [...new Set([...file.entities, ...names])], mistakes);
  for (const [index, name] of (file.optional ?? []).entries()) {
    if (!names.includes(name) && pack?.files.includes(fileOfEntity(name)) !== true)
      mistakes.push({ position: position(['optional', index]), message: `no entity '${name}' in this capability${didYouMean(name, names)}` });
  }
  const order = withLeftOut(file.entities, contracts, leftOut);
  const entities = withoutUnused(inLoadOrder(contracts, sources, order), [...(file.optional ?? []), ...leftOut]);
  return { name: place.name, file, position, entities, names: [...names, ...leftOut], leftOut, codes };
}

/** Documents that are left out, each before the first that refers to it. */
function withLeftOut(order: readonly string[], contracts: readonly { readonly contract: EntityContract }[], leftOut: readonly string[]): readonly string[] {
  const byName = new Map(contracts.map(({ contract }) => [contract.entity, contract]));
  const whole = [...order];
  const isAfter = (name: string, target: string): boolean =>
    contracts.some(({ contract }) => (contract.entity === name || contract.parent === name) && referredBy(contract).includes(target));
  for (const name of leftOut.filter((one) => byName.get(one)?.parent === undefined)) {
    const at = whole.findIndex((one) => isAfter(one, name));
    whole.splice(at === -1 ? whole.length : at, 0, name);
  }
  return whole;
}

function referredBy({ fields }: EntityContract): readonly string[] {
  return Object.values(fields).flatMap((field) => (field.type === 'ref' ? [field.entity] : []));
}

/** Entities that the fields and checks of an entity look into. */
function mentionedBy(contract: EntityContract): readonly string[] {
  return [...referredBy(contract), ...contract.checks.flatMap(({ sums = {} }) => Object.values(sums).map((sum) => sum.replace(/\..*/, '')))];
}

/** An optional entity that no source yields, and its lines, are not bound to Odoo: nothing is asked of it. */
function withoutUnused(entities: readonly EntityDefinition[], optional: readonly string[]): EntityDefinition[] {
  const isUsed = (name: string): boolean =>
    entities.some(({ contract, sources }) => sources.length > 0 && (contract.entity === name || contract.parent === name));
  const unused = new Set(optional.filter((name) => !isUsed(name)));
  return entities.map((entity) => {
    const { odoo, ...unbound } = entity.contract;
    return odoo !== undefined && unused.has(unbound.parent ?? unbound.entity) ? { ...entity, contract: unbound } : entity;
  });
}

async function packOf(overlay: Tree, place: Place, mistakes: Mistakes): Promise<Folder | null> {
  const named = subtree(overlay, ['extends']);
  const text = named.isExact ? plainValue(named.tree) : null;
  const parts = typeof text === 'string' ? /^([a-z][a-z0-9-]*)@(\d+)$/.exec(text) : null;
  // A malformed `extends` is told by the schema.
  if (parts === null) return null;
  const [, name, version] = parts as unknown as [string, string, string];
  const pack = await folder(path.join(place.packs, name), place.root);
  if (!pack.files.includes('capability.yaml')) {
    const shipped = await readdir(place.packs).catch(() => []);
    mistakes.push({ position: named.tree.at(0), message: `no shipped pack '${name}'${didYouMean(name, shipped)}` });
    return null;
  }
  const packTree = await tree(pack, 'capability.yaml', mistakes);
  const shippedVersion = packTree === null ? null : (plainValue(packTree) as { version?: unknown }).version;
  if (packTree !== null && shippedVersion !== Number(version)) {
    mistakes.push({
      position: named.tree.at(0),
      message: `the shipped pack '${name}' is version ${String(shippedVersion)}, this capability was made for ${version}: read CHANGELOG.md, then write ${name}@${String(shippedVersion)}`,
    });
  }
  return pack;
}

async function readContracts(pack: Folder | null, own: Folder, order: readonly string[], mistakes: Mistakes) {
  const names = new Set(
    [...(pack?.files ?? []), ...own.files].filter((file) => /^[a-z0-9-]+\.yaml$/.test(file) && file !== 'capability.yaml').map(entityOfFile),
  );
  for (const entity of order) {
    if (!names.has(entity))
      mistakes.push({
        position: { file: own.label('capability.yaml'), line: 1, column: 1 },
        message: `the entity '${entity}' has no file ${fileOfEntity(entity)}${didYouMean(entity, names)}`,
      });
  }
  const contracts: { contract: EntityContract; position: PositionOf }[] = [];
  const used: string[] = [];
  const unlisted = new Map<string, Tree>();
  for (const name of [...names].sort()) {
    const file = fileOfEntity(name);
    const merged = await mergedTree(pack, own, file, mistakes);
    if (merged === null) {
      used.push(name);
      continue;
    }
    const parent = (plainValue(merged) as { parent?: unknown }).parent;
    const isUsed = order.includes(name) || (typeof parent === 'string' && order.includes(parent));
    if (!isUsed) {
      // What only the pack has and this capability does not list yields nothing here.
      if (!own.files.includes(file)) unlisted.set(name, merged);
      else
        mistakes.push({
          position: { file: own.label(file), line: 1, column: 1 },
          message: `the entity '${name}' is not in 'entities' of capability.yaml${didYouMean(name, order)}`,
        });
      continue;
    }
    used.push(name);
    const contract = validate(EntityContract, merged, mistakes);
    if (contract === null) continue;
    const position = positionsOf(merged);
    if (contract.entity !== name) mistakes.push({ position: position(['entity']), message: `the file is called ${file}, so 'entity' must be ${name}` });
    else contracts.push({ contract, position });
  }
  const leftOut: string[] = [];
  // grows while it is walked: what is left out looks into others
  for (const { contract } of contracts) {
    for (const name of mentionedBy(contract)) {
      const merged = unlisted.get(name);
      const found = merged === undefined || leftOut.includes(name) ? null : validate(EntityContract, merged, mistakes);
      if (merged === undefined || found === null) continue;
      leftOut.push(name);
      contracts.push({ contract: found, position: positionsOf(merged) });
    }
  }
  return { contracts, names: used, leftOut };
}

async function readSources(context: { pack: Folder | null; own: Folder; systems: readonly string[]; entities: readonly string[] }, mistakes: Mistakes) {
  const { pack, own, systems, entities } = context;
  const found: { mapping: SourceMapping; position: PositionOf }[] = [];
  const files = [...new Set([...(pack?.files ?? []), ...own.files])].filter((file) => /^sources\/[^/]+\/[a-z0-9-]+\.yaml$/.test(file)).sort();
  for (const file of files) {
    const [, system, name] = file.split('/') as [string, string, string];
    const entity = entityOfFile(name);
    const start = { file: own.label(file), line: 1, column: 1 };
    if (!systems.includes(system)) {
      // A pack may ship mappings of systems that this hospital does not have.
      if (own.files.includes(file)) mistakes.push({ position: start, message: `no system '${system}' in cutover.yaml${didYouMean(system, systems)}` });
      continue;
    }
    if (!entities.includes(entity)) {
      if (own.files.includes(file)) mistakes.push({ position: start, message: `no entity '${entity}' in this capability${didYouMean(entity, entities)}` });
      continue;
    }
    const merged = await mergedTree(pack, own, file, mistakes);
    const mapping = merged === null ? null : validate(SourceMapping, merged, mistakes);
    if (merged === null || mapping === null) continue;
    const position = positionsOf(merged);
    if (mapping.system !== system) mistakes.push({ position: position(['system']), message: `the folder is called ${system}, so 'system' must be ${system}` });
    if (mapping.entity !== entity) mistakes.push({ position: position(['entity']), message: `the file is called ${name}, so 'entity' must be ${entity}` });
    if (mapping.system === system && mapping.entity === entity) found.push({ mapping, position });
  }
  return found;
}

async function readCodes(pack: Folder | null, own: Folder, mistakes: Mistakes): Promise<Map<string, CodeMap>> {
  const codes = new Map<string, CodeMap>();
  for (const layer of pack === null ? [own] : [pack, own]) {
    for (const file of layer.files.filter((one) => /^codes\/[^/]+\.csv$/.test(one))) {
      const name = path.basename(file, '.csv');
      const rows = readCodeMap(await readFile(path.join(layer.directory, file), 'utf8'), layer.label(file), mistakes);
      const below = codes.get(name)?.rows ?? [];
      const merged = new Map([...below.map((row) => [row.source, row] as const), ...rows]);
      codes.set(name, { name, file: layer.label(file), rows: [...merged.values()].sort((left, right) => (left.source < right.source ? -1 : 1)) });
    }
  }
  return codes;
}

/** A misspelt file name would otherwise be a definition that silently does nothing. */
function tellUnknownFiles(own: Folder, place: Place, entities: readonly string[], mistakes: Mistakes): void {
  const top = ['capability.yaml', 'match-model.json', ...entities.map(fileOfEntity), 'sources', 'codes'];
  for (const file of own.files) {
    const [first, second] = file.split('/') as [string, string?];
    if (/^readme(\.\w+)?$/i.test(path.basename(file)) || file === 'match-model.json') continue;
    const isKnown = /^[a-z0-9-]+\.yaml$/.test(file) || /^codes\/[^/]+\.csv$/.test(file) || /^sources\/[^/]+\/[a-z0-9-]+\.yaml$/.test(file);
    if (isKnown) continue;
    const candidates =
      first === 'sources' && second !== undefined ? [...entities.map((name) => `sources/${second}/${fileOfEntity(name)}`), ...place.systems] : top;
    const word = first === 'sources' ? file : first;
    mistakes.push({ position: { file: own.label(file), line: 1, column: 1 }, message: `not a file that cutover knows${didYouMean(word, candidates)}` });
  }
}

/** Documents in the declared order, each followed by its lines. */
function inLoadOrder(
  contracts: readonly { contract: EntityContract; position: PositionOf }[],
  sources: readonly { mapping: SourceMapping; position: PositionOf }[],
  order: readonly string[],
): EntityDefinition[] {
  const byName = new Map(contracts.map((one) => [one.contract.entity, one]));
  const linesOf = (name: string) =>
    contracts.filter(({ contract }) => contract.parent === name && !order.includes(contract.entity)).map(({ contract }) => contract.entity);
  return [...new Set(order)]
    .flatMap((name) => [name, ...linesOf(name)])
    .flatMap((name) => {
      const found = byName.get(name);
      return found === undefined ? [] : [{ ...found, sources: sources.filter(({ mapping }) => mapping.entity === name), lines: linesOf(name) }];
    });
}

async function mergedTree(pack: Folder | null, own: Folder, file: string, mistakes: Mistakes): Promise<Tree | null> {
  const base = pack?.files.includes(file) ? await tree(pack, file, mistakes) : null;
  if (!own.files.includes(file)) return base;
  const overlay = await tree(own, file, mistakes);
  return base === null || overlay === null ? overlay : mergeTrees(base, overlay, mistakes);
}

async function tree(place: Folder, file: string, mistakes: Mistakes): Promise<Tree | null> {
  return readTree(await readFile(path.join(place.directory, file), 'utf8'), place.label(file), mistakes);
}

/** Lists every file below a directory (none when it does not exist). Files outside the workspace are named by their absolute path. */
async function folder(directory: string, root: string): Promise<Folder> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .sort();
  const label = (file: string) => {
    const relative = path.relative(root, path.join(directory, file));
    return relative.startsWith('..') ? path.join(directory, file) : relative.replaceAll(path.sep, '/');
  };
  return { directory, label, files };
}

function fileOfEntity(entity: string): string {
  return `${entity.replaceAll('_', '-')}.yaml`;
}

function entityOfFile(file: string): string {
  return path.basename(file, '.yaml').replaceAll('-', '_');
}
