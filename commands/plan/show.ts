import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { custom, integer, string } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderPlanShow } from '../../src/cli/render/plan-file.ts';
import { entityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { PlanActionKind } from '../../src/domain/plan.ts';
import type { PlanShowResult } from '../../src/domain/plan-results.ts';

const kinds: PlanActionKind[] = ['create', 'update', 'link', 'archive', 'noop', 'refuse', 'delete', 'detach'];

export default class PlanShow extends CutoverCommand {
  static override summary = 'Read a saved plan: document by document, field by field.';
  static override description =
    'Each value with the one the plan was made on before it, what a rollback could not do, who made the plan, who approved it and whether it was loaded. Straight from the file, in clear or encrypted; Odoo is not asked. Contents of fields marked pii are not shown.';
  static override examples = [
    { command: 'cutover plan show procurement.plan', description: 'the first documents' },
    { command: 'cutover plan show procurement.plan --entity supplier --key 000017', description: 'one record' },
    { command: 'cutover plan show procurement.plan --action archive --limit 1000', description: 'everything that would go' },
  ];
  static override args = { file: argument({ required: true, description: 'The plan.' }) };
  static override flags = {
    entity: string({ helpValue: 'ENTITY', summary: 'Only documents of this entity, or with lines of it.' }),
    key: string({ helpValue: 'KEY', summary: 'Only this record.' }),
    action: custom<PlanActionKind>({ options: kinds, summary: 'Only documents with a record this is done to.' })(),
    limit: integer({ helpValue: 'N', min: 1, default: 20, summary: 'So many documents, 20 by default.' }),
  };
  static override exitCodes = {
    [ExitCode.refused]: 'the plan is cut off, altered, or encrypted to somebody else',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<PlanShowResult>> {
    const { args, flags } = await this.parse(PlanShow);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const { showPlan } = await import('../../src/workflows/plan/show.ts');
      const entity = entityNamed([...workspace.capabilities.values()], flags.entity);
      const { key = null, action = null, limit } = flags;
      const data = await showPlan({ workspace, file: resolve(args.file), entity, key, action, limit }, ports);
      const next = data.plan.consumedBy === null ? [this.next(flags, `plan verify ${shellQuoted(args.file)}`)] : [];
      return { status: 'ok', data, next, text: (style) => renderPlanShow(data, style) };
    });
  }
}
