import type { ProfileResult } from '../../domain/results.ts';
import { counted, grouped, type Style } from '../style.ts';
import { table, wrapped } from '../table.ts';

export function renderProfile(result: ProfileResult, style: Style): string {
  return result.entities.map((entity) => renderEntity(entity, style)).join('\n\n');
}

function renderEntity(entity: ProfileResult['entities'][number], style: Style): string {
  const { paint } = style;
  const columns = table(
    entity.columns,
    [
      { header: 'column', value: (column) => column.column },
      { header: 'type', value: (column) => column.type.toLowerCase(), paint: (cell) => paint.dim(cell) },
      { header: 'nulls', value: (column) => column.nulls },
      { header: 'distinct', value: (column) => column.distinct },
      { header: 'from', value: (column) => quotedOf(column.minimum) },
      { header: 'to', value: (column) => quotedOf(column.maximum) },
      { header: 'looks like', value: (column) => looks(column) },
    ],
    style,
  );
  const keys = entity.candidateKeys.map((key) => key.join(' + ')).slice(0, 4);
  const lines = [
    `${paint.bold(entity.name)}  ${counted(entity.rows, 'row')}, ${counted(entity.columns.length, 'column')}`,
    columns,
    `  candidate keys: ${keys.length === 0 ? paint.yellow('none') : keys.join(', ')}`,
  ];
  for (const damage of entity.damage) {
    const example = damage.example === null ? '' : `, as in ${quotedOf(damage.example)}`;
    lines.push(
      wrapped(`${paint.yellow('!')} ${damage.column}: ${damage.kind}, ${grouped(damage.count)} times${example}. ${paint.dim(damage.hint)}`, style.width, 2),
    );
  }
  return lines.join('\n');
}

function looks(column: ProfileResult['entities'][number]['columns'][number]): string {
  const scheme = column.identifiers[0];
  if (scheme !== undefined) return `${scheme.scheme} ${Math.round(scheme.share * 100)} %`;
  return column.patterns
    .slice(0, 2)
    .map(({ pattern }) => pattern)
    .join(' | ');
}

/** Quoted, so that a column of numbers kept as text stays left-aligned and is not grouped: it is shown as it is. */
function quotedOf(value: string | null): string {
  if (value === null) return '';
  return `'${value.length > 18 ? `${value.slice(0, 17)}…` : value}'`;
}
