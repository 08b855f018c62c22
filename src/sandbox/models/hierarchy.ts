/** Records that have a parent of their own model. */
import type { Environment } from '../environment.ts';
import { asId, asText, type Row } from '../values.ts';

export function formsRing(environment: Environment, model: string, parent: string, rows: readonly Row[]): boolean {
  return rows.some((row) => {
    const seen = new Set([row.id]);
    for (let above = asId(row[parent]); above !== null; above = asId(environment.row(model, above)?.[parent])) {
      if (seen.has(above)) return true;
      seen.add(above);
    }
    return false;
  });
}

/** The record and those above it, topmost first. */
export function lineage(environment: Environment, model: string, parent: string, row: Row): Row[] {
  const line: Row[] = [];
  for (let current: Row | undefined = row; current && !line.includes(current); ) {
    line.unshift(current);
    const above = asId(current[parent]);
    current = above === null ? undefined : environment.row(model, above);
  }
  return line;
}

/** As in `All / Saleable`. */
export function pathName(environment: Environment, model: string, parent: string, row: Row): string {
  return lineage(environment, model, parent, row)
    .map((step) => asText(step.name))
    .join(' / ');
}

/** As in `1/5/`. */
export function parentPath(environment: Environment, model: string, parent: string, row: Row): string {
  return lineage(environment, model, parent, row)
    .map((step) => `${step.id}/`)
    .join('');
}
