import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderAuditExport } from '../../src/cli/render/audit.ts';
import { withContext } from '../../src/context.ts';
import type { AuditExportResult } from '../../src/domain/audit-results.ts';
import { ExitCode } from '../../src/domain/errors.ts';

export default class AuditExport extends CutoverCommand {
  static override summary = 'Write the journal of a run with its chain, verifiable without this tool.';
  static override description =
    'NDJSON: first a line with the seal and where each segment ends, then a line per entry. The README has a script of ten lines that verifies it. A journal holds, of each record that was touched, the fields that were written: as they were before, as sent and as read back; fields marked pii are among them, since a rollback is made from the journal alone. The export leaves those out, with a digest in their place so that the chain can still be verified; --clear puts them in.';
  static override examples = [
    { command: 'cutover audit export 20261123T060000-load-a1b2 --out journal.ndjson', description: 'to be handed to an auditor' },
    { command: 'cutover audit export 20261123T060000-load-a1b2 --clear --out journal.ndjson', description: 'with everything; as confidential as the systems' },
  ];
  static override args = { run: argument({ required: true, description: 'A load, a rollback, or a run that discarded dead letters.' }) };
  static override flags = {
    out: string({ required: true, helpValue: 'FILE', summary: 'Where it goes; only you can read it.' }),
    clear: boolean({ summary: 'Contents of fields marked pii as they are.' }),
  };
  static override exitCodes = {
    [ExitCode.usage]: 'the run has no journal',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<AuditExportResult>> {
    const { args, flags } = await this.parse(AuditExport);
    return withContext(this.invocation(flags), async ({ ports }) => {
      const { exportJournal } = await import('../../src/workflows/audit/export.ts');
      const data = await exportJournal({ run: args.run, file: resolve(flags.out), clear: flags.clear }, ports);
      return { status: 'ok', data, next: [this.next(flags, `audit verify ${args.run}`)], text: (style) => renderAuditExport(data, style) };
    });
  }
}
