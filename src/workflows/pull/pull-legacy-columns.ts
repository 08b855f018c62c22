/** Which source columns a mapping uses, and where: only these are fetched, and only these can drift. */
import type { EntityContract, SourceMapping } from '../../domain/contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import type { FilePosition, PositionOf } from '../../domain/workspace.ts';
import { parseExpressions } from '../expression/expression.ts';
import { mappingExpressions } from '../expression/mapping-expressions.ts';

export interface ColumnUse {
  /** As the mapping writes it. */
  readonly column: string;
  readonly position: FilePosition;
}

/** A mapping that holds an expression that may not stand there is not worth a pull: its mistakes are told before a row is read. */
export async function columnUses(
  contract: EntityContract,
  mapping: SourceMapping,
  position: PositionOf,
  plane: DataPlane,
): Promise<{ readonly uses: readonly ColumnUse[]; readonly mistakes: readonly Mistake[] }> {
  const plain: ColumnUse[] = (['watermark', 'id'] as const).flatMap((key) => {
    const column = mapping[key];
    return column === undefined ? [] : [{ column, position: position([key]) }];
  });
  const expressions = mappingExpressions(contract, mapping, position);
  const { parsed, mistakes } = await parseExpressions(plane, expressions);
  const named = expressions.flatMap((expression, index) =>
    (parsed[index]?.columns ?? []).map(({ names, offset }) => ({ column: names[0] as string, position: expression.at(offset) })),
  );
  return { uses: [...plain, ...named], mistakes };
}
