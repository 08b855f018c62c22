import type { DoctorResult } from '../../domain/results.ts';
import { counted, type Style } from '../style.ts';
import { wrapped } from '../table.ts';

export function renderDoctor(result: DoctorResult, style: Style): string {
  const { paint } = style;
  const signs = { ok: paint.green('✔'), warning: paint.yellow('!'), problem: paint.red('✖'), 'not-checked': paint.dim('?') };
  const width = Math.max(0, ...result.findings.map((finding) => finding.check.length));
  const lines = result.findings.map((finding, index) => {
    const isAnother = result.findings[index - 1]?.check === finding.check;
    const detail = wrapped(finding.detail, style.width, width + 4).trimStart();
    const fix = finding.fix === null ? '' : `\n${wrapped(`→ ${finding.fix}`, style.width, width + 4)}`;
    return `${signs[finding.status]} ${paint.bold((isAnother ? '' : finding.check).padEnd(width))}  ${detail}${fix === '' ? '' : paint.cyan(fix)}`;
  });
  const count = (status: DoctorResult['findings'][number]['status']) => result.findings.filter((finding) => finding.status === status).length;
  const sums = [
    [count('problem'), 'problem'],
    [count('warning'), 'warning'],
  ] as const;
  const said = sums.filter(([number]) => number > 0).map(([number, noun]) => counted(number, noun));
  if (count('not-checked') > 0) said.push(`${count('not-checked')} not checked`);
  return `${lines.join('\n')}\n\n${said.length === 0 ? paint.green('Everything is as it should be.') : said.join(', ')}`;
}
