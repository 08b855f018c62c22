import { expect, test } from 'vitest';
import { isNode, lineAt, type Module, type Node, parseModule, readModules, walk } from './modules.ts';

/** Odoo itself computes in floats, and so does its stand-in; weights of a match are odds; what the report's page measures are pixels. */
const holdsNoAmounts = /^src\/(sandbox\/|workflows\/match\/|adapters\/report\/page\/)/;
/** JSON carries doubles: here, and nowhere before, an exact text becomes a number for Odoo. */
const edge = 'src/workflows/plan/wire-value.ts';
const amountLike = /amount|balance|price|money|total|debit|credit|measure|residual|difference|tolerance|gross|decimal|rate\b/i;

const code = readModules(['src', 'commands']).filter(({ path, isTest }) => !isTest && path !== edge && !holdsNoAmounts.test(path));

test('no amount becomes a float', () => {
  expect(code.flatMap(floats)).toEqual([]);
});

test.each([
  'Number.parseFloat(text)',
  'parseFloat(text)',
  'new Decimal(text).toNumber()',
  'Number(row.amount)',
  'Number(control.residual) > 0',
  '+row.balance',
])('sees %s', (expression) => {
  expect(floats(parseModule('src/domain/a.ts', `export const x = ${expression};`))).toHaveLength(1);
});

test('counting is allowed', () => {
  expect(floats(parseModule('src/domain/a.ts', 'export const x = Number(row.count) + Number(row.id);'))).toEqual([]);
});

function floats(module: Module): string[] {
  const found: string[] = [];
  const text = (node: Node) => module.source.slice(node.start, node.end);
  walk(module.program, (node) => {
    if (isFloat(node, text)) found.push(`${module.path}:${lineAt(module.source, node.start)} ${text(node)}`);
  });
  return found;
}

function isFloat(node: Node, text: (node: Node) => string): boolean {
  if (node.type === 'UnaryExpression') return node.operator === '+' && isNode(node.argument) && amountLike.test(text(node.argument));
  if (node.type !== 'CallExpression' || !isNode(node.callee)) return false;
  const callee = text(node.callee);
  if (/(^|\.)parseFloat$|\.toNumber$/.test(callee)) return true;
  const [argument] = node.arguments as unknown[];
  return callee === 'Number' && isNode(argument) && amountLike.test(text(argument));
}
