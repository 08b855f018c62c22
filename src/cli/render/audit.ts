import type { AuditExportResult, AuditResult } from '../../domain/audit-results.ts';
import { counted, grouped, type Style } from '../style.ts';
import { table } from '../table.ts';

/** Intact runs are listed up to this many. */
const MOST_RUNS = 20;
const MOST_FINDINGS = 20;
/** A reader compares the first; scripts take the whole from --json. */
const HASH_SHOWN = 16;

export function renderAudit(result: AuditResult, style: Style): string {
  const { paint } = style;
  const broken = result.runs.filter(({ status }) => status === 'broken');
  const open = result.runs.filter(({ status }) => status === 'not-sealed');
  const journals = counted(result.runs.length, 'journal');
  const headline =
    broken.length > 0
      ? paint.red(`${grouped(broken.length)} of ${journals} ${broken.length === 1 ? 'is' : 'are'} not what was written`)
      : open.length > 0
        ? `${journals}, ${counted(result.entries, 'entry', 'entries')}: ${paint.yellow(`intact as far as ${open.length === 1 ? 'it goes' : 'they go'}; ${grouped(open.length)} not sealed`)}`
        : paint.green(`${journals}, ${counted(result.entries, 'entry', 'entries')}: as they were written`);
  if (result.runs.length === 0) return 'No run has a journal yet';
  const shown = [
    ...broken,
    ...open,
    ...result.runs
      .filter(({ status }) => status === 'intact')
      .toReversed()
      .slice(0, MOST_RUNS),
  ];
  const left = result.runs.length - shown.length;
  const list = table(
    shown,
    [
      { header: 'run', value: (run) => run.runId, isWhole: true },
      { header: 'entries', value: (run) => run.entries },
      { header: 'journal', value: (run) => run.status, paint: (cell, run) => (run.status === 'intact' ? cell : paint.yellow(cell)) },
      { header: 'guards', value: (run) => run.guards.join(', ') },
      { header: 'seal', value: (run) => `${run.seal.slice(0, HASH_SHOWN)}…` },
    ],
    style,
  );
  const sections = [paint.bold(headline), `${list}${left > 0 ? `\n${paint.dim(`  and ${grouped(left)} more that are intact: with --json`)}` : ''}`];
  for (const { runId, findings } of broken) {
    const lines = findings.slice(0, MOST_FINDINGS).map(({ segment, sequence, problem }) => `  segment ${segment}, entry ${sequence}: ${problem}`);
    const more = findings.length > MOST_FINDINGS ? `\n${paint.dim(`  and ${grouped(findings.length - MOST_FINDINGS)} more: with --json`)}` : '';
    sections.push(`${paint.bold(runId)}\n${lines.join('\n')}${more}`);
  }
  return sections.join('\n\n');
}

export function renderAuditExport(result: AuditExportResult, style: Style): string {
  const left =
    result.masked === 0 ? '' : `\n${counted(result.masked, 'entry', 'entries')} without contents of fields marked pii; their digests stand in the chain`;
  return `${style.paint.bold('Exported')} ${counted(result.entries, 'entry', 'entries')} to ${result.file}${left}\n${style.paint.dim(`Seal ${result.seal}`)}`;
}
