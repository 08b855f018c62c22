import { string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderSnapshots } from '../../src/cli/render/snapshot.ts';
import { withContext } from '../../src/context.ts';
import type { SnapshotManifest } from '../../src/domain/snapshot.ts';
import { listSnapshots } from '../../src/workflows/snapshot/snapshot.ts';

export default class SnapshotList extends CutoverCommand {
  static override summary = 'List the snapshots in the store, newest first.';
  static override examples = [{ command: 'cutover snapshot list --system meditrack --entity supplier', description: 'the history of one entity' }];
  static override flags = {
    system: string({ helpValue: 'SYSTEM', summary: 'Only this system.' }),
    entity: string({ helpValue: 'ENTITY', summary: 'Only this entity.' }),
  };

  protected async execute(): Promise<Outcome<{ snapshots: readonly SnapshotManifest[] }>> {
    const { flags } = await this.parse(SnapshotList);
    return withContext(this.invocation(flags), async ({ ports }) => {
      const snapshots = await listSnapshots({ system: flags.system ?? null, entity: flags.entity ?? null }, ports);
      return { status: 'ok', data: { snapshots }, text: (style) => renderSnapshots(snapshots, style) };
    });
  }
}
