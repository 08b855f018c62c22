import { join, resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand, productionFlags, shellQuoted } from '../src/cli/command.ts';
import { loadNamed } from '../src/cli/named-run.ts';
import { hasWrites, loadStatus, type Outcome } from '../src/cli/outcome.ts';
import { renderLoad } from '../src/cli/render/load.ts';
import { renderRollbackPlan } from '../src/cli/render/rollback.ts';
import { withContext } from '../src/context.ts';
import { requireMayWrite } from '../src/domain/environment.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { LoadRunResult } from '../src/domain/results.ts';
import type { RollbackPlanResult } from '../src/domain/rollback-results.ts';

export default class Rollback extends CutoverCommand {
  static override summary = 'Take a load back.';
  static override description =
    'Inverts the journal of the load into a plan of its own and applies that by the same machinery: what was created is deleted, what was changed gets its values back, by-products go too. A record that somebody changed since, has worked with or refers to stays. With --dry-run Odoo is looked at, the plan is written and shown with all that would stay, by whom and why, and nothing is done. A rollback that broke off goes on with `cutover load --resume` and its own run id.';
  static override examples = [
    { command: 'cutover rollback 20261123T060000-load-a1b2 --dry-run --out back.plan', description: 'see first; then: cutover load back.plan' },
    { command: 'cutover rollback 20261123T060000-load-a1b2', description: 'at once' },
  ];
  static override args = { run: argument({ required: true, description: 'The run id that load printed; cutover status has it too.' }) };
  static override flags = {
    ...productionFlags,
    'dry-run': boolean({ summary: 'Write and show the plan of the rollback; do nothing.' }),
    out: string({ helpValue: 'FILE', summary: "Where that plan is saved; the run's own folder by default." }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'everything is as it was before the load',
    [ExitCode.findings]: 'with --dry-run: something would stay',
    [ExitCode.incomplete]: 'conflicts, dead letters or a remainder',
    [ExitCode.refused]: 'the load was for another Odoo, or the environment does not allow it',
    [ExitCode.locked]: 'another run is writing to this Odoo, or holds the embedded state',
    [ExitCode.connection]: 'Odoo did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C after the batch; resumable',
  };

  protected async execute(): Promise<Outcome<RollbackPlanResult | LoadRunResult>> {
    const { args, flags } = await this.parse(Rollback);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, newNonce, recorded }) => {
      const { loadedPlan, planRollback } = await import('../src/workflows/rollback/rollback.ts');
      if (!flags['dry-run']) requireMayWrite(workspace, `rollback ${args.run}`);
      // Before a run is recorded: what cannot be taken back is no rollback that failed.
      const taken = await loadNamed(await ports.state(), args.run);
      await loadedPlan(await ports.state(), args.run);
      return recorded<RollbackPlanResult | LoadRunResult>(taken.capability, async () => {
        const file = flags.out === undefined ? join(await ports.runs.runDirectory(runId), 'rollback.plan') : resolve(flags.out);
        const plan = await planRollback({ workspace, of: args.run, runId, asOf, nonce: newNonce(), file }, ports);
        if (flags['dry-run']) {
          const next = hasWrites(plan) ? [this.next(flags, `load ${shellQuoted(file)}`)] : [];
          return { status: plan.outlook.stays.length > 0 ? 'findings' : 'ok', data: plan, next, text: (style) => renderRollbackPlan(plan, style) };
        }
        const { loadPlan } = await import('../src/workflows/load/load.ts');
        const data = await loadPlan({ workspace, file, limit: null, resume: null, runId, asOf }, ports);
        const next = [
          ...(data.remaining > 0 ? [this.next(flags, `load --resume ${data.runId}`)] : []),
          this.next(flags, `run ${taken.capability ?? ''}`.trim()),
        ];
        return { status: loadStatus(data), data, next, text: (style) => renderLoad(data, 'Rolled back', style) };
      });
    });
  }
}
