/** `mappings/<capability>/match-model.json`: what was learned about each entity. It lives in git beside the mappings: trained once, used every night. */
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../domain/digest.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { RunStore } from '../../domain/ports.ts';
import type { Capability, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { kindOfField } from './field-kind.ts';
import { MatchModel } from './model.ts';

const ModelFile = z.strictObject({ format: z.literal('cutover-match-models/1'), entities: z.record(z.string(), MatchModel) });

export interface Models {
  readonly path: string;
  /** As in the file. */
  readonly entities: Map<string, MatchModel>;
}

/** E_MATCH_MODEL when the file is not one of this version of the tool. */
export async function readModels(workspace: Workspace, capability: Capability, runs: RunStore): Promise<Models> {
  const path = join(workspace.directory, 'mappings', capability.name, 'match-model.json');
  if (!(await runs.exists(path))) return { path, entities: new Map() };
  const parsed = ModelFile.safeParse(jsonOf(await runs.readFile(path)));
  if (!parsed.success) throw refusal(`${path} is not a file of models of this version of cutover`, capability);
  return { path, entities: new Map(Object.entries(parsed.data.entities)) };
}

/** Answers the SHA-256 of the file; it is only written when something in it is new. */
export async function keepModels({ path, entities }: Models, isNew: boolean, runs: RunStore): Promise<{ file: string | null; hash: string | null }> {
  if (entities.size === 0) return { file: null, hash: null };
  const sorted = Object.fromEntries([...entities].sort(([left], [right]) => (left < right ? -1 : 1)));
  const text = `${JSON.stringify({ format: 'cutover-match-models/1', entities: sorted }, null, 2)}\n`;
  if (isNew) await runs.writeFile(path, text);
  return { file: path, hash: sha256(text) };
}

/** E_MATCH_MODEL when the entity's fields are not those the model was trained on: its weights would be read into the wrong evidence. */
export function requireFitting(model: MatchModel, { contract }: EntityDefinition, capability: Capability): void {
  const refuse = (what: string): never => {
    throw refusal(`the model of ${contract.entity} was trained before ${what}`, capability);
  };
  const trained = new Map(model.fields.map((field) => [field.name, field]));
  for (const { name, kind, scheme } of model.fields) {
    const field = contract.fields[name];
    const declared = contract.match?.fields[name];
    if (field === undefined) refuse(`the field ${name} went away`);
    else if (declared !== undefined && declared !== kind) refuse(`${name} was declared ${declared}`);
    else if ((field.type === 'identifier' ? field.scheme : null) !== scheme) refuse(`the scheme of ${name} changed`);
  }
  for (const [name, field] of Object.entries(contract.fields)) {
    const declared = contract.match?.fields[name];
    if (trained.has(name) || declared === 'ignore' || (declared === undefined && contract.key.includes(name))) continue;
    const kind = declared ?? kindOfField(name, field);
    if (kind !== null && kind !== '?' && field.type !== 'text') refuse(`the field ${name} came`);
  }
}

function refusal(message: string, capability: Capability): CutoverError {
  return new CutoverError('E_MATCH_MODEL', message, { hint: `cutover match ${capability.name} --train` });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
