import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import type { Outcome } from '../src/cli/outcome.ts';
import { renderExplained } from '../src/cli/render/explain.ts';
import { capabilitiesOf, entityNamed, systemsOf } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { ExplainResult } from '../src/domain/explanation.ts';

export default class Explain extends CutoverCommand {
  static override summary = 'One record: where each value comes from, and why it was or was not loaded.';
  static override description =
    'Names the snapshot, row and columns of the source, the expression that makes the value, what Odoo has, what the two last agreed upon and who moved since; then links, breaks, conflicts and what loads did with it. Asks neither the systems nor Odoo: it tells from what was pulled.';
  static override examples = [
    { command: 'cutover explain 000123', description: 'a legacy key' },
    { command: 'cutover explain meditrack/PO1/2 --entity purchase_order_line', description: 'of one system and entity' },
    { command: 'cutover explain odoo/57', description: 'a record of Odoo by its database id' },
    { command: 'cutover explain 3f9a1c0b --json', description: 'the record of a break, for a script' },
  ];
  static override args = {
    key: argument({ required: true, description: 'A record key, system/KEY, odoo/ID, an External ID, or the id of a break (six digits or more).' }),
  };
  static override flags = {
    capability: string({ helpValue: 'NAME', summary: 'The capability it is of; all by default.' }),
    entity: string({ helpValue: 'ENTITY', summary: 'The entity it is.' }),
    system: string({ helpValue: 'SYSTEM', summary: 'The system it is in.' }),
    clear: boolean({ summary: 'Show the values of fields marked pii.' }),
  };
  static override exitCodes = { [ExitCode.usage]: 'no such record, or one that may be several' };

  protected async execute(): Promise<Outcome<ExplainResult>> {
    const { args, flags } = await this.parse(Explain);
    return withContext(this.invocation(flags), async ({ workspace, ports, asOf, runId }) => {
      const capabilities = capabilitiesOf(workspace, flags.capability);
      const entity = entityNamed(capabilities, flags.entity);
      const [system = null] = flags.system === undefined ? [] : systemsOf(workspace, [flags.system]);
      const { explainKey } = await import('../src/workflows/explain/explain.ts');
      const data = await explainKey({ workspace, capabilities, key: args.key, entity, system, clear: flags.clear, asOf, runId }, ports);
      return { status: 'ok', data, text: (style) => renderExplained(data, style) };
    });
  }
}
