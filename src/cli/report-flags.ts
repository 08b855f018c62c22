/** Flags of the commands that end with reports. */
import { boolean, string } from '@oclif/core/flags';
import { type ReportFormat, reportFormats } from '../domain/report.ts';

const NONE = 'none';

export const reportFlags = {
  since: string({ helpValue: 'RUN', summary: 'What is new or resolved since this run; since the night before by default.' }),
  reports: string({
    multiple: true,
    delimiter: ',',
    options: [...reportFormats, NONE],
    helpValue: 'FORMAT,…',
    summary: `Reports to make: ${reportFormats.join(', ')}, or none; all by default.`,
  }),
  out: string({ helpValue: 'DIR', summary: 'Also put the reports there, for CI and mail.' }),
  clear: boolean({ summary: 'Cell contents of fields marked pii stand in the files of this run, which say so.' }),
};

/** The formats that were asked for, each once. */
export function formatsOf(named: readonly string[] | undefined): readonly ReportFormat[] {
  if (named === undefined || named.length === 0) return reportFormats;
  return reportFormats.filter((format) => named.includes(format));
}
