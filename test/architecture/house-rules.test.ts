import { describe, expect, test } from 'vitest';
import { isNode, lineAt, type Module, type Node, parseModule, readModules, walk } from './modules.ts';

const all = readModules(['src', 'commands', 'test', 'fixtures']);
const code = all.filter((module) => !module.isTest && (module.path.startsWith('src/') || module.path.startsWith('commands/')));

const LONGEST_FILE = 400;
const LONGEST_TEST = 600;
const LONGEST_COMMAND = 100;
const LONGEST_FUNCTION = 80;

/** Time, chance, files, servers and the environment come in as arguments here. */
function isPure(path: string): boolean {
  return path.startsWith('src/domain/') || path.startsWith('src/workflows/') || path.startsWith('commands/');
}

describe('house rules', () => {
  test('files stay short enough to have one subject', () => {
    const limit = (module: Module) =>
      module.path.startsWith('commands/') ? LONGEST_COMMAND : module.isTest || module.path.startsWith('test/') ? LONGEST_TEST : LONGEST_FILE;
    const lines = (module: Module) => module.source.trimEnd().split('\n').length;
    expect(
      all.filter((module) => lines(module) > limit(module)).map((module) => `${module.path} has ${lines(module)} lines, ${limit(module)} are allowed`),
    ).toEqual([]);
  });

  test('functions stay short', () => {
    expect(code.flatMap(longFunctions)).toEqual([]);
  });

  test('time, chance, files, servers and the environment are not reached for in domain, workflows and commands', () => {
    expect(code.filter(({ path }) => isPure(path)).flatMap(forbiddenUses)).toEqual([]);
  });

  test.each(['process.env.HOME', 'Date.now()', 'new Date()', 'Math.random()', 'performance.now()', "import('node:fs')", 'crypto.randomUUID()'])(
    'sees %s',
    (expression) => {
      expect(forbiddenUses(parseModule('src/domain/a.ts', `export const x = ${expression};`))).toHaveLength(1);
    },
  );

  test('reading a date that was given is allowed', () => {
    expect(forbiddenUses(parseModule('src/domain/a.ts', 'export const x = (text: string) => new Date(text);'))).toEqual([]);
  });

  test('only commands and configuration have default exports', () => {
    const found = all.filter(({ path, program }) => !path.startsWith('commands/') && has(program, (node) => node.type === 'ExportDefaultDeclaration'));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  test('every command exports its class and nothing else', () => {
    const commands = code.filter(({ path }) => path.startsWith('commands/'));
    expect(
      commands
        .filter(({ program }) => has(program, (node) => node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration'))
        .map(({ path }) => path),
    ).toEqual([]);
  });

  test('no failure is swallowed', () => {
    expect(code.flatMap(swallowedFailures)).toEqual([]);
  });

  test.each([
    'try { x() } catch {}',
    'try { x() } catch (error) { /* later */ }',
    'x().catch(() => {})',
    'x().catch(() => undefined)',
    'x().catch(() => void 0)',
  ])('sees a swallowed failure in %s', (source) => {
    expect(swallowedFailures(parseModule('src/domain/a.ts', source))).toHaveLength(1);
  });

  test('no file only hands on what others export', () => {
    const isBarrel = ({ program }: Module) => {
      const body = program.body as Node[];
      return body.length > 0 && body.every((node) => (node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') && isNode(node.source));
    };
    expect(code.filter(isBarrel).map(({ path }) => path)).toEqual([]);
  });
});

function has(program: Node, fits: (node: Node) => boolean): boolean {
  return (program.body as Node[]).some(fits);
}

function longFunctions(module: Module): string[] {
  const found: string[] = [];
  walk(module.program, (node) => {
    if (!['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type)) return;
    const first = lineAt(module.source, node.start);
    const lines = lineAt(module.source, node.end) - first + 1;
    if (lines > LONGEST_FUNCTION) found.push(`${module.path}:${first} has ${lines} lines, ${LONGEST_FUNCTION} are allowed`);
  });
  return found;
}

const forbiddenMembers = ['process.env', 'Date.now', 'Math.random', 'performance.now', 'crypto.randomUUID', 'crypto.getRandomValues'];
const forbiddenNames = ['randomUUID', 'randomBytes', 'randomInt'];
const forbiddenModules = /^(node:(fs|net|http|https|child_process|os|readline)(\/|$)|pg$|pg-|knex|@duckdb\/|@electric-sql\/|pino$)/;

function forbiddenUses(module: Module): string[] {
  const found = module.imports
    .filter(({ specifier, isTypeOnly }) => !isTypeOnly && forbiddenModules.test(specifier))
    .map(({ specifier, line }) => `${module.path}:${line} imports ${specifier}`);
  walk(module.program, (node) => {
    const use = forbiddenUse(node);
    if (use !== null) found.push(`${module.path}:${lineAt(module.source, node.start)} uses ${use}`);
  });
  return found;
}

function forbiddenUse(node: Node): string | null {
  if (node.type === 'MemberExpression' && isNode(node.object) && isNode(node.property)) {
    const use = `${String(node.object.name)}.${String(node.property.name)}`;
    return forbiddenMembers.includes(use) ? use : null;
  }
  if (node.type === 'ImportSpecifier' && isNode(node.imported) && forbiddenNames.includes(String(node.imported.name))) return String(node.imported.name);
  const isNow = node.type === 'NewExpression' && isNode(node.callee) && node.callee.name === 'Date' && (node.arguments as unknown[]).length === 0;
  return isNow ? 'new Date()' : null;
}

function swallowedFailures(module: Module): string[] {
  const found: string[] = [];
  walk(module.program, (node) => {
    if (isSwallowing(node) && !saysWhy(module.source.slice(node.start, node.end)))
      found.push(`${module.path}:${lineAt(module.source, node.start)} swallows a failure`);
  });
  return found;
}

/** A sentence in the block: some failures of giving something up are none. */
function saysWhy(source: string): boolean {
  const [, comment = ''] = /\/\/ *(.*)|\/\*(?:.|\n)*?\*\//.exec(source) ?? [];
  return comment.trim().split(/\s+/).length >= 4;
}

function isSwallowing(node: Node): boolean {
  if (node.type === 'CatchClause') return isNode(node.body) && (node.body.body as unknown[]).length === 0;
  if (node.type !== 'CallExpression' || !isNode(node.callee) || !isNode(node.callee.property) || node.callee.property.name !== 'catch') return false;
  // A promise with a name is still heard by whoever awaits it; the catch only keeps it from counting as unhandled.
  if (isNode(node.callee.object) && node.callee.object.type === 'Identifier') return false;
  const [handler] = node.arguments as unknown[];
  if (!isNode(handler) || handler.type !== 'ArrowFunctionExpression' || !isNode(handler.body)) return false;
  const { body } = handler;
  if (body.type === 'BlockStatement') return (body.body as unknown[]).length === 0;
  return (body.type === 'Identifier' && body.name === 'undefined') || (body.type === 'UnaryExpression' && body.operator === 'void');
}
