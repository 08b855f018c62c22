import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../src/cli/command.ts';
import type { Outcome } from '../src/cli/outcome.ts';
import type { DemoResult } from '../src/demo/demo.ts';
import { ExitCode } from '../src/domain/errors.ts';

export default class Demo extends CutoverCommand {
  static override summary = 'Watch a fictional hospital move into Odoo and back, every step checked.';
  static override description =
    'A materials database and the lists of two departments, with faults seeded on purpose, go through pull, map, reconcile, plan, load, a second load and the rollback. Every step is held against a truth file: a fault that is missed or an alarm that is false fails the demo. It runs on the built-in sandbox, or on an Odoo of yours named by --odoo with ODOO_DB, ODOO_LOGIN and ODOO_API_KEY, which it leaves as it found it.';
  static override examples = [
    { command: 'cutover demo', description: 'on the sandbox, about a minute' },
    { command: 'cutover demo --odoo https://odoo-test.example', description: 'on an Odoo 19 for tests' },
  ];
  static override flags = {
    odoo: string({ helpValue: 'URL', summary: 'An Odoo to use instead of the sandbox. Take one for tests.' }),
    keep: boolean({ summary: "Keep the demo's workspace, to look around in." }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'every step ended as the truth file says',
    [ExitCode.failure]: 'a step broke off',
    [ExitCode.findings]: 'a step ended otherwise than the truth file says',
    [ExitCode.refused]: 'the Odoo holds records of an earlier demo',
    [ExitCode.connection]: 'Odoo did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<DemoResult>> {
    const { flags } = await this.parse(Demo);
    const [{ demoStatus, runDemo }, { terminalDisplay }, { renderDemo }] = await Promise.all([
      import('../src/demo/demo.ts'),
      import('../src/demo/display.ts'),
      import('../src/demo/render.ts'),
    ]);
    const { signal } = this.invocation(flags);
    const data = await runDemo({ odoo: flags.odoo ?? null, keep: flags.keep, signal, display: terminalDisplay({ noColor: flags['no-color'] }) });
    const status = demoStatus(data);
    const look = data.workspace === null ? [] : [`cutover status --workspace ${shellQuoted(data.workspace)}`];
    return { status, data, next: status === 'ok' ? [...look, 'cutover init my-hospital'] : look, text: (style) => renderDemo(data, style) };
  }
}
