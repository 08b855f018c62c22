import { string as argument } from '@oclif/core/args';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderSnapshot } from '../../src/cli/render/snapshot.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { SnapshotManifest } from '../../src/domain/snapshot.ts';
import { showSnapshot } from '../../src/workflows/snapshot/snapshot.ts';

export default class SnapshotShow extends CutoverCommand {
  static override summary = 'Show one snapshot and verify its content.';
  static override examples = [
    { command: 'cutover snapshot show meditrack supplier', description: 'the latest' },
    { command: 'cutover snapshot show meditrack supplier 20261123T060000-1f2e3d4c', description: 'an earlier one' },
  ];
  static override args = {
    system: argument({ required: true, description: 'A system of cutover.yaml.' }),
    entity: argument({ required: true, description: 'An entity.' }),
    id: argument({ description: 'Id of the snapshot; the latest by default.' }),
  };
  static override exitCodes = { [ExitCode.incomplete]: 'the content does not match the manifest', [ExitCode.refused]: 'there is no such snapshot' };

  protected async execute(): Promise<Outcome<SnapshotManifest & { file: string }>> {
    const { args, flags } = await this.parse(SnapshotShow);
    return withContext(this.invocation(flags), async ({ ports }) => {
      const { manifest, data } = await showSnapshot({ system: args.system, entity: args.entity, id: args.id ?? null }, ports);
      return { status: 'ok', data: { ...manifest, file: data }, text: (style) => renderSnapshot(manifest, data, style) };
    });
  }
}
