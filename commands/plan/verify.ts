import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderPlanVerify } from '../../src/cli/render/plan-file.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { PlanVerifyResult } from '../../src/domain/plan-results.ts';

export default class PlanVerify extends CutoverCommand {
  static override summary = 'Read Odoo again: which records of a saved plan went stale, and who wrote them.';
  static override description =
    'Every value the plan was made on is held against what Odoo has now, and the plan against its mappings, snapshots, environment, approvals and use. A load checks the same record by record and leaves stale ones alone; this says beforehand what it would leave. Nothing is written.';
  static override examples = [{ command: 'cutover plan verify procurement.plan', description: 'right before the load, or to see why it left records alone' }];
  static override args = { file: argument({ required: true, description: 'The plan.' }) };
  static override flags = { limit: integer({ helpValue: 'N', min: 1, default: 20, summary: 'Show so many stale records, 20 by default; all are counted.' }) };
  static override exitCodes = {
    [ExitCode.clean]: 'nothing has changed since it was made, and it may be loaded',
    [ExitCode.refused]: 'records went stale, or the plan as a whole would be refused',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'Odoo or the state database did not answer',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<PlanVerifyResult>> {
    const { args, flags } = await this.parse(PlanVerify);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const { verifyPlanNow } = await import('../../src/workflows/plan/verify.ts');
      const data = await verifyPlanNow({ workspace, file: resolve(args.file), limit: flags.limit }, ports);
      const isGood = data.problems.length === 0;
      const { required, counting } = data.plan.approval;
      const verb = counting < required ? 'plan approve' : 'load';
      const again = `plan ${data.plan.capability} --out ${shellQuoted(args.file)}`;
      const next = isGood || counting < required ? `${verb} ${shellQuoted(args.file)}` : again;
      return {
        status: isGood && data.stale === 0 ? 'ok' : 'refused',
        data,
        next: [this.next(flags, next)],
        text: (style) => renderPlanVerify(data, style),
      };
    });
  }
}
