import type { WaiverState } from '../../domain/report.ts';
import { counted, type Style } from '../style.ts';
import { table } from '../table.ts';
import { waiverNow } from './reconcile.ts';

/** More lines than this nobody reads on a screen. */
const MOST = 40;

interface Waived {
  readonly file: string | null;
  readonly waived: readonly { readonly break: string; readonly entity: string; readonly key: string | null; readonly rule: string; readonly until: string }[];
  readonly alreadyThere: readonly string[];
}

export function renderWaived({ file, waived, alreadyThere }: Waived, style: Style): string {
  const list = table(
    waived.slice(0, MOST),
    [
      { header: 'break', value: (row) => row.break, isWhole: true },
      { header: 'entity', value: (row) => row.entity },
      { header: 'key', value: (row) => row.key ?? '·', isWhole: true },
      { header: 'rule', value: (row) => row.rule },
      { header: 'until', value: (row) => row.until },
    ],
    style,
  );
  return [
    `${style.paint.bold('Waived')} ${counted(waived.length, 'break')}, for as long as their values stay what they are`,
    ...(waived.length > 0 ? [list] : []),
    ...(alreadyThere.length > 0 ? [style.paint.dim(`  ${counted(alreadyThere.length, 'break was', 'breaks were')} waived so before`)] : []),
    ...(file === null ? [] : [style.paint.dim(`  ${file}`)]),
  ].join('\n');
}

interface Imported {
  readonly applied: readonly { readonly row: number; readonly break: string; readonly decision: string; readonly entity: string }[];
  readonly alreadyThere: readonly unknown[];
  readonly refused: readonly { readonly row: number; readonly break: string; readonly reason: string }[];
  readonly undecided: number;
  readonly files: readonly string[];
}

export function renderImported({ applied, alreadyThere, refused, undecided, files }: Imported, style: Style): string {
  const { paint } = style;
  const kinds = Map.groupBy(applied, ({ decision }) => decision);
  const counts = [...kinds].map(([decision, rows]) => `${decision} ${rows.length}`).join(', ');
  const isWritten = files.length > 0 || applied.length === 0;
  const lines = [
    `${paint.bold(isWritten ? 'Decided' : 'Nothing was written')}  ${counted(applied.length, 'row')}${counts === '' ? '' : ` (${counts})`}${isWritten ? '' : ' would be'}`,
  ];
  if (alreadyThere.length > 0) lines.push(`  ${counted(alreadyThere.length, 'row')} decided so before`);
  if (undecided > 0) lines.push(`  ${counted(undecided, 'row')} without a decision`);
  if (refused.length > 0) {
    const list = table(
      refused.slice(0, MOST),
      [
        { header: 'row', value: ({ row }) => row },
        { header: 'break', value: (row) => row.break, isWhole: true },
        { header: 'why', value: ({ reason }) => reason },
      ],
      style,
    );
    lines.push('', `${paint.yellow.bold('Refused')} ${counted(refused.length, 'row')}\n${list}`);
  }
  return [...lines, ...files.map((file) => paint.dim(`  ${file}`))].join('\n');
}

export function renderDecisions(decisions: readonly WaiverState[], style: Style): string {
  if (decisions.length === 0) return 'Nothing was decided about breaks yet.';
  const isHolding = (row: WaiverState): boolean => row.state === 'applies';
  const list = table(
    decisions,
    [
      { header: 'break', value: (row) => row.break, isWhole: true },
      { header: 'entity', value: (row) => row.entity },
      { header: 'key', value: (row) => row.key, isWhole: true },
      { header: 'field', value: (row) => row.field },
      { header: 'decision', value: (row) => row.decision },
      { header: 'by', value: (row) => row.by },
      { header: 'until', value: (row) => row.until },
      { header: 'now', value: waiverNow, paint: (cell, row) => (isHolding(row) ? cell : style.paint.yellow(cell)) },
    ],
    style,
  );
  return `${style.paint.bold('Decisions')}  ${counted(decisions.filter(isHolding).length, 'holds', 'hold')} of ${decisions.length}\n${list}`;
}
