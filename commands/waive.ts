import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { operatorName } from '../src/cli/operator.ts';
import type { Outcome } from '../src/cli/outcome.ts';
import { renderWaived } from '../src/cli/render/decisions.ts';
import { capabilityNamed } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { WaiveResult } from '../src/workflows/decide-breaks/waive-breaks.ts';

export default class Waive extends CutoverCommand {
  static override summary = 'Accept breaks until a day, with a reason; it lapses when a value changes.';
  static override description =
    'Writes decisions/breaks.csv, to be reviewed and kept in git like the mappings. A waived break counts no more, and plans leave it alone; until its day has passed, or one of the two values is another than it is now.';
  static override examples = [
    { command: 'cutover waive 3f9a1c0b --reason "written off in legacy" --until 2026-12-31', description: 'by the first digits of its id' },
    { command: 'cutover waive 3f9a1c0b 77d0e21a --reason "same address" --until 2027-03-31 --by "S. Ortega"', description: 'several, signed by name' },
  ];
  static override args = { breaks: argument({ required: true, multiple: true, min: 1, description: 'Ids of breaks, or their first digits (six or more).' }) };
  static override flags = {
    reason: string({ required: true, helpValue: 'TEXT', summary: 'Why the difference is right, or does not matter.' }),
    until: string({ required: true, helpValue: 'DAY', summary: 'The last day it is accepted, as in 2026-12-31.' }),
    by: string({ helpValue: 'NAME', summary: 'Who accepts it; CUTOVER_USER by default, else whoever is logged in.' }),
    capability: string({ helpValue: 'NAME', summary: 'The capability they are of; all by default.' }),
  };
  static override exitCodes = { [ExitCode.usage]: 'no such break, a day that has passed, or a break whose values cannot be bound to' };

  protected async execute(): Promise<Outcome<WaiveResult>> {
    const { args, flags } = await this.parse(Waive);
    return withContext(this.invocation(flags), async ({ workspace, asOf, ports }) => {
      const { waiveBreaks } = await import('../src/workflows/decide-breaks/waive-breaks.ts');
      const capability = flags.capability === undefined ? null : capabilityNamed(workspace, flags.capability);
      const { reason, until } = flags;
      const data = await waiveBreaks({ workspace, capability, breaks: args.breaks, reason, until, by: operatorName(flags.by), asOf }, ports);
      const named = capability?.name ?? [...workspace.capabilities.keys()][0] ?? '';
      return { status: 'ok', data, next: [this.next(flags, `reconcile ${named}`)], text: (style) => renderWaived(data, style) };
    });
  }
}
