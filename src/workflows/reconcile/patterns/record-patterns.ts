/** Patterns of whole records: keys that are nearly the same, and rows that one rule has rejected. */
import { isAmount } from '../../../domain/canonical.ts';
import { codeCall } from '../../../domain/code-call.ts';
import type { FieldContract } from '../../../domain/contract.ts';
import { csvLine } from '../../../domain/csv.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import type { Pattern } from '../../../domain/report.ts';
import { literal } from '../../../domain/sql.ts';
import type { EntityComparison } from '../comparison.ts';
import { expressionChange } from './change.ts';
import type { PatternOptions } from './find-patterns.ts';
import { keyPatterns } from './key-patterns.ts';
import { quoted } from './transformation.ts';

/** Of the breaks in `pattern_breaks`. */
export async function recordPatterns(entity: EntityComparison, options: PatternOptions, plane: DataPlane): Promise<Pattern[]> {
  return [...(await keyPatterns(entity, options, plane)), ...(await rejectPatterns(entity, options, plane))];
}

interface RejectGroup {
  readonly [column: string]: string | number;
  readonly system: string;
  readonly field: string;
  readonly rule: string;
  readonly rows: number;
}

const words: Readonly<Record<string, string>> = {
  'expression-failed': 'the expression of the mapping fails for it',
  'not-of-type': 'the value is not of the type of the field',
  'too-many-decimals': 'the value has more decimals than the field keeps',
  required: 'there is no value',
  'null-key': 'there is no key',
  'not-a-choice': 'the value is none of the choices',
  'unmapped-code': 'the code map does not have the value',
  'unconfirmed-code': 'nobody has confirmed what the code map proposes',
};

const rejectedSql = `SELECT id, system, key, key_pii, unnest(string_split(l, ', ')) AS why FROM pattern_breaks WHERE class IN ('rejected', 'null-key') AND l IS NOT NULL`;

async function rejectPatterns(entity: EntityComparison, options: PatternOptions, plane: DataPlane): Promise<Pattern[]> {
  const groups = await plane.rows<RejectGroup>(
    `SELECT system, split_part(why, ': ', 1) AS field, split_part(why, ': ', 2) AS rule, count(DISTINCT id) AS rows FROM (${rejectedSql}) GROUP BY ALL HAVING rows >= 3 ORDER BY rows DESC, field, rule, system`,
  );
  const [all] = await plane.rows<{ rows: number }>("SELECT count(*) AS rows FROM pattern_breaks WHERE class IN ('rejected', 'null-key')");
  const patterns: Pattern[] = [];
  for (const group of groups) {
    const contract = entity.definition.contract.fields[group.field];
    const isSecret = contract?.pii === true && !options.clear;
    const raw = isSecret ? [] : await rawValues(entity, group, plane);
    const told = raw
      .slice(0, 5)
      .map((one) => quoted(one.raw))
      .join(', ');
    const change = contract === undefined ? null : await rejectChange({ entity, group, contract, isSecret, raw }, options, plane);
    const values =
      told === '' || !['unmapped-code', 'unconfirmed-code', 'not-a-choice', 'not-of-type'].includes(group.rule)
        ? ''
        : `: ${told}${raw.length > 5 ? ', …' : ''}`;
    patterns.push({
      ...{ entity: entity.entity, field: group.field, transformation: 'rejected', parameter: group.rule },
      sentence: `Rows are rejected because ${words[group.rule] ?? `of ${group.rule}`}${values}.`,
      ...{ explains: group.rows, of: all?.rows ?? group.rows, systems: [group.system], change, samples: await rejectSamples(group, options, plane) },
    });
  }
  return patterns;
}

function rejectsFile(entity: EntityComparison, { system }: RejectGroup): string | null {
  return entity.datasets.find((dataset) => dataset.system === system)?.rejects ?? null;
}

async function rawValues(entity: EntityComparison, group: RejectGroup, plane: DataPlane): Promise<{ raw: string }[]> {
  const file = rejectsFile(entity, group);
  if (file === null) return [];
  return await plane.rows<{ raw: string }>(
    `SELECT raw FROM read_parquet(${literal(file)}) WHERE field = ${literal(group.field)} AND rule = ${literal(group.rule)} AND raw IS NOT NULL GROUP BY raw ORDER BY count(*) DESC, raw LIMIT 50`,
  );
}

async function rejectSamples({ system, field, rule }: RejectGroup, { clear }: PatternOptions, plane: DataPlane): Promise<Pattern['samples']> {
  const rows = await plane.rows<{ id: string; key: string | null; key_pii: boolean }>(
    `SELECT DISTINCT id, key, key_pii FROM (${rejectedSql}) WHERE system = ${literal(system)} AND why = ${literal(`${field}: ${rule}`)} ORDER BY key NULLS LAST, id LIMIT 5`,
  );
  return rows.map(({ id, key, key_pii: isKeySecret }) => {
    const masked = isKeySecret && !clear;
    return { id, system, key: masked ? null : key, legacy: null, odoo: null, masked };
  });
}

interface Rejected {
  readonly entity: EntityComparison;
  readonly group: RejectGroup;
  readonly contract: FieldContract;
  readonly isSecret: boolean;
  readonly raw: readonly { readonly raw: string }[];
}

async function rejectChange(rejected: Rejected, options: PatternOptions, plane: DataPlane): Promise<Pattern['change']> {
  const { entity, group, contract, isSecret, raw } = rejected;
  const { field, rule, system } = group;
  const wrapped = (wrap: (text: string) => string) =>
    expressionChange({ ...options, breaks: { entity, field, contract, system, rows: group.rows, compared: 0, linkedShare: 0, isSecret } }, field, wrap);
  if (rule === 'too-many-decimals' && isAmount(contract)) return wrapped((text) => `round(CAST(${text} AS DECIMAL(38,12)), ${contract.digits})`);
  if (rule === 'unmapped-code' && contract.type === 'code' && raw.length > 0) {
    const expression = entity.definition.sources.find(({ mapping }) => mapping.system === system)?.mapping.fields[field];
    const name = (expression === undefined ? null : codeCall(expression)?.codes) ?? contract.codes;
    const rows = raw.map((one) => csvLine([one.raw, '', 'proposed', null, null, null]));
    return { file: `mappings/${options.capability.name}/codes/${name}.csv`, text: rows.join('').trimEnd() };
  }
  if (rule !== 'not-of-type') return null;
  return await readingChange(rejected, wrapped, plane);
}

const dateFormats = ['%d.%m.%Y', '%d/%m/%Y', '%m/%d/%Y', '%Y%m%d', '%d-%m-%Y', '%Y/%m/%d', '%d.%m.%y', '%m/%d/%y'] as const;
const COMMA = '^[+-]?[0-9]{1,3}([.]?[0-9]{3})*,[0-9]+$';

/** One way of writing dates or numbers that all rejected values have. */
async function readingChange(
  { entity, group, contract }: Rejected,
  wrapped: (wrap: (text: string) => string) => Pattern['change'],
  plane: DataPlane,
): Promise<Pattern['change']> {
  const file = rejectsFile(entity, group);
  if (file === null) return null;
  const source = `FROM read_parquet(${literal(file)}) WHERE field = ${literal(group.field)} AND rule = 'not-of-type' AND raw IS NOT NULL`;
  if (isAmount(contract)) {
    const [all] = await plane.rows<{ comma: boolean | null }>(`SELECT bool_and(regexp_matches(trim(raw), '${COMMA}')) AS comma ${source}`);
    return all?.comma === true
      ? wrapped((text) => `CASE WHEN regexp_matches(trim(${text}), '${COMMA}') THEN replace(replace(trim(${text}), '.', ''), ',', '.') ELSE ${text} END`)
      : null;
  }
  if (contract.type !== 'date') return null;
  const [fits = {}] = await plane.rows(
    `SELECT ${dateFormats.map((format, index) => `bool_and(try_strptime(raw, '${format}') IS NOT NULL) AS "${index}"`).join(', ')} ${source}`,
  );
  const fitting = dateFormats.filter((_, index) => fits[String(index)] === true);
  const [format] = fitting;
  // of two that fit all of them it cannot be told which is meant
  if (format === undefined || fitting.length > 1) return null;
  return wrapped((text) => `coalesce(try_strptime(${text}, '${format}'), TRY_CAST(${text} AS TIMESTAMP))`);
}
