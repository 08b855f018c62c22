import type { LoadRunResult } from '../../domain/results.ts';
import { counted, duration, grouped, moment, type Style } from '../style.ts';
import { table } from '../table.ts';
import { renderPace } from './pace.ts';

/** Conflicts are listed up to this many; the journal has all. */
const MOST_CONFLICTS = 20;
const ENOUGH_FOR_A_RATE = 50;

const GUARDS: Readonly<Record<NonNullable<LoadRunResult['guards']>, string>> = {
  atomic: 'each record was compared and written in one transaction (the helper in Odoo)',
  window: 'read right before each write, with a window of one round trip; cutover odoo install-helper closes it',
};

/** `verb` as in `Loaded`, `Rolled back`; `finishedAt`: the run had come to its end before this command, which did nothing. */
export function renderLoad(result: LoadRunResult, verb: 'Loaded' | 'Rolled back', style: Style, finishedAt: string | null = null): string {
  const { paint } = style;
  const counts: readonly (readonly [string, number, string])[] = [
    ['applied', result.applied, ''],
    ['noop', result.noop, 'already so'],
    ['conflict', result.conflict, 'users changed something since the plan: that is left alone'],
    ['dead letter', result.deadLettered, 'refused by Odoo'],
    ['blocked', result.blocked, 'a parent failed'],
    ['remaining', result.remaining, 'not tried yet'],
    ['unknown', result.unknown, 'outcome not known'],
  ];
  const shown = counts.filter(([name, count]) => count > 0 || name === 'applied' || name === 'noop');
  const isAlarming = (name: string) => name !== 'applied' && name !== 'noop';
  const list = table(
    shown,
    [
      { header: 'documents', value: ([name]) => name, paint: (cell, [name]) => (isAlarming(name) ? paint.yellow(cell) : cell) },
      { header: grouped(result.planned), value: ([, count]) => count },
      { header: 'planned', value: ([, , meaning]) => meaning, paint: (cell) => paint.dim(cell) },
    ],
    style,
  );
  const { created, updated, deleted, linked, detached, unchanged } = result.records;
  const records = [
    [created, 'created'],
    [updated, 'updated'],
    [deleted, 'deleted'],
    [linked, 'linked'],
    // A run of an earlier version has no such count.
    [detached ?? 0, 'no longer linked'],
    [unchanged, 'unchanged'],
  ] as const;
  const written = records.filter(([count]) => count > 0).map(([count, name]) => `${grouped(count)} ${name}`);
  const sections = [
    finishedAt === null ? headline(result, verb, style) : `${paint.bold('Nothing was left to do')}: this run had finished, ${moment(finishedAt)}`,
    list,
    `Records in Odoo: ${written.length === 0 ? 'none touched' : written.join(', ')}`,
    ...(updated > 0 && result.guards !== undefined ? [`Guards: ${GUARDS[result.guards]}`] : []),
  ];
  if (result.pace !== undefined && (result.applied >= ENOUGH_FOR_A_RATE || result.pace.pauses.length > 0)) sections.push(renderPace(result.pace, style));
  if (result.refusals.length > 0) {
    const refusals = table(
      result.refusals,
      [
        { header: 'entity', value: (row) => row.entity },
        { header: 'documents', value: (row) => row.count },
        { header: 'why', value: (row) => row.reason },
        { header: 'as in', value: (row) => row.keys.slice(0, 2).join(', ') },
      ],
      style,
    );
    sections.push(`${paint.bold('Dead letters')}\n${refusals}`);
  }
  if (result.conflicts.length > 0) {
    const conflicts = table(
      result.conflicts.slice(0, MOST_CONFLICTS),
      [
        { header: 'entity', value: (row) => row.entity },
        { header: 'key', value: (row) => row.key, isWhole: true },
        { header: 'changed in Odoo', value: (row) => row.fields.join(', ') },
        // A run of an earlier version has none.
        { header: 'left alone with it', value: (row) => (row.held ?? []).join(', ') },
      ],
      style,
    );
    const left = result.conflicts.length - MOST_CONFLICTS;
    const decide = typeof result.conflictsFile === 'string' ? `\nDecide in ${result.conflictsFile}: legacy, odoo or waive, with a reason` : '';
    sections.push(`${paint.bold('Conflicts')}\n${conflicts}${left > 0 ? `\n${paint.dim(`  and ${grouped(left)} more: with --json`)}` : ''}${decide}`);
  }
  // A run of an earlier version has none.
  if (finishedAt === null && result.seal !== undefined)
    sections.push(paint.dim(`Journal sealed after ${counted(result.seal.entries, 'entry', 'entries')}: ${result.seal.hash}`));
  return sections.join('\n\n');
}

function headline(result: LoadRunResult, verb: 'Loaded' | 'Rolled back', { paint }: Style): string {
  const { planned, applied, noop, seconds } = result;
  if (planned === noop) {
    const nothing = paint.bold(verb === 'Loaded' ? 'Nothing to load' : 'Nothing to take back');
    if (planned === 0) return `${nothing}: the plan writes no document`;
    return `${nothing}: ${planned === 1 ? 'the one document is' : `all ${grouped(planned)} documents are`} in place already`;
  }
  const perSecond = Math.round(applied / Math.max(seconds, 0.001));
  const rate = applied >= ENOUGH_FOR_A_RATE ? `, ${grouped(perSecond)} documents/s` : '';
  return `${paint.bold(verb)} ${counted(applied, 'document')} in ${duration(seconds)}${rate}`;
}
