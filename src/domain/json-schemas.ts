/** JSON Schemas of the workspace's files, for completion and hovering help in editors. Made from the schemas that validate them. */
import { z } from 'zod';
import { CapabilityFile, EntityContract, SourceMapping } from './contract.ts';
import { WorkspaceFile } from './workspace.ts';

export interface JsonSchema {
  readonly [key: string]: unknown;
}

/** File name → schema. The `…-overlay` ones are for files that add to a shipped pack: nothing is required, and null removes. */
export function jsonSchemas(): ReadonlyMap<string, JsonSchema> {
  const entity = schemaOf(EntityContract, 'An entity: its contract and its binding to Odoo');
  return new Map([
    ['cutover.schema.json', schemaOf(WorkspaceFile, 'cutover.yaml: systems, state, store and policies of a workspace')],
    ['capability.schema.json', schemaOf(CapabilityFile, 'capability.yaml: what a capability consists of')],
    ['entity.schema.json', entity],
    ['entity-overlay.schema.json', overlayOf({ ...entity, title: 'What a workspace adds to or changes of an entity of a shipped pack' }) as JsonSchema],
    ['source.schema.json', schemaOf(SourceMapping, "How one system's rows become canonical rows of an entity")],
  ]);
}

function schemaOf(schema: z.ZodType, title: string): JsonSchema {
  const made = z.toJSONSchema(schema, { io: 'input', target: 'draft-07', unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
  const { $schema, ...rest } = made;
  return { $schema, title, ...rest };
}

/** The same keys, none of them required, each also null. A choice between kinds of object becomes any of them, since what tells them apart may stand in the pack. */
function overlayOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(overlayOf);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { required: _, oneOf, properties, additionalProperties, ...rest } = schema as Record<string, unknown>;
  const overlaid: Record<string, unknown> = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, overlayOf(value)]));
  if (oneOf !== undefined) overlaid.anyOf = overlayOf(oneOf);
  if (typeof properties === 'object' && properties !== null) {
    overlaid.properties = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, orNull(overlayOf(value))]));
  }
  if (additionalProperties !== undefined)
    overlaid.additionalProperties = typeof additionalProperties === 'object' ? orNull(overlayOf(additionalProperties)) : additionalProperties;
  return overlaid;
}

function orNull(schema: unknown): unknown {
  const { description, ...rest } = schema as Record<string, unknown>;
  return { ...(description === undefined ? {} : { description }), anyOf: [rest, { type: 'null' }] };
}

/** As it is written to a file. */
export function schemaText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Dotted paths of keys without a description. */
export function undescribedKeys(schema: unknown, path: readonly string[] = []): string[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => undescribedKeys(one, path));
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key !== 'properties') return undescribedKeys(value, path);
    return Object.entries(value as Record<string, JsonSchema>).flatMap(([name, property]) => [
      ...(typeof property.description === 'string' && property.description !== '' ? [] : [[...path, name].join('.')]),
      ...undescribedKeys(property, [...path, name]),
    ]);
  });
}
