import { integer, string } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { renderSandbox } from '../src/cli/render/sandbox.ts';
import { openSandbox, untilAborted } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';

export default class Sandbox extends CutoverCommand {
  static override summary = 'Start the embedded stand-in for Odoo 19 and keep it running.';
  static override description =
    'It listens on this machine only, keeps its records in memory, and refuses, rounds and makes by-products as the real one does. Ctrl-C ends it.';
  static override examples = [
    { command: 'cutover sandbox --seed demo', description: 'then, in another terminal: the export lines it prints, and cutover doctor' },
  ];
  static override flags = {
    port: integer({ helpValue: 'PORT', min: 0, max: 65535, default: 8169, summary: 'Where it listens (8169); 0 takes a free port.' }),
    seed: string({ options: ['bare', 'demo'], default: 'bare', summary: 'bare: as Odoo is installed. demo: with records of other people in it.' }),
  };
  static override exitCodes = { [ExitCode.clean]: 'ended by Ctrl-C' };
  protected override stopping = 'Stopping the sandbox.';

  protected async execute(): Promise<null> {
    const { flags } = await this.parse(Sandbox);
    const { signal } = this.invocation(flags);
    const sandbox = await openSandbox({ port: flags.port, seed: flags.seed === 'demo' ? 'demo' : 'bare' });
    try {
      const { url, database, login, password, apiKey, uuid } = sandbox;
      const data = { url, database, login, password, apiKey, uuid };
      this.announce({ status: 'ok', data, text: (style) => renderSandbox(data, style) });
      await untilAborted(signal);
      return null;
    } finally {
      await sandbox.stop();
    }
  }
}
