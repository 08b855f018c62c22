/** What became of a record and why, in words: the most important first. No cell contents. */
import type { Break } from '../../domain/difference.ts';
import type { ExplainedRecord } from '../../domain/explanation.ts';
import { guidanceOf } from '../../domain/report.ts';

export type Told = Omit<ExplainedRecord, 'why'>;

export interface WhyFacts {
  readonly filter: { readonly text: string; readonly file: string; readonly line: number } | null;
  /** When Odoo was last looked at; null: never. */
  readonly odooAsOf: string | null;
  readonly odooSystem: string;
}

export function whyOf(record: Told, { filter, odooAsOf, odooSystem }: WhyFacts): string[] {
  const why: string[] = [];
  if (record.class === 'filtered' && filter !== null) why.push(`Left out by the filter of ${filter.file}:${filter.line}: ${filter.text}.`);
  for (const { field, rejected, source } of record.fields) {
    if (rejected !== null)
      why.push(`Not mapped: ${field} is ${rejectWords[rejected] ?? rejected}${source === null ? '' : ` (${source.file}:${source.line})`}.`);
  }
  if ((record.legacy?.rows ?? 0) > 1)
    why.push(`${record.legacy?.rows} rows of ${record.system} have this key: none of them is compared or loaded until one is left.`);
  if (record.follows !== null)
    why.push(
      `One thing with ${record.follows.system}${record.follows.key === null ? '' : `/${record.follows.key}`}, which leads: what that record says of a field is not this one's to say.`,
    );
  const blocking = record.conflicts.filter((one) => one.blocks);
  if (blocking.length > 0)
    why.push(
      `Kept out of plans by ${blocking.map((one) => `${one.class} ${one.id}`).join(', ')}: decide ${blocking.length === 1 ? 'it' : 'them'} first (cutover match decide ${record.capability}).`,
    );
  const [last] = record.loads;
  const written = record.loads.find((one) => one.outcome === 'written' && one.at !== null && odooAsOf !== null && one.at > odooAsOf);
  if (written !== undefined)
    why.push(`Written by ${written.command} ${written.runId} after Odoo was last pulled: what follows is how it was before (cutover pull ${odooSystem}).`);
  if (last !== undefined && loadWords[last.outcome] !== undefined)
    why.push(`${loadWords[last.outcome]} (${last.command} ${last.runId})${last.reason === null ? '' : `: ${last.reason}`}.`);
  for (const one of record.breaks) why.push(`${one.class}${standing(one)}: ${one.guidance}`);
  why.push(...fieldReasons(record));
  if (record.odoo !== null && !record.odoo.active) why.push('It is archived in Odoo.');
  if (record.class === 'outside-scope') why.push("Outside the entity's scope in Odoo, and no legacy record is linked to it: it is counted and takes no part.");
  if (why.length === 0) why.push(record.class === 'linked' ? 'Both sides agree in every field that is compared.' : `It is ${record.class}.`);
  return why;
}

function fieldReasons({ fields }: Told): string[] {
  const broken = fields.flatMap((one) => (one.break === null ? [] : [{ field: one.field, ...one.break }]));
  const waived = broken.filter((one) => one.status === 'waived');
  const pending = broken.filter((one) => one.status === 'pending');
  const rest = broken.filter((one) => one.status === 'open');
  const names = (list: readonly { field: string }[]) => list.map((one) => one.field).join(', ');
  return [
    ...[...Map.groupBy(rest, (one) => one.guidance)].map(([guidance, list]) => `${names(list)}: ${guidance}`),
    ...(pending.length === 0 ? [] : [`${names(pending)}: may be on its way, and becomes a break ${pending[0]?.pendingUntil ?? 'later'}.`]),
    ...waived.map((one) => `${one.field}: accepted until ${one.waivedUntil ?? 'further notice'}; plans leave it alone.`),
  ];
}

function standing({ status, waivedUntil }: { readonly status: string; readonly waivedUntil: string | null }): string {
  if (status === 'open') return '';
  return status === 'waived' ? ` (accepted until ${waivedUntil ?? 'further notice'})` : ` (${status})`;
}

export function guidance(one: {
  readonly class: string;
  readonly direction: string;
  readonly field: string | null;
  readonly owner: string | null;
  readonly movement: string | null;
}): string {
  // texts of the judged file, which were written from these very types
  return guidanceOf(one as Pick<Break, 'class' | 'direction' | 'field' | 'owner' | 'movement'>);
}

const rejectWords: Readonly<Record<string, string>> = {
  'expression-failed': 'given by an expression that fails for this row',
  'not-of-type': 'not of its type',
  'too-many-decimals': 'given with more decimals than the field keeps',
  required: 'required and has no value',
  'null-key': 'part of the key and has no value',
  'not-a-choice': 'none of the choices',
  'unmapped-code': 'a value that the code map does not have',
  'unconfirmed-code': 'a value whose proposal in the code map nobody has confirmed',
};

const loadWords: Readonly<Record<string, string>> = {
  refuse: 'The last plan refuses it',
  conflict: 'The last load left it alone',
  'dead-letter': 'Odoo refused it in the last load',
  blocked: 'The last load did not try it, because what it belongs to had failed',
  unknown: 'Whether the last load wrote it is not known yet',
};
