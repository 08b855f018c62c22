/** The nights of a capability: what one reconcile leaves for the next. A night is a set of snapshots; looking at the same ones again makes the last night
 *  anew, from the one before. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Verdict } from '../../domain/difference.ts';
import { sha256 } from '../../domain/digest.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { Night } from '../../domain/report.ts';
import { copyToParquetSql, literal } from '../../domain/sql.ts';
import type { Comparison } from './comparison.ts';
import type { JudgedComparison } from './judge.ts';
import { ledgerTableSql, nextLedgerSql } from './ledger-sql.ts';

/** Nights that the trend, and with it the ledger, looks back upon: more than a year. */
const MOST_NIGHTS = 400;
/** Looks at one night whose run ids are kept, for `--since`. */
const MOST_LOOKS = 20;

const count = z.number().int().nonnegative();
const KeptNight = z.object({
  number: z.number().int().positive(),
  /** Hash of the set of snapshots. */
  snapshots: z.string(),
  /** Newest moment of the snapshots, as their ids begin: nights do not go back in time. */
  moment: z.string(),
  /** As-of of the first look at it. */
  firstLook: z.string(),
  /** Runs that looked at it, the last one last. */
  runs: z.array(z.string()).min(1),
  asOf: z.string(),
  verdict: z.enum(['RECONCILED', 'PENDING', 'BREAKS', 'INCOMPLETE']),
  ...{ new: count, persisting: count, reopened: count, resolved: count, open: count, pending: count, waived: count, echo: count },
});
export type KeptNight = z.infer<typeof KeptNight>;

const Nights = z.object({ format: z.literal('cutover-nights/1'), ledger: z.string(), nights: z.array(KeptNight).min(1) });
/** latest.json; `ledger` as an absolute path. */
export type Nights = z.infer<typeof Nights>;

/** Which night a comparison is, whether it was kept before or not. */
export interface NightIdentity {
  readonly snapshots: string;
  readonly moment: string;
  readonly firstLook: string;
}

/** Null before the first night. E_STATE_NEWER where another version of the tool wrote them. */
export async function readNights(ports: Ports, odooUuid: string, capability: string): Promise<Nights | null> {
  const directory = await ports.runs.reconcileDirectory(odooUuid, capability);
  const pointer = join(directory, 'latest.json');
  if (!(await ports.runs.exists(pointer))) return null;
  const parsed = Nights.safeParse(parseJson(await ports.runs.readFile(pointer)));
  if (parsed.success) return { ...parsed.data, ledger: join(directory, parsed.data.ledger) };
  throw new CutoverError('E_STATE_NEWER', `the nights of ${capability} were written by another version of cutover`, { hint: 'cutover --version' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function identityOf(comparison: Comparison, nights: Nights | null): NightIdentity {
  const snapshots = sha256(JSON.stringify(comparison.snapshots.map(({ system, entity, id }) => [system, entity, id])));
  const moment = comparison.snapshots.reduce((newest, { id }) => (momentOf(id) > newest ? momentOf(id) : newest), '');
  const last = nights?.nights.at(-1);
  // an earlier look at these snapshots is when its breaks were first seen
  const firstLook = last?.snapshots === snapshots && last.firstLook < comparison.asOf ? last.firstLook : comparison.asOf;
  return { snapshots, moment, firstLook };
}

function momentOf(snapshotId: string): string {
  return snapshotId.slice(0, Math.max(0, snapshotId.lastIndexOf('-')));
}

/** The number of a night: that of the last one, or the next. */
export function numberOf({ snapshots }: Pick<NightIdentity, 'snapshots'>, nights: Nights | null): number {
  const last = nights?.nights.at(-1);
  if (last === undefined) return 1;
  return last.snapshots === snapshots ? last.number : last.number + 1;
}

/** The nights before one, oldest first. */
export function trendBefore(number: number, nights: Nights | null): readonly Night[] {
  return (nights?.nights ?? [])
    .filter((night) => night.number < number)
    .map(({ number: _number, snapshots: _snapshots, moment: _moment, firstLook: _firstLook, runs, ...night }) => ({ ...night, runId: runs.at(-1) ?? '' }));
}

/** The night that a run looked at, or the last one up to a day or moment. E_RUN_UNKNOWN. */
export function nightSince(since: string, nights: Nights | null, capability: string): KeptNight {
  const known = nights?.nights ?? [];
  const isMoment = /^\d{4}-\d{2}-\d{2}/.test(since);
  const found = known.findLast((night) => (isMoment ? night.asOf.slice(0, since.length) <= since : night.runs.includes(since)));
  if (found !== undefined) return found;
  const latest = known.at(-1)?.runs.at(-1);
  const what = isMoment ? `no night of ${capability} is as old as ${since}` : `no night of ${capability} was looked at by run ${since}`;
  throw new CutoverError('E_RUN_UNKNOWN', `${what}, among the ${known.length} that are kept`, {
    hint: latest === undefined ? `cutover reconcile ${capability}` : `cutover reconcile ${capability} --since ${latest}`,
  });
}

/** The lock of whoever writes the nights of a capability. */
export function nightsLock(odooUuid: string, capability: string): string {
  return `nights of ${odooUuid} ${capability}`;
}

/** Writes this night into the ledger and the trend. What other runs have kept since this comparison was judged is taken into account; a night older than
 *  the last one kept comes too late, which is a warning, and so is a lock that another run holds. */
export async function keepNight(judged: JudgedComparison, verdict: Verdict, runId: string, ports: Ports): Promise<void> {
  const { capability, world, night } = judged;
  const skipped = (why: string) => ports.progress({ kind: 'warning', text: `${why}: this night is not kept; reconcile again` });
  const holder = `reconcile ${runId}`;
  try {
    await (await ports.state()).withLock(nightsLock(world.uuid, capability), holder, async () => {
      const nights = await readNights(ports, world.uuid, capability);
      const last = nights?.nights.at(-1);
      if (last !== undefined && last.snapshots !== night.snapshots && night.moment < last.moment) {
        return skipped(`run ${last.runs.at(-1)} has looked at newer snapshots of ${capability}`);
      }
      const plane = await ports.openPlane();
      try {
        await write(judged, verdict, runId, nights, ports, plane);
      } finally {
        await plane.close();
      }
    });
  } catch (error) {
    if (!(error instanceof CutoverError) || error.code !== 'E_LOCKED') throw error;
    skipped(error.message);
  }
}

async function write(judged: JudgedComparison, verdict: Verdict, runId: string, nights: Nights | null, ports: Ports, plane: DataPlane): Promise<void> {
  const { capability, world, asOf } = judged;
  const { life, ...night } = judged.night;
  const number = numberOf(night, nights);
  const before = (nights?.nights ?? []).filter((one) => one.number < number).slice(1 - MOST_NIGHTS);
  const looks = nights?.nights.find((one) => one.number === number)?.runs ?? [];
  const runs = [...looks.filter((one) => one !== runId), runId].slice(-MOST_LOOKS);
  const kept: KeptNight = { number, ...night, runs, asOf, verdict, ...life };
  await plane.run(ledgerTableSql(nights?.ledger ?? null));
  const directory = await ports.runs.reconcileDirectory(world.uuid, capability);
  // two files by turns: the one that the pointer names stays whole whatever happens here
  const file = nights?.ledger.endsWith('ledger-1.parquet') === true ? 'ledger-2.parquet' : 'ledger-1.parquet';
  const tonight = judged.entities
    .map(({ breaks }) => `SELECT id, entity, rule, class FROM read_parquet(${literal(breaks)}) WHERE status NOT IN ('echo', 'explained')`)
    .join(' UNION ALL ');
  const next = nextLedgerSql({ number, oldest: before[0]?.number ?? number, firstSeen: night.firstLook, tonight });
  await plane.run(copyToParquetSql(next, join(directory, file)));
  const pointer = { format: 'cutover-nights/1', ledger: file, nights: [...before, kept] };
  await ports.runs.writeFile(join(directory, 'latest.json'), `${JSON.stringify(pointer)}\n`);
}
