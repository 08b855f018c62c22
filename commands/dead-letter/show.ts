import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderDeadLetter } from '../../src/cli/render/dead-letter.ts';
import { withContext } from '../../src/context.ts';
import type { DeadLetterResult } from '../../src/domain/dead-letter-results.ts';
import { ExitCode } from '../../src/domain/errors.ts';

export default class DeadLetterShow extends CutoverCommand {
  static override summary = 'One record that Odoo refused: its values, why, and where they come from.';
  static override description =
    "Every field that was sent with the line of the mapping that made it, Odoo's words each time it was refused, and how it ended if it did. Contents of fields marked pii are masked unless --clear asks for them.";
  static override examples = [
    { command: 'cutover dead-letter show BX12', description: 'by its key' },
    { command: 'cutover dead-letter show 3f9a0c1b22d4', description: 'by its id' },
  ];
  static override args = { name: argument({ required: true, description: 'Id, KEY, SYSTEM/KEY or ENTITY/SYSTEM/KEY.' }) };
  static override flags = { clear: boolean({ summary: 'Show contents of fields marked pii as they are.' }) };
  static override exitCodes = {
    [ExitCode.usage]: 'there is no such dead letter, or several have this key',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<DeadLetterResult>> {
    const { args, flags } = await this.parse(DeadLetterShow);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const { showDeadLetter } = await import('../../src/workflows/dead-letter/show.ts');
      const data = await showDeadLetter({ workspace, name: args.name, clear: flags.clear }, ports);
      const retry = data.direction === 'load' ? `dead-letter retry ${data.capability} --only ${data.id}` : `rollback ${data.attempts.at(-1)?.runId}`;
      const next = data.status === 'open' ? [this.next(flags, retry), this.next(flags, `dead-letter discard ${data.id} --reason TEXT`)] : [];
      return { status: 'ok', data, next, text: (style) => renderDeadLetter(data, style) };
    });
  }
}
