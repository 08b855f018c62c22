import { string as argument, integer as ids } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderMergeImpact } from '../../src/cli/render/merge-impact.ts';
import { capabilityNamed, entityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { CutoverError, ExitCode } from '../../src/domain/errors.ts';
import type { MergeImpact } from '../../src/domain/merge-impact.ts';

export default class MatchImpact extends CutoverCommand {
  static override summary = 'What merging records in Odoo would do, before anyone merges.';
  static override description =
    "Lists what points to each record, which rows could not stand side by side afterwards, and which rows Odoo's own merge would delete. Asks Odoo as it is now, writes nothing and never merges.";
  static override examples = [
    { command: 'cutover match impact procurement --entity supplier 41 57', description: 'two contacts that may be one' },
    { command: 'cutover match impact procurement --entity supplier 41 57 --survivor 57 --json', description: 'the other way round, for a script' },
  ];
  static override args = {
    capability: argument({ required: true, description: 'A capability of cutover.yaml.' }),
    records: ids({ required: true, multiple: true, min: 1, description: 'Database ids of the records in Odoo.' }),
  };
  static override flags = {
    entity: string({ required: true, helpValue: 'ENTITY', summary: 'The entity they are.' }),
    survivor: integer({ min: 1, helpValue: 'ID', summary: "The one to keep; Odoo's default otherwise, the oldest active one." }),
  };
  static override exitCodes = {
    [ExitCode.findings]: 'rows would collide or be lost, or the merge would be refused',
    [ExitCode.incomplete]: 'the user lacks the rights to see what points to the records',
    [ExitCode.connection]: 'Odoo did not answer',
  };

  protected async execute(): Promise<Outcome<MergeImpact>> {
    const { args, flags } = await this.parse(MatchImpact);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const capability = capabilityNamed(workspace, args.capability);
      const entity = entityNamed([capability], flags.entity);
      const model = capability.entities.find(({ contract }) => contract.entity === entity)?.contract.odoo?.model;
      if (model === undefined) throw new CutoverError('E_USAGE', `${flags.entity} is not bound to Odoo`, { hint: 'cutover match impact --help' });
      const { mergeImpact } = await import('../../src/workflows/match/merge-impact.ts');
      const survivor = flags.survivor === undefined ? {} : { survivor: flags.survivor };
      const data = await mergeImpact({ model, ids: args.records, ...survivor }, await ports.odoo());
      return { status: statusOf(data), data, text: (style) => renderMergeImpact(data, style) };
    });
  }
}

function statusOf({ collisions, lost, merge, isComplete }: MergeImpact): Outcome['status'] {
  if (collisions.length + lost.length + merge.refuses.length + merge.fails.length > 0) return 'findings';
  return isComplete ? 'ok' : 'incomplete';
}
