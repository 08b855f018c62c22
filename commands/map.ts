import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { mapStatus, type Outcome } from '../src/cli/outcome.ts';
import { renderMap } from '../src/cli/render/map.ts';
import { capabilityNamed, entityNamed } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { MapResult } from '../src/domain/results.ts';

export default class MapCommand extends CutoverCommand {
  static override summary = 'Turn the latest snapshots into canonical rows, rejects and check findings.';
  static override description =
    'A value that does not fit is a reject with its field, rule and row, never an aborted run; the rejects are also written as a CSV to mend. Every input row is mapped, rejected or filtered, and the counts must add up.';
  static override examples = [
    { command: 'cutover map procurement', description: 'every entity' },
    { command: 'cutover map procurement --entity supplier --json', description: 'one entity, for a script' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = { entity: string({ helpValue: 'ENTITY', summary: 'Only this entity.' }) };
  static override exitCodes = {
    [ExitCode.findings]: 'more rejects than the policy allows, or a check of severity error found rows',
    [ExitCode.refused]: 'nothing has been pulled yet',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<MapResult>> {
    const { args, flags } = await this.parse(MapCommand);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      const entity = entityNamed([capability], flags.entity);
      return recorded(capability.name, async () => {
        const { mapCapability } = await import('../src/workflows/map/map.ts');
        const data = await mapCapability({ workspace, capability, entity, asOf, runId }, ports);
        const status = mapStatus(data, workspace.file.policies.rejects);
        return { status, data, next: [this.next(flags, `reconcile ${capability.name}`)], text: (style) => renderMap(data, style) };
      });
    });
  }
}
