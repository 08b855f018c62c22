/** Which External IDs of the namespace are ours, and which legacy record each of them names. */
import { sha256 } from '../../domain/digest.ts';
import { externalId, parseExternalId } from '../../domain/record-key.ts';
import type { EntityDefinition, Workspace } from '../../domain/workspace.ts';

export interface KnownEntity {
  readonly entity: string;
  readonly model: string;
}

export interface KnownNames {
  readonly namespace: string;
  /** By the beginning of their External IDs. */
  readonly entities: ReadonlyMap<string, KnownEntity>;
  readonly systems: ReadonlySet<string>;
}

/** Every entity of the workspace, of whichever capability: the namespace is one for all of them. */
export function knownNames({ file, capabilities }: Workspace): KnownNames {
  const bound = [...capabilities.values()].flatMap((capability) => capability.entities.filter(({ contract }) => contract.odoo !== undefined));
  return {
    namespace: file.namespace,
    entities: new Map(bound.map(({ contract }) => [contract.entity.replaceAll('_', '-'), { entity: contract.entity, model: contract.odoo?.model ?? '' }])),
    systems: new Set(Object.keys(file.systems).filter((name) => name !== file.odoo)),
  };
}

/** What one External ID on one model is. `key` null: only its digest is in the name. `companion`: Odoo made it beside one of ours. */
export type NameReading =
  | { readonly kind: 'record'; readonly entity: string; readonly system: string; readonly key: string | null }
  | { readonly kind: 'companion' }
  | { readonly kind: 'unknown'; readonly entity: string | null; readonly reason: string };

export function readName(known: KnownNames, name: string, model: string): NameReading {
  const parsed = parseExternalId(known.namespace, name);
  const entity = known.entities.get(parsed?.entity ?? headOf(known, name));
  if (isCompanion(known, name, model)) return { kind: 'companion' };
  if (entity === undefined) return { kind: 'unknown', entity: null, reason: 'it names no entity of this workspace' };
  const unknown = (reason: string): NameReading => ({ kind: 'unknown', entity: entity.entity, reason });
  if (parsed === null) return unknown('it was not written by cutover');
  if (!known.systems.has(parsed.system)) return unknown(`it names the system ${parsed.system}, which this workspace does not have`);
  if (entity.model !== model) return unknown(`it is on ${model}, and ${entity.entity} is ${entity.model}`);
  return { kind: 'record', entity: entity.entity, system: parsed.system, key: parsed.key };
}

function headOf({ namespace }: KnownNames, name: string): string {
  return name.slice(namespace.length + 1).split('__')[0] ?? '';
}

/** Where a record inherits another (a product its template), `load` names that one too: the same name and the model. */
function isCompanion(known: KnownNames, name: string, model: string): boolean {
  const suffix = `_${model.replaceAll('.', '_')}`;
  if (!name.endsWith(suffix)) return false;
  const parsed = parseExternalId(known.namespace, name.slice(0, -suffix.length));
  const entity = known.entities.get(parsed?.entity ?? '');
  return entity !== undefined && entity.model !== model;
}

/** The External ID a record has, as plans give it. */
export function nameOfRecord(namespace: string, entity: string, system: string, key: string): string {
  return externalId(namespace, entity, system, key, (text) => sha256(text).slice(0, 16));
}

/** Legacy records of an entity whose External ID does not hold their key. */
export function isDigested(known: KnownNames, name: string): boolean {
  const parsed = parseExternalId(known.namespace, name);
  return parsed !== null && parsed.key === null;
}

/** Entities of a capability that can be linked at all. */
export function boundEntities(entities: readonly EntityDefinition[]): readonly EntityDefinition[] {
  return entities.filter(({ contract }) => contract.odoo !== undefined);
}
