import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { CutoverCommand, productionFlags, shellQuoted } from '../src/cli/command.ts';
import { finishedLoad, runToResume } from '../src/cli/named-run.ts';
import { loadStatus, type Outcome } from '../src/cli/outcome.ts';
import { renderLoad } from '../src/cli/render/load.ts';
import { withContext } from '../src/context.ts';
import { CutoverError, ExitCode } from '../src/domain/errors.ts';
import type { RunRecord } from '../src/domain/ports.ts';
import type { LoadRunResult } from '../src/domain/results.ts';

export default class Load extends CutoverCommand {
  static override summary = 'Apply a saved plan to Odoo.';
  static override description =
    'A saved plan asks nothing again: what it says is done. Before each batch the values it was made on are read back: a field that somebody changed since is left alone, with what belongs together with it, and the rest is written. What was left alone is listed in conflicts.csv, to be decided and imported. Every call is journalled before it is sent, so a load that broke off goes on with --resume, and any load can be rolled back. Batches and parallel calls are found by measuring, within `policies.load`; while it runs, keys at a terminal (p pause, r resume, + and -, s stop) or the control file of the run steer it. The embedded state survives a killed process (kill -9), not a power failure: for production give the workspace a PostgreSQL state (`state: postgres://…`).';
  static override examples = [
    { command: 'cutover load procurement.plan --limit 10', description: 'a pilot: the first ten documents' },
    { command: 'cutover load --resume 20261123T060000-load-a1b2', description: 'the rest, or what was left when it broke off' },
    { command: 'cutover load procurement.plan', description: 'everything' },
  ];
  static override args = { file: argument({ description: 'The plan; with --resume it is known.' }) };
  static override flags = {
    limit: integer({ helpValue: 'N', min: 1, summary: 'Stop after this many documents; --resume takes up the rest.' }),
    ...productionFlags,
    resume: string({ helpValue: 'RUN', summary: 'Go on with a load or rollback that was limited, interrupted or broke off.' }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'everything applied, or already so',
    [ExitCode.incomplete]: 'conflicts, dead letters or a remainder',
    [ExitCode.refused]: 'the plan is used, stale, altered, not approved, or for another Odoo; or the environment does not allow it',
    [ExitCode.locked]: 'another run is writing to this Odoo, or holds the embedded state',
    [ExitCode.connection]: 'Odoo did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C after the batch; resumable',
  };

  protected async execute(): Promise<Outcome<LoadRunResult>> {
    const { args, flags } = await this.parse(Load);
    const { resume } = flags;
    if (args.file === undefined && resume === undefined)
      throw new CutoverError('E_USAGE', 'load needs a plan, or --resume RUN', { hint: 'cutover load --help' });
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, recorded }) => {
      const file = args.file === undefined ? null : resolve(args.file);
      if (file !== null && !(await ports.runs.exists(file))) {
        const [first = 'CAPABILITY', ...others] = workspace.capabilities.keys();
        const making = `plan ${others.length === 0 ? first : 'CAPABILITY'} --out ${shellQuoted(args.file ?? '')}`;
        throw new CutoverError('E_USAGE', `there is no plan ${args.file}`, {
          hint: this.next(flags, resume === undefined ? making : `load --resume ${resume}`),
        });
      }
      const earlier = resume === undefined ? null : await runToResume(await ports.state(), resume);
      const finished = earlier === null ? null : finishedLoad(earlier);
      if (earlier !== null && finished !== null) return this.hadFinished(flags, earlier, finished);
      const { verifyPlan } = await import('../src/workflows/plan/plan-file.ts');
      const capability = earlier?.capability ?? (file === null ? null : (await verifyPlan(ports.runs, file)).manifest.capability);
      const work = async (): Promise<Outcome<LoadRunResult>> => {
        const { loadPlan } = await import('../src/workflows/load/load.ts');
        const data = await loadPlan({ workspace, file, limit: flags.limit ?? null, resume: resume ?? null, runId, asOf }, ports);
        const isRollback = earlier?.command === 'rollback';
        const rest = data.remaining > 0 ? [this.next(flags, `load --resume ${data.runId}`)] : [];
        const refused = data.deadLettered > 0 ? [this.next(flags, 'dead-letter list')] : [];
        const decide = data.conflictsFile === null ? [] : [this.next(flags, `decisions import ${shellQuoted(data.conflictsFile)}`)];
        const next = [...rest, ...decide, ...refused, ...this.after(flags, data, capability, isRollback)];
        return { status: loadStatus(data), data, next, text: (style) => renderLoad(data, isRollback ? 'Rolled back' : 'Loaded', style) };
      };
      return recorded(capability, work, resume);
    });
  }

  /** Look at the result; take it back, where there is something to take back. */
  private after(flags: { readonly workspace?: string | undefined }, data: LoadRunResult, capability: string | null, isRollback: boolean): string[] {
    const back = isRollback || data.applied === 0 ? [] : [this.next(flags, `rollback ${data.runId}`)];
    return [this.next(flags, `run ${capability ?? ''}`.trim()), ...back];
  }

  private hadFinished(flags: { readonly workspace?: string | undefined }, run: RunRecord, data: LoadRunResult): Outcome<LoadRunResult> {
    const isRollback = run.command === 'rollback';
    const at = run.endedAt ?? run.startedAt;
    return {
      status: loadStatus(data),
      data,
      warnings: [`run ${run.id} had finished at ${at}; nothing was done now`],
      next: this.after(flags, data, run.capability, isRollback),
      text: (style) => renderLoad(data, isRollback ? 'Rolled back' : 'Loaded', style, at),
    };
  }
}
