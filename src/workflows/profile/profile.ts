/** Looks at a source before it is mapped. Needs no mapping; reads, and keeps nothing. */
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Ports, SourceCut } from '../../domain/ports.ts';
import type { ProfileResult } from '../../domain/results.ts';
import type { SnapshotColumn } from '../../domain/snapshot.ts';
import { identifier } from '../../domain/sql.ts';
import { closest } from '../../domain/suggestion.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { findDamage, mayHaveLostNotApplicable, type Suspicion } from './damage.ts';
import { identifierSql } from './identifier-sql.ts';
import { type ColumnFacts, columnFactsSql, companionsSql, copyTableSql, exampleSql, headerRowsSql, pairIsKeySql, patternsSql } from './profile-sql.ts';

type EntityProfile = ProfileResult['entities'][number];
type ColumnProfile = EntityProfile['columns'][number];
type Damage = EntityProfile['damage'][number];

interface LookedAt {
  readonly column: SnapshotColumn;
  readonly facts: ColumnFacts;
  readonly profile: ColumnProfile;
  readonly isPersonal: boolean;
}

const MOST_NAMES = 30;
const MOST_PATTERNS = 5;
/** A value that many rows share says nothing about a person, unless it is an address or an account by itself. */
const FEW_VALUES = 12;
const MOST_PAIR_COLUMNS = 8;
const LARGE = 1_000_000;
const personalNames = /name|mail|phone|fax|mobile|street|address|birth|dob|iban|account|ssn|social|national|passport|login|contact|person|patient|employee/i;
const personalSchemes = new Set(['email', 'iban']);
const table = 'profiled';

/** Errors: E_USAGE names what there is, E_SOURCE_UNREACHABLE, E_SOURCE_UNREADABLE, E_INTERRUPTED. */
export async function profileSystem(
  request: { readonly workspace: Workspace; readonly system: string; readonly entity: string | null },
  ports: Ports,
): Promise<ProfileResult> {
  const cut = await ports.source(request.system).open();
  try {
    const names = request.entity === null ? await cut.tables() : [await existing(request.entity, request.system, cut)];
    if (names.length === 0) {
      throw new CutoverError('E_SOURCE_UNREADABLE', `system ${request.system} has nothing to look at`, {
        hint: `check systems.${request.system} in cutover.yaml`,
      });
    }
    const entities: EntityProfile[] = [];
    for (const name of names) {
      if (ports.signal.aborted) throw new CutoverError('E_INTERRUPTED', 'stopped between two tables', { hint: `cutover profile ${request.system}` });
      ports.progress({ kind: 'step', step: name });
      entities.push(await profileTable(name, cut, ports));
      ports.progress({ kind: 'done', step: name });
    }
    return { system: request.system, entities };
  } finally {
    await cut.close();
  }
}

/** The name as it was given; the source may know more names than it lists (those of another schema). */
async function existing(name: string, system: string, cut: SourceCut): Promise<string> {
  const known = await cut.tables();
  if (known.includes(name)) return name;
  try {
    await cut.columns(name, null);
    return name;
  } catch (cause) {
    const meant = closest(name, known) ?? known.find((one) => one.toLowerCase().startsWith(name.toLowerCase()));
    const more = known.length > MOST_NAMES ? ` and ${known.length - MOST_NAMES} more` : '';
    throw new CutoverError('E_USAGE', `there is no ${name} in ${system}`, {
      details: known.length === 0 ? [`${system} has no table, view or file.`] : [`There is: ${known.slice(0, MOST_NAMES).join(', ')}${more}.`],
      hint: `cutover profile ${system}${meant === undefined ? '' : ` ${meant}`}`,
      cause,
    });
  }
}

async function profileTable(name: string, cut: SourceCut, ports: Ports): Promise<EntityProfile> {
  const plane = await ports.openPlane();
  try {
    const extract = await cut.extract({ entity: name, from: name, query: null, columns: null, since: null }, plane, ports.progress);
    await plane.run(copyTableSql(table, extract.table));
    const looked: LookedAt[] = [];
    for (const column of extract.columns) looked.push(await lookAt(column, plane));
    const damage: Damage[] = [];
    for (const one of looked) damage.push(...(await damageOf(one, looked, plane)));
    damage.push(...(await headerRows(looked, plane)));
    if (extract.quarantine !== null) damage.push(await unreadable(extract.quarantine, plane));
    return { name, rows: extract.rows, columns: looked.map(({ profile }) => profile), candidateKeys: await candidateKeys(looked, extract.rows, plane), damage };
  } finally {
    await plane.close();
  }
}

async function lookAt(column: SnapshotColumn, plane: DataPlane): Promise<LookedAt> {
  const [facts] = (await plane.rows(columnFactsSql(table, column.name))) as unknown as ColumnFacts[];
  if (facts === undefined) throw new Error(`no counts of column ${column.name}`);
  const patterns = await plane.rows<{ pattern: string; count: number }>(patternsSql(table, column.name, MOST_PATTERNS));
  const values = facts.values - facts.blank;
  const identifiers = Object.keys(identifierSql)
    .map((scheme) => ({ scheme, share: values === 0 ? 0 : Math.round(((facts.identifiers[scheme] ?? 0) / values) * 1000) / 1000 }))
    .filter(({ share }) => share >= 0.5);
  const isPersonal = identifiers.some(({ scheme }) => personalSchemes.has(scheme)) || (personalNames.test(column.name) && facts.distinct > FEW_VALUES);
  const isNumeric = facts.integers + facts.decimals === facts.values && facts.leadingZeros === 0;
  const shown = (value: string | null): string | null => (value === null || !isPersonal ? value : patternOf(value));
  const numbers = { minimum: withoutZeros(facts.lowest), maximum: withoutZeros(facts.highest) };
  const texts = { minimum: shown(facts.minimum), maximum: shown(facts.maximum) };
  const profile: ColumnProfile = {
    column: column.name,
    type: column.type,
    nulls: facts.rows - facts.values,
    distinct: facts.distinct,
    ...(isNumeric && facts.values > 0 && !isPersonal && facts.lowest !== null ? numbers : texts),
    shortest: facts.shortest,
    longest: facts.longest,
    patterns,
    identifiers,
  };
  return { column, facts, profile, isPersonal };
}

async function damageOf(one: LookedAt, all: readonly LookedAt[], plane: DataPlane): Promise<Damage[]> {
  const { column, facts } = one;
  const found: Suspicion[] = findDamage(column.name, column.type, facts);
  if (mayHaveLostNotApplicable(column.type, facts)) {
    const others = all
      .filter((other) => other !== one && other.facts.distinct > 1 && other.facts.values === other.facts.rows)
      .map((other) => other.column.name);
    const companions = others.length === 0 ? [] : await plane.rows<{ companion: string }>(companionsSql(table, column.name, others));
    const [first] = companions;
    if (first !== undefined) {
      found.push({
        kind: 'not-applicable-lost',
        count: facts.rows - facts.values + facts.blank,
        counter: null,
        hint: `Wherever it is blank, ${first.companion} is the same: a code such as 'N/A' was read as no value; write in the mapping: coalesce(X, 'N/A').`,
      });
    }
  }
  const damage: Damage[] = [];
  for (const { kind, count, counter, hint } of found) {
    const [row] = counter === null ? [] : await plane.rows<{ example: string | null }>(exampleSql(table, column.name, counter));
    const example = row?.example ?? null;
    damage.push({
      column: column.name,
      kind,
      count,
      example: example === null ? null : one.isPersonal ? patternOf(example) : example,
      hint: hint.replaceAll('X', identifier(column.name)),
    });
  }
  return damage;
}

async function headerRows(looked: readonly LookedAt[], plane: DataPlane): Promise<Damage[]> {
  const suspect = looked.filter(({ facts }) => facts.headerWord > 0);
  if (suspect.length < 2) return [];
  const names = suspect.map(({ column }) => column.name);
  const [row] = await plane.rows<{ n: number }>(headerRowsSql(table, names));
  const count = row?.n ?? 0;
  const [name = ''] = names;
  const hint = `The header stands between the rows; leave it out with \`filter:\` ${identifier(name)} <> '${name.replaceAll("'", "''")}'.`;
  return count === 0 ? [] : [{ column: name, kind: 'header-repeated', count, example: name, hint }];
}

async function unreadable(quarantine: { readonly table: string; readonly rows: number }, plane: DataPlane): Promise<Damage> {
  const [row] = await plane.rows<{ reasons: string }>(
    `SELECT string_agg(reason || ' (' || n || ')', ', ' ORDER BY n DESC, reason) AS reasons FROM (SELECT reason, count(*) AS n FROM ${identifier(quarantine.table)} GROUP BY ALL ORDER BY n DESC LIMIT 3)`,
  );
  return { column: '*', kind: 'unreadable-rows', count: quarantine.rows, example: null, hint: `They go aside in every pull: ${row?.reasons ?? ''}.` };
}

/** Single columns first; then pairs of the others, proven by counting combinations. */
async function candidateKeys(looked: readonly LookedAt[], rows: number, plane: DataPlane): Promise<string[][]> {
  if (rows === 0) return [];
  const full = looked.filter(({ facts }) => facts.values === rows && facts.distinct > 1);
  const single = full.filter(({ facts }) => facts.distinct === rows).map(({ column }) => column.name);
  if (single.length > 0 && rows > LARGE) return single.map((name) => [name]);
  const parts = full
    .filter(({ column }) => !single.includes(column.name))
    .sort((a, b) => b.facts.distinct - a.facts.distinct)
    .slice(0, MOST_PAIR_COLUMNS);
  const pairs: string[][] = [];
  for (const [index, first] of parts.entries()) {
    for (const second of parts.slice(index + 1)) {
      if (first.facts.distinct * second.facts.distinct < rows) continue;
      const pair = [first.column.name, second.column.name] as const;
      const [counted] = await plane.rows<{ combinations: number }>(pairIsKeySql(table, pair));
      if (counted?.combinations === rows) pairs.push([...pair]);
    }
  }
  return [...single.map((name) => [name]), ...pairs];
}

function patternOf(value: string): string {
  return value.replaceAll(/\p{L}+/gu, 'A').replaceAll(/[0-9]+/g, '9');
}

function withoutZeros(decimal: string | null): string | null {
  return decimal === null ? null : decimal.replace(/\.?0+$/, '');
}
