import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../../src/cli/command.ts';
import { operatorName } from '../../src/cli/operator.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderImported } from '../../src/cli/render/decisions.ts';
import { capabilityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { ImportResult } from '../../src/workflows/decide-breaks/import-decisions.ts';

export default class DecisionsImport extends CutoverCommand {
  static override summary = 'Take back a worklist that was filled in: CSV, XLSX, or what the HTML report exported.';
  static override description =
    'Every row is checked against the latest reconcile: the break must be there and its values must be those that were decided on. Writes decisions/breaks.csv (waive, legacy, odoo) and decisions/links.csv (same, different); nothing at all while a row is refused, unless --partial is given.';
  static override examples = [
    { command: 'cutover decisions import worklist.xlsx', description: 'what purchasing has filled in' },
    {
      command: 'cutover decisions import decisions-export.csv --by "S. Ortega" --partial',
      description: 'signed by name; what is refused is listed and left out',
    },
  ];
  static override args = { file: argument({ required: true, description: 'The worklist.' }) };
  static override flags = {
    partial: boolean({ summary: 'Write what can be written though other rows are refused.' }),
    by: string({ helpValue: 'NAME', summary: 'Who decided, where a row does not say it; CUTOVER_USER by default, else whoever is logged in.' }),
    capability: string({ helpValue: 'NAME', summary: 'The capability the worklist is of; all by default.' }),
  };
  static override exitCodes = {
    [ExitCode.usage]: 'the file is no worklist',
    [ExitCode.incomplete]: 'rows were refused, and the rest was written (--partial)',
    [ExitCode.refused]: 'rows were refused, and nothing was written',
  };

  protected async execute(): Promise<Outcome<ImportResult>> {
    const { args, flags } = await this.parse(DecisionsImport);
    return withContext(this.invocation(flags), async ({ workspace, asOf, ports, reports }) => {
      const { importDecisions } = await import('../../src/workflows/decide-breaks/import-decisions.ts');
      const capability = flags.capability === undefined ? null : capabilityNamed(workspace, flags.capability);
      const rows = await (await reports()).readDecisions(resolve(args.file));
      const data = await importDecisions({ workspace, capability, rows, by: operatorName(flags.by), asOf, partial: flags.partial }, ports);
      const refused = data.refused.length > 0;
      const named = capability?.name ?? [...workspace.capabilities.keys()][0] ?? '';
      const next = data.files.length > 0 ? `reconcile ${named}` : `decisions import ${shellQuoted(args.file)} --partial`;
      return {
        status: refused ? (flags.partial ? 'incomplete' : 'refused') : 'ok',
        data,
        next: data.files.length > 0 || refused ? [this.next(flags, next)] : [],
        text: (style) => renderImported(data, style),
      };
    });
  }
}
