/** dead-letter export: for the people who mend the source, one row per record that Odoo refused. */
import { csvLine } from '../../domain/csv.ts';
import type { DeadLetterExportResult, DeadLetterResult } from '../../domain/dead-letter-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { type Case, casesOf } from './cases.ts';
import { describeCase } from './show.ts';

export interface ExportRequest {
  readonly workspace: Workspace;
  readonly entity: string | null;
  readonly all: boolean;
  readonly clear: boolean;
  readonly file: string;
  readonly format: 'csv' | 'ndjson';
}

const COLUMNS = [
  'id',
  'status',
  'capability',
  'direction',
  'entity',
  'system',
  'key',
  'field',
  'value',
  'rule',
  'words',
  'mapping',
  'step',
  'at',
  'run',
  'attempts',
  'values',
];

export async function exportDeadLetters(request: ExportRequest, ports: Ports): Promise<DeadLetterExportResult> {
  const { workspace, entity, all, clear, file, format } = request;
  const cases = await casesOf(workspace, ports, (letter) => (all || letter.status === 'open') && (entity === null || letter.entity === entity));
  const inOrder = cases.toSorted((left, right) => (placeOf(left) < placeOf(right) ? -1 : placeOf(left) > placeOf(right) ? 1 : 0));
  async function* lines(): AsyncIterable<string> {
    if (format === 'csv') yield csvLine(COLUMNS);
    for (const one of inOrder) {
      const described = describeCase(one, workspace, clear);
      yield format === 'csv' ? csvLine(row(described)) : `${JSON.stringify(described)}\n`;
    }
  }
  await ports.runs.writeFile(file, lines());
  return { file, format, records: cases.length };
}

function placeOf({ letter }: Case): string {
  return [letter.manifest.capability, letter.entity, letter.system, letter.key].join('\n');
}

function row({ cause, fields, line, attempts, ...letter }: DeadLetterResult): string[] {
  const last = attempts.at(-1);
  const all = [...(line?.fields ?? []), ...fields];
  const value = all.find(({ odooField, field }) => (cause.odooField === null ? field !== null && field === cause.field : odooField === cause.odooField))?.value;
  const named = Object.fromEntries(all.toReversed().map((one) => [one.field ?? one.odooField, one.value]));
  return [
    ...[
      letter.id,
      letter.status,
      letter.capability,
      letter.direction,
      letter.entity,
      letter.system,
      letter.key,
      cause.field ?? cause.odooField ?? '',
      text(value),
    ],
    ...[cause.rule, cause.words, cause.mapping ?? '', last?.step ?? '', last?.at ?? '', last?.runId ?? '', String(attempts.length), JSON.stringify(named)],
  ];
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
