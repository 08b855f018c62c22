import type { RehearsalForecast, RehearsalProof, RehearsalResult, Spread } from '../../domain/rehearsal-results.ts';
import { counted, duration, grouped, moment, type Style } from '../style.ts';
import { table } from '../table.ts';
import { renderOutlook } from './rollback.ts';

export function renderRehearsal(result: RehearsalResult, style: Style): string {
  const { paint } = style;
  const { load, rollback, proof } = result;
  const sections = [renderProof(proof, style), renderPhases(result, style), renderEntities(result, style)];
  const troubles = [load, rollback].flatMap((run, index) => {
    const { conflict, deadLettered, blocked } = run;
    const which = index === 0 ? 'load' : 'rollback';
    return conflict + deadLettered + blocked === 0
      ? []
      : [`  ${paint.yellow('!')} ${which}: ${counted(conflict, 'conflict')}, ${counted(deadLettered, 'dead letter')}, ${grouped(blocked)} blocked`];
  });
  const refusals = [...load.refusals, ...rollback.refusals].map(({ entity, reason, count }) => `      ${grouped(count)} ${entity}: ${reason}`);
  if (troubles.length > 0) sections.push([paint.bold('Not everything went through'), ...troubles, ...refusals].join('\n'));
  if (result.outlook.stays.length > 0) sections.push(renderOutlook(result.outlook, style));
  const compared = renderComparison(result, style);
  if (compared !== null) sections.push(compared);
  sections.push(renderForecast(result.forecast, style));
  return sections.join('\n\n');
}

function renderProof(proof: RehearsalProof, style: Style): string {
  const { paint } = style;
  const { records, values, different } = proof;
  const size = `${grouped(values)} values of ${counted(records, 'record')}`;
  const head = proof.equal
    ? `${paint.green('✔')} ${paint.bold('Everything is as it was')}: ${size} compared one by one`
    : `${paint.red('✘')} ${paint.bold('Not everything is as it was')}: ${size} compared one by one`;
  const lines = different.map(({ model, came, gone, changed, fields, ids }) => {
    const parts = [
      some('more', came, ids.came),
      some('gone', gone, ids.gone),
      changed === 0 ? null : `${some('changed', changed, ids.changed)}: ${fields.map(({ field, count }) => `${field} (${grouped(count)})`).join(', ')}`,
    ];
    return `  ${paint.red('✘')} ${model}: ${parts.filter((part) => part !== null).join('; ')}`;
  });
  const stays = proof.stays.map(({ model, count, words }) => `  ${paint.yellow('!')} ${grouped(count)} of ${model}: ${words}`);
  const unseen = proof.notCompared.map((text) => paint.dim(`  not compared: ${text}`));
  return [head, ...lines, ...stays, ...unseen].join('\n');
}

function some(what: string, count: number, ids: readonly number[]): string | null {
  return count === 0 ? null : `${grouped(count)} ${what} (id ${ids.slice(0, 3).join(', ')}${count > 3 ? ', …' : ''})`;
}

function renderPhases({ phases, loadRunId, rollbackRunId }: RehearsalResult, style: Style): string {
  const rows = table(
    phases,
    [
      { header: 'phase', value: (row) => row.phase },
      { header: 'took', value: (row) => duration(row.seconds) },
      { header: 'run', isWhole: true, value: (row) => (row.phase === 'load' ? loadRunId : row.phase === 'rollback' ? rollbackRunId : '') },
    ],
    style,
  );
  return `${style.paint.bold('What it took')}\n${rows}`;
}

function renderEntities({ entities }: RehearsalResult, style: Style): string {
  const rate = (documents: number, seconds: number): string => (documents === 0 ? '' : `${(documents / Math.max(seconds, 0.001)).toFixed(1)}/s`);
  return table(
    entities,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'documents', value: (row) => row.load.documents },
      { header: 'with lines', value: (row) => row.load.records },
      { header: 'load', value: (row) => duration(row.load.seconds) },
      { header: '', value: (row) => rate(row.load.documents, row.load.seconds) },
      { header: 'rollback', value: (row) => duration(row.rollback.seconds) },
      { header: '', value: (row) => rate(row.rollback.documents, row.rollback.seconds) },
    ],
    style,
  );
}

function renderComparison({ comparison }: RehearsalResult, style: Style): string | null {
  if (comparison === null) return null;
  const { paint } = style;
  const { documents, load, rollback, entities, newRefusals, goneRefusals, conflicts } = comparison;
  const refusal = ({ entity, reason, count }: (typeof newRefusals)[number]): string => `${grouped(count)} ${entity}: ${reason}`;
  const rows = entities.filter(({ rate, before }) => Math.abs(rate / before - 1) >= 0.1);
  const lines = [
    `  ${counted(documents.now, 'document')}, before ${grouped(documents.before)}; load ${duration(load.seconds)}, before ${duration(load.before)}; rollback ${duration(rollback.seconds)}, before ${duration(rollback.before)}`,
    ...rows.map(
      ({ entity, rate, before }) => `  ${entity} ${rate > before ? 'faster' : 'slower'}: ${rate.toFixed(1)} documents/s, before ${before.toFixed(1)}`,
    ),
    ...newRefusals.map((one) => `  ${paint.red('new')} ${refusal(one)}`),
    ...goneRefusals.map((one) => `  ${paint.green('gone')} ${refusal(one)}`),
    ...(conflicts.now === conflicts.before ? [] : [`  conflicts ${grouped(conflicts.now)}, before ${grouped(conflicts.before)}`]),
  ];
  return [`${paint.bold('Against the rehearsal before')} ${paint.dim(`${moment(comparison.at)}, ${comparison.runId}`)}`, ...lines].join('\n');
}

export function renderForecast({ documents, rehearsals, load, rollback }: RehearsalForecast, style: Style): string {
  const { paint } = style;
  const basis = paint.dim(`${counted(documents, 'document')}, at the rates of ${counted(rehearsals, 'rehearsal')}`);
  if (load === null) return `${paint.bold('The night')} cannot be forecast: not every entity of the plan was rehearsed   ${basis}`;
  const back = rollback === null ? '' : `; taking it back ${spread(rollback)}`;
  return `${paint.bold('The night')} will take ${spread(load)}${back}   ${basis}`;
}

function spread({ low, typical, high }: Spread): string {
  return low === high ? `about ${duration(typical)}` : `about ${duration(typical)} (${duration(low)} to ${duration(high)})`;
}
