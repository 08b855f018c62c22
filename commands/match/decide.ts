import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import { operatorName } from '../../src/cli/operator.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { type DecideResult, renderDecide } from '../../src/cli/render/decide.ts';
import { capabilityNamed, entityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';

export default class MatchDecide extends CutoverCommand {
  static override summary = 'Decide what the last match left open, one pair or conflict at a time.';
  static override description =
    'Shows the records side by side with the evidence, and takes one key: s same, d different, k keep (a conflict that is right as it is), n next, b back, o a reason, q quit. Each decision is written at once to decisions/match.csv; the next match goes by it, and asks again once the values have changed. It needs a terminal; without one the worklist of the match is filled in by hand.';
  static override examples = [
    { command: 'cutover match decide procurement', description: 'everything that is open' },
    { command: 'cutover match decide procurement --entity supplier --by "S. Ortega"', description: 'suppliers, signed by name' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = {
    entity: string({ helpValue: 'ENTITY', summary: 'Only this entity.' }),
    by: string({ helpValue: 'NAME', summary: 'Who decides; CUTOVER_USER by default, else whoever is logged in.' }),
    clear: boolean({ summary: 'Show values of fields marked pii as they are.' }),
  };
  static override exitCodes = {
    [ExitCode.usage]: 'the command line or the workspace files are off, or this is no terminal',
    [ExitCode.refused]: 'nothing has been matched yet',
    [ExitCode.interrupted]: 'stopped from outside; what was decided is written',
  };

  protected async execute(): Promise<Outcome<DecideResult>> {
    const { args, flags } = await this.parse(MatchDecide);
    const invocation = this.invocation(flags);
    return withContext(invocation, async ({ workspace, ports }) => {
      const capability = capabilityNamed(workspace, args.capability);
      const entity = entityNamed([capability], flags.entity);
      const { decideAtTerminal, requireTerminal } = await import('../../src/cli/decide/terminal.ts');
      const { openReview } = await import('../../src/workflows/match/decide.ts');
      const review = await openReview({ workspace, capability, entity, by: operatorName(flags.by) }, ports);
      try {
        const { unnameable, file, total } = review;
        if (total > 0) requireTerminal(review);
        const options = { clear: flags.clear, noColor: flags['no-color'], signal: invocation.signal };
        const counts = total > 0 ? await decideAtTerminal(review, options) : { decided: { same: 0, different: 0, keep: 0 }, open: 0 };
        const data = { ...counts, unnameable, file };
        const hasDecided = Object.values(data.decided).some((count) => count > 0);
        return { status: 'ok', data, next: hasDecided ? [this.next(flags, `match ${capability.name}`)] : [], text: (style) => renderDecide(data, style) };
      } finally {
        await review.close();
      }
    });
  }
}
