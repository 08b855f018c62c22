import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import { operatorName } from '../../src/cli/operator.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderDiscard } from '../../src/cli/render/dead-letter.ts';
import { withContext } from '../../src/context.ts';
import type { DeadLetterDiscardResult } from '../../src/domain/dead-letter-results.ts';
import { CutoverError, ExitCode } from '../../src/domain/errors.ts';

export default class DeadLetterDiscard extends CutoverCommand {
  static override summary = 'Give up records that Odoo refused, by name, with a reason.';
  static override description =
    'Nothing is written to Odoo. Who discarded it and why goes into the journal and its chain; the record stays in `dead-letter list --all`. A later load that tries it again and is refused opens it again.';
  static override examples = [
    { command: 'cutover dead-letter discard 3f9a0c1b22d4 --reason "a test record" --by "S. Ortega"', description: 'one' },
    { command: 'cutover dead-letter discard BX12 CS --reason "units nobody orders in"', description: 'several, signed by whoever is logged in' },
  ];
  static override args = { name: argument({ required: true, multiple: true, description: 'Id, KEY, SYSTEM/KEY or ENTITY/SYSTEM/KEY.' }) };
  static override flags = {
    reason: string({ required: true, helpValue: 'TEXT', summary: 'Why it is given up.' }),
    by: string({ helpValue: 'NAME', summary: 'Who gives it up; CUTOVER_USER by default, else whoever is logged in.' }),
  };
  static override exitCodes = {
    [ExitCode.usage]: 'there is no such dead letter, or it is not open any more; nothing was discarded',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<DeadLetterDiscardResult>> {
    const { args, flags } = await this.parse(DeadLetterDiscard);
    const reason = flags.reason.trim();
    if (reason === '') throw new CutoverError('E_USAGE', '--reason is empty', { hint: 'cutover dead-letter discard NAME --reason TEXT' });
    return withContext(this.invocation(flags), async ({ runId, ports, recorded }) => {
      const { discardDeadLetters, namedToDiscard } = await import('../../src/workflows/dead-letter/discard.ts');
      const request = { names: args.name, by: operatorName(flags.by), reason, runId };
      const [first] = await namedToDiscard(request.names, ports);
      return recorded(first?.manifest.capability ?? null, async () => {
        const data = await discardDeadLetters(request, ports);
        return { status: 'ok', data, next: [this.next(flags, 'dead-letter list')], text: (style) => renderDiscard(data, style) };
      });
    });
  }
}
