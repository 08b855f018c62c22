/** decisions import: what people have filled into a worklist, verified row by row and added to decisions/breaks.csv and decisions/links.csv. */
import { type BreakDecisionRow, breakDecisionProblem, breakDecisions } from '../../domain/break-decision.ts';
import { LinkDecisionRow } from '../../domain/contract.ts';
import { type MatchDecisionRow, recordText } from '../../domain/matching.ts';
import type { Ports } from '../../domain/ports.ts';
import type { WorklistDecision } from '../../domain/report.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { boundTo, breakRow, saysTheSame, standingRows, writeBreakRows, writeRows } from './break-rows.ts';
import { type KnownBreak, knownBreaksSql, type LatestBreaks, latestBreaks } from './latest-breaks.ts';

export interface ImportRequest {
  readonly workspace: Workspace;
  /** Null: breaks of any capability. */
  readonly capability: Capability | null;
  readonly rows: readonly WorklistDecision[];
  /** Who decided, where a row does not say it. */
  readonly by: string;
  readonly asOf: string;
  /** Write what can be written though other rows are refused. */
  readonly partial: boolean;
}

export interface ImportResult {
  /** Rows that are written; with rows refused and not `partial`: that would be. */
  readonly applied: readonly { readonly row: number; readonly break: string; readonly decision: string; readonly entity: string }[];
  readonly alreadyThere: readonly { readonly row: number; readonly break: string }[];
  readonly refused: readonly { readonly row: number; readonly break: string; readonly reason: string }[];
  /** Rows in which nothing was decided. */
  readonly undecided: number;
  /** Files written, absolute; none where rows are refused and not `partial`. */
  readonly files: readonly string[];
}

const LINKS_FILE = 'decisions/links.csv';
/** Of these there is nothing that one side could hold: they are mended where they are, or accepted. */
const mendedElsewhere = ['duplicate-key', 'null-key', 'rejected', 'exists-unlinked'];
const allDecisions = [...breakDecisions, 'same', 'different'];

type Verdict = { readonly refused: string } | { readonly alreadyThere: true } | { readonly breakRow: BreakDecisionRow } | { readonly link: LinkDecisionRow };

/** E_BREAK_UNKNOWN where nothing was reconciled yet; E_CONFIG where a file of decisions lacks a column. A row that is off is a value. */
export async function importDecisions(request: ImportRequest, ports: Ports): Promise<ImportResult> {
  const { workspace, rows, partial } = request;
  const latest = await latestBreaks(workspace, request.capability, ports);
  const decided = rows.filter(({ decision }) => decision.trim() !== '');
  const known = await knownBreaks(decided, latest, ports);
  const importing = new Importing(request, known, ports.clock.now());
  const verdicts = decided.map((row) => ({ row, verdict: importing.judge(row) }));
  const of = (name: string) => verdicts.filter(({ verdict }) => name in verdict);
  const breakRows = verdicts.flatMap(({ verdict }) => ('breakRow' in verdict ? [verdict.breakRow] : []));
  const links = verdicts.flatMap(({ verdict }) => ('link' in verdict ? [verdict.link] : []));
  const files: string[] = [];
  if (partial || of('refused').length === 0) {
    if (breakRows.length > 0) files.push(await writeBreakRows(workspace, breakRows, ports));
    if (links.length > 0) files.push(await writeRows(workspace, LINKS_FILE, Object.keys(LinkDecisionRow.shape), links, ports));
  }
  return {
    applied: verdicts.flatMap(({ row, verdict }) => {
      const written = 'breakRow' in verdict ? verdict.breakRow : 'link' in verdict ? verdict.link : null;
      return written === null ? [] : [{ row: row.row, break: row.break.trim(), decision: written.decision, entity: written.entity }];
    }),
    alreadyThere: of('alreadyThere').map(({ row }) => ({ row: row.row, break: row.break.trim() })),
    refused: verdicts.flatMap(({ row, verdict }) => ('refused' in verdict ? [{ row: row.row, break: row.break.trim(), reason: verdict.refused }] : [])),
    undecided: rows.length - decided.length,
    files,
  };
}

async function knownBreaks(rows: readonly WorklistDecision[], latest: LatestBreaks, ports: Ports): Promise<ReadonlyMap<string, readonly KnownBreak[]>> {
  const plane = await ports.openPlane();
  try {
    await plane.run(stagingTableSql('wanted', ['id']));
    await plane.append('wanted', once(rows.map((row) => [row.break.trim()])));
    const found = await plane.rows<KnownBreak>(
      `SELECT b.* FROM (${knownBreaksSql(latest)}) AS b SEMI JOIN wanted AS w ON w.id = b.id ORDER BY b.id, b.value_hash`,
    );
    return Map.groupBy(found, ({ id }) => id);
  } finally {
    await plane.close();
  }
}

class Importing {
  readonly #request: ImportRequest;
  readonly #known: ReadonlyMap<string, readonly KnownBreak[]>;
  readonly #at: string;
  readonly #standing: ReadonlyMap<string, BreakDecisionRow>;
  /** What is said of records by now: of a legacy record, and of two records. */
  readonly #links: ReadonlyMap<string, readonly LinkDecisionRow[]>;
  readonly #pairs: ReadonlyMap<string, MatchDecisionRow>;
  /** Break → the row of this table that decided it. */
  readonly #decided = new Map<string, WorklistDecision>();

  constructor(request: ImportRequest, known: ReadonlyMap<string, readonly KnownBreak[]>, at: string) {
    this.#request = request;
    this.#known = known;
    this.#at = at;
    this.#standing = standingRows(request.workspace);
    const { linkDecisions, matchDecisions } = request.workspace;
    this.#links = Map.groupBy(linkDecisions, ({ entity, system, key }) => JSON.stringify([entity, system, key]));
    this.#pairs = new Map(matchDecisions.map((row) => [pairName(row.entity, row.left, row.right), row]));
  }

  judge(given: WorklistDecision): Verdict {
    const row = trimmed(given, this.#request.by);
    const one = this.#breakOf(row);
    if (typeof one === 'string') return { refused: one };
    const before = this.#decided.get(row.break);
    if (before !== undefined) {
      const same = before.decision === row.decision && before.until === row.until && before.reason === row.reason;
      return same ? { alreadyThere: true } : { refused: `row ${before.row} decides the same break otherwise` };
    }
    const verdict = row.decision === 'same' || row.decision === 'different' ? this.#link(row, one) : this.#break(row, one);
    if (!('refused' in verdict)) this.#decided.set(row.break, row);
    return verdict;
  }

  /** The break a row is about, with the values it was decided on; or why there is none. */
  #breakOf(row: WorklistDecision): KnownBreak | string {
    if (!allDecisions.includes(row.decision)) return `decision must be one of ${allDecisions.join(', ')}${didYouMean(row.decision, allDecisions)}`;
    const found = this.#known.get(row.break);
    if (found === undefined) return 'no break of the latest reconcile has this id';
    if (found.every((one) => one.value_hash === null)) return 'its values are marked pii, and without a pii_key a decision cannot be bound to them';
    const one = found.find((candidate) => candidate.value_hash === row.valueHash);
    if (one !== undefined) return one;
    return row.valueHash === ''
      ? 'value_hash is empty: it says which values the decision was made on'
      : 'stale: the values have changed since the worklist was made';
  }

  #break(row: WorklistDecision, one: KnownBreak): Verdict {
    if (row.decision !== 'waive' && mendedElsewhere.includes(one.class)) return { refused: `${one.class}: no side can hold here; mend it, or waive it` };
    const made = breakRow(one, { decision: row.decision, by: row.by, at: this.#at, reason: row.reason, until: row.until });
    const problem = breakDecisionProblem(made);
    if (problem !== null) return { refused: problem };
    const today = this.#request.asOf.slice(0, 10);
    if (row.until !== '' && row.until < today) return { refused: `until ${row.until} has passed: it is ${today}` };
    return saysTheSame(made, this.#standing.get(boundTo(made))) ? { alreadyThere: true } : { breakRow: made };
  }

  #link(row: WorklistDecision, one: KnownBreak): Verdict {
    const { key, candidate } = one;
    if (one.class !== 'exists-unlinked') return { refused: `${row.decision} is said of a record that looks the same as one of Odoo, and this is ${one.class}` };
    if (key === null || candidate === null) return { refused: 'several records of Odoo look the same: decide each in decisions/links.csv' };
    if (one.key_pii) return { refused: 'its key is marked pii and must not stand in decisions/links.csv' };
    if (row.by === '') return { refused: 'by is empty: a decision has an owner' };
    const { entity, system } = one;
    const decision = row.decision === 'same' ? 'same' : 'different';
    const said = this.#saidOf({ entity, system, key, odoo: candidate, decision });
    if (said !== null) return said;
    return { link: { entity, system, key, odoo: candidate, decision, by: row.by, at: this.#at, reason: row.reason } };
  }

  /** What the files say of these two records by now; a second word that differs would make the workspace a mistake. */
  #saidOf({ entity, system, key, odoo, decision }: Pick<LinkDecisionRow, 'entity' | 'system' | 'key' | 'odoo' | 'decision'>): Verdict | null {
    const links = this.#links.get(JSON.stringify([entity, system, key])) ?? [];
    if (links.some((row) => row.odoo === odoo && row.decision === decision)) return { alreadyThere: true };
    const otherwise = links.find((row) => row.odoo === odoo || (decision === 'same' && row.decision === 'same'));
    if (otherwise !== undefined) return { refused: `decisions/links.csv says ${otherwise.decision} of it and ${otherwise.odoo}: take that row out first` };
    const pair = this.#pairs.get(pairName(entity, recordText({ system, key }), recordText({ system: this.#request.workspace.file.odoo, key: odoo })));
    if (pair === undefined) return null;
    return pair.decision === decision ? { alreadyThere: true } : { refused: `decisions/match.csv says ${pair.decision} of these two: take that row out first` };
  }
}

function pairName(entity: string, left: string, right: string): string {
  return JSON.stringify([entity, ...[left, right].sort()]);
}

function trimmed(row: WorklistDecision, by: string): WorklistDecision {
  const [decision, reason, until, given] = [row.decision.trim().toLowerCase(), row.reason.trim(), row.until.trim(), row.by.trim()];
  return { row: row.row, break: row.break.trim(), decision, reason, until, by: given === '' ? by.trim() : given, valueHash: row.valueHash.trim() };
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
