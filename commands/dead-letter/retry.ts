import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand, productionFlags, shellQuoted } from '../../src/cli/command.ts';
import { hasWrites, loadStatus, type Outcome } from '../../src/cli/outcome.ts';
import { renderRetry, renderRetryPlan } from '../../src/cli/render/dead-letter.ts';
import { capabilityNamed, entityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import type { DeadLetterRetryPlan, DeadLetterRetryResult } from '../../src/domain/dead-letter-results.ts';
import { requireMayWriteAtOnce } from '../../src/domain/environment.ts';
import { ExitCode } from '../../src/domain/errors.ts';

type Answer = Outcome<DeadLetterRetryResult | DeadLetterRetryPlan | null>;

export default class DeadLetterRetry extends CutoverCommand {
  static override summary = 'Load what Odoo refused again, and nothing else.';
  static override description =
    'Reads Odoo again, plans the refused documents anew from the legacy snapshots there are (pull first when the source was mended) and loads them by the same machinery as any plan: guards, journal, External IDs. It is a load with a run id of its own, which can be resumed and rolled back. What was refused by a rollback is retried by `cutover rollback`.';
  static override examples = [
    { command: 'cutover dead-letter retry procurement', description: 'everything that is open, after Odoo or a mapping was mended' },
    { command: 'cutover dead-letter retry procurement --only BX12 --only CS --dry-run', description: 'what would be sent of these two' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = {
    ...productionFlags,
    'dry-run': boolean({ summary: 'Plan them and show what would be sent; send nothing.' }),
    entity: string({ helpValue: 'ENTITY', summary: 'Only documents of this entity.' }),
    only: string({ helpValue: 'NAME', multiple: true, multipleNonGreedy: true, summary: 'Only this one, by id or key; can be given again.' }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'all of them are settled, or none was open',
    [ExitCode.incomplete]: 'some are still open',
    [ExitCode.refused]: 'the latest match is stale, Odoo lost more records than it may, or the environment does not allow it',
    [ExitCode.locked]: 'another run is writing to this Odoo, or holds the embedded state',
    [ExitCode.connection]: 'Odoo or the state database did not answer',
    [ExitCode.interrupted]: 'stopped by Ctrl-C; resumable as a load',
  };

  protected async execute(): Promise<Answer> {
    const { args, flags } = await this.parse(DeadLetterRetry);
    // It is a load: status, --resume and rollback know it as one.
    const isDry = flags['dry-run'];
    const invocation = isDry ? this.invocation(flags) : { ...this.invocation(flags), command: 'load' };
    return withContext(invocation, async ({ workspace, runId, asOf, ports, newNonce, recorded }): Promise<Answer> => {
      const capability = capabilityNamed(workspace, args.capability);
      const file = `${capability.name}.plan`;
      const instead = [`plan ${capability.name} --out ${file}`, `plan approve ${file}`, `load ${file}`].map((command) => this.next(flags, command));
      if (!isDry) requireMayWriteAtOnce(workspace, `dead-letter retry ${capability.name}`, instead);
      const request = { workspace, capability, entity: entityNamed([capability], flags.entity), names: flags.only ?? [] };
      const { lettersToRetry, planRetry, retryDeadLetters } = await import('../../src/workflows/dead-letter/retry.ts');
      const letters = await lettersToRetry(request, ports);
      if (letters.length === 0) return { status: 'ok', data: null, text: (style) => renderRetry(null, style) };
      return recorded<DeadLetterRetryResult | DeadLetterRetryPlan | null>(capability.name, async () => {
        if (isDry) {
          const plan = await planRetry({ ...request, letters, asOf, runId, newNonce }, ports);
          const load = hasWrites(plan) ? [this.next(flags, `load ${shellQuoted(plan.file)}`)] : [];
          return { status: 'ok', data: plan, next: load, text: (style) => renderRetryPlan(plan, style) };
        }
        const data = await retryDeadLetters({ ...request, letters, asOf, runId, newNonce }, ports);
        const { open, unblocked } = data.retried;
        const next = [
          ...(data.remaining > 0 ? [`load --resume ${data.runId}`] : []),
          ...(open.length > 0 ? [`dead-letter show ${open[0]?.id}`] : []),
          ...unblocked.map((run) => `load --resume ${run}`),
          `run ${capability.name}`,
        ];
        return {
          status: open.length > 0 ? 'incomplete' : loadStatus(data),
          data,
          next: next.map((command) => this.next(flags, command)),
          text: (style) => renderRetry(data, style),
        };
      });
    });
  }
}
