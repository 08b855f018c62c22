import { boolean } from '@oclif/core/flags';
import { adminArguments, adminFlags, administrator } from '../../src/cli/admin-flags.ts';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderHelperRemoved } from '../../src/cli/render/odoo-helper.ts';
import { withContext } from '../../src/context.ts';
import { requireMayWrite } from '../../src/domain/environment.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { HelperRemoveResult } from '../../src/domain/odoo-helper-results.ts';

export default class OdooRemoveHelper extends CutoverCommand {
  static override summary = 'Take the optional server action out of Odoo again, completely.';
  static override description =
    'The action, its External ID and its history go; nothing that was loaded is touched. Loads go on without it, with a window of one round trip between the look and the write. A load that is under way stops, and can be resumed.';
  static override examples = [
    { command: 'cutover odoo remove-helper', description: 'asks first' },
    { command: "cutover odoo remove-helper --as-admin admin --secret '${ODOO_ADMIN_SECRET}' --yes", description: 'as somebody else, in a script' },
  ];
  static override flags = { ...adminFlags, yes: boolean({ summary: 'Do not ask.' }) };
  static override exitCodes = {
    [ExitCode.refused]: 'it was not agreed to, or production was not named; nothing was changed',
    [ExitCode.connection]: 'Odoo was not reached, or the user is no administrator',
  };

  protected async execute(): Promise<Outcome<HelperRemoveResult>> {
    const { flags } = await this.parse(OdooRemoveHelper);
    const invocation = this.invocation(flags);
    return withContext(invocation, async (context) => {
      requireMayWrite(context.workspace, 'odoo remove-helper');
      const { removeHelper } = await import('../../src/workflows/odoo-helper/install-helper.ts');
      const { confirmed } = await import('../../src/cli/confirm.ts');
      const command = this.next(flags, `odoo remove-helper${adminArguments(flags)}`);
      if (!(await confirmed('Remove the helper from Odoo?', { yes: flags.yes, command, signal: invocation.signal }))) {
        return { status: 'refused', data: { removed: [] }, text: () => 'Nothing was changed.' };
      }
      const data = await removeHelper(await administrator(context, flags));
      return { status: 'ok', data, text: (style) => renderHelperRemoved(data, style) };
    });
  }
}
