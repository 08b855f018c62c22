import { join, resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { loadStatus, type Outcome, worstOf } from '../src/cli/outcome.ts';
import { renderRehearsal } from '../src/cli/render/rehearse.ts';
import { capabilityNamed } from '../src/cli/selection.ts';
import { type Context, withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { RehearsalResult } from '../src/domain/rehearsal-results.ts';

export default class Rehearse extends CutoverCommand {
  static override summary = 'Load and roll back on a copy of Odoo, and prove that nothing is left.';
  static override description =
    'Every field of every record that the load can touch is read before and after; in between the plan is loaded and taken back. What it took is kept: the next rehearsal is compared with it, and the length of the real night is forecast. Never done on an environment marked production. It names the run of its load at once: should it break off, that is what is rolled back. The plan is used up by it, as by any load.';
  static override examples = [
    { command: 'cutover rehearse procurement --environment copy', description: 'plan from the latest snapshots, then rehearse' },
    { command: 'cutover rehearse night.plan --limit 200 --environment copy', description: 'the first documents of a plan; the forecast is for all' },
  ];
  static override args = { plan: argument({ required: true, description: 'A plan for this environment, or a capability, which is planned first.' }) };
  static override flags = {
    limit: integer({ helpValue: 'N', min: 1, summary: 'Rehearse this many documents.' }),
    copy: string({ helpValue: 'DATABASE', summary: 'The database that is a copy, by name; needed where cutover.yaml has no environments.' }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'everything went through, and everything is as it was',
    [ExitCode.findings]: 'something is not as it was',
    [ExitCode.incomplete]: 'conflicts or dead letters, in the load or the rollback',
    [ExitCode.refused]: 'production, or nothing says that this Odoo is a copy; or the plan is used, stale or altered',
    [ExitCode.locked]: 'another run is writing to this Odoo, or holds the embedded state',
    [ExitCode.connection]: 'Odoo did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C; what was loaded is taken back by the command it names',
  };

  protected async execute(): Promise<Outcome<RehearsalResult>> {
    const { args, flags } = await this.parse(Rehearse);
    return withContext(this.invocation(flags), async (context) => {
      const { workspace, runId, asOf, ports, newNonce, recorded } = context;
      const { requireCopy } = await import('../src/workflows/rehearse/require-copy.ts');
      await requireCopy(workspace, args.plan, flags.copy ?? null, ports);
      const { verifyPlan } = await import('../src/workflows/plan/plan-file.ts');
      const given = workspace.capabilities.has(args.plan) ? null : resolve(args.plan);
      const isFile = given !== null && (await ports.runs.exists(given));
      const capability = isFile ? (await verifyPlan(ports.runs, given)).manifest.capability : capabilityNamed(workspace, args.plan).name;
      return recorded(capability, async () => {
        const { rehearse } = await import('../src/workflows/rehearse/rehearse.ts');
        const directory = await ports.runs.runDirectory(runId);
        const planned = isFile ? null : await this.planned(context, capability, join(directory, 'load.plan'));
        const request = { workspace, file: planned?.file ?? given ?? '', limit: flags.limit ?? null, runId, asOf, newNonce };
        const command = (text: string): string => this.next(flags, text);
        const data = await rehearse({ ...request, planSeconds: planned?.seconds ?? null, backFile: join(directory, 'rollback.plan'), command }, ports);
        const whole = { ...data.load, remaining: flags.limit === undefined ? data.load.remaining : 0 };
        const status = worstOf([loadStatus(whole), loadStatus(data.rollback), data.proof.equal ? 'ok' : 'findings']);
        const next = data.rollback.deadLettered > 0 ? [this.next(flags, 'dead-letter list')] : [];
        return { status, data, next, text: (style) => renderRehearsal(data, style) };
      });
    });
  }

  private async planned({ workspace, runId, asOf, ports, newNonce }: Context, name: string, file: string) {
    const { planCapability } = await import('../src/workflows/plan/plan.ts');
    const began = Date.parse(ports.clock.now());
    await planCapability({ workspace, capability: capabilityNamed(workspace, name), asOf, runId, nonce: newNonce(), file }, ports);
    return { file, seconds: (Date.parse(ports.clock.now()) - began) / 1000 };
  }
}
