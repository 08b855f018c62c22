import { string as argument } from '@oclif/core/args';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderSnapshot, type Shown } from '../../src/cli/render/snapshot.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import { quarantinedRows, showSnapshot } from '../../src/workflows/snapshot/snapshot.ts';

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

  protected async execute(): Promise<Outcome<Shown>> {
    const { args, flags } = await this.parse(SnapshotShow);
    return withContext(this.invocation(flags), async ({ ports }) => {
      const snapshot = await showSnapshot({ system: args.system, entity: args.entity, id: args.id ?? null }, ports);
      const quarantine = { file: snapshot.quarantine, rows: await quarantinedRows(snapshot, ports) };
      const data = { ...snapshot.manifest, file: snapshot.data, quarantine };
      return { status: 'ok', data, text: (style) => renderSnapshot(data, style) };
    });
  }
}
