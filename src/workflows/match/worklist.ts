/** What a match leaves as files: `match.ndjson` for tools and `match-worklist.csv`, which comes back as a file of decisions. Values of `pii` fields are
 *  masked in both; same findings, same bytes. */
import { basename, join } from 'node:path';
import { keyIsPii } from '../../domain/canonical.ts';
import type { EntityContract } from '../../domain/contract.ts';
import { csvLine } from '../../domain/csv.ts';
import { recordText } from '../../domain/matching.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import type { MatchCounts } from '../../domain/results.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { shownFindingsSql } from './conflicts-run.ts';
import { nameField } from './conflicts-values.ts';
import { keepReview } from './latest-review.ts';

/** Absolute paths. */
export interface MatchedFiles {
  readonly contract: EntityContract;
  /** What `writeReview` wrote. */
  readonly review: string;
  /** `conflict_findings`, with `value_hash` and `resolved`. */
  readonly conflicts: string;
  /** Proposed links (domain/matching.ts). */
  readonly links: string | null;
}

export interface MatchFilesRequest {
  readonly capability: string;
  readonly odooSystem: string;
  readonly runId: string;
  readonly asOf: string;
  /** Of the Odoo that was pulled; null: none was. */
  readonly odooUuid: string | null;
  /** Directory of the run. */
  readonly directory: string;
  readonly counts: MatchCounts;
  readonly entities: readonly MatchedFiles[];
}

export const WORKLIST = 'match-worklist.csv';

/** Answers the paths of both files, and makes them the latest for `cutover match decide`. */
export async function writeMatchFiles(request: MatchFilesRequest, ports: Ports): Promise<string[]> {
  const files = { ndjson: join(request.directory, 'match.ndjson'), csv: join(request.directory, WORKLIST) };
  const plane = await ports.openPlane();
  try {
    await plane.lockDown([request.directory]);
    await ports.runs.writeFile(files.ndjson, matchLines(request, plane));
    await ports.runs.writeFile(files.csv, worklist(request, plane));
  } finally {
    await plane.close();
  }
  const { odooUuid, capability, runId } = request;
  const reviews = new Map(request.entities.map(({ contract, review }) => [contract.entity, basename(review)]));
  await keepReview({ odooUuid, capability, runId, files: reviews }, ports);
  return Object.values(files);
}

// ---- NDJSON -----------------------------------------------------------------------------------------------------------------------------

async function* matchLines(request: MatchFilesRequest, plane: DataPlane): AsyncIterable<string> {
  const { capability, runId, asOf, counts } = request;
  const { pairs, clusters, conflicts, crosswalk } = counts;
  yield `${JSON.stringify({ format: 'cutover-match', version: 1, capability, runId, asOf, pairs, clusters, conflicts, crosswalk })}\n`;
  for (const files of request.entities) {
    yield* conflictLines(files, plane);
    yield* pairLines(files, request, plane);
    yield* linkLines(files, plane);
    yield* movedLines(files, plane);
  }
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

async function* conflictLines({ conflicts }: MatchedFiles, plane: DataPlane): AsyncIterable<string> {
  await plane.run(`CREATE OR REPLACE VIEW conflict_findings AS FROM read_parquet(${literal(conflicts)})`);
  for await (const rows of plane.stream(shownFindingsSql(['resolved', 'value_hash'])))
    yield rows.map(({ value_hash: valueHash, ...row }) => line({ kind: 'conflict', ...row, valueHash: valueHash ?? null })).join('');
}

interface PairRow extends DataRow {
  readonly class: string;
  readonly names: readonly { readonly system: string; readonly key: string }[];
  readonly weight: number | null;
  readonly evidence: string | null;
  readonly value_hash: string;
  readonly before: string | null;
}

interface Weighed {
  readonly comparison: string;
  readonly level: string;
  /** Thousandths of a bit. */
  readonly weight: number;
}

async function* pairLines({ contract, review }: MatchedFiles, { odooSystem }: MatchFilesRequest, plane: DataPlane): AsyncIterable<string> {
  const sql = `SELECT class, names, weight, evidence, value_hash, before FROM (${itemsSql(review)}) WHERE kind = 'pair' ORDER BY n`;
  for await (const rows of plane.stream<PairRow>(sql)) {
    const lines = rows.map((row) => {
      const names = row.names.map((name) => (keyIsPii(contract) && name.system !== odooSystem ? null : recordText(name)));
      const evidence = weighed(row.evidence).map(({ comparison, level, weight }) => ({ comparison, level, weight: weight / 1000 }));
      const weight = row.weight === null ? null : row.weight / 1000;
      const [left, right] = names;
      const facts = { entity: contract.entity, left, right, verdict: row.class, weight, evidence, masked: names.includes(null) };
      return line({ kind: 'pair', ...facts, decidedBefore: row.before, valueHash: row.value_hash });
    });
    yield lines.join('');
  }
}

async function* linkLines({ contract, links }: MatchedFiles, plane: DataPlane): AsyncIterable<string> {
  if (links === null) return;
  const key = keyIsPii(contract) ? 'NULL' : '_key';
  const sql = `SELECT _system AS system, ${key} AS key, odoo_id, provenance, evidence, weight FROM read_parquet(${literal(links)}) ORDER BY _system, _key, odoo_id`;
  for await (const rows of plane.stream<{ odoo_id: number; weight: number | null }>(sql)) {
    yield rows
      .map(({ odoo_id: odooId, weight, ...row }) =>
        line({ kind: 'link', entity: contract.entity, ...row, odooId, weight: weight === null ? null : weight / 1000 }),
      )
      .join('');
  }
}

async function* movedLines({ contract, review }: MatchedFiles, plane: DataPlane): AsyncIterable<string> {
  const sql = `SELECT names[1].system AS system, ${keyIsPii(contract) ? 'NULL' : 'names[1].key'} AS key, CAST(value AS BIGINT) AS was, CAST(other AS BIGINT) AS "odooId"
FROM (${itemsSql(review)}) WHERE kind = 'repointed' ORDER BY n`;
  for await (const rows of plane.stream(sql)) yield rows.map((row) => line({ kind: 'repointed', entity: contract.entity, ...row })).join('');
}

/** `n`: the order in which the review has them. */
function itemsSql(review: string): string {
  return `SELECT *, file_row_number AS n FROM read_parquet(${literal(review)}, file_row_number = true)`;
}

function weighed(evidence: string | null): readonly Weighed[] {
  return evidence === null ? [] : (JSON.parse(evidence) as Weighed[]);
}

// ---- CSV --------------------------------------------------------------------------------------------------------------------------------

export const worklistColumns = [
  ...['entity', 'class', 'field', 'left', 'right', 'conflict', 'evidence', 'value', 'proposal', 'owner', 'note'],
  ...['decision', 'by', 'at', 'reason', 'value_hash'],
] as const;

const MOST_NAMED = 6;
/** So many comparisons say what a pair is about. */
const MOST_EVIDENCE = 4;

interface ItemRow extends PairRow {
  readonly kind: 'pair' | 'conflict';
  readonly conflict: string | null;
  readonly field: string | null;
  readonly value: string | null;
  readonly proposal: string | null;
  readonly sentence: string | null;
  readonly reason: string | null;
  readonly record_count: number;
  readonly left_label: string | null;
  readonly right_label: string | null;
  readonly systems: readonly string[];
}

async function* worklist(request: MatchFilesRequest, plane: DataPlane): AsyncIterable<string> {
  yield csvLine(worklistColumns);
  for (const { contract, review } of request.entities) {
    const label = labelSql(contract);
    const sql = `SELECT kind, conflict, class, field, value, proposal, sentence, reason, weight, evidence, value_hash, before, names[1:${MOST_NAMED}] AS names, len(names) AS record_count,
  list_sort(list_distinct(list_transform(names, lambda r: r.system))) AS systems, ${label(0)} AS left_label, ${label(1)} AS right_label
FROM (${itemsSql(review)}) WHERE kind <> 'repointed' ORDER BY n`;
    for await (const rows of plane.stream<ItemRow>(sql)) yield rows.map((row) => worklistLine(row, contract, request.odooSystem)).join('');
  }
}

/** The name of a record of a pair, so that the row can be judged without looking it up. */
function labelSql(contract: EntityContract): (position: number) => string {
  const name = nameField(contract);
  if (name === null || contract.fields[name]?.pii === true) return () => 'NULL::VARCHAR';
  return (position) => `json_extract_string(records, ${literal(`$[${position}].fields.${identifier(name)}`)})`;
}

/** Empty for a pair that no file may name. */
function worklistLine(row: ItemRow, contract: EntityContract, odooSystem: string): string {
  const hidden = keyIsPii(contract) && row.systems.some((system) => system !== odooSystem);
  if (row.kind === 'pair' && hidden) return '';
  const owner = ownerOf(row, contract, odooSystem);
  const before = row.before === null ? [] : [`decided '${row.before}' before, on other values`];
  const open = [null, null, null, null, row.value_hash];
  if (row.kind === 'pair') {
    const [left, right] = row.names.map(recordText);
    const labels = [row.left_label, row.right_label].filter((text) => text !== null);
    const shown = labels.length === 2 ? labels.join(' | ') : null;
    return csvLine([
      contract.entity,
      row.class,
      null,
      left ?? null,
      right ?? null,
      null,
      pairSentence(row),
      shown,
      null,
      owner,
      before.join('; ') || null,
      ...open,
    ]);
  }
  const isMasked = (row.field !== null && contract.fields[row.field]?.pii === true) || (hidden && keyClasses.has(row.class));
  const [value, proposal] = isMasked ? [null, null] : [row.value, row.proposal];
  const records = hidden ? `${row.record_count} records` : namesOf(row);
  const note = [...(row.reason === null ? [] : [row.reason]), records, ...before].join('; ');
  return csvLine([contract.entity, row.class, row.field, null, null, row.conflict, row.sentence, value, proposal, owner, note, ...open]);
}

/** Classes whose value is a key. */
const keyClasses: ReadonlySet<string> = new Set(['key-not-unique', 'identifier-reused', 'identifiers-swapped']);

function namesOf({ names, record_count: count }: ItemRow): string {
  return `${names.map(recordText).join(', ')}${count > names.length ? ` and ${count - names.length} more` : ''}`;
}

/** The side that owns the field; where no record of it takes part, the side that there is. */
function ownerOf({ field, systems }: ItemRow, contract: EntityContract, odooSystem: string): string {
  const { owner } = contract;
  const legacy = systems.filter((system) => system !== odooSystem);
  const wanted = field === null ? owner.default : (owner.fields[field] ?? owner.default);
  const isOdoo = wanted === 'odoo' ? legacy.length < systems.length : legacy.length === 0;
  if (isOdoo) return odooSystem;
  return legacy.length === 1 ? (legacy[0] ?? 'legacy') : 'legacy';
}

/** The strongest comparisons in words, without cell contents. */
function pairSentence({ weight, evidence }: ItemRow): string {
  if (weight === null) return 'no longer compared';
  const strongest = weighed(evidence)
    .filter((one) => one.weight !== 0)
    .sort((left, right) => Math.abs(right.weight) - Math.abs(left.weight))
    .slice(0, MOST_EVIDENCE);
  const bits = (thousandths: number): string => (thousandths / 1000).toFixed(1);
  const words = strongest.map((one) => `${one.comparison} ${one.level} ${one.weight > 0 ? '+' : ''}${bits(one.weight)}`);
  return [...words, `${bits(weight)} bits in all`].join(', ');
}
