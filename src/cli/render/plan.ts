import type { PlanActionKind } from '../../domain/plan.ts';
import type { PlanResult } from '../../domain/results.ts';
import { hasWrites } from '../outcome.ts';
import { counted, duration, grouped, type Style } from '../style.ts';
import { table } from '../table.ts';

export const SIGNS: Record<PlanActionKind, string> = { create: '+', update: '~', link: '=', archive: '-', delete: '-', detach: '-', noop: ' ', refuse: '!' };
const ORDER: readonly PlanActionKind[] = ['create', 'update', 'link', 'archive', 'delete', 'detach', 'noop', 'refuse'];

/** For instance means a few; the file has all. */
const MOST_SAMPLES = 15;
const MOST_FIELDS = 8;

export function actionColour(kind: PlanActionKind, { paint }: Style): (text: string) => string {
  const colours: Record<PlanActionKind, (text: string) => string> = {
    create: paint.green,
    update: paint.yellow,
    link: paint.cyan,
    archive: paint.red,
    delete: paint.red,
    detach: paint.red,
    noop: paint.dim,
    refuse: paint.magenta,
  };
  return colours[kind];
}

export function renderPlan(result: PlanResult, style: Style): string {
  const { paint } = style;
  const kinds = ORDER.filter((kind) => result.byEntity.some((entity) => (entity.actions[kind] ?? 0) > 0));
  const list = table(
    result.byEntity,
    [
      { header: 'entity', value: (row) => row.entity },
      ...kinds.map((kind) => ({
        header: `${SIGNS[kind]} ${kind}`.trim(),
        value: (row: PlanResult['byEntity'][number]) => row.actions[kind] ?? 0,
        paint: (cell: string, row: PlanResult['byEntity'][number]) => ((row.actions[kind] ?? 0) > 0 ? actionColour(kind, style)(cell) : paint.dim(cell)),
      })),
    ],
    style,
  );
  const sections = [`${paint.bold('Plan')}: ${summary(result)}\n\n${list}`];
  if (result.samples.length > 0) {
    const samples = result.samples.slice(0, MOST_SAMPLES).map((sample) => {
      const head = actionColour(sample.action, style)(`  ${SIGNS[sample.action]} ${sample.entity} ${sample.key}`);
      const reason = sample.reason === null ? '' : paint.dim(`  ${sample.reason}`);
      const width = Math.max(0, ...sample.fields.map(({ field }) => field.length));
      const fields = sample.fields.map(
        ({ field, before, after }) => `      ${field.padEnd(width)}  ${before === null ? '' : `${paint.dim(quoted(before))} → `}${quoted(after)}`,
      );
      const left = fields.length - MOST_FIELDS;
      const more = left > 0 ? [paint.dim(`      and ${counted(left, 'more field')}`)] : [];
      return [`${head}${reason}`, ...fields.slice(0, MOST_FIELDS), ...more].join('\n');
    });
    sections.push(`${paint.bold('For instance')}\n${samples.join('\n')}`);
  }
  if (result.refusals.length > 0) {
    const refusals = table(
      result.refusals,
      [
        { header: 'entity', value: (row) => row.entity },
        { header: 'records', value: (row) => row.count },
        { header: 'refused because', value: (row) => row.reason },
        { header: 'source row', value: (row) => `${row.rows.join(', ')}${row.rows.length < row.count && row.rows.length > 0 ? ', …' : ''}` },
      ],
      style,
    );
    sections.push(`${paint.bold('Refused')}\n${refusals}`);
  }
  if (result.limits.length > 0) {
    const limits = table(
      result.limits,
      [
        { header: 'entity', value: (row) => row.entity },
        { header: 'documents', value: (row) => row.count },
        { header: 'a rollback cannot', value: (row) => row.cannot },
      ],
      style,
    );
    sections.push(`${paint.bold('No way back')}\n${limits}`);
  }
  sections.push(
    `${paint.bold('Saved')} ${result.file}${result.expectedSeconds === null ? '' : paint.dim(`   expected to take ${duration(result.expectedSeconds)}`)}`,
  );
  return sections.join('\n\n');
}

function summary(result: PlanResult): string {
  const { actions } = result;
  const writes = ORDER.filter((kind) => kind !== 'noop' && kind !== 'refuse' && actions[kind] > 0).map((kind) => `${grouped(actions[kind])} to ${kind}`);
  const lines = ORDER.filter((kind) => kind !== 'noop' && kind !== 'refuse').reduce((sum, kind) => sum + (result.lines[kind] ?? 0), 0);
  if (!hasWrites(result))
    return `nothing to write, ${grouped(actions.noop)} as they should be${actions.refuse > 0 ? `, ${grouped(actions.refuse)} refused` : ''}`;
  const parts = [...writes, ...(lines > 0 ? [`${counted(lines, 'line')} of documents`] : []), `${grouped(actions.noop)} as they are`];
  return `${parts.join(', ')}${actions.refuse > 0 ? `, ${grouped(actions.refuse)} refused` : ''}`;
}

function quoted(value: string | null): string {
  return value === null ? '(none)' : JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value);
}
