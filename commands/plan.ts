import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../src/cli/command.ts';
import { hasWrites, type Outcome } from '../src/cli/outcome.ts';
import { renderPlan } from '../src/cli/render/plan.ts';
import { capabilityNamed } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { PlanResult } from '../src/domain/results.ts';

export default class Plan extends CutoverCommand {
  static override summary = 'Write down exactly what a load would change in Odoo.';
  static override description =
    'The plan is a file: every create, update, link and archive with the values it was made on, and what a rollback of it could do. It is bound to this Odoo, these mappings and these snapshots, and is good for one load. Nothing is written to Odoo.';
  static override examples = [{ command: 'cutover plan procurement --out procurement.plan', description: 'then read it, and: cutover load procurement.plan' }];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = { out: string({ helpValue: 'FILE', required: true, summary: 'Where the plan is saved.' }) };
  static override exitCodes = {
    [ExitCode.refused]: 'nothing has been pulled yet, or the namespace belongs to an Odoo module',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'Odoo did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C; no plan is left',
  };

  protected async execute(): Promise<Outcome<PlanResult>> {
    const { args, flags } = await this.parse(Plan);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, newNonce, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      return recorded(capability.name, async () => {
        const { planCapability } = await import('../src/workflows/plan/plan.ts');
        const data = await planCapability({ workspace, capability, asOf, runId, nonce: newNonce(), file: resolve(flags.out) }, ports);
        const next = hasWrites(data) ? [this.next(flags, `load ${shellQuoted(flags.out)}`)] : [];
        return { status: 'ok', data, next, text: (style) => renderPlan(data, style) };
      });
    });
  }
}
