import { string as argument } from '@oclif/core/args';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderRebuild } from '../../src/cli/render/rebuild.ts';
import { capabilityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { RebuildResult } from '../../src/domain/results.ts';

export default class StateRebuild extends CutoverCommand {
  static override summary = 'Rebuild the crosswalk from the External IDs that Odoo holds.';
  static override description =
    'For a state that was lost, and after records were merged in Odoo: links that are missing are added, links whose External ID is on another record now are closed and opened there, with their history. Links without an External ID stay as they are. Nothing is written to Odoo.';
  static override examples = [
    { command: 'cutover state rebuild procurement', description: 'every entity of the capability' },
    { command: 'cutover state rebuild procurement --json', description: 'the counts for a script' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override exitCodes = {
    [ExitCode.locked]: 'a load is under way, or another command holds the embedded state',
    [ExitCode.connection]: 'Odoo or the state database did not answer',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<RebuildResult>> {
    const { args, flags } = await this.parse(StateRebuild);
    return withContext(this.invocation(flags), async ({ workspace, runId, ports, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      return recorded(capability.name, async () => {
        const { rebuildCrosswalk } = await import('../../src/workflows/rebuild/rebuild.ts');
        const data = await rebuildCrosswalk({ workspace, capability, runId }, ports);
        return { status: 'ok', data, next: [this.next(flags, `run ${capability.name}`)], text: (style) => renderRebuild(data, style) };
      });
    });
  }
}
