import type { MapResult } from '../../domain/results.ts';
import { counted, grouped, type Style } from '../style.ts';
import { table, wrapped } from '../table.ts';

export function renderMap(result: MapResult, style: Style): string {
  const { paint } = style;
  const sum = (key: 'input' | 'mapped' | 'rejected' | 'filtered') => result.entities.reduce((total, entity) => total + entity[key], 0);
  const alarmed = (count: number) => (cell: string) => (count > 0 ? paint.yellow(cell) : paint.dim(cell));
  const sections = [
    `${paint.bold('Mapped')} ${grouped(sum('mapped'))} of ${counted(sum('input'), 'row')}: ${grouped(sum('rejected'))} rejected, ${grouped(sum('filtered'))} filtered`,
    table(
      result.entities,
      [
        { header: 'entity', value: (row) => row.entity },
        { header: 'system', value: (row) => row.system },
        { header: 'input', value: (row) => row.input },
        { header: 'mapped', value: (row) => row.mapped },
        { header: 'rejected', value: (row) => row.rejected, paint: (cell, row) => alarmed(row.rejected)(cell) },
        { header: 'filtered', value: (row) => row.filtered },
        { header: 'same key', value: (row) => row.duplicates, paint: (cell, row) => alarmed(row.duplicates)(cell) },
      ],
      style,
    ),
  ];
  if (result.rejects.length > 0) sections.push(renderRejects(result, style));
  const checks = renderChecks(result.checks, style);
  if (checks !== null) sections.push(checks);
  return sections.join('\n\n');
}

function renderRejects(result: MapResult, style: Style): string {
  const list = table(
    result.rejects,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'system', value: (row) => row.system },
      { header: 'field', value: (row) => row.field },
      { header: 'why', value: (row) => row.rule },
      { header: 'rows', value: (row) => row.count },
    ],
    style,
  );
  const files = result.rejectFiles.map((file) => `\n  to mend: ${file}`).join('');
  return `${style.paint.bold('Rejects')}\n${list}${files}`;
}

/** Checks that found something, each with what to do about it. Null when there is none. */
export function renderChecks(checks: MapResult['checks'], style: Style): string | null {
  const found = checks.filter((check) => check.count > 0);
  if (found.length === 0) return null;
  const { paint } = style;
  const colour = { error: paint.red, warning: paint.yellow, info: paint.cyan };
  const list = table(
    found,
    [
      { header: '', value: (check) => check.severity, paint: (cell, check) => colour[check.severity](cell) },
      { header: 'check', value: (check) => check.name },
      { header: 'entity', value: (check) => check.entity },
      { header: 'rows', value: (check) => check.count },
      { header: 'sum', value: (check) => check.measure },
    ],
    style,
  );
  const hints = found.map((check) => wrapped(`${paint.dim(`${check.name}:`)} ${check.hint}`, style.width, 2)).join('\n');
  return `${paint.bold('Checks')}\n${list}\n\n${hints}`;
}
