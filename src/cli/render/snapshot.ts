import type { SnapshotManifest } from '../../domain/snapshot.ts';
import { counted, grouped, moment, type Style } from '../style.ts';
import { pairs, table } from '../table.ts';

export function renderSnapshots(snapshots: readonly SnapshotManifest[], style: Style): string {
  if (snapshots.length === 0) return 'No snapshots yet. The first comes from: cutover pull';
  const list = table(
    snapshots,
    [
      { header: 'system', value: (snapshot) => snapshot.system },
      { header: 'entity', value: (snapshot) => snapshot.entity },
      { header: 'as of', value: (snapshot) => moment(snapshot.asOf) },
      { header: 'rows', value: (snapshot) => snapshot.rows },
      { header: 'quarantined', value: (snapshot) => snapshot.quarantined },
      { header: 'snapshot', value: (snapshot) => snapshot.id },
    ],
    style,
  );
  return `${list}\n\n${counted(snapshots.length, 'snapshot')}`;
}

export function renderSnapshot(snapshot: SnapshotManifest, file: string, style: Style): string {
  const facts: (readonly [string, string])[] = [
    ['system', snapshot.system],
    ['entity', snapshot.entity],
    ['as of', moment(snapshot.asOf)],
    ['rows', grouped(snapshot.rows)],
    ['quarantined', grouped(snapshot.quarantined)],
    ['content', `sha256 ${snapshot.contentHash} (verified)`],
    ['file', file],
  ];
  if (snapshot.incremental !== undefined) {
    const { base, changed, deleted } = snapshot.incremental;
    facts.push(['made from', `${base}, ${grouped(changed)} changed, ${grouped(deleted)} deleted`]);
  }
  const columns = table(
    snapshot.columns,
    [
      { header: 'column', value: (column) => column.name },
      { header: 'type', value: (column) => column.type },
    ],
    style,
  );
  return `${style.paint.bold(snapshot.id)}\n${pairs(facts, style)}\n\n${columns}`;
}
