import { string as argument } from '@oclif/core/args';
import { CutoverCommand } from '../src/cli/command.ts';
import { type Outcome, reconcileStatus } from '../src/cli/outcome.ts';
import { renderReconcile } from '../src/cli/render/reconcile.ts';
import { capabilityNamed } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { ReconcileResult } from '../src/domain/results.ts';

export default class Reconcile extends CutoverCommand {
  static override summary = 'Compare legacy and Odoo, three ways with what was last agreed.';
  static override description =
    'Says which records and fields differ and who moved, ties the control totals of both sides and explains their difference, lists what was not compared, and ends with one verdict. Writes the breaks as NDJSON and CSV.';
  static override examples = [
    { command: 'cutover reconcile procurement', description: 'compare the latest snapshots' },
    { command: 'cutover reconcile procurement --json > reconcile.json', description: 'verdict, breaks and control totals for a script' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override exitCodes = {
    [ExitCode.clean]: 'RECONCILED, or PENDING',
    [ExitCode.findings]: 'BREAKS',
    [ExitCode.incomplete]: 'INCOMPLETE: something could not be compared',
    [ExitCode.refused]: 'nothing has been pulled yet',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<ReconcileResult>> {
    const { args, flags } = await this.parse(Reconcile);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      return recorded(capability.name, async () => {
        const { reconcileCapability } = await import('../src/workflows/reconcile/reconcile.ts');
        const data = await reconcileCapability({ workspace, capability, asOf, runId }, ports);
        const next = data.verdict === 'RECONCILED' ? [] : [this.next(flags, `plan ${capability.name} --out ${capability.name}.plan`)];
        return { status: reconcileStatus(data), data, next, text: (style) => renderReconcile(data, style) };
      });
    });
  }
}
