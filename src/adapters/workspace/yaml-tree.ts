/** YAML with positions: a tree in which every value knows the file, line and column it came from, also after two files were merged. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar } from 'yaml';
import type { Mistakes } from '../../domain/mistakes.ts';
import type { FilePosition, PositionOf } from '../../domain/workspace.ts';
import { sourceOffset } from './scalar-offset.ts';

/** Where a value stands: `at(offset)` is the place of a character of a text, 0-based. */
interface Place {
  readonly at: (offset: number) => FilePosition;
  /** Where the key of the value stands; the value itself in a list. */
  readonly key: FilePosition;
}
export type Tree =
  | ({ readonly kind: 'map'; readonly entries: ReadonlyMap<string, Tree> } & Place)
  | ({ readonly kind: 'list'; readonly items: readonly Tree[] } & Place)
  | ({ readonly kind: 'scalar'; readonly value: unknown; readonly isEmpty: boolean } & Place);

/** Reads one file. Null, with the mistakes told, when it is not YAML or not a mapping of keys. */
export function readTree(source: string, file: string, mistakes: Mistakes): Tree | null {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, merge: false });
  const positionAt = (offset: number): FilePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    for (const error of document.errors) mistakes.push({ position: positionAt(error.pos[0]), message: messageOf(error.code, error.message) });
    return null;
  }
  if (!isMap(document.contents)) {
    mistakes.push({ position: positionAt(0), message: 'the file must hold keys and values' });
    return null;
  }

  const build = (node: Node | null, key: FilePosition): Tree => {
    const resolved = isAlias(node) ? node.resolve(document) : node;
    const start = resolved?.range?.[0];
    const place = { at: () => (start === undefined ? key : positionAt(start)), key };
    if (isMap(resolved)) {
      const entries = new Map<string, Tree>();
      for (const pair of resolved.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
        const keyStart = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
        entries.set(name, build(pair.value as Node | null, keyStart === undefined ? place.at() : positionAt(keyStart)));
      }
      return { kind: 'map', entries, ...place };
    }
    if (isSeq(resolved)) {
      return {
        kind: 'list',
        items: resolved.items.map((item) => build(item as Node | null, positionOfNode(item as Node | null, place.at(), positionAt))),
        ...place,
      };
    }
    const scalar = resolved as Scalar | null;
    const isEmpty = scalar === null || (scalar.value === null && scalar.source === '');
    return {
      kind: 'scalar',
      value: scalar?.value ?? null,
      isEmpty,
      key,
      at: (offset) => (scalar?.range ? positionAt(sourceOffset(source, scalar, offset)) : key),
    };
  };
  return build(document.contents, { file, line: 1, column: 1 });
}

function positionOfNode(node: Node | null, otherwise: FilePosition, positionAt: (offset: number) => FilePosition): FilePosition {
  return node?.range ? positionAt(node.range[0]) : otherwise;
}

function messageOf(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'the key stands here a second time; keep one of them';
  return `not valid YAML: ${message}`;
}

/** Lays an overlay over a base: maps merge key by key, lists and values replace, `null` removes. */
export function mergeTrees(base: Tree, overlay: Tree, mistakes: Mistakes): Tree {
  if (base.kind !== 'map' || overlay.kind !== 'map') return overlay;
  const entries = new Map(base.entries);
  for (const [key, value] of overlay.entries) {
    const below = base.entries.get(key);
    if (value.kind === 'scalar' && value.value === null) {
      if (value.isEmpty) mistakes.push({ position: value.key, message: `'${key}' has no value; write null to remove it from the pack's definition` });
      else if (below === undefined) mistakes.push({ position: value.key, message: `the pack has no '${key}' that null could remove` });
      entries.delete(key);
    } else entries.set(key, below === undefined ? value : mergeTrees(below, value, mistakes));
  }
  return { ...overlay, entries };
}

/** The plain value of a tree. */
export function plainValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plainValue);
  return Object.fromEntries([...tree.entries].map(([key, value]) => [key, plainValue(value)]));
}

/** The subtree at a path, or the nearest one above it that exists. */
export function subtree(tree: Tree, path: readonly PropertyKey[]): { readonly tree: Tree; readonly isExact: boolean } {
  let current = tree;
  for (const step of path) {
    const next: Tree | undefined =
      current.kind === 'map' ? current.entries.get(String(step)) : current.kind === 'list' ? current.items[Number(step)] : undefined;
    if (next === undefined) return { tree: current, isExact: false };
    current = next;
  }
  return { tree: current, isExact: true };
}

/** Positions by path: the value itself, or the key of the nearest thing above when there is no such value. */
export function positionsOf(tree: Tree): PositionOf {
  return (path, offset = 0) => {
    const found = subtree(tree, path);
    return found.isExact ? found.tree.at(offset) : found.tree.key;
  };
}
