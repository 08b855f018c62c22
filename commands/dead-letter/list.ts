import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderDeadLetters } from '../../src/cli/render/dead-letter.ts';
import { capabilitiesOf, entityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import type { DeadLetterListResult } from '../../src/domain/dead-letter-results.ts';
import { ExitCode } from '../../src/domain/errors.ts';

export default class DeadLetterList extends CutoverCommand {
  static override summary = 'What Odoo refused and nobody has settled, by reason.';
  static override description =
    "Over all runs, from their journals. Odoo's words are translated into the field and the rule where that can be told, and into the line of the mapping that made the value. A dead letter stays open until a later load of the same record succeeds, a retry does, or somebody discards it by name.";
  static override examples = [
    { command: 'cutover dead-letter list', description: 'the open ones' },
    { command: 'cutover dead-letter list --entity supplier --all', description: 'also those that are settled or discarded' },
  ];
  static override flags = {
    entity: string({ helpValue: 'ENTITY', summary: 'Only documents of this entity.' }),
    all: boolean({ summary: 'Also those that are settled or discarded.' }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'none is open',
    [ExitCode.findings]: 'some are open',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<DeadLetterListResult>> {
    const { flags } = await this.parse(DeadLetterList);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const entity = entityNamed(capabilitiesOf(workspace, undefined), flags.entity);
      const { listDeadLetters } = await import('../../src/workflows/dead-letter/list.ts');
      const data = await listDeadLetters({ workspace, entity, all: flags.all }, ports);
      const [first] = data.groups;
      const retry = first?.direction === 'load' ? `dead-letter retry ${first.capability}` : `rollback ${first?.runs.at(-1)}`;
      const next = first === undefined ? [] : [`dead-letter show ${first.letters[0]?.id}`, retry];
      return {
        status: data.open > 0 ? 'findings' : 'ok',
        data,
        next: next.map((command) => this.next(flags, command)),
        text: (style) => renderDeadLetters(data, style),
      };
    });
  }
}
