import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { type Outcome, pullStatus } from '../src/cli/outcome.ts';
import { renderPull } from '../src/cli/render/pull.ts';
import { capabilitiesOf, entityNamed, systemsOf } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { PullResult } from '../src/domain/results.ts';

export default class Pull extends CutoverCommand {
  static override summary = 'Take snapshots of the legacy systems and of Odoo.';
  static override description =
    'Only the fields that a mapping uses are fetched. An SQL system is read in one consistent cut. A snapshot is complete or absent; a source that answers empty, or shrinks beyond the policy, is refused.';
  static override examples = [
    { command: 'cutover pull', description: 'everything, legacy and Odoo' },
    { command: 'cutover pull meditrack --entity supplier', description: 'one entity of one system' },
    { command: 'cutover pull odoo --full', description: 'Odoo again from the beginning, not only what changed' },
  ];
  static override args = { system: argument({ multiple: true, description: 'Systems of cutover.yaml; all of them by default.' }) };
  static override flags = {
    capability: string({ helpValue: 'CAPABILITY', summary: 'Only this capability; all of the workspace by default.' }),
    entity: string({ helpValue: 'ENTITY', summary: 'Only this entity.' }),
    full: boolean({ summary: 'Read everything again instead of what changed since the last pull.' }),
  };
  static override exitCodes = {
    [ExitCode.incomplete]: 'some rows could not be read; they are in quarantine',
    [ExitCode.refused]: 'a source shrank, answered empty, or lost a column that a mapping uses',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'a system did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C; nothing half is left',
  };

  protected async execute(): Promise<Outcome<PullResult>> {
    const { args, flags } = await this.parse(Pull);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, recorded }) => {
      const capabilities = capabilitiesOf(workspace, flags.capability);
      const systems = systemsOf(workspace, args.system);
      const entity = entityNamed(capabilities, flags.entity);
      return recorded(capabilities.length === 1 ? (capabilities[0]?.name ?? null) : null, async () => {
        const { pull } = await import('../src/workflows/pull/pull.ts');
        const snapshots: PullResult['snapshots'][number][] = [];
        for (const capability of capabilities)
          snapshots.push(...(await pull({ workspace, capability, systems, entity, full: flags.full, asOf, runId }, ports)).snapshots);
        const data = { snapshots };
        return {
          status: pullStatus(data),
          data,
          next: [
            ...snapshots.filter(({ quarantined }) => quarantined > 0).map(({ system, entity }) => this.next(flags, `snapshot show ${system} ${entity}`)),
            ...capabilities.map(({ name }) => this.next(flags, `map ${name}`)),
          ],
          text: (style) => renderPull(data, style),
        };
      });
    });
  }
}
