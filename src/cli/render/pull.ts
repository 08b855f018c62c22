import type { PullResult } from '../../domain/results.ts';
import { counted, type Style } from '../style.ts';
import { table } from '../table.ts';

export function renderPull(result: PullResult, style: Style): string {
  const rows = result.snapshots.reduce((sum, snapshot) => sum + snapshot.rows, 0);
  const quarantined = result.snapshots.reduce((sum, snapshot) => sum + snapshot.quarantined, 0);
  const list = table(
    result.snapshots,
    [
      { header: 'system', value: (snapshot) => snapshot.system },
      { header: 'entity', value: (snapshot) => snapshot.entity },
      { header: 'rows', value: (snapshot) => snapshot.rows },
      {
        header: 'quarantined',
        value: (snapshot) => snapshot.quarantined,
        paint: (cell, snapshot) => (snapshot.quarantined > 0 ? style.paint.yellow(cell) : style.paint.dim(cell)),
      },
      { header: 'mode', value: (snapshot) => snapshot.mode },
      { header: 'snapshot', isWhole: true, value: (snapshot) => snapshot.id, paint: (cell) => style.paint.dim(cell) },
    ],
    style,
  );
  const sums = `${counted(result.snapshots.length, 'snapshot')}, ${counted(rows, 'row')}${quarantined > 0 ? `, ${style.paint.yellow(`${counted(quarantined, 'row')} that could not be read`)}` : ''}`;
  return `${style.paint.bold('Pulled')} ${sums}\n\n${list}`;
}
