import { resolve } from 'node:path';
import { boolean, string } from '@oclif/core/flags';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { capabilitiesOf, entityNamed } from '../../src/cli/selection.ts';
import { counted } from '../../src/cli/style.ts';
import { withContext } from '../../src/context.ts';
import type { DeadLetterExportResult } from '../../src/domain/dead-letter-results.ts';
import { CutoverError, ExitCode } from '../../src/domain/errors.ts';

export default class DeadLetterExport extends CutoverCommand {
  static override summary = 'Write dead letters to a file for the people who mend the source.';
  static override description =
    "One row per record: field, value and rule where they can be told, Odoo's words, the line of the mapping, and every value that was sent. CSV or NDJSON, by the end of the file's name. Contents of fields marked pii are masked unless --clear asks for them.";
  static override examples = [
    { command: 'cutover dead-letter export --out to-mend.csv', description: 'the open ones, for a spreadsheet' },
    { command: 'cutover dead-letter export --all --out dead-letters.ndjson', description: 'all there have been, for a script' },
  ];
  static override flags = {
    out: string({ required: true, helpValue: 'FILE', summary: 'A file that ends in .csv or .ndjson.' }),
    entity: string({ helpValue: 'ENTITY', summary: 'Only documents of this entity.' }),
    all: boolean({ summary: 'Also those that are settled or discarded.' }),
    clear: boolean({ summary: 'Contents of fields marked pii as they are.' }),
  };
  static override exitCodes = {
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'the state database did not answer',
  };

  protected async execute(): Promise<Outcome<DeadLetterExportResult>> {
    const { flags } = await this.parse(DeadLetterExport);
    const format = /\.(csv|ndjson)$/.exec(flags.out)?.[1] as 'csv' | 'ndjson' | undefined;
    if (format === undefined)
      throw new CutoverError('E_USAGE', '--out must end in .csv or .ndjson', { hint: 'cutover dead-letter export --out dead-letters.csv' });
    return withContext(this.invocation(flags), async ({ workspace, ports }) => {
      const entity = entityNamed(capabilitiesOf(workspace, undefined), flags.entity);
      const { exportDeadLetters } = await import('../../src/workflows/dead-letter/export.ts');
      const { all, clear } = flags;
      const data = await exportDeadLetters({ workspace, entity, all, clear, file: resolve(flags.out), format }, ports);
      return { status: 'ok', data, text: () => `${counted(data.records, 'dead letter')} in ${data.file}` };
    });
  }
}
