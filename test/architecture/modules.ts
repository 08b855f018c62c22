/** The sources as a graph: every module with what it imports and its syntax tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseSync } from 'vite';

export const root = resolve(import.meta.dirname, '../..');

/** An ESTree node, as far as these tests look. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the root for a module of ours, null for a package. */
  readonly path: string | null;
  readonly isTypeOnly: boolean;
  readonly isDynamic: boolean;
  readonly line: number;
}

export interface Module {
  /** From the root, with `/`. */
  readonly path: string;
  readonly source: string;
  readonly program: Node;
  readonly imports: readonly Import[];
  /** Tests and what only tests use, beside the code. */
  readonly isTest: boolean;
}

export function readModules(folders: readonly string[]): readonly Module[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readModule(join(folder, name)))
      .sort((left, right) => left.path.localeCompare(right.path)),
  );
}

function readModule(file: string): Module {
  const path = file.split(sep).join('/');
  return parseModule(path, readFileSync(join(root, file), 'utf8'));
}

export function parseModule(path: string, source: string): Module {
  const result = parseSync(path, source, { lang: 'ts', sourceType: 'module' });
  if (result.errors.length > 0) throw new Error(`${path}: ${result.errors[0]?.message}`);
  const program = result.program as unknown as Node;
  const imports: Import[] = [];
  walk(program, (node) => {
    const found = importOf(node);
    if (found === null) return;
    const isOurs = found.specifier.startsWith('.');
    const target = isOurs
      ? relative(root, resolve(root, dirname(path), found.specifier))
          .split(sep)
          .join('/')
      : null;
    imports.push({ ...found, path: target, line: lineAt(source, node.start) });
  });
  const isTest = /\.(test|fixture|odoo|postgres)\.ts$/.test(path) || imports.some(({ specifier }) => specifier === 'vitest');
  return { path, source, program, imports, isTest };
}

/** Calls `visit` for every node below, parents first. */
export function walk(node: Node, visit: (node: Node, ancestors: readonly Node[]) => void, ancestors: readonly Node[] = []): void {
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, below);
  }
}

export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function importOf(node: Node): Omit<Import, 'path' | 'line'> | null {
  if (!['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType'].includes(node.type)) return null;
  const source = node.source as { value?: unknown } | null | undefined;
  if (typeof source?.value !== 'string') return null;
  const kinds = (list: unknown) =>
    Array.isArray(list) ? list.map((item: { importKind?: string; exportKind?: string }) => item.importKind ?? item.exportKind) : [];
  const named = kinds(node.specifiers);
  const isTypeOnly =
    node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type' || (named.length > 0 && named.every((kind) => kind === 'type'));
  return { specifier: source.value, isTypeOnly, isDynamic: node.type === 'ImportExpression' };
}
