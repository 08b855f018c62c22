import type {
  DeadLetterDiscardResult,
  DeadLetterField,
  DeadLetterListResult,
  DeadLetterResult,
  DeadLetterRetryPlan,
  DeadLetterRetryResult,
} from '../../domain/dead-letter-results.ts';
import { counted, grouped, moment, type Style } from '../style.ts';
import { pairs, table } from '../table.ts';
import { renderLoad } from './load.ts';
import { renderPlan } from './plan.ts';

const KEYS_SHOWN = 3;
const OPEN_SHOWN = 20;

export function renderDeadLetters(result: DeadLetterListResult, style: Style): string {
  const { paint } = style;
  const over = `${grouped(result.settled)} settled, ${grouped(result.discarded)} discarded`;
  const sections = [
    result.open === 0
      ? `${paint.bold('No dead letter is open')}  ${paint.dim(over)}`
      : `${paint.bold(counted(result.open, 'dead letter'))} open  ${paint.dim(over)}`,
  ];
  for (const group of result.groups) {
    const { entity, field, rule, reason, count, mapping, letters, direction } = group;
    const names = letters.slice(0, KEYS_SHOWN).map(({ id, system, key }) => `${system}/${key} (${id})`);
    const rest = count > names.length ? ` and ${grouped(count - names.length)} more` : '';
    const about = `${paint.bold(grouped(count))} ${entity}${field === null ? '' : `.${field}`}  ${paint.yellow(rule)}${direction === 'rollback' ? ' in a rollback' : ''}`;
    const facts: (readonly [string, string])[] = [
      ['Odoo says', reason],
      ...(mapping.length === 0 ? [] : [['made at', mapping.join(', ')] as const]),
      ['as in', `${names.join(', ')}${rest}`],
    ];
    sections.push(`${about}\n${pairs(facts, style)}`);
  }
  if (result.ended.length > 0) {
    const ended = table(
      result.ended,
      [
        { header: 'id', value: (row) => row.id, isWhole: true },
        { header: 'record', value: (row) => `${row.entity} ${row.system}/${row.key}` },
        { header: 'ended', value: (row) => row.status },
        { header: 'at', value: (row) => moment(row.at), isWhole: true },
        { header: 'by', value: (row) => row.by ?? row.runId },
        { header: 'why', value: (row) => row.reason ?? '' },
      ],
      style,
    );
    sections.push(`${paint.bold('Settled and discarded')}\n${ended}`);
  }
  return sections.join('\n\n');
}

export function renderDeadLetter(result: DeadLetterResult, style: Style): string {
  const { paint } = style;
  const { cause, ended, line } = result;
  const facts: (readonly [string, string])[] = [
    [
      'status',
      ended === null
        ? result.status
        : `${result.status} ${moment(ended.at)} by ${ended.by ?? `run ${ended.runId}`}${ended.reason === null ? '' : `: ${ended.reason}`}`,
    ],
    ['Odoo says', cause.words.replaceAll('\n', '\n             ')],
    ['rule', `${cause.rule}${cause.told === 'value' ? ' (told by the value in these words)' : ''}`],
    ['field', cause.field === null ? 'cannot be told from these words' : `${cause.entity}.${cause.field}`],
    ...(cause.mapping === null ? [] : [['made at', `${cause.mapping}${result.isMappingOfThen ? '' : ' (the mappings have changed since)'}`] as const]),
    ['Odoo', `${result.model}${result.odooId === null ? '' : ` ${result.odooId}`} in ${result.database}, ${result.externalId}`],
  ];
  const sections = [`${paint.bold(`${result.entity} ${result.system}/${result.key}`)}  ${paint.dim(result.id)}`, pairs(facts, style)];
  if (line !== null)
    sections.push(`${paint.bold(`The line that was refused: ${line.entity} ${line.key}`)}\n${fieldTable(line.fields, cause.odooField, style)}`);
  if (result.fields.length > 0) sections.push(`${paint.bold('What was sent')}\n${fieldTable(result.fields, line === null ? cause.odooField : null, style)}`);
  const attempts = result.attempts.map(
    ({ runId, at, step, words }) => `  ${moment(at)}  ${runId}${step === 'record' ? '' : `  at ${step}`}  ${words.split('\n')[0]}`,
  );
  sections.push(`${paint.bold(`Refused ${result.attempts.length === 1 ? 'once' : `${result.attempts.length} times`}`)}\n${attempts.join('\n')}`);
  return sections.join('\n\n');
}

function fieldTable(fields: readonly DeadLetterField[], culprit: string | null, style: Style): string {
  return table(
    fields,
    [
      { header: 'field', value: (row) => row.field ?? row.odooField, paint: (cell, row) => (row.odooField === culprit ? style.paint.yellow(cell) : cell) },
      { header: 'value', value: (row) => (row.value === null ? 'none' : typeof row.value === 'string' ? row.value : JSON.stringify(row.value)) },
      { header: 'made at', value: (row) => row.mapping ?? '', isWhole: true },
    ],
    style,
  );
}

export function renderRetry(result: DeadLetterRetryResult | null, style: Style): string {
  const { paint } = style;
  if (result === null) return 'No dead letter of a load is open here: there is nothing to retry';
  const { chosen, settled, open } = result.retried;
  const sections = [`${paint.bold(`${grouped(settled)} of ${counted(chosen, 'dead letter')}`)} settled`];
  if (open.length > 0) {
    const list = table(
      open.slice(0, OPEN_SHOWN),
      [
        { header: 'id', value: (row) => row.id, isWhole: true },
        { header: 'record', value: (row) => `${row.entity} ${row.system}/${row.key}` },
        { header: 'still open', value: (row) => row.outcome },
        { header: 'why', value: (row) => row.why ?? '' },
      ],
      style,
    );
    const left = open.length - OPEN_SHOWN;
    sections.push(`${list}${left > 0 ? `\n${paint.dim(`  and ${grouped(left)} more: with --json`)}` : ''}`);
  }
  return [...sections, renderLoad(result, 'Loaded', style)].join('\n\n');
}

export function renderRetryPlan(result: DeadLetterRetryPlan, style: Style): string {
  const left = result.left.slice(0, OPEN_SHOWN).map(({ id, entity, system, key, why }) => `  ${id}  ${entity} ${system}/${key}: ${why ?? ''}`);
  const more = result.left.length > OPEN_SHOWN ? [style.paint.dim(`  and ${grouped(result.left.length - OPEN_SHOWN)} more: with --json`)] : [];
  const unsent = left.length === 0 ? [] : [[style.paint.bold(`${grouped(result.left.length)} would not be sent`), ...left, ...more].join('\n')];
  return [`${style.paint.bold(counted(result.letters, 'dead letter'))} would be planned anew; nothing was sent`, renderPlan(result, style), ...unsent].join(
    '\n\n',
  );
}

export function renderDiscard(result: DeadLetterDiscardResult, style: Style): string {
  const records = result.discarded.map(({ id, entity, system, key }) => `  ${id}  ${entity} ${system}/${key}`);
  return `${style.paint.bold('Discarded')} by ${result.by}: ${result.reason}\n${records.join('\n')}`;
}
