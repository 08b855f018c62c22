import { string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderDecisions } from '../../src/cli/render/decisions.ts';
import { capabilityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import type { WaiverState } from '../../src/domain/report.ts';

interface DecisionsResult {
  readonly decisions: readonly WaiverState[];
}

export default class DecisionsList extends CutoverCommand {
  static override summary = 'What was decided about breaks: what holds, for how many days, and what has lapsed.';
  static override description =
    'Every row of decisions/breaks*.csv against the latest reconcile. A row that is not complete, whose day has passed or whose values have changed decides nothing, and says why.';
  static override examples = [{ command: 'cutover decisions list', description: 'all of them' }];
  static override flags = { capability: string({ helpValue: 'NAME', summary: 'Of one capability; of all by default.' }) };

  protected async execute(): Promise<Outcome<DecisionsResult>> {
    const { flags } = await this.parse(DecisionsList);
    return withContext(this.invocation(flags), async ({ workspace, asOf, ports }) => {
      const { listDecisions } = await import('../../src/workflows/decide-breaks/list-decisions.ts');
      const capability = flags.capability === undefined ? null : capabilityNamed(workspace, flags.capability);
      const data = { decisions: await listDecisions({ workspace, capability, asOf }, ports) };
      return { status: 'ok', data, text: (style) => renderDecisions(data.decisions, style) };
    });
  }
}
