/** What `plan show|verify|approve|list` say to a person. */
import type { PlanActionKind } from '../../domain/plan.ts';
import type { PlanApproveResult, PlanHead, PlanListResult, PlanShowResult, PlanVerifyResult, ShownAction, ShownRecord } from '../../domain/plan-results.ts';
import { counted, grouped, moment, type Style } from '../style.ts';
import { table } from '../table.ts';
import { actionColour, SIGNS } from './plan.ts';

const HASH_SHOWN = 16;

export function renderPlanShow(result: PlanShowResult, style: Style): string {
  const { paint } = style;
  const counts = Object.entries(result.counts).map(([kind, count]) => `${grouped(count)} to ${kind}`.replace(/to (noop|refuse)$/, '$1'));
  const sections = [renderHead(result.plan, style), `${paint.bold('Records')}  ${counts.join(', ') || 'none'}`];
  if (result.shown.length > 0) sections.push(result.shown.map((action) => renderAction(action, style)).join('\n'));
  const left = result.matching - result.shown.length;
  if (left > 0) sections.push(paint.dim(`and ${counted(left, 'more document')}: --limit, --entity, --key, --action`));
  else if (result.matching === 0) sections.push('No document of this plan is like that.');
  return sections.join('\n\n');
}

export function renderPlanVerify(result: PlanVerifyResult, style: Style): string {
  const { paint } = style;
  const sections = [renderHead(result.plan, style)];
  if (result.problems.length > 0)
    sections.push(`${paint.bold('Speaks against it')}\n${result.problems.map((text) => `  ${paint.red('!')} ${text}`).join('\n')}`);
  if (result.notChecked.length > 0)
    sections.push(`${paint.bold('Not checked')}\n${result.notChecked.map((text) => `  ${paint.yellow('?')} ${text}`).join('\n')}`);
  const stale = result.stale === 0 ? paint.green('none went stale') : paint.yellow(`${grouped(result.stale)} went stale`);
  sections.push(`${paint.bold('Records')}  ${counted(result.checked, 'record')} read again: ${stale}, ${grouped(result.already)} are already as planned`);
  if (result.byField.length > 0) {
    const columns = [
      { header: 'entity', value: (row: PlanVerifyResult['byField'][number]) => row.entity },
      { header: 'changed in Odoo since', value: (row: PlanVerifyResult['byField'][number]) => row.field },
      { header: 'records', value: (row: PlanVerifyResult['byField'][number]) => row.count },
    ];
    sections.push(table(result.byField, columns, style));
  }
  if (result.shown.length > 0) sections.push(result.shown.map((record) => renderStale(record, style)).join('\n'));
  const left = result.stale - result.shown.length;
  if (left > 0) sections.push(paint.dim(`and ${grouped(left)} more: --limit`));
  return sections.join('\n\n');
}

export function renderPlanApproved(result: PlanApproveResult, style: Style): string {
  const { paint } = style;
  const { required, counting } = result.plan.approval;
  const enough = required === 0 ? 'its environment asks for none' : `${counting} of ${required}`;
  return [
    renderHead(result.plan, style),
    `${paint.green('Approved')} by ${result.by.name}${result.comment === null ? '' : `: ${result.comment}`}  (${enough})`,
    paint.dim(`Journal sealed after ${counted(result.seal.entries, 'entry', 'entries')}: ${result.seal.hash}`),
  ].join('\n\n');
}

export function renderPlanList({ plans }: PlanListResult, style: Style): string {
  if (plans.length === 0) return 'No plan waits to be loaded.';
  type Row = PlanListResult['plans'][number];
  const hasEnvironments = plans.some(({ environment }) => environment !== null);
  return table(
    plans,
    [
      { header: 'plan', value: (row: Row) => row.file, isWhole: true },
      { header: 'of', value: (row: Row) => `${row.kind === 'rollback' ? 'rollback of ' : ''}${row.capability}` },
      ...(hasEnvironments ? [{ header: 'for', value: (row: Row) => row.environment ?? '' }] : []),
      { header: 'made', value: (row: Row) => moment(row.registeredAt) },
      { header: 'by', value: (row: Row) => row.author ?? '' },
      { header: 'approvals', value: (row: Row) => row.approvals },
      {
        header: 'stands',
        value: (row: Row) => (row.consumedBy !== null ? `loaded by ${row.consumedBy}` : row.isThere ? 'open' : 'file is gone'),
        isWhole: true,
      },
    ],
    style,
  );
}

function renderHead(plan: PlanHead, { paint }: Style): string {
  const what = plan.kind === 'rollback' ? `rollback of ${plan.reverses}` : `load of ${plan.capability}`;
  const made =
    plan.registeredAt === null
      ? 'not made with this state'
      : `made ${moment(plan.registeredAt)} by ${plan.author?.name ?? 'somebody unknown'}${plan.author === null ? '' : ` on ${plan.author.host}`}`;
  const { required, counting, approvals } = plan.approval;
  const approved = approvals.map(
    ({ by, at, comment, problem }) =>
      `    ${problem === null ? '+' : '!'} ${by.name}, ${moment(at)}${comment === null ? '' : `: ${comment}`}${problem === null ? '' : paint.yellow(`  does not count: ${problem}`)}`,
  );
  return [
    `${paint.bold('Plan')}  ${what}${plan.environment === null ? '' : `, for ${plan.environment}`}, ${counted(plan.actions, 'document')}`,
    `  Odoo       ${plan.odoo.database} (${plan.odoo.uuid})`,
    `  made       ${made.replace(/^made /, '')}, run ${plan.runId}`,
    `  content    ${plan.sha256.slice(0, HASH_SHOWN)}…`,
    `  approvals  ${required === 0 && approvals.length === 0 ? 'none asked for' : `${counting}${required === 0 ? '' : ` of ${required}`}`}`,
    ...approved,
    `  loaded     ${plan.consumedBy === null ? 'no' : `by run ${plan.consumedBy}`}`,
  ].join('\n');
}

function renderAction(action: ShownAction, style: Style): string {
  const { paint } = style;
  const changed = action.lines.filter((line) => line.action !== 'noop');
  return [
    renderRecord(action, style, 2, `#${action.seq} `),
    ...changed.map((line) => renderRecord(line, style, 6, '')),
    ...action.steps.map((step) => paint.dim(`      then ${step}`)),
    ...(action.rollback.cannot === null ? [] : [paint.yellow(`      a rollback cannot: ${action.rollback.cannot}`)]),
  ].join('\n');
}

function renderRecord(record: ShownRecord, style: Style, indent: number, number: string): string {
  const { paint } = style;
  const space = ' '.repeat(indent);
  const head = actionColour(record.action as PlanActionKind, style)(`${space}${SIGNS[record.action]} ${number}${record.entity} ${record.system}/${record.key}`);
  const width = Math.max(0, ...record.fields.map(({ field }) => field.length));
  const fields = record.fields.map(
    ({ field, before, after }) => `${space}    ${field.padEnd(width)}  ${before === null ? '' : `${paint.dim(quoted(before))} → `}${quoted(after)}`,
  );
  return [`${head}${record.reason === null ? '' : paint.dim(`  ${record.reason}`)}`, ...fields].join('\n');
}

function renderStale(record: PlanVerifyResult['shown'][number], { paint }: Style): string {
  const { seq, entity, system, key, problem, writtenBy, writtenAt } = record;
  const what = problem === 'gone' ? 'is not in Odoo any more' : problem === 'exists' ? 'is in Odoo already' : 'was changed in Odoo';
  const who = writtenBy === null ? '' : paint.dim(`  last written by ${writtenBy}${writtenAt === null ? '' : `, ${moment(writtenAt)}`}`);
  const fields = record.fields.map(({ field, planned, now }) => `      ${field}  planned on ${quoted(planned)}, now ${quoted(now)}`);
  return [`  ${paint.yellow('!')} #${seq} ${entity} ${system}/${key} ${what}${who}`, ...fields].join('\n');
}

function quoted(value: string | null): string {
  return value === null ? '(none)' : JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
}
