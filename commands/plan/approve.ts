import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderPlanApproved } from '../../src/cli/render/plan-file.ts';
import { withContext } from '../../src/context.ts';
import { CutoverError, ExitCode } from '../../src/domain/errors.ts';
import type { PlanApproveResult } from '../../src/domain/plan-results.ts';

export default class PlanApprove extends CutoverCommand {
  static override summary = 'Put your name to a saved plan that somebody else made.';
  static override description =
    'The approval is bound to exactly this content and environment, by the hash of the plan in clear, and is kept in a sealed journal, which `audit verify` and `audit export` cover. An environment may ask for approvals before a load (approvals in cutover.yaml), from whom and how fresh. A name is what somebody typed: the account and the machine are kept beside it, and nothing here proves who sat there.';
  static override examples = [
    { command: 'cutover plan approve procurement.plan --as "S. Ortega"', description: 'after reading it: cutover plan show procurement.plan' },
    { command: 'cutover plan approve procurement.plan --as "S. Ortega" --comment "freeze agreed with purchasing"', description: 'with a word on it' },
  ];
  static override args = { file: argument({ required: true, description: 'The plan.' }) };
  static override flags = {
    as: string({ helpValue: 'NAME', summary: 'Who approves; CUTOVER_USER by default, else whoever is logged in.' }),
    comment: string({ helpValue: 'TEXT', summary: 'A word on it, for the journal.' }),
  };
  static override exitCodes = {
    [ExitCode.refused]: 'it was made by the same person, may not be approved by this one, or is used, altered or for another environment',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<PlanApproveResult>> {
    const { args, flags } = await this.parse(PlanApprove);
    const invocation = { ...this.invocation(flags), by: flags.as };
    return withContext(invocation, async ({ workspace, runId, operator, ports, recorded }) => {
      const file = resolve(args.file);
      const { verifyPlan } = await import('../../src/workflows/plan/plan-file.ts');
      const { manifest } = await verifyPlan(ports.runs, file);
      if (operator === null) throw new CutoverError('E_USAGE', 'the system does not say who approves', { hint: 'cutover plan approve FILE --as NAME' });
      return recorded(manifest.capability, async () => {
        const { approvePlan } = await import('../../src/workflows/plan/approve.ts');
        const data = await approvePlan({ workspace, file, by: operator, comment: flags.comment?.trim() || null, runId }, ports);
        const { required, counting } = data.plan.approval;
        const warnings = data.isSameAccount
          ? [`approved from the account and the machine it was made with (${operator.account} on ${operator.host}): that it was somebody else is only said`]
          : [];
        const next = counting >= required ? [this.next(flags, `load ${shellQuoted(args.file)}`)] : [];
        return { status: 'ok', data, warnings, next, text: (style) => renderPlanApproved(data, style) };
      });
    });
  }
}
