import { CutoverCommand } from '../src/cli/command.ts';
import type { Outcome } from '../src/cli/outcome.ts';
import { renderStatus } from '../src/cli/render/status.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { StatusResult } from '../src/domain/results.ts';
import { statusOf } from '../src/workflows/status/status.ts';

export default class Status extends CutoverCommand {
  static override summary = 'Where everything stands, and what was left open.';
  static override description =
    'The last runs and the last verdict of each capability, runs that did not come to their end with the command that goes on, open dead letters, the last rehearsal, the crosswalk, and the latest snapshots.';
  static override examples = [{ command: 'cutover status', description: 'where am I?' }];
  static override exitCodes = { [ExitCode.locked]: 'another command holds the embedded state', [ExitCode.connection]: 'the state database did not answer' };

  protected async execute(): Promise<Outcome<StatusResult>> {
    const { flags } = await this.parse(Status);
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const data = await statusOf({ workspace }, ports);
      const open = data.open.map(({ goOn }) => this.next(flags, goOn.replace(/^cutover /, '')));
      // What is shown to be typed leads to this workspace and environment, as the commands in `next` do.
      const shown = { ...data, open: data.open.map((run, index) => ({ ...run, goOn: open[index] ?? run.goOn })) };
      const overtaken = data.capabilities.filter(({ verdict }) => verdict?.overtakenBy != null).map(({ name }) => this.next(flags, `run ${name}`));
      const refused = data.deadLetters.length > 0 ? [this.next(flags, 'dead-letter list')] : [];
      return { status: 'ok', data, next: [...open, ...refused, ...overtaken], text: (style) => renderStatus(shown, style) };
    });
  }
}
