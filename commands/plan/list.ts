import { boolean } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderPlanList } from '../../src/cli/render/plan-file.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { PlanListResult } from '../../src/domain/plan-results.ts';

export default class PlanList extends CutoverCommand {
  static override summary = 'The plans that wait to be loaded: by whom, for where, how often approved.';
  static override description = 'What the state knows; a plan that has been loaded, or whose file is gone, is listed with --all.';
  static override examples = [
    { command: 'cutover plan list', description: 'what could be loaded now' },
    { command: 'cutover plan list --all', description: 'and what became of the others' },
  ];
  static override flags = { all: boolean({ summary: 'Also plans that have been loaded, or whose file is gone.' }) };
  static override exitCodes = { [ExitCode.locked]: 'another command holds the embedded state', [ExitCode.connection]: 'the state database did not answer' };

  protected async execute(): Promise<Outcome<PlanListResult>> {
    const { flags } = await this.parse(PlanList);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const { listPlans } = await import('../../src/workflows/plan/list.ts');
      const data = await listPlans({ workspace, all: flags.all }, ports);
      const open = data.plans.find(({ consumedBy, isThere }) => consumedBy === null && isThere);
      const next = open === undefined ? [] : [this.next(flags, `plan show ${shellQuoted(open.file)}`)];
      return { status: 'ok', data, next, text: (style) => renderPlanList(data, style) };
    });
  }
}
