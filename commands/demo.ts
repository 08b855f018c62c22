import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import type { Outcome } from '../src/cli/outcome.ts';
import type { DemoResult } from '../src/demo/demo.ts';
import { ExitCode } from '../src/domain/errors.ts';

export default class Demo extends CutoverCommand {
  static override summary = 'Move a fictional hospital into Odoo and back, and prove every step.';
  static override description =
    'Builds the legacy systems of a hospital with seeded faults, then walks pull, map, reconcile, plan, load, reconcile, load again, rollback and reconcile; its books follow, from opening balances to a paid bill. Each step is held against the truth file of the faults. Without --odoo it plays on the sandbox, in this process.';
  static override examples = [
    { command: 'cutover demo', description: 'on the sandbox; nothing is left behind' },
    {
      command: 'ODOO_DB=… ODOO_LOGIN=… ODOO_API_KEY=… cutover demo --odoo https://odoo.test',
      description: 'on a real Odoo for tests; what it loads it takes back',
    },
  ];
  static override flags = {
    odoo: string({ helpValue: 'URL', summary: 'A real Odoo to play on, with ODOO_DB, ODOO_LOGIN and ODOO_API_KEY in the environment.' }),
    keep: boolean({ summary: 'Keep the workspace, to look around in it.' }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'every step ended as the truth file says',
    [ExitCode.failure]: 'a step broke off',
    [ExitCode.findings]: 'a step ended otherwise than the truth file says',
    [ExitCode.refused]: 'that Odoo holds records of an earlier demo',
    [ExitCode.connection]: 'that Odoo did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<DemoResult>> {
    const { flags } = await this.parse(Demo);
    const { signal } = this.invocation(flags);
    const { demoStatus, runDemo } = await import('../src/demo/demo.ts');
    const { terminalDisplay } = await import('../src/demo/display.ts');
    const { renderDemo } = await import('../src/demo/render.ts');
    const data = await runDemo({ odoo: flags.odoo ?? null, keep: flags.keep, signal, display: terminalDisplay({ noColor: flags['no-color'] }) });
    const next = data.wayBack.length > 0 ? data.wayBack : ['cutover init my-hospital'];
    return { status: demoStatus(data), data, next, text: (style) => renderDemo(data, style) };
  }
}
