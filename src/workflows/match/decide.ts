/** match decide: what the latest match left open, one item at a time, and what a person says of it, written down at once. */
import { join } from 'node:path';
import { keyIsPii } from '../../domain/canonical.ts';
import { CutoverError } from '../../domain/errors.ts';
import { type ConflictClass, type MatchDecisionRow, recordText } from '../../domain/matching.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import type { Review, ReviewConflict, ReviewEvidence, ReviewItem, ReviewRecord, Said } from '../../domain/review.ts';
import { literal } from '../../domain/sql.ts';
import { type Capability, entityOf, type Workspace } from '../../domain/workspace.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { withoutRow, withRow } from './decision-file.ts';
import { directoryOf, latestReview, type ReviewFile } from './latest-review.ts';
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
    return `SELECT ${literal(entity)} AS entity, ${index} AS file, n, kind, conflict, names, value_hash, pairs, kind = 'conflict' OR NOT (${hidden}) AS is_named FROM (${itemsSql(file)}) WHERE kind <> 'repointed'`;
  });
  await plane.run(`CREATE TABLE review_items AS ${selects.join(' UNION ALL ')}`);
  await plane.run(`CREATE TABLE review_open AS SELECT file, n, is_named, CASE WHEN is_named THEN row_number() OVER (PARTITION BY is_named ORDER BY file, n) - 1 END AS ordinal
FROM review_items ANTI JOIN (${settledSql}) USING (file, n)`);
}

const itemsSql = (file: string): string => `SELECT *, file_row_number AS n FROM read_parquet(${literal(file)}, file_row_number = true)`;

const name = (record: string): string => `${record}.system || '/' || ${record}.key`;
const fits = (hash: string): string => `coalesce(d.value_hash, '') IN ('', ${hash})`;
const record = '{"system": "VARCHAR", "key": "VARCHAR"}';
/** Items somebody has decided since: by name, or (a duplicate) by a word on its first record and each other. */
const settledSql = `SELECT i.file, i.n FROM review_items AS i JOIN review_decided AS d ON d.entity = i.entity AND d.conflict = i.conflict AND ${fits('i.value_hash')}
UNION SELECT i.file, i.n FROM review_items AS i JOIN review_decided AS d ON d.entity = i.entity AND d.l = ${name('i.names[1]')} AND d.r = ${name('i.names[2]')} AND ${fits('i.value_hash')} WHERE i.kind = 'pair'
UNION SELECT p.file, p.n FROM (
  SELECT entity, file, n, names[1] AS root, unnest(from_json(pairs, '[{"left": ${record}, "right": ${record}, "valueHash": "VARCHAR"}]')) AS pair FROM review_items WHERE pairs IS NOT NULL
) AS p LEFT JOIN review_decided AS d ON d.entity = p.entity AND d.l = ${name('p.pair."left"')} AND d.r = ${name('p.pair."right"')} AND ${fits('p.pair."valueHash"')}
WHERE p.pair."left" = p.root GROUP BY p.file, p.n HAVING bool_and(d.entity IS NOT NULL)`;

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
  readonly pairs: string | null;
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
  const bits = (thousandths: number): number => thousandths / 1000;
  const evidence = row.evidence === null ? [] : (JSON.parse(row.evidence) as ReviewEvidence[]);
  const subject = {
    ...{ ordinal, entity: from.entity, recordCount: Number(row.record_count), valueHash: row.value_hash, before: row.before },
    ...{ weight: row.weight === null ? null : bits(row.weight), prior: bits(row.prior ?? 0) },
    evidence: evidence.map((one) => ({ ...one, weight: bits(one.weight) })),
    records: JSON.parse(row.records) as ReviewRecord[],
  };
  if (row.kind === 'pair') return { ...subject, kind: 'pair', verdict: row.class === 'match' ? 'match' : 'review' };
  const { place: where, field, value, other, proposal, reason } = row;
  const facts = { id: row.conflict ?? '', class: row.class as ConflictClass, place: where ?? '', sentence: row.sentence ?? '' };
  const pairs = row.pairs === null ? [] : (JSON.parse(row.pairs) as ReviewConflict['pairs']);
  return { ...subject, ...facts, kind: 'conflict', field, value, other, proposal, reason, pairs };
}

// ---- writing ----------------------------------------------------------------------------------------------------------------------------

interface Decisions extends Pick<Review, 'file' | 'said' | 'decide'> {}

type About = Pick<MatchDecisionRow, 'left' | 'right' | 'conflict' | 'value_hash'>;

function decisionsOf({ workspace, by }: DecideRequest, ports: Ports): Decisions {
  const file = join(workspace.directory, 'decisions', 'match.csv');
  /** `line` is null where others say it: of a duplicate that is one thing each record is said to be the first. */
  const known = new Map<string, Said & { readonly line: string | null }>();
  return {
    file,
    said(item) {
      const said = known.get(identity(item, wholeOf(item)));
      if (said !== undefined) return said;
      const [first, ...others] = partsOf(item).map((part) => known.get(identity(item, part)));
      return first !== undefined && others.every((other) => other?.decision === first.decision) ? first : null;
    },
    async decide(item, { decision, reason }) {
      const parts = partsOf(item);
      let content = (await ports.runs.exists(file)) ? await ports.runs.readFile(file) : null;
      for (const name of [wholeOf(item), ...parts].map((about) => identity(item, about))) {
        const line = known.get(name)?.line ?? null;
        if (line !== null && content !== null) content = withoutRow(content, line);
        known.delete(name);
      }
      const about = decision === 'keep' || parts.length === 0 ? [wholeOf(item)] : parts;
      const [first] = about;
      for (const one of about) {
        const isImplied = decision === 'same' && one.left !== first?.left;
        const row = { entity: item.entity, ...one, decision, by, at: ports.clock.now(), reason };
        const written = isImplied ? null : withRow(content, row);
        content = written?.content ?? content;
        known.set(identity(item, one), { decision, reason, line: written?.line ?? null });
      }
      if (content !== null) await ports.runs.writeFile(file, content);
    },
  };
}

/** What is said of an item as such. */
function wholeOf(item: ReviewItem): About {
  if (item.kind === 'conflict') return { left: '', right: '', conflict: item.id, value_hash: item.valueHash };
  const [left, right] = item.records;
  if (left === undefined || right === undefined) throw new Error('a pair has two records');
  return { left: recordText(left), right: recordText(right), conflict: '', value_hash: item.valueHash };
}

/** The pairs that say it of a duplicate. */
function partsOf(item: ReviewItem): readonly About[] {
  if (item.kind === 'pair') return [];
  return item.pairs.map(({ left, right, valueHash }) => ({ left: recordText(left), right: recordText(right), conflict: '', value_hash: valueHash }));
}

function identity({ entity }: ReviewItem, { left, right, conflict }: About): string {
  return JSON.stringify([entity, conflict, ...[left, right].sort()]);
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
