import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderHelperState } from '../../src/cli/render/odoo-helper.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { HelperState } from '../../src/domain/odoo-helper-results.ts';

export default class OdooStatus extends CutoverCommand {
  static override summary = 'Whether the optional helper is in Odoo, with which text, and for whom.';
  static override description =
    'Says what it means for a load: whether its guards are atomic, or have a window of one round trip. Changes nothing. A user who may not run the helper cannot see it; an administrator sees it and its groups.';
  static override examples = [{ command: 'cutover odoo status', description: 'for the Odoo user of the workspace' }];
  static override exitCodes = {
    [ExitCode.connection]: 'Odoo was not reached, or refused the key',
  };

  protected async execute(): Promise<Outcome<HelperState>> {
    const { flags } = await this.parse(OdooStatus);
    return withContext(this.invocation(flags), async ({ ports }) => {
      const { helperState } = await import('../../src/workflows/odoo-helper/helper-state.ts');
      const data = await helperState(await ports.odoo());
      const isUsed = data.text === 'as-shipped' && data.isRunnable;
      return { status: 'ok', data, next: isUsed ? [] : [this.next(flags, 'odoo install-helper')], text: (style) => renderHelperState(data, style) };
    });
  }
}
