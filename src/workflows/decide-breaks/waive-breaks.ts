/** waive: breaks that a person accepts, until a day or until their values change, as rows of decisions/breaks.csv. */
import { z } from 'zod';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { boundTo, breakRow, saysTheSame, standingRows, writeBreakRows } from './break-rows.ts';
import { type KnownBreak, knownBreaksSql, type LatestBreaks, latestBreaks } from './latest-breaks.ts';

export interface WaiveRequest {
  readonly workspace: Workspace;
  /** Null: breaks of any capability. */
  readonly capability: Capability | null;
  /** Ids, or beginnings of ids that no other break has. */
  readonly breaks: readonly string[];
  readonly reason: string;
  /** The last day: YYYY-MM-DD. */
  readonly until: string;
  readonly by: string;
  readonly asOf: string;
}

export interface WaiveResult {
  /** Null when nothing had to be written. */
  readonly file: string | null;
  /** `key`: null where it is `pii`. */
  readonly waived: readonly { readonly break: string; readonly entity: string; readonly key: string | null; readonly rule: string; readonly until: string }[];
  /** Ids of breaks that were waived so before. */
  readonly alreadyThere: readonly string[];
}

const SHORTEST = 6;
const MOST_NAMED = 5;

/** E_USAGE, E_BREAK_UNKNOWN, E_CONFIG where the values of a break cannot be bound to. Nothing is written then. */
export async function waiveBreaks(request: WaiveRequest, ports: Ports): Promise<WaiveResult> {
  checkRequest(request);
  const { workspace, capability, until, by, reason } = request;
  const latest = await latestBreaks(workspace, capability, ports);
  const plane = await ports.openPlane();
  let found: readonly KnownBreak[];
  try {
    found = await findBreaks(plane, latest, request.breaks);
  } finally {
    await plane.close();
  }
  refuseUnbound(found, latest);
  const standing = standingRows(workspace);
  const decided = { decision: 'waive', by: by.trim(), at: ports.clock.now(), reason: reason.trim(), until };
  const rows = found.map((one) => breakRow(one, decided));
  const news = rows.filter((row) => !saysTheSame(row, standing.get(boundTo(row))));
  const file = news.length === 0 ? null : await writeBreakRows(workspace, news, ports);
  const isNew = new Set(news.map(boundTo));
  const waived = found.flatMap((one, index) => {
    const row = rows[index];
    if (row === undefined || !isNew.has(boundTo(row))) return [];
    return [{ break: one.id, entity: one.entity, key: one.key_pii ? null : one.key, rule: one.field ?? one.class, until }];
  });
  return { file, waived, alreadyThere: rows.filter((row) => !isNew.has(boundTo(row))).map((row) => row.break) };
}

function checkRequest({ breaks, reason, until, by, asOf }: WaiveRequest): void {
  const refuse = (message: string, hint: string) => {
    throw new CutoverError('E_USAGE', message, { hint });
  };
  const example = 'cutover waive BREAK --reason TEXT --until YYYY-MM-DD';
  if (breaks.length === 0) refuse('which breaks? Name at least one by its id', example);
  if (reason.trim() === '') refuse('a waiver needs a reason: whoever reads it in a year has nothing else', example);
  if (by.trim() === '') refuse('a waiver has an owner, and nobody is named', `${example} --by NAME`);
  if (!z.iso.date().safeParse(until).success) refuse(`until ${until} is not a day`, example);
  if (until < asOf.slice(0, 10)) refuse(`until ${until} has passed: it is ${asOf.slice(0, 10)}`, example);
  for (const id of breaks) {
    if (!/^[0-9a-f]{1,16}$/.test(id.toLowerCase())) refuse(`'${id}' is not the id of a break: 16 hex digits, as the reports have them`, example);
    if (id.length < SHORTEST) refuse(`'${id}' is too short: at least ${SHORTEST} digits of an id are needed`, example);
  }
}

/** In the order asked for, each once. */
async function findBreaks(plane: DataPlane, latest: LatestBreaks, breaks: readonly string[]): Promise<readonly KnownBreak[]> {
  const wanted = [...new Set(breaks.map((id) => id.toLowerCase()))];
  await plane.run(stagingTableSql('wanted', ['n', 'prefix']));
  await plane.append('wanted', once(wanted.map((prefix, index) => [String(index), prefix])));
  const rows = await plane.rows<KnownBreak & { readonly prefix: string }>(
    `SELECT w.prefix, b.* FROM (${knownBreaksSql(latest)}) AS b JOIN wanted AS w ON starts_with(b.id, w.prefix) ORDER BY CAST(w.n AS INTEGER), b.id, b.value_hash`,
  );
  const byPrefix = Map.groupBy(rows, ({ prefix }) => prefix);
  const unknown: string[] = [];
  for (const prefix of wanted) {
    const ids = [...new Set((byPrefix.get(prefix) ?? []).map(({ id }) => id))];
    if (ids.length === 0) unknown.push(`${prefix}${await suggestion(plane, latest, prefix)}`);
    if (ids.length > 1) {
      const named = ids.slice(0, MOST_NAMED).join(', ');
      throw new CutoverError('E_USAGE', `${ids.length} breaks begin with ${prefix}: ${named}${ids.length > MOST_NAMED ? ', …' : ''}`, {
        hint: `cutover waive ${ids[0]}`,
      });
    }
  }
  if (unknown.length > 0) {
    throw new CutoverError('E_BREAK_UNKNOWN', `no break of the latest reconcile of ${latest.capabilities.join(', ')} has the id ${unknown.join('; nor ')}`, {
      hint: `cutover reconcile ${latest.capabilities[0]}`,
    });
  }
  const seen = new Map(rows.map(({ prefix: _prefix, ...one }) => [`${one.id} ${one.value_hash}`, one as KnownBreak]));
  return [...seen.values()];
}

async function suggestion(plane: DataPlane, latest: LatestBreaks, prefix: string): Promise<string> {
  const [near] = await plane.rows<{ id: string; edits: number } & DataRow>(
    `SELECT id, levenshtein(left(id, ${prefix.length}), ${literal(prefix)}) AS edits FROM (${knownBreaksSql(latest)}) ORDER BY edits, id LIMIT 1`,
  );
  return near !== undefined && Number(near.edits) <= Math.floor(prefix.length / 4) ? ` (did you mean ${near.id}?)` : '';
}

function refuseUnbound(found: readonly KnownBreak[], { capabilities }: LatestBreaks): void {
  const unbound = found.filter((one) => one.value_hash === null);
  if (unbound.length === 0) return;
  throw new CutoverError(
    'E_CONFIG',
    `the values of ${unbound.map(({ id }) => id).join(', ')} are marked pii, and without a key a decision cannot be bound to them`,
    {
      hint: `cutover reconcile ${capabilities[0]}`,
      details: ['first name a key in cutover.yaml, as in  pii_key: ${CUTOVER_PII_KEY}'],
    },
  );
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
