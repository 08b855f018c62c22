import type { RollbackOutlook, RollbackPlanResult } from '../../domain/rollback-results.ts';
import { counted, grouped, moment, type Style } from '../style.ts';
import { table } from '../table.ts';
import { renderPlan } from './plan.ts';

/** Shown of those that stay; the plan holds all. */
const MOST = 20;

const REASONS = {
  changed: 'changed in Odoo since',
  used: 'somebody has worked with what Odoo made for it',
  held: 'records that stay refer to it',
  archived: 'archived only: it goes with a record that stays',
} as const;

export function renderRollbackPlan(result: RollbackPlanResult, style: Style): string {
  return `${renderPlan(result, style)}\n\n${renderOutlook(result.outlook, style)}`;
}

export function renderOutlook(outlook: RollbackOutlook, style: Style): string {
  const { paint } = style;
  const unseen = outlook.notChecked.map((text) => `\n  ${paint.yellow('!')} not looked at: ${text}`).join('');
  const gone = outlook.gone > 0 ? `\n  ${counted(outlook.gone, 'document')} of the load ${outlook.gone === 1 ? 'is' : 'are'} gone from Odoo already` : '';
  if (outlook.stays.length === 0) return `${paint.bold('Nothing stays')} of what a rollback can take back, as Odoo is now${gone}${unseen}`;
  const total = outlook.stays.reduce((sum, { count }) => sum + count, 0);
  const groups = table(
    outlook.stays,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'documents', value: (row) => row.count },
      { header: 'why', value: (row) => REASONS[row.why] },
    ],
    style,
  );
  const records = table(
    outlook.records.slice(0, MOST),
    [
      { header: 'record', value: (row) => `${row.entity} ${row.system}/${row.key}`, isWhole: true },
      { header: 'last written', value: (row) => [row.at === null ? null : moment(row.at), row.by].filter((part) => part !== null).join(' by ') },
      {
        header: 'why',
        value: (row) => (row.why === 'changed' ? row.fields.join(', ') : row.holders.map(({ model, count }) => `${grouped(count)} of ${model}`).join(', ')),
      },
    ],
    style,
  );
  const more = total > MOST ? `\n${paint.dim(`  and ${grouped(total - MOST)} more: all are in the plan, with the reason`)}` : '';
  return `${paint.bold(`${counted(total, 'document')} would stay`)}, as Odoo is now${gone}${unseen}\n\n${groups}\n\n${records}${more}`;
}
