import { describe, expect, test } from 'vitest';
import { type Module, parseModule, readModules } from './modules.ts';

const modules = readModules(['src', 'commands']).filter((module) => !module.isTest);

/** The pipeline: a workflow may use those before it. `expression` is the mapping language, which pull and all after it read. */
const pipeline = [
  'expression',
  'pull',
  'map',
  'sides',
  'match',
  'reconcile',
  'explain',
  'decide-breaks',
  'plan',
  'load',
  'dead-letter',
  'audit',
  'rollback',
  'rehearse',
  'rebuild',
  'status',
];
/** Rules of identifier schemes; they stay behind the domain's registry of schemes. */
const rulePackages = ['stdnum', 'ibantools'];
const purePackages = ['zod', 'fast-json-patch', 'decimal.js', 'fastest-levenshtein', 'node:crypto'];

/** Everything a module reaches for that its layer does not allow. */
function forbiddenArrows(module: Module): string[] {
  const from = layerOf(module.path);
  return module.imports.flatMap(({ specifier, path, line }) => {
    const allowed = path === null ? isPackageAllowed(from, specifier) : isArrowAllowed(from, layerOf(path));
    return allowed ? [] : [`${module.path}:${line} must not import ${specifier}`];
  });
}

interface Layer {
  readonly name: 'commands' | 'demo' | 'context' | 'cli' | 'domain' | 'workflows' | 'adapters' | 'sandbox' | 'fixtures' | 'elsewhere';
  /** The workflow or technology. */
  readonly part: string;
}

function layerOf(path: string): Layer {
  const [first, second = '', third = ''] = path.split('/');
  if (first === 'commands') return { name: 'commands', part: '' };
  if (first === 'fixtures') return { name: 'fixtures', part: '' };
  if (path === 'src/context.ts') return { name: 'context', part: '' };
  const known = ['demo', 'cli', 'domain', 'workflows', 'adapters', 'sandbox'] as const;
  const name = known.find((layer) => first === 'src' && layer === second);
  return { name: name ?? 'elsewhere', part: name === 'workflows' || name === 'adapters' ? third : '' };
}

function isArrowAllowed(from: Layer, to: Layer): boolean {
  if (from.name === 'context') return to.name !== 'commands' && to.name !== 'demo';
  if (to.name === 'domain') return from.name !== 'elsewhere';
  switch (from.name) {
    case 'commands':
      return ['workflows', 'cli', 'context', 'demo'].includes(to.name);
    case 'demo':
      return ['demo', 'workflows', 'cli', 'context', 'sandbox', 'fixtures'].includes(to.name);
    case 'workflows':
      return to.name === 'workflows' && isUpstream(from.part, to.part);
    case 'adapters':
      return to.name === 'adapters' && to.part === from.part;
    case 'cli':
    case 'sandbox':
      return to.name === from.name;
    default:
      return false;
  }
}

function isUpstream(from: string, to: string): boolean {
  if (from === to) return true;
  // Doctor looks ahead at what they will do, and nothing uses doctor.
  if (from === 'doctor') return pipeline.includes(to);
  return pipeline.includes(to) && pipeline.includes(from) && pipeline.indexOf(to) < pipeline.indexOf(from);
}

function isPackageAllowed(from: Layer, specifier: string): boolean {
  if (from.name === 'domain') return [...purePackages, ...rulePackages].includes(specifier);
  // Paths are text; joining them touches nothing.
  if (from.name === 'workflows') return [...purePackages, 'node:path'].includes(specifier);
  if (from.name === 'commands') return specifier.startsWith('@oclif/core/') || ['node:path', 'node:timers/promises'].includes(specifier);
  return true;
}

describe('layers', () => {
  test('no import goes against the arrows of the layout', () => {
    expect(modules.length).toBeGreaterThan(20);
    expect(modules.flatMap(forbiddenArrows)).toEqual([]);
  });

  test.each([
    ['src/domain/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/domain/a.ts', "import type { X } from '../cli/style.ts';"],
    ['src/workflows/pull/a.ts', "import { plan } from '../plan/plan.ts';"],
    ['src/workflows/load/a.ts', "const { openState } = await import('../../adapters/state/state-store.ts');"],
    ['src/workflows/map/a.ts', "import knex from 'knex';"],
    ['src/adapters/odoo/a.ts', "import { openDataPlane } from '../duckdb/data-plane.ts';"],
    ['src/sandbox/a.ts', "import { connectOdoo } from '../adapters/odoo/connection.ts';"],
    ['src/cli/a.ts', "import { withContext } from '../context.ts';"],
    ['commands/a.ts', "import { openState } from '../src/adapters/state/state-store.ts';"],
    ['commands/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/adapters/odoo/a.ts', "export { x } from '../../workflows/pull/pull.ts';"],
    ['src/demo/a.ts', "import { connectOdoo } from '../adapters/odoo/connection.ts';"],
    ['src/workflows/plan/a.ts', "import { runDemo } from '../../demo/demo.ts';"],
  ])('sees the forbidden arrow in %s: %s', (path, source) => {
    expect(forbiddenArrows(parseModule(path, source))).toHaveLength(1);
  });

  test('no modules import each other in a circle at run time', () => {
    expect(circles(modules)).toEqual([]);
  });

  test('a circle is found', () => {
    const pair = [parseModule('src/domain/a.ts', "import { b } from './b.ts';"), parseModule('src/domain/b.ts', "import { a } from './a.ts';")];
    expect(circles(pair)).toEqual(['src/domain/a.ts → src/domain/b.ts → src/domain/a.ts']);
    const types = [parseModule('src/domain/a.ts', "import type { B } from './b.ts';"), parseModule('src/domain/b.ts', "import { a } from './a.ts';")];
    expect(circles(types)).toEqual([]);
  });

  test('help and every command start without DuckDB, knex, PostgreSQL, PGlite or pino', () => {
    const heavy = /^(@duckdb\/|knex|pg$|pg-|@electric-sql\/|pino)/;
    const starts = modules.filter(({ path }) => path.startsWith('commands/') || path === 'src/cli/main.ts');
    const reached = starts.flatMap((start) => [...eagerPackages(start)].filter((name) => heavy.test(name)).map((name) => `${start.path} → ${name}`));
    expect(reached).toEqual([]);
  });
});

const byPath = new Map(modules.map((module) => [module.path, module]));

/** Packages imported before anything runs, directly or through others. */
function eagerPackages(start: Module, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  seen.add(start.path);
  for (const { specifier, path, isTypeOnly, isDynamic } of start.imports) {
    if (isTypeOnly || isDynamic) continue;
    if (path === null) packages.add(specifier);
    const next = path === null ? undefined : byPath.get(path);
    if (next !== undefined && !seen.has(next.path)) for (const name of eagerPackages(next, seen)) packages.add(name);
  }
  return packages;
}

/** Each circle once, from its first module in the order of paths. */
function circles(graph: readonly Module[]): string[] {
  const edges = new Map(
    graph.map((module) => [
      module.path,
      module.imports.filter((one) => one.path !== null && !one.isTypeOnly && !one.isDynamic).map((one) => one.path as string),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}
