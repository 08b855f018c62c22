import type { MergeImpact } from '../../domain/merge-impact.ts';
import { counted, moment, type Style } from '../style.ts';
import { table } from '../table.ts';

const IDS_SHOWN = 12;

export function renderMergeImpact(impact: MergeImpact, style: Style): string {
  const { paint } = style;
  const ids = impact.records.map(({ id }) => id);
  const head = `${paint.bold('Merging')} ${impact.model} ${ids.join(', ')}: nothing was merged, this is what would happen`;
  const sections = [head, `${records(impact, style)}\n${survivor(impact, style)}`];
  if (impact.missing.length > 0) sections.push(`  ${paint.yellow('!')} not in Odoo: ${impact.missing.join(', ')}`);
  const stops = [
    ...impact.merge.refuses.map((why) => `Odoo's merge would not begin: ${why}`),
    ...impact.merge.fails.map((why) => `Odoo's merge would break off: ${why}`),
  ];
  if (stops.length > 0) sections.push(stops.map((text) => `  ${paint.red('✗')} ${text}`).join('\n'));
  if (impact.pointing.length > 0) sections.push(`${paint.bold('What points to them')}\n${pointing(impact, ids, style)}`);
  else if (impact.isComplete) sections.push('  Nothing points to them.');
  if (impact.collisions.length > 0) {
    const told = impact.collisions.map(
      ({ model, field, constraint, columns, groups }) =>
        `  ${paint.yellow('!')} ${model}.${field}: ${constraint} (${columns.join(', ')})\n      ${groups
          .slice(0, IDS_SHOWN)
          .map((group) => group.join(' = '))
          .join('; ')}${groups.length > IDS_SHOWN ? '; …' : ''}`,
    );
    sections.push(`${paint.bold('Rows that cannot stand side by side')}\n${told.join('\n')}`);
  }
  if (impact.lost.length > 0) {
    const told = impact.lost.map(({ model, field, ids: lost, how, why }) => {
      const what = how === 'deleted' ? 'deleted' : how === 'emptied' ? `their ${field} emptied` : 'left pointing to nothing';
      return `  ${paint.red('✗')} ${counted(lost.length, 'row')} of ${model} ${what}: ${listed(lost)}\n      ${paint.dim(why)}`;
    });
    sections.push(`${paint.bold('What would be lost')}\n${told.join('\n')}`);
  }
  for (const { id, fields } of impact.givingWay) sections.push(`  ${id} has other values, which give way: ${fields.join(', ')}`);
  if (impact.rules.length > 0) sections.push(`${paint.bold('To know')}\n${impact.rules.map((rule) => `  ${rule}`).join('\n')}`);
  const incomplete = impact.isComplete ? '' : ` ${paint.yellow('(and so this is not the whole answer)')}`;
  sections.push(`${paint.bold('Not checked')}${incomplete}\n${impact.notChecked.map((text) => `  ${paint.yellow('?')} ${text}`).join('\n')}`);
  return sections.join('\n\n');
}

function records({ records: list }: MergeImpact, style: Style): string {
  return table(
    list,
    [
      { header: 'Odoo id', value: (record) => String(record.id) },
      { header: 'active', value: (record) => (record.active ? 'yes' : 'archived') },
      { header: 'made', value: (record) => (record.createdAt === null ? '' : moment(record.createdAt.replace(' ', 'T'))) },
      { header: 'External IDs', value: (record) => record.externalIds.join(' ') },
    ],
    style,
  );
}

function survivor({ survivor: { id, chosenBy, tiedWith }, goes, merge }: MergeImpact, { paint }: Style): string {
  const tie = tiedWith.length > 0 ? ` ${paint.yellow(`(made in the same second: ${tiedWith.join(', ')}; name one with --survivor)`)}` : '';
  const why = chosenBy === 'request' ? 'as asked' : merge.wizard === null ? 'the oldest active one' : "the oldest active one, Odoo's default";
  return `  ${paint.green('→')} ${id} stays, ${why}${tie}; ${goes.length === 0 ? 'none would go' : `${goes.join(', ')} would go`}`;
}

function pointing(impact: MergeImpact, ids: readonly number[], style: Style): string {
  const outcomes = { moved: 'moved', lost: 'some lost', 'not-checked': 'not checked' } as const;
  const shown = ids.slice(0, 5);
  return table(
    impact.pointing,
    [
      { header: 'rows of', value: (row) => `${row.model}.${row.field}${row.to === impact.model ? '' : ` (${row.to})`}` },
      ...shown.map((id) => ({ header: String(id), value: (row: MergeImpact['pointing'][number]) => row.rows.find((one) => one.id === id)?.count ?? 0 })),
      {
        header: 'would be',
        value: (row) => (row.outcome === null ? '' : `${outcomes[row.outcome]}${row.doubled > 0 ? `, ${row.doubled} there already` : ''}`),
        paint: (cell, row) => (row.outcome === 'lost' ? style.paint.red(cell) : row.outcome === 'not-checked' ? style.paint.yellow(cell) : cell),
      },
    ],
    style,
  );
}

function listed(ids: readonly number[]): string {
  return `${ids.slice(0, IDS_SHOWN).join(', ')}${ids.length > IDS_SHOWN ? ', …' : ''}`;
}
