/** The expressions of a source mapping, each with its place in the file. */
import { codeCall } from '../../domain/code-call.ts';
import type { EntityContract, SourceMapping } from '../../domain/contract.ts';
import type { PositionOf } from '../../domain/workspace.ts';
import type { ExpressionText } from './expression.ts';

/** `path` leads to it within the mapping. Of a `code(…)` call it is the argument, which is what is evaluated. */
export type MappingExpression = ExpressionText & { readonly path: readonly string[] };

export function mappingExpressions(contract: EntityContract, mapping: SourceMapping, position: PositionOf): MappingExpression[] {
  const expressionAt = (path: readonly string[], text: string, isCode: boolean): MappingExpression => {
    const call = isCode ? codeCall(text) : null;
    const shift = call?.offset ?? 0;
    return { path, text: call?.argument ?? text, at: (offset) => position(path, offset + shift) };
  };
  return [
    ...(mapping.filter === undefined ? [] : [expressionAt(['filter'], mapping.filter, false)]),
    ...(mapping.row === undefined ? [] : [expressionAt(['row'], mapping.row, false)]),
    ...Object.entries(mapping.fields).map(([name, text]) => expressionAt(['fields', name], text, contract.fields[name]?.type === 'code')),
  ];
}
