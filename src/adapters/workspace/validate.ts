/** Validation of a tree by a schema: every mistake with its position, unknown words with the known one they resemble. */
import { z } from 'zod';
import type { Mistakes } from '../../domain/mistakes.ts';
import { closest, didYouMean } from '../../domain/suggestion.ts';
import { plainValue, subtree, type Tree } from './yaml-tree.ts';

type Issue = z.core.$ZodIssue;

/** The parsed value, or null with the mistakes told. */
export function validate<Schema extends z.ZodType>(schema: Schema, tree: Tree, mistakes: Mistakes): z.infer<Schema> | null {
  const value = plainValue(tree);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(issue, { schema, tree, mistakes, prefix: [] });
  return null;
}

interface Report {
  readonly schema: z.ZodType;
  readonly tree: Tree;
  readonly mistakes: Mistakes;
  readonly prefix: readonly PropertyKey[];
}

function report(issue: Issue, context: Report): void {
  const path = [...context.prefix, ...issue.path];
  const { tree, isExact } = subtree(context.tree, path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(context.schema, path, context.tree);
    for (const key of issue.keys) {
      const child = subtree(context.tree, [...path, key]).tree;
      context.mistakes.push({ position: child.key, message: `unknown key '${key}'${didYouMean(key, known)}` });
    }
    return;
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that got furthest is the one that was meant.
    const branch = [...issue.errors].sort((left, right) => depthOf(right) - depthOf(left) || left.length - right.length)[0] ?? [];
    for (const inner of branch) report(inner, { ...context, prefix: path });
    return;
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    const name = String(path.at(-1));
    context.mistakes.push({ position: tree.key, message: `'${name}' cannot stand here: ${issue.issues.map((inner) => inner.message).join('; ')}` });
    return;
  }
  const misspelt = isExact || issue.code !== 'invalid_union' ? null : misspeltKey(context.tree, path);
  if (misspelt !== null) context.mistakes.push(misspelt);
  else context.mistakes.push({ position: isExact ? tree.at(0) : tree.key, message: messageOf(issue, path, isExact ? tree : null) });
}

/** Without the key that tells the alternatives apart the others are not looked at, so that nothing else would say that it is misspelt. */
function misspeltKey(root: Tree, path: readonly PropertyKey[]): Mistakes[number] | null {
  const missing = String(path.at(-1));
  const value = plainValue(subtree(root, path.slice(0, -1)).tree);
  const key = typeof value === 'object' && value !== null ? closest(missing, Object.keys(value)) : null;
  if (key === null) return null;
  return { position: subtree(root, [...path.slice(0, -1), key]).tree.key, message: `unknown key '${key}'; did you mean '${missing}'?` };
}

function depthOf(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => (issue.code === 'unrecognized_keys' ? issue.path.length + 1 : issue.path.length)));
}

/** Never holds the value itself, except where it must be one of a few words: a value may be a secret in the wrong place. */
function messageOf(issue: Issue, path: readonly PropertyKey[], tree: Tree | null): string {
  const name = `'${path.map(String).join('.')}'`;
  const given = tree?.kind === 'scalar' ? tree.value : undefined;
  if (tree === null || (tree.kind === 'scalar' && tree.isEmpty)) return tree === null ? `${name} is missing` : `${name} has no value`;
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    return `${name} must be ${values.length === 1 ? values[0] : `one of ${values.join(', ')}`}${typeof given === 'string' ? didYouMean(given, values) : ''}`;
  }
  if (issue.code === 'invalid_union') {
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
    return `${name} must be one of ${options.join(', ')}${typeof given === 'string' ? didYouMean(given, options) : ''}`;
  }
  if (issue.code === 'invalid_type') return `${name} ${expectation(issue.expected, given)}`;
  return `${name}: ${issue.message}`;
}

function expectation(expected: string, given: unknown): string {
  if (expected === 'boolean' && (given === 'true' || given === 'false')) return `must be true or false, not the text "${given}": leave out the quotes`;
  if (expected === 'boolean') return 'must be true or false';
  if (expected === 'string') return `must be a text${given === undefined || given === null ? '' : ': put it in quotes'}`;
  if (expected === 'number' || expected === 'int') return `must be a number${isNumeric(given) ? ': leave out the quotes' : ''}`;
  if (expected === 'array') return 'must be a list, as in [a, b]';
  return expected === 'object' || expected === 'record' ? 'must hold keys and values' : `must be of type ${expected}`;
}

function isNumeric(given: unknown): boolean {
  return typeof given === 'string' && given.trim() !== '' && Number.isFinite(Number(given));
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

/** The keys that may stand at a path, for suggestions. Of a discriminated union only the chosen branch counts. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], tree: Tree): string[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
  let branches = branchesOf(root, tree);
  for (const [index, step] of path.entries()) {
    const below = subtree(tree, path.slice(0, index + 1)).tree;
    branches = branches.flatMap((branch) => {
      const next = typeof step === 'number' ? branch.items : (branch.properties?.[String(step)] ?? branch.additionalProperties);
      return typeof next === 'object' ? branchesOf(next, below) : [];
    });
  }
  return branches.flatMap((branch) => Object.keys(branch.properties ?? {}));
}

function branchesOf(schema: JsonSchema, tree: Tree): JsonSchema[] {
  const options = schema.oneOf ?? schema.anyOf;
  if (options === undefined) return [schema];
  const value = plainValue(tree);
  const chosen = options.filter((option) =>
    Object.entries(option.properties ?? {}).every(
      ([key, property]) =>
        property.const === undefined || (typeof value === 'object' && value !== null && (value as Record<string, unknown>)[key] === property.const),
    ),
  );
  return (chosen.length > 0 ? chosen : options).flatMap((option) => branchesOf(option, tree));
}
