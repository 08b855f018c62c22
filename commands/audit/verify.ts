import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import { auditStatus, type Outcome } from '../../src/cli/outcome.ts';
import { renderAudit } from '../../src/cli/render/audit.ts';
import { withContext } from '../../src/context.ts';
import type { AuditResult } from '../../src/domain/audit-results.ts';
import { ExitCode } from '../../src/domain/errors.ts';

export default class AuditVerify extends CutoverCommand {
  static override summary = 'Prove that journals hold what was written, all of it, in order.';
  static override description =
    'Goes through the hash chain of a run, or of every run, and names each entry that was altered, removed, moved or added, also at the end: where a journal ended is kept apart from it, and with the run. Whoever has every right on the state database could make all of that anew; against that, note the seal that load prints and give it with --seal.';
  static override examples = [
    { command: 'cutover audit verify', description: 'every run' },
    { command: 'cutover audit verify 20261123T060000-load-a1b2 --seal 9c56…', description: 'one run, against the seal that was noted when it ended' },
  ];
  static override args = { run: argument({ description: 'The run; every run when left out.' }) };
  static override flags = {
    seal: string({ helpValue: 'HASH', summary: 'The seal of the run as it was noted elsewhere.' }),
  };
  static override exitCodes = {
    [ExitCode.clean]: 'every journal is as it was written, up to its seal',
    [ExitCode.findings]: 'entries were altered, removed, moved or added',
    [ExitCode.incomplete]: 'what is there is intact, but a run is under way or broke off and is not sealed',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<AuditResult>> {
    const { args, flags } = await this.parse(AuditVerify);
    return withContext(this.invocation(flags), async ({ ports }) => {
      const { auditJournals } = await import('../../src/workflows/audit/verify.ts');
      const data = await auditJournals({ run: args.run ?? null, seal: flags.seal ?? null }, ports);
      const broken = data.runs.find(({ status }) => status === 'broken');
      const open = data.runs.filter(({ status, command }) => status === 'not-sealed' && (command === 'load' || command === 'rollback'));
      const next = [
        ...(broken === undefined ? [] : [`audit export ${broken.runId} --out evidence.ndjson`]),
        ...open.map(({ runId }) => `load --resume ${runId}`),
      ];
      return {
        status: auditStatus(data),
        data,
        next: next.map((command) => this.next(flags, command)),
        text: (style) => renderAudit(data, style),
      };
    });
  }
}
