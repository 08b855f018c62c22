/** One item of a review as it is put before a person: the records side by side, then what speaks for and against. */
import type { RecordName } from '../../domain/matching.ts';
import { possibleDecisions, type ReviewConflict, type ReviewedEntity, type ReviewItem, type ReviewPair } from '../../domain/review.ts';
import { counted, grouped, type Style } from '../style.ts';
import { pairs, table, wrapped } from '../table.ts';
import type { View } from './session.ts';

/** Lines above, which may be cut where the terminal is low, and those at the bottom, which may not. */
export interface Screen {
  readonly body: readonly string[];
  readonly foot: readonly string[];
}

export interface Shown {
  readonly entity: ReviewedEntity;
  /** Show what is `pii` too. */
  readonly clear: boolean;
  readonly total: number;
}

const MASK = '(masked)';

export function renderItem(view: Extract<View, { kind: 'item' }>, shown: Shown, style: Style): Screen {
  const { item } = view;
  const { paint } = style;
  const position = paint.dim(`${grouped(item.ordinal + 1)} of ${grouped(shown.total)}`);
  const parts = [
    `${paint.bold(item.entity)}  ${item.kind === 'pair' ? pairTitle(item) : conflictTitle(item)}   ${position}`,
    ...(item.before === null ? [] : [paint.yellow(`Decided '${item.before}' before, on other values.`)]),
    ...(item.kind === 'conflict' ? [conflictFacts(item, shown, style)] : []),
    sideBySide(item, shown, style),
    ...(item.evidence.length > 0 ? [waterfall(item, style)] : []),
  ];
  return { body: parts.join('\n\n').split('\n'), foot: foot(view, style) };
}

export function renderEnd(style: Style): Screen {
  return {
    body: [style.paint.bold('That was the last one.')],
    foot: [
      keyHelp(
        [
          ['b', 'back'],
          ['q', 'quit'],
        ],
        style,
      ),
    ],
  };
}

function pairTitle({ weight, verdict }: ReviewPair): string {
  const weighs = weight === null ? 'not compared any more' : `${signed(weight)} bits${verdict === 'match' ? ', enough for a match' : ''}`;
  return `One thing or two?  ${weighs}`;
}

const conflictTitle = ({ class: name, field }: ReviewConflict): string => `${name}${field === null ? '' : ` in ${field}`}`;

/** Classes whose value is a key. */
const keyClasses: readonly string[] = ['key-not-unique', 'identifier-reused', 'identifiers-swapped'];

function conflictFacts(item: ReviewConflict, { entity, clear }: Shown, style: Style): string {
  const isMasked = !clear && ((item.field !== null && entity.pii.has(item.field)) || (entity.keyIsPii && keyClasses.includes(item.class)));
  const value = (text: string | null): string => (text === null ? '·' : isMasked ? MASK : printable(text));
  const facts: readonly (readonly [string, string | null])[] = [
    ['evidence', printable(item.sentence)],
    ['value', item.value === null ? null : value(item.value)],
    ['held against', item.other === null ? null : value(item.other)],
    ['proposal', item.proposal === null ? null : `${value(item.proposal)}${item.reason === null ? '' : `  (${printable(item.reason)})`}`],
  ];
  return pairs(
    facts.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const])),
    style,
  );
}

// ---- records ----------------------------------------------------------------------------------------------------------------------------

interface FieldRow {
  readonly field: string;
  readonly values: readonly string[];
  readonly is: 'equal' | 'case or blanks' | 'differs' | 'one side only' | '';
}

/** Fields that no record fills are left out. */
function sideBySide(item: ReviewItem, shown: Shown, style: Style): string {
  const { paint } = style;
  const fields = [...new Set(item.records.flatMap((record) => Object.keys(record.fields)))];
  const rows = fields.flatMap((field): FieldRow[] => {
    const values = item.records.map((record) => record.fields[field] ?? null);
    if (values.every((value) => value === null)) return [];
    const isMasked = !shown.clear && shown.entity.pii.has(field);
    return [{ field, values: values.map((value) => (value === null ? '·' : isMasked ? MASK : printable(value))), is: comparisonOf(values) }];
  });
  const list = table(
    rows,
    [
      { header: 'field', value: (row) => row.field, isWhole: true },
      ...item.records.map((record, index) => ({
        header: recordTitle(record, shown),
        value: (row: FieldRow) => row.values[index] ?? '·',
        paint: (cell: string, row: FieldRow) => (row.is === 'equal' ? paint.dim(cell) : row.is === 'differs' ? paint.yellow(cell) : cell),
      })),
      { header: '', value: (row) => row.is, isWhole: true, paint: (cell, row) => (row.is === 'differs' ? paint.yellow(cell) : paint.dim(cell)) },
    ],
    style,
  );
  const more = item.recordCount - item.records.length;
  const gone = item.records.filter((record) => Object.keys(record.fields).length === 0).map((record) => recordTitle(record, shown));
  return [
    list,
    ...(gone.length > 0 ? [paint.dim(`  not there: ${gone.join(', ')}`)] : []),
    ...(more > 0 ? [paint.dim(`  and ${counted(more, 'more record')}`)] : []),
  ].join('\n');
}

function recordTitle({ system, key }: RecordName, { entity, clear }: Shown): string {
  return `${system}/${entity.keyIsPii && !clear && system !== entity.odooSystem ? MASK : printable(key)}`;
}

function comparisonOf(values: readonly (string | null)[]): FieldRow['is'] {
  if (values.length < 2) return '';
  const there = values.filter((value) => value !== null);
  if (there.length < values.length) return 'one side only';
  if (new Set(there).size === 1) return 'equal';
  return new Set(there.map((value) => value.toLowerCase().replace(/\s+/g, ' ').trim())).size === 1 ? 'case or blanks' : 'differs';
}

/** Legacy data may hold what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\u2423');
}

// ---- evidence ---------------------------------------------------------------------------------------------------------------------------

/** Bits that fill half of the bar. */
const FULL_BITS = 16;
const HALF = 12;

function waterfall({ prior, evidence, weight }: ReviewItem, style: Style): string {
  const { paint } = style;
  const rows = [
    { comparison: '(before)', level: '', weight: prior },
    ...evidence.filter(({ level }) => level !== 'missing'),
    ...(weight === null ? [] : [{ comparison: 'together', level: '', weight }]),
  ];
  return table(
    rows,
    [
      { header: 'speaks for it, or against', value: (row) => row.comparison, paint: (cell, row) => (row.comparison === 'together' ? paint.bold(cell) : cell) },
      { header: '', value: (row) => row.level },
      { header: 'bits', value: (row) => row.weight.toFixed(1) },
      { header: '', value: (row) => bar(row.weight), isWhole: true, paint: (cell, row) => (row.weight < 0 ? paint.red(cell) : paint.green(cell)) },
    ],
    style,
  );
}

function bar(weight: number): string {
  const length = Math.min(HALF, Math.round((Math.abs(weight) / FULL_BITS) * HALF));
  return weight < 0 ? `${' '.repeat(HALF - length)}${'▇'.repeat(length)}│` : `${' '.repeat(HALF)}│${'▇'.repeat(length)}`;
}

const signed = (bits: number): string => `${bits > 0 ? '+' : ''}${bits.toFixed(1)}`;

// ---- foot -------------------------------------------------------------------------------------------------------------------------------

const decisionHelp = { same: ['s', 'same'], different: ['d', 'different'], keep: ['k', 'keep as it is'] } as const;

function foot({ item, said, message, typing, reason }: Extract<View, { kind: 'item' }>, style: Style): readonly string[] {
  const { paint } = style;
  if (typing !== null) return [paint.dim('Enter keeps the reason, Escape drops it'), `Reason: ${printable(typing)}█`];
  const kept = said?.reason || reason;
  const words = [
    ...(said === null ? [] : [`Decided: ${paint.green(said.decision)}`]),
    ...(kept === '' ? [] : [`Reason: ${printable(kept)}`]),
    ...(message === null ? [] : [paint.yellow(message)]),
  ];
  const decisions = possibleDecisions(item).map((decision) => decisionHelp[decision]);
  const help = keyHelp([...decisions, ['n', 'next'], ['b', 'back'], ['o', 'reason'], ['q', 'quit']], style);
  return [...(words.length > 0 ? [wrapped(words.join('   '), style.width)] : []), help];
}

function keyHelp(keys: readonly (readonly [string, string])[], { paint }: Style): string {
  return keys.map(([key, means]) => `${paint.cyan.bold(key)} ${means}`).join('   ');
}
