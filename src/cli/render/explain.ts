import type { ExplainedField, ExplainedRecord, ExplainResult } from '../../domain/explanation.ts';
import { counted, moment, type Style } from '../style.ts';
import { pairs, table, wrapped } from '../table.ts';

export function renderExplained({ asked, record, candidates }: ExplainResult, style: Style): string {
  if (record !== null) return renderRecord(record, style);
  const head = `${style.paint.bold(asked)} may be ${counted(candidates.length, 'record')}:`;
  return `${head}\n${candidates.map(({ command }) => `  ${style.paint.cyan(command)}`).join('\n')}`;
}

function renderRecord(record: ExplainedRecord, style: Style): string {
  const { paint } = style;
  const name = record.key ?? (record.odoo === null ? 'a record whose key is not shown' : `odoo/${record.odoo.id}`);
  const sections = [
    `${paint.bold(`${record.entity} ${name}`)} of ${record.system}: ${record.class}\n${record.why.map((text) => wrapped(`→ ${text}`, style.width, 2)).join('\n')}`,
    `${paint.bold('Where it is')}\n${pairs(places(record), style)}`,
  ];
  if (record.fields.length > 0) sections.push(`${paint.bold('Fields')}\n${record.fields.map((field) => renderField(field, style)).join('\n')}`);
  const breaks = [
    ...record.breaks.map((one) => ({ field: '', ...one })),
    ...record.fields.flatMap((one) => (one.break === null ? [] : [{ field: one.field, ...one.break }])),
  ];
  if (breaks.length > 0) {
    const columns = [
      { header: 'break', value: (one: (typeof breaks)[number]) => one.id, isWhole: true },
      { header: 'field', value: (one: (typeof breaks)[number]) => one.field },
      { header: 'class', value: (one: (typeof breaks)[number]) => one.class },
      { header: 'status', value: (one: (typeof breaks)[number]) => (one.waivedUntil === null ? one.status : `${one.status} until ${one.waivedUntil}`) },
      { header: 'life', value: (one: (typeof breaks)[number]) => `${one.life}, since ${one.firstSeen.slice(0, 10)}` },
      { header: 'moved', value: (one: (typeof breaks)[number]) => one.movement },
      { header: 'next', value: (one: (typeof breaks)[number]) => one.direction },
    ];
    sections.push(`${paint.bold('Breaks')}\n${table(breaks, columns, style)}`);
  }
  if (record.conflicts.length > 0)
    sections.push(
      `${paint.bold('Conflicts')}\n${record.conflicts.map((one) => `  ${paint.yellow('!')} ${one.class} ${one.id}${one.field === null ? '' : ` (${one.field})`}${one.blocks ? ': keeps it out of plans' : ''}`).join('\n')}`,
    );
  if (record.checks.length > 0)
    sections.push(
      `${paint.bold('Checks that find it')}\n${record.checks.map((one) => `  ${paint.yellow('!')} ${one.name} (${one.severity}): ${one.hint}`).join('\n')}`,
    );
  if (record.loads.length > 0)
    sections.push(
      `${paint.bold('Plans and loads')}\n${record.loads.map((one) => `  ${one.command} ${one.runId}${one.at === null ? '' : `, ${moment(one.at)}`}: ${one.outcome}${one.reason === null ? '' : ` (${one.reason})`}`).join('\n')}`,
    );
  return sections.join('\n\n');
}

function places({ legacy, odoo, link, history, follows, compared, system }: ExplainedRecord): (readonly [string, string])[] {
  const told: (readonly [string, string])[] = [];
  if (legacy !== null) {
    told.push([
      system,
      `row ${legacy.ref ?? legacy.row} of snapshot ${legacy.snapshot} (${moment(legacy.asOf)})${legacy.rows > 1 ? `, one of ${legacy.rows} with this key` : ''}`,
    ]);
    told.push(['mapping', `${legacy.mapping.file}:${legacy.mapping.line}`]);
  }
  if (odoo !== null) {
    const more = [...(odoo.externalId === null ? [] : [odoo.externalId]), ...(odoo.active ? [] : ['archived']), ...(odoo.inScope ? [] : ['outside the scope'])];
    told.push(['Odoo', `${odoo.model} ${odoo.id}${more.length === 0 ? '' : `, ${more.join(', ')}`}; snapshot ${odoo.snapshot} (${moment(odoo.asOf)})`]);
    if (odoo.writtenAt !== null) told.push(['written', moment(odoo.writtenAt)]);
  } else told.push(['Odoo', 'not in the snapshot']);
  if (link === null) told.push(['link', 'none']);
  else
    told.push([
      'link',
      `${link.odooId}, by ${link.provenance}${link.since === null ? '; not in the crosswalk yet' : ` since ${moment(link.since)} (run ${link.runId})`}`,
    ]);
  for (const one of history.filter((interval) => interval.to !== null))
    told.push(['before', `${one.odooId}, by ${one.provenance}, ${moment(one.from)} to ${moment(one.to ?? '')} (ended by ${one.closedBy ?? 'nobody'})`]);
  if (follows !== null) told.push(['follows', `${follows.system}/${follows.key ?? '(not shown)'}`]);
  told.push([
    'compared',
    compared.runId === null ? `for this answer, as of ${moment(compared.asOf)}` : `by run ${compared.runId}, as of ${moment(compared.asOf)}`,
  ]);
  return told;
}

function renderField({ field, masked, owner, source, rejected, legacy, odooField, odoo, baseline, agrees }: ExplainedField, { paint, width }: Style): string {
  const sign = rejected !== null || agrees === false ? paint.red('✗') : agrees === true ? paint.green('✓') : paint.dim('·');
  const value = (text: string | null) => (masked ? paint.dim('(not shown)') : text === null ? paint.dim('none') : text);
  const lines = [`  ${sign} ${paint.bold(field)}${rejected === null ? '' : paint.red(`  rejected: ${rejected}`)}${paint.dim(`  owned by ${owner}`)}`];
  if (source !== null) {
    const columns = source.columns.map((one) => `${one.column} = ${one.value === null ? (masked ? '(not shown)' : 'none') : one.value}`).join(', ');
    lines.push(wrapped(`${source.expression.replaceAll(/\s+/g, ' ')}   ${source.file}:${source.line}`, width, 6));
    if (columns !== '') lines.push(wrapped(paint.dim(columns), width, 6));
    if (source.code !== null && !masked)
      lines.push(
        `      ${paint.dim(source.code.target === null ? `${source.code.file} has no row for ${source.code.source ?? 'no value'}` : `${source.code.file}: ${source.code.source} → ${source.code.target} (${source.code.status})`)}`,
      );
  }
  const sides = [
    ...(source === null && legacy === null ? [] : [`legacy ${value(legacy)}`]),
    ...(odooField === null ? [] : [`Odoo ${value(odoo)} ${paint.dim(`(${odooField})`)}`]),
  ];
  if (baseline !== null) sides.push(`agreed ${value(baseline)}`);
  if (sides.length > 0) lines.push(`      ${sides.join('   ')}`);
  return lines.join('\n');
}
