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
      { header: 'snapshot', isWhole: true, value: (snapshot) => snapshot.id },
    ],
    style,
  );
  return `${list}\n\n${counted(snapshots.length, 'snapshot')}`;
}

/** A snapshot with its file, and the first rows that could not be read. */
export type Shown = SnapshotManifest & {
  readonly file: string;
  readonly quarantine: { readonly file: string | null; readonly rows: readonly { readonly row: number; readonly reason: string }[] };
};

export function renderSnapshot(snapshot: Shown, style: Style): string {
  const { quarantine } = snapshot;
  const facts: (readonly [string, string])[] = [
    ['system', snapshot.system],
    ['entity', snapshot.entity],
    ['as of', moment(snapshot.asOf)],
    ['rows', grouped(snapshot.rows)],
    ['quarantined', grouped(snapshot.quarantined)],
    ['content', `sha256 ${snapshot.contentHash} (verified)`],
    ['file', snapshot.file],
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
  const sections = [`${style.paint.bold(snapshot.id)}\n${pairs(facts, style)}`, columns];
  if (quarantine.file !== null) {
    const list = table(
      quarantine.rows,
      [
        { header: 'row', value: ({ row }) => row },
        { header: 'could not be read because', value: ({ reason }) => reason },
      ],
      style,
    );
    const left = snapshot.quarantined - quarantine.rows.length;
    sections.push(`${style.paint.bold('Quarantine')}\n${list}${left > 0 ? `\n  and ${grouped(left)} more` : ''}\n  with their text: ${quarantine.file}`);
  }
  return sections.join('\n\n');
}

/** What was removed, or would be. */
export interface Pruned {
  readonly removed: readonly Pick<SnapshotManifest, 'system' | 'entity' | 'id' | 'rows'>[];
  readonly kept: number;
  readonly keptForPlans: number;
  readonly canonicalDatasets: number;
}

export function renderPrune(pruned: Pruned, isDryRun: boolean, style: Style): string {
  const plans = pruned.keptForPlans > 0 ? `, ${grouped(pruned.keptForPlans)} of them only because a plan names them` : '';
  const datasets = pruned.canonicalDatasets > 0 ? ` and ${counted(pruned.canonicalDatasets, 'dataset')} made from them` : '';
  const head = `${style.paint.bold(isDryRun ? 'Would remove' : 'Removed')} ${counted(pruned.removed.length, 'snapshot')}${datasets}; ${grouped(pruned.kept)} stay${plans}`;
  if (pruned.removed.length === 0) return head;
  const list = table(
    pruned.removed,
    [
      { header: 'system', value: (snapshot) => snapshot.system },
      { header: 'entity', value: (snapshot) => snapshot.entity },
      { header: 'rows', value: (snapshot) => snapshot.rows },
      { header: 'snapshot', isWhole: true, value: (snapshot) => snapshot.id },
    ],
    style,
  );
  return `${head}\n\n${list}`;
}
