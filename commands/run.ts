import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { mapStatus, matchStatus, type Outcome, pullStatus, reconcileStatus, worstOf } from '../src/cli/outcome.ts';
import { renderMap } from '../src/cli/render/map.ts';
import { renderMatch } from '../src/cli/render/match.ts';
import { renderPull } from '../src/cli/render/pull.ts';
import { renderReconcile } from '../src/cli/render/reconcile.ts';
import { formatsOf, reportFlags } from '../src/cli/report-flags.ts';
import { capabilityNamed } from '../src/cli/selection.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { MapResult, MatchResult, PullResult, ReconcileResult } from '../src/domain/results.ts';

interface RunResult extends ReconcileResult {
  readonly pull: PullResult;
  readonly map: MapResult;
  readonly match: MatchResult;
}

export default class Run extends CutoverCommand {
  static override summary = 'The night: pull, map, match and reconcile a capability, with its reports.';
  static override description =
    'Asks nothing and ends with one exit code, for a scheduler or CI. Its data is that of reconcile, with the data of pull, map and match beside it.';
  static override examples = [
    { command: 'cutover run procurement --out reports', description: 'every night; the reports as artifacts of CI' },
    { command: 'cutover run procurement --json > night.json', description: 'for a script' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = {
    full: boolean({ summary: 'Read and compare everything again instead of what changed since the last night.' }),
    'second-look': boolean({
      allowNo: true,
      default: true,
      summary: 'Ask again about records that somebody has touched since the pull, before they are reported.',
    }),
    ...reportFlags,
  };
  static override exitCodes = {
    [ExitCode.clean]: 'RECONCILED, or PENDING',
    [ExitCode.findings]: 'BREAKS, or more rejects or open conflicts than the policies allow',
    [ExitCode.incomplete]: 'INCOMPLETE, or rows that could not be read',
    [ExitCode.refused]: 'a source shrank, answered empty, or lost a column that a mapping uses',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'a system did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<RunResult>> {
    const { args, flags } = await this.parse(Run);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, reports, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      return recorded(capability.name, async () => {
        const { pull } = await import('../src/workflows/pull/pull.ts');
        const { mapCapability } = await import('../src/workflows/map/map.ts');
        const { matchCapability } = await import('../src/workflows/match/match.ts');
        const { reconcileCapability } = await import('../src/workflows/reconcile/reconcile.ts');
        const { renderReports } = await import('../src/workflows/report/render-reports.ts');
        const request = { workspace, capability, asOf, runId };
        const pulled = await pull({ ...request, systems: Object.keys(workspace.file.systems), entity: null, full: flags.full }, ports);
        const mapped = await mapCapability({ ...request, entity: null }, ports);
        const matched = await matchCapability({ ...request, entity: null, train: false }, ports);
        const { full, since = null, clear, 'second-look': secondLook } = flags;
        const reconciled = await reconcileCapability({ ...request, full, since, clear, secondLook }, ports);
        const out = flags.out === undefined ? null : resolve(flags.out);
        const rendering = { directory: await ports.runs.runDirectory(runId), formats: formatsOf(flags.reports), out };
        const files = [...(await renderReports(rendering, ports, await reports())), ...reconciled.files];
        const data = { ...reconciled, files, pull: pulled, map: mapped, match: matched };
        const { rejects, conflicts } = workspace.file.policies;
        const status = worstOf([pullStatus(pulled), mapStatus(mapped, rejects), matchStatus(matched, conflicts), reconcileStatus(reconciled)]);
        const next = reconciled.verdict === 'RECONCILED' ? [] : [this.next(flags, `plan ${capability.name} --out ${capability.name}.plan`)];
        return {
          status,
          data,
          next,
          text: (style) =>
            [renderPull(pulled, style), renderMap({ ...mapped, checks: [] }, style), renderMatch(matched, style), renderReconcile(data, style)].join('\n\n\n'),
        };
      });
    });
  }
}
