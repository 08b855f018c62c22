import { string as argument } from '@oclif/core/args';
import { CutoverCommand } from '../src/cli/command.ts';
import type { Outcome } from '../src/cli/outcome.ts';
import { renderProfile } from '../src/cli/render/profile.ts';
import { systemsOf } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { ProfileResult } from '../src/domain/results.ts';

export default class Profile extends CutoverCommand {
  static override summary = 'Look at a source before it is mapped.';
  static override description =
    "Nulls, distinct values, patterns, candidate keys, recognised identifiers, and the damage that extractions do: 'NA' read as null, '14.0' for integers, dates from Excel, wrong encodings, decimal commas.";
  static override examples = [
    { command: 'cutover profile meditrack VENDOR', description: 'one table' },
    { command: 'cutover profile laboratory', description: 'every file of a system' },
  ];
  static override args = {
    system: argument({ required: true, description: 'A system of cutover.yaml.' }),
    entity: argument({ description: 'A table, view or file; all of them by default.' }),
  };
  static override exitCodes = {
    [ExitCode.incomplete]: 'a file could not be read as declared',
    [ExitCode.connection]: 'the system did not answer or refused the login',
  };

  protected async execute(): Promise<Outcome<ProfileResult>> {
    const { args, flags } = await this.parse(Profile);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const [system = args.system] = systemsOf(workspace, [args.system]);
      const { profileSystem } = await import('../src/workflows/profile/profile.ts');
      const data = await profileSystem({ workspace, system, entity: args.entity ?? null }, ports);
      return { status: 'ok', data, text: (style) => renderProfile(data, style) };
    });
  }
}
