/** match decide: what the latest match left open, one item at a time, and what a person says of it, written down at once. */
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import { type ConflictClass, type MatchDecisionRow, recordText } from '../../domain/matching.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import type { Review, ReviewEvidence, ReviewItem, ReviewRecord, Said } from '../../domain/review.ts';
import { literal } from '../../domain/sql.ts';
import { type Capability, entityOf, type Workspace } from '../../domain/workspace.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { withoutRow, withRow } from './decision-file.ts';
import { directoryOf, latestReview, type ReviewFile } from './latest-review.ts';
import { keyIsPii } from './value-hash.ts';
import { WORKLIST } from './worklist.ts';

export interface DecideRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  /** Null: every entity that was matched. */
  readonly entity: string | null;
  /** Who decides. */
  readonly by: string;
}

export interface OpenReview extends Review {
  close(): Promise<void>;
}

/** E_MATCH_STALE when nothing was matched yet. */
export async function openReview(request: DecideRequest, ports: Ports): Promise<OpenReview> {
  const { workspace, capability } = request;
  const odooSystem = workspace.file.odoo;
  const entities = capability.entities.map(({ contract }) => contract.entity).filter((name) => request.entity === null || name === request.entity);
  const files = await latestReview({ odooSystem, capability: capability.name, entities }, ports);
  const [first] = files;
  if (first === undefined) {
    const what = request.entity ?? capability.name;
    throw new CutoverError('E_MATCH_STALE', `there is no match of ${what} to decide on`, { hint: `cutover match ${capability.name}` });
  }
  const plane = await ports.openPlane();
  try {
    await plane.lockDown([...new Set(files.map(directoryOf))]);
    await stageOpenItems(request, files, plane);
    const counts = await plane.rows<{ is_named: boolean; n: number }>('SELECT is_named, count(*) AS n FROM review_open GROUP BY is_named');
    const count = (named: boolean): number => Number(counts.find(({ is_named: isNamed }) => isNamed === named)?.n ?? 0);
    const worklist = join(directoryOf(first), WORKLIST);
    const decisions = decisionsOf(request, ports);
    return {
      ...{ capability: capability.name, total: count(true), unnameable: count(false), file: decisions.file },
      worklist: (await ports.runs.exists(worklist)) ? worklist : null,
      entity(name) {
        const { contract } = entityOf(capability, name);
        const pii = Object.entries(contract.fields).flatMap(([field, { pii: isPii }]) => (isPii ? [field] : []));
        return { entity: name, pii: new Set(pii), keyIsPii: keyIsPii(contract), odooSystem };
      },
      item: (ordinal) => readItem(plane, files, ordinal),
      said: decisions.said,
      decide: decisions.decide,
      close: () => plane.close(),
    };
  } catch (error) {
    await plane.close();
    throw error;
  }
}

/** Table `review_open`: the items of all files in order that were not decided since; `ordinal` (null where no file may name them), `file`, `n`. */
async function stageOpenItems({ workspace, capability }: DecideRequest, files: readonly ReviewFile[], plane: DataPlane): Promise<void> {
  await plane.run(stagingTableSql('review_decided', ['entity', 'l', 'r', 'conflict', 'value_hash']));
  const { odoo } = workspace.file;
  const bothWays = (entity: string, left: string, right: string, hash: string) => [
    [entity, left, right, null, hash],
    [entity, right, left, null, hash],
  ];
  const decided = [
    ...workspace.linkDecisions.flatMap((row) => bothWays(row.entity, `${row.system}/${row.key}`, `${odoo}/${row.odoo}`, '')),
    ...workspace.matchDecisions.flatMap((row) =>
      row.conflict === '' ? bothWays(row.entity, row.left, row.right, row.value_hash) : [[row.entity, null, null, row.conflict, row.value_hash]],
    ),
  ];
  await plane.append('review_decided', once(decided));
  const selects = files.map(({ entity, file }, index) => {
    const hidden = keyIsPii(entityOf(capability, entity).contract) ? `len(list_filter(names, lambda r: r.system <> ${literal(odoo)})) > 0` : 'false';
    return `SELECT ${index} AS file, n, kind = 'conflict' OR NOT (${hidden}) AS is_named FROM (${itemsSql(file)}) AS i
WHERE kind <> 'repointed' AND NOT EXISTS (SELECT 1 FROM review_decided AS d WHERE d.entity = ${literal(entity)} AND coalesce(d.value_hash, '') IN ('', i.value_hash)
  AND (d.conflict = i.conflict OR (${isPairSql} AND d.l = ${nameSql(1)} AND d.r = ${nameSql(2)})))`;
  });
  await plane.run(`CREATE TABLE review_open AS SELECT *, CASE WHEN is_named THEN row_number() OVER (PARTITION BY is_named ORDER BY file, n) - 1 END AS ordinal
FROM (${selects.join(' UNION ALL ')})`);
}

const itemsSql = (file: string): string => `SELECT *, file_row_number AS n FROM read_parquet(${literal(file)}, file_row_number = true)`;

/** A pair, or a duplicate of two records, which is decided as one. */
const isPairSql = `(i.kind = 'pair' OR i.class = 'duplicate-record') AND len(i.names) = 2`;
const nameSql = (position: number): string => `i.names[${position}].system || '/' || i.names[${position}].key`;

interface ItemRow extends DataRow {
  readonly kind: 'pair' | 'conflict';
  readonly conflict: string | null;
  readonly class: string;
  readonly place: string | null;
  readonly field: string | null;
  readonly value: string | null;
  readonly other: string | null;
  readonly proposal: string | null;
  readonly sentence: string | null;
  readonly reason: string | null;
  readonly weight: number | null;
  readonly prior: number | null;
  readonly evidence: string | null;
  readonly records: string;
  readonly record_count: number;
  readonly value_hash: string;
  readonly before: ReviewItem['before'];
}

async function readItem(plane: DataPlane, files: readonly ReviewFile[], ordinal: number): Promise<ReviewItem> {
  const [place] = await plane.rows<{ file: number; n: number }>(`SELECT file, n FROM review_open WHERE ordinal = ${ordinal}`);
  const from = place === undefined ? undefined : files[place.file];
  if (place === undefined || from === undefined) throw new Error(`there is no item ${ordinal} in this review`);
  const [row] = await plane.rows<ItemRow>(`SELECT * EXCLUDE (names), len(names) AS record_count FROM (${itemsSql(from.file)}) WHERE n = ${place.n}`);
  if (row === undefined) throw new Error(`the review of ${from.entity} has lost a row`);
  const subject = {
    ...{ ordinal, entity: from.entity, recordCount: Number(row.record_count), valueHash: row.value_hash, before: row.before },
    records: JSON.parse(row.records) as ReviewRecord[],
  };
  if (row.kind === 'conflict') {
    const { place: where, field, value, other, proposal, reason } = row;
    const facts = { id: row.conflict ?? '', class: row.class as ConflictClass, place: where ?? '', sentence: row.sentence ?? '' };
    return { ...subject, ...facts, kind: 'conflict', field, value, other, proposal, reason };
  }
  const bits = (thousandths: number): number => thousandths / 1000;
  const evidence = row.evidence === null ? [] : (JSON.parse(row.evidence) as ReviewEvidence[]);
  return {
    ...{ ...subject, kind: 'pair', verdict: row.class === 'match' ? 'match' : 'review' },
    ...{ weight: row.weight === null ? null : bits(row.weight), prior: bits(row.prior ?? 0) },
    evidence: evidence.map((one) => ({ ...one, weight: bits(one.weight) })),
  };
}

// ---- writing ----------------------------------------------------------------------------------------------------------------------------

interface Decisions extends Pick<Review, 'file' | 'said' | 'decide'> {}

function decisionsOf({ workspace, capability, by }: DecideRequest, ports: Ports): Decisions {
  const file = join(workspace.directory, 'decisions', 'match.csv');
  const known = new Map<string, Said & { readonly line: string }>();
  const namesRecords = (item: ReviewItem): boolean => isPair(item) && (item.kind === 'pair' || !keyIsPii(entityOf(capability, item.entity).contract));
  const names = (item: ReviewItem): string[] => [
    ...(namesRecords(item) ? [identity(item, pairOf(item))] : []),
    ...(item.kind === 'conflict' ? [identity(item, conflictOf(item))] : []),
  ];
  return {
    file,
    said: (item) =>
      names(item)
        .map((name) => known.get(name))
        .find((said) => said !== undefined) ?? null,
    async decide(item, { decision, reason }) {
      const about = decision !== 'keep' && namesRecords(item) ? pairOf(item) : conflictOf(item);
      const row: MatchDecisionRow = { entity: item.entity, ...about, decision, by, at: ports.clock.now(), reason, value_hash: item.valueHash };
      let content = (await ports.runs.exists(file)) ? await ports.runs.readFile(file) : null;
      for (const name of names(item)) {
        const before = known.get(name);
        if (before !== undefined && content !== null) content = withoutRow(content, before.line);
      }
      const written = withRow(content, row);
      await ports.runs.writeFile(file, written.content);
      for (const name of names(item)) known.delete(name);
      known.set(identity(item, about), { decision, reason, line: written.line });
    },
  };
}

type About = Pick<MatchDecisionRow, 'left' | 'right' | 'conflict'>;

/** A duplicate of two records is decided as the pair it is: then the next match knows it before it compares. */
const isPair = (item: ReviewItem): boolean => item.kind === 'pair' || (item.class === 'duplicate-record' && item.recordCount === 2);
const conflictOf = (item: ReviewItem): About => ({ left: '', right: '', conflict: item.kind === 'conflict' ? item.id : '' });

function pairOf({ records: [left, right] }: ReviewItem): About {
  if (left === undefined || right === undefined) throw new Error('a pair has two records');
  return { left: recordText(left), right: recordText(right), conflict: '' };
}

function identity({ entity }: ReviewItem, { left, right, conflict }: About): string {
  return JSON.stringify([entity, conflict, ...[left, right].sort()]);
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
