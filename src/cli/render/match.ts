import type { MatchResult, PairExplanationResult } from '../../domain/results.ts';
import { counted, grouped, type Style } from '../style.ts';
import { table } from '../table.ts';

export function renderMatch(result: MatchResult, style: Style): string {
  const { paint } = style;
  const { pairs, crosswalk, clusters } = result;
  const sections = [`${paint.bold('Matched')} ${counted(result.entities.length, 'entity', 'entities')}: ${headline(result)}`, entities(result, style)];
  if (Object.keys(result.conflicts).length > 0) sections.push(conflicts(result, style));
  sections.push(
    [
      `${paint.bold('Pairs')}  ${counted(pairs.match, 'match', 'matches')} and ${counted(pairs.review, 'pair')} to review, in ${counted(clusters, 'group')}`,
      `${paint.bold('Links')}  ${grouped(crosswalk.linked)} to Odoo, ${grouped(crosswalk.new)} proposed, ${grouped(crosswalk.repointed)} moved by Odoo, ${grouped(crosswalk.dangling)} dangling`,
      `${paint.bold('Model')}  ${result.model.file === null ? 'none: nothing to match' : `${result.model.file} ${paint.dim(result.model.hash?.slice(0, 12) ?? '')}`}`,
    ].join('\n'),
  );
  const notes = result.entities.flatMap(({ entity, decisions, blocking }) => [
    ...(decisions.stale > 0 ? [`  ${entity}: ${counted(decisions.stale, 'decision')} no longer fit the values they were made on, and are asked again`] : []),
    ...(blocking !== null && blocking.leftOut > 0
      ? [`  ${entity}: ${counted(blocking.leftOut, 'unpromising pair')} of ${grouped(blocking.candidates + blocking.leftOut)} not compared`]
      : []),
  ]);
  notes.unshift(...notChecked(result));
  if (notes.length > 0) sections.push(`${paint.bold('Notes')}\n${notes.join('\n')}`);
  if (result.files.length > 0) sections.push(result.files.map((file) => paint.dim(`  ${file}`)).join('\n'));
  return sections.join('\n\n');
}

/** Each reason once, with the entities it holds for. */
function notChecked(result: MatchResult): string[] {
  const reasons = Map.groupBy(
    result.entities.flatMap(({ entity, notChecked: texts }) => texts.map((text) => ({ entity, text }))),
    ({ text }) => text,
  );
  return [...reasons].map(
    ([text, of]) => `  not checked: ${text} (${of.length === result.entities.length ? 'all entities' : of.map(({ entity }) => entity).join(', ')})`,
  );
}

function headline({ conflicts, crosswalk }: MatchResult): string {
  const found = Object.values(conflicts).reduce((sum, count) => sum + count, 0);
  return `${counted(found, 'open conflict')} of identifiers, ${counted(crosswalk.new, 'link')} to propose`;
}

function entities(result: MatchResult, style: Style): string {
  const open = (row: MatchResult['entities'][number]): number => Object.values(row.conflicts).reduce((sum, count) => sum + count, 0);
  return table(
    result.entities,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'legacy', value: (row) => row.records.legacy },
      { header: 'odoo', value: (row) => row.records.odoo },
      { header: 'linked', value: (row) => row.crosswalk.linked },
      { header: 'to link', value: (row) => row.crosswalk.new },
      { header: 'matches', value: (row) => row.pairs.match },
      { header: 'to review', value: (row) => row.pairs.review },
      { header: 'conflicts', value: open, paint: (cell, row) => (open(row) > 0 ? style.paint.yellow(cell) : style.paint.green(cell)) },
      { header: 'model', value: (row) => row.model ?? '·' },
    ],
    style,
  );
}

function conflicts(result: MatchResult, style: Style): string {
  const rows = result.entities.flatMap(({ entity, conflicts: found }) => Object.entries(found).map(([name, count]) => ({ entity, name, count })));
  const list = table(
    rows,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'class', value: (row) => row.name },
      { header: 'open', value: (row) => row.count },
    ],
    style,
  );
  return `${style.paint.bold('Conflicts')}\n${list}`;
}

/** Columns from which there is room for bars beside the values. */
const WIDE = 120;
/** Bits that fill half of the bar. */
const FULL_BITS = 16;
const HALF = 12;

interface Step {
  readonly comparison: string;
  readonly left: string;
  readonly right: string;
  readonly what: string;
  readonly weight: number;
  readonly sum: number;
}

/** The waterfall: where the odds begin, what each field adds or takes, where they end. */
export function renderExplanation(result: PairExplanationResult, style: Style): string {
  const { paint } = style;
  let sum = result.prior;
  const lines = result.evidence.map((one) => {
    sum += one.weight;
    return { ...one, sum, what: `${one.level}${one.byFrequency >= 0.5 ? ', rare' : one.byFrequency <= -0.5 ? ', usual' : ''}` };
  });
  const value = (text: string | null, masked: boolean): string => (masked ? '(masked)' : (text ?? '·'));
  const list = table<Step>(
    [
      { comparison: '(before)', left: '', right: '', what: '', weight: result.prior, sum: result.prior },
      ...lines.map((line) => ({ ...line, left: value(line.left, line.masked), right: value(line.right, line.masked) })),
    ],
    [
      { header: 'field', value: (row) => row.comparison },
      { header: result.left, value: (row) => row.left },
      { header: result.right, value: (row) => row.right },
      { header: 'is', value: (row) => row.what },
      {
        header: 'bits',
        value: (row) => row.weight.toFixed(1),
        paint: (cell, row) => (row.weight > 0 ? paint.green(cell) : row.weight < 0 ? paint.red(cell) : cell),
      },
      { header: 'sum', value: (row) => row.sum.toFixed(1) },
      ...(style.width < WIDE
        ? []
        : [
            {
              header: '',
              value: (row: Step) => bar(row.weight),
              paint: (cell: string, row: Step) => (row.weight < 0 ? paint.red(cell) : paint.green(cell)),
              isWhole: true,
            },
          ]),
    ],
    style,
  );
  const words = { match: paint.green.bold('match'), review: paint.yellow.bold('review'), distinct: paint.red.bold('distinct') };
  const why = [
    `${result.total.toFixed(1)} bits (match from ${result.thresholds.match}, review from ${result.thresholds.review})`,
    ...(result.excluded ? ['an identifier that proves two things differs'] : []),
    ...(result.known === null ? [] : [`decided or linked before: ${result.known}`]),
  ];
  return `${paint.bold(result.entity)}  ${result.left}  ${result.right}\n\n${list}\n\n${paint.bold('Verdict')}  ${words[result.verdict]}  ${why.join('; ')}`;
}

function bar(weight: number): string {
  const length = Math.min(HALF, Math.round((Math.abs(weight) / FULL_BITS) * HALF));
  return weight < 0 ? `${' '.repeat(HALF - length)}${'▇'.repeat(length)}│` : `${' '.repeat(HALF)}│${'▇'.repeat(length)}`;
}
