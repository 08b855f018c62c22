import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { type Outcome, reconcileStatus } from '../src/cli/outcome.ts';
import { renderReconcile } from '../src/cli/render/reconcile.ts';
import { formatsOf, reportFlags } from '../src/cli/report-flags.ts';
import { capabilityNamed } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { ReconcileResult } from '../src/domain/results.ts';

export default class Reconcile extends CutoverCommand {
  static override summary = 'Compare both sides: breaks and what is behind them, control totals, one verdict, reports.';
  static override description =
    'Looks at the latest snapshots. Three ways: legacy now, Odoo now, and the last values both agreed upon; so a break says who moved, and what is expected to happen. Only what changed since the last comparison is compared. Leaves the breaks as NDJSON, and reports as HTML, CSV, XLSX, JUnit and Markdown.';
  static override examples = [
    { command: 'cutover reconcile procurement', description: 'compare the latest snapshots' },
    { command: 'cutover reconcile procurement --since 2026-11-16', description: 'what is new, and what is gone, since that day' },
    { command: 'cutover reconcile procurement --reports html --out /tmp/tonight', description: 'one report, in a place of its own' },
    { command: 'cutover reconcile procurement --json > reconcile.json', description: 'verdict, patterns and control totals for a script' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = {
    full: boolean({ summary: 'Compare everything again, and prove that comparing what changed gives the same.' }),
    'second-look': boolean({ summary: 'Ask the systems again about records that somebody has touched since the snapshots.' }),
    ...reportFlags,
  };
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
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, reports, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      return recorded(capability.name, async () => {
        const { reconcileCapability } = await import('../src/workflows/reconcile/reconcile.ts');
        const { renderReports } = await import('../src/workflows/report/render-reports.ts');
        const { full, since = null, clear, 'second-look': secondLook } = flags;
        const reconciled = await reconcileCapability({ workspace, capability, asOf, runId, full, since, clear, secondLook }, ports);
        const request = {
          directory: await ports.runs.runDirectory(runId),
          formats: formatsOf(flags.reports),
          out: flags.out === undefined ? null : resolve(flags.out),
        };
        const data = { ...reconciled, files: [...(await renderReports(request, ports, await reports())), ...reconciled.files] };
        const next = data.verdict === 'RECONCILED' ? [] : [this.next(flags, `plan ${capability.name} --out ${capability.name}.plan`)];
        return { status: reconcileStatus(data), data, next, text: (style) => renderReconcile(data, style) };
      });
    });
  }
}
