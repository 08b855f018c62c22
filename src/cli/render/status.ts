import type { StatusResult } from '../../domain/results.ts';
import { counted, duration, moment, type Style } from '../style.ts';
import { table } from '../table.ts';

const endings: Readonly<Record<string, string>> = { running: 'is running, or was killed', interrupted: 'was interrupted', failed: 'broke off' };

export function renderStatus(result: StatusResult, style: Style): string {
  const { paint } = style;
  const sections = result.capabilities.map((capability) => renderCapability(capability, style));
  if (result.environment !== null) {
    const { name, production, odoo, state, store } = result.environment;
    const kind = production ? paint.yellow('production') : 'not production';
    sections.unshift(
      `${paint.bold('Environment')}  ${name}, ${kind}: Odoo ${odoo}, ${state === 'embedded' ? 'embedded state' : 'PostgreSQL state'}, store ${store}`,
    );
  }
  if (result.open.length > 0) {
    const open = result.open.map(({ runId, status, startedAt, paused, goOn }) => {
      const what = paused === null ? (endings[status] ?? 'has something left') : `is paused since ${moment(paused.since)}, or was killed`;
      const commands = paused === null ? [goOn] : [paused.resume, goOn];
      return [`  ${paint.yellow('!')} ${runId} ${what} ${paint.dim(`(begun ${moment(startedAt)})`)}`, ...commands.map((command) => paint.cyan(command))].join(
        '\n      ',
      );
    });
    sections.push(`${paint.bold('Open runs')}\n${open.join('\n')}`);
  }
  if (result.deadLetters.length > 0) {
    const letters = result.deadLetters.map(
      ({ capability, direction, open }) => `  ${paint.yellow('!')} ${counted(open, 'dead letter')} of a ${direction}, ${capability}`,
    );
    sections.push(`${paint.bold('Open dead letters')}\n${letters.join('\n')}\n      ${paint.cyan('cutover dead-letter list')}`);
  }
  if (result.rehearsal !== null) sections.push(renderRehearsed(result.rehearsal, style));
  if (result.crosswalk !== null && result.crosswalk.length > 0) {
    const links = table(
      result.crosswalk,
      [
        { header: 'capability', value: (row) => row.capability },
        { header: 'entity', value: (row) => row.entity },
        { header: 'system', value: (row) => row.system },
        { header: 'links', value: (row) => row.links },
      ],
      style,
    );
    sections.push(`${paint.bold('Crosswalk')}\n${links}`);
  }
  if (result.snapshots.length > 0) {
    const snapshots = table(
      result.snapshots,
      [
        { header: 'system', value: (row) => row.system },
        { header: 'entity', value: (row) => row.entity },
        { header: 'as of', value: (row) => moment(row.asOf) },
        { header: 'rows', value: (row) => row.rows },
      ],
      style,
    );
    sections.push(`${paint.bold('Latest snapshots')}\n${snapshots}`);
  }
  return sections.join('\n\n');
}

function renderRehearsed(rehearsal: NonNullable<StatusResult['rehearsal']>, { paint }: Style): string {
  const { runId, at, capability, database, equal, deadLettered, loadSeconds, rollbackSeconds, forecast } = rehearsal;
  const proof = equal ? paint.green('everything was as before') : paint.red('not everything was as before');
  const letters = deadLettered === 0 ? '' : `, ${counted(deadLettered, 'dead letter')}`;
  const night =
    forecast === null ? '' : `\n  the night will take about ${duration(forecast.typical)} (${duration(forecast.low)} to ${duration(forecast.high)})`;
  const took = `load ${duration(loadSeconds)}, rollback ${duration(rollbackSeconds)}`;
  return `${paint.bold('Last rehearsal')}  ${capability} on ${database}, ${moment(at)} ${paint.dim(`(${runId})`)}\n  ${proof}${letters}; ${took}${night}`;
}

function renderCapability(capability: StatusResult['capabilities'][number], style: Style): string {
  const { paint } = style;
  const verdict = capability.verdict === null ? paint.dim('not reconciled yet') : `${capability.verdict.verdict} as of ${moment(capability.verdict.at)}`;
  const overtaken = capability.verdict?.overtakenBy ?? null;
  const since =
    overtaken === null
      ? ''
      : `\n  ${paint.yellow('!')} a ${overtaken.command} came later (${moment(overtaken.at)}, ${overtaken.runId}): the verdict is older than that`;
  const head = `${paint.bold(capability.name)}  ${capability.phase}, ${verdict}${since}`;
  if (capability.runs.length === 0) return `${head}\n  No runs yet.`;
  const runs = table(
    capability.runs,
    [
      { header: 'last', value: (run) => run.command },
      { header: 'ended', value: (run) => run.status, paint: (cell, run) => (run.status === 'ok' ? paint.green(cell) : paint.yellow(cell)) },
      { header: 'begun', value: (run) => moment(run.startedAt) },
      { header: 'took', value: (run) => (run.seconds === null ? '' : duration(run.seconds)) },
      { header: 'run', isWhole: true, value: (run) => run.runId },
    ],
    style,
  );
  return `${head}\n${runs}`;
}
