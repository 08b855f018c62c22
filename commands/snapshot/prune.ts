import { boolean, integer, string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderPrune } from '../../src/cli/render/snapshot.ts';
import { systemsOf } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import { type PruneResult, pruneSnapshots } from '../../src/workflows/snapshot/prune.ts';

export default class SnapshotPrune extends CutoverCommand {
  static override summary = 'Remove old snapshots, and what was made from them.';
  static override description = 'The newest of every system and entity stay, and so does every snapshot that a plan file names.';
  static override examples = [
    { command: 'cutover snapshot prune --keep 30 --dry-run', description: 'what would go' },
    { command: 'cutover snapshot prune --keep 30', description: 'a month of nights stays' },
  ];
  static override flags = {
    keep: integer({ helpValue: 'N', min: 1, required: true, summary: 'Newest snapshots kept of every system and entity.' }),
    system: string({ helpValue: 'SYSTEM', summary: 'Only this system.' }),
    'dry-run': boolean({ summary: 'Show what would go; remove nothing.' }),
  };
  static override exitCodes = { [ExitCode.locked]: 'another command holds the embedded state', [ExitCode.connection]: 'the state database did not answer' };

  protected async execute(): Promise<Outcome<PruneResult>> {
    const { flags } = await this.parse(SnapshotPrune);
    return withContext(this.invocation(flags), async ({ workspace, ports, recorded }) => {
      const [system = null] = flags.system === undefined ? [] : systemsOf(workspace, [flags.system]);
      const dryRun = flags['dry-run'];
      const work = async (): Promise<Outcome<PruneResult>> => {
        const data = await pruneSnapshots({ keep: flags.keep, system, dryRun }, ports);
        return { status: 'ok', data, text: (style) => renderPrune(data, dryRun, style) };
      };
      return dryRun ? work() : recorded(null, work);
    });
  }
}
