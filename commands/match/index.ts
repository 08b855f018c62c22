import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import { matchStatus, type Outcome } from '../../src/cli/outcome.ts';
import { renderExplanation, renderMatch } from '../../src/cli/render/match.ts';
import { capabilityNamed, entityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { CutoverError, ExitCode } from '../../src/domain/errors.ts';
import type { MatchResult, PairExplanationResult } from '../../src/domain/results.ts';

export default class Match extends CutoverCommand {
  static override summary = 'Find duplicates, links to what Odoo has already, and identifiers that cannot be right.';
  static override description =
    'Identifiers are normalised and checked by their schemes, records are compared by a model that is trained once and kept in mappings/CAPABILITY/match-model.json. Nothing is merged and nothing is written to Odoo: links are proposed to the next plan, everything else waits in a worklist for a decision (decisions/match.csv), which no score overrides.';
  static override examples = [
    { command: 'cutover match procurement', description: 'every entity' },
    { command: 'cutover match procurement --explain meditrack/V00012 laboratory/L-7', description: 'why two records are, or are not, one thing' },
    { command: 'cutover match procurement --train', description: 'learn the model anew, when the data have changed a lot' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = {
    entity: string({ helpValue: 'ENTITY', summary: 'Look at this entity only; reconcile and plan go on using the last match of all.' }),
    train: boolean({ summary: 'Train the model anew.' }),
    explain: string({
      helpValue: 'A B',
      multiple: true,
      exclusive: ['train'],
      summary: 'Show the evidence for and against two records (SYSTEM/KEY; of Odoo by its database id) being one thing.',
    }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'no more open conflicts than the policy `conflicts` allows',
    [ExitCode.findings]: 'more open conflicts than that',
    [ExitCode.refused]: 'nothing has been pulled yet',
    [ExitCode.locked]: 'another command holds the embedded state, or a load runs while links have to move',
    [ExitCode.connection]: 'the state database did not answer',
    [ExitCode.interrupted]: 'stopped by Ctrl-C',
  };

  protected async execute(): Promise<Outcome<MatchResult | PairExplanationResult>> {
    const { args, flags } = await this.parse(Match);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, recorded }): Promise<Outcome<MatchResult | PairExplanationResult>> => {
      const capability = capabilityNamed(workspace, args.capability);
      const entity = entityNamed([capability], flags.entity);
      const request = { workspace, capability, entity, asOf, runId };
      if (flags.explain !== undefined) {
        const { explainMatch } = await import('../../src/workflows/match/explain.ts');
        const data = await explainMatch({ ...request, records: twoRecords(flags.explain) }, ports);
        return { status: 'ok', data, text: (style) => renderExplanation(data, style) };
      }
      return recorded(capability.name, async () => {
        const { matchCapability } = await import('../../src/workflows/match/match.ts');
        const data = await matchCapability({ ...request, train: flags.train }, ports);
        const toDecide = Object.keys(data.conflicts).length > 0 || data.pairs.match + data.pairs.review > 0;
        const next = [...(toDecide ? [`match decide ${capability.name}`] : []), `reconcile ${capability.name}`];
        return {
          status: matchStatus(data, workspace.file.policies.conflicts),
          data,
          next: next.map((command) => this.next(flags, command)),
          text: (style) => renderMatch(data, style),
        };
      });
    });
  }
}

function twoRecords(named: readonly string[]): [string, string] {
  const [left, right, ...more] = named;
  if (left !== undefined && right !== undefined && more.length === 0) return [left, right];
  throw new CutoverError('E_USAGE', '--explain takes two records', { hint: 'cutover match CAPABILITY --explain SYSTEM/KEY SYSTEM/KEY' });
}
