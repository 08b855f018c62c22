import { string as argument } from '@oclif/core/args';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderSnapshot } from '../../src/cli/render/snapshot.ts';
import { withContext } from '../../src/context.ts';
import { CutoverError, ExitCode } from '../../src/domain/errors.ts';

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

  protected async execute(): Promise<Outcome> {
    const { args, flags } = await this.parse(SnapshotShow);
    return withContext(this.invocation(flags), async ({ ports: { snapshots } }) => {
      const found = args.id === undefined ? await snapshots.latest(args.system, args.entity) : await snapshots.get(args.system, args.entity, args.id);
      if (found === null) {
        const which = args.id === undefined ? 'no snapshot' : `no snapshot ${args.id}`;
        throw new CutoverError('E_NO_SNAPSHOT', `${which} of ${args.system}/${args.entity}`, { hint: this.next(flags, 'snapshot list') });
      }
      await snapshots.verify(found);
      return { status: 'ok', data: { ...found.manifest, file: found.data }, text: (style) => renderSnapshot(found.manifest, found.data, style) };
    });
  }
}
