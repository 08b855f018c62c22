import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { CutoverCommand } from '../src/cli/command.ts';
import { mapStatus, matchStatus, type Outcome, pullStatus, reconcileStatus, worstOf } from '../src/cli/outcome.ts';
import { renderMap } from '../src/cli/render/map.ts';
import { renderMatch } from '../src/cli/render/match.ts';
import { renderPull } from '../src/cli/render/pull.ts';
import { renderReconcile } from '../src/cli/render/reconcile.ts';
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
  static override summary = 'The night: pull, map, match and reconcile a capability.';
  static override description =
    'Asks nothing and ends with one exit code, for a scheduler or CI. Its data is that of reconcile, with the data of pull, map and match beside it.';
  static override examples = [{ command: 'cutover run procurement --json > night.json', description: 'every night' }];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = { full: boolean({ summary: 'Read everything again instead of what changed since the last pull.' }) };
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
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      return recorded(capability.name, async () => {
        const { pull } = await import('../src/workflows/pull/pull.ts');
        const { mapCapability } = await import('../src/workflows/map/map.ts');
        const { matchCapability } = await import('../src/workflows/match/match.ts');
        const { reconcileCapability } = await import('../src/workflows/reconcile/reconcile.ts');
        const request = { workspace, capability, asOf, runId };
        const pulled = await pull({ ...request, systems: Object.keys(workspace.file.systems), entity: null, full: flags.full }, ports);
        const mapped = await mapCapability({ ...request, entity: null }, ports);
        const matched = await matchCapability({ ...request, entity: null, train: false }, ports);
        const reconciled = await reconcileCapability(request, ports);
        const data = { ...reconciled, pull: pulled, map: mapped, match: matched };
        const { rejects, conflicts } = workspace.file.policies;
        const status = worstOf([pullStatus(pulled), mapStatus(mapped, rejects), matchStatus(matched, conflicts), reconcileStatus(reconciled)]);
        const next = reconciled.verdict === 'RECONCILED' ? [] : [this.next(flags, `plan ${capability.name} --out ${capability.name}.plan`)];
        return {
          status,
          data,
          next,
          text: (style) =>
            [renderPull(pulled, style), renderMap({ ...mapped, checks: [] }, style), renderMatch(matched, style), renderReconcile(reconciled, style)].join(
              '\n\n\n',
            ),
        };
      });
    });
  }
}
