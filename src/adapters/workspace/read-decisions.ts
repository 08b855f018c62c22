/** What people decided: decisions/links.csv and every decisions/match*.csv, checked against each other, and every decisions/breaks*.csv. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { recordName } from '../../domain/matching.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { FilePosition, PlacedBreakDecision, Workspace } from '../../domain/workspace.ts';
import { readBreakDecisions, readLinkDecisions, readMatchDecisions } from './code-maps.ts';

/** What decisions may name. */
export interface DecisionNames {
  readonly entities: readonly string[];
  readonly systems: readonly string[];
  /** The system that is the target; links.csv means its records. */
  readonly odoo: string;
}

const LINKS = 'links.csv';
const isMatchFile = (name: string): boolean => /^match.*\.csv$/.test(name);
const isBreaksFile = (name: string): boolean => /^breaks.*\.csv$/.test(name);

type Decisions = Pick<Workspace, 'linkDecisions' | 'matchDecisions' | 'breakDecisions'>;

export async function readDecisions(root: string, names: DecisionNames, mistakes: Mistakes): Promise<Decisions> {
  const matchRows: ReturnType<typeof readMatchDecisions> = [];
  const breakDecisions: PlacedBreakDecision[] = [];
  for (const entry of (await readdir(path.join(root, 'decisions')).catch(() => [])).sort()) {
    if (entry.startsWith('.') || /^readme/i.test(entry) || entry === LINKS) continue;
    const file = `decisions/${entry}`;
    if (isMatchFile(entry)) matchRows.push(...readMatchDecisions(await readFile(path.join(root, file), 'utf8'), file, mistakes));
    else if (isBreaksFile(entry)) breakDecisions.push(...readBreakDecisions(await readFile(path.join(root, file), 'utf8'), file, mistakes));
    else
      mistakes.push({
        position: { file, line: 1, column: 1 },
        message: `not a file of decisions that cutover knows${didYouMean(entry, [LINKS, 'match.csv', 'breaks.csv'])}`,
      });
  }
  for (const { row, position } of matchRows) {
    const systems = row.conflict === '' ? [row.left, row.right].flatMap((record) => recordName(record)?.system ?? []) : [];
    checkNames(names, { entity: row.entity, systems }, position, mistakes);
  }
  const file = `decisions/${LINKS}`;
  const content = await readFile(path.join(root, file), 'utf8').catch(() => null);
  const links = content === null ? [] : readLinkDecisions(content, file, mistakes);
  for (const { row, position } of links) checkNames(names, { entity: row.entity, systems: [row.system] }, position, mistakes);
  const decided = [
    ...links.map(({ row, position }) => ({ ...row, about: pairOf(`${row.system}/${row.key}`, `${names.odoo}/${row.odoo}`), value_hash: '', position })),
    ...matchRows.map(({ row, position }) => ({ ...row, about: row.conflict === '' ? pairOf(row.left, row.right) : [row.conflict], position })),
  ];
  checkContradictions(decided, mistakes);
  return { linkDecisions: links.map(({ row }) => row), matchDecisions: matchRows.map(({ row }) => row), breakDecisions };
}

function checkNames(names: DecisionNames, named: { entity: string; systems: readonly string[] }, position: FilePosition, mistakes: Mistakes): void {
  if (!names.entities.includes(named.entity)) mistakes.push({ position, message: `no entity '${named.entity}'${didYouMean(named.entity, names.entities)}` });
  for (const system of new Set(named.systems)) {
    if (!names.systems.includes(system)) mistakes.push({ position, message: `no system '${system}'${didYouMean(system, names.systems)}` });
  }
}

const pairOf = (left: string, right: string): readonly string[] => [left, right].sort();

interface Decided {
  readonly entity: string;
  /** The id of a conflict, or the two records in order. */
  readonly about: readonly string[];
  readonly decision: string;
  readonly value_hash: string;
  readonly position: FilePosition;
}

/** Two different words on one thing cannot both hold, unless each was said of other values: of those at most one still fits. */
function checkContradictions(decided: readonly Decided[], mistakes: Mistakes): void {
  const before = new Map<string, Decided[]>();
  for (const now of decided) {
    const identity = JSON.stringify([now.entity, ...now.about]);
    const others = before.get(identity) ?? [];
    const first = others.find(
      (then) => then.decision !== now.decision && (then.value_hash === now.value_hash || then.value_hash === '' || now.value_hash === ''),
    );
    if (first !== undefined) {
      const what = now.about.length === 1 ? 'this conflict' : 'this pair';
      const where = `${first.position.file}:${first.position.line}`;
      mistakes.push({ position: now.position, message: `${what} is '${now.decision}' here and '${first.decision}' in ${where}: take one of the two out` });
    }
    before.set(identity, [...others, now]);
  }
}
