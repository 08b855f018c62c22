/** The hash chain of a journal: how an entry is hashed, and what of a chain does not hold. Pure; the order of the entries is that of the chain.
 *
 *  Chain 2, written today: `hash = SHA-256(previous hash + digest)`, where `digest = SHA-256(canonical JSON of the entry, its payload replaced by
 *  payloadDigest)` and `payloadDigest = SHA-256(canonical JSON of the payload)`. So a journal can be handed on without the values in it and its chain
 *  still be verified. Chain 1, of earlier versions: `hash = SHA-256(previous hash + canonical JSON of the entry)`. All in hexadecimal; before the first
 *  entry of a segment stands the empty text. Whoever can write to the database can make a whole chain anew: what proves a run beyond that is its seal
 *  (the last hash, which `load` prints), noted somewhere else. */
import { canonicalJson } from './canonical-json.ts';
import { sha256 } from './digest.ts';
import type { GuardKind } from './guarded-writes.ts';
import type { JournalEntry, JournalHead } from './journal.ts';

/** How entries are chained now. */
export const CHAIN = 2;

export interface ChainedEntry {
  readonly entry: JournalEntry;
  /** Version of the formula it was chained by. */
  readonly chain: number;
  readonly hash: string;
}

export interface ChainFinding {
  readonly segment: number;
  /** Of the entry it is about; of the first one where several are missing. */
  readonly sequence: number;
  readonly problem: string;
}

export interface ChainVerdict {
  readonly entries: number;
  readonly segments: readonly JournalHead[];
  /** The last segment ends with its seal: the run came to an end, and nothing can be written behind it unnoticed. */
  readonly sealed: boolean;
  /** How the values that changes were planned on were guarded, as the intents say; of creates alone they say nothing. */
  readonly guards: readonly GuardKind[];
  readonly findings: readonly ChainFinding[];
}

export function payloadDigest(entry: JournalEntry): string {
  return sha256(canonicalJson(entry.payload));
}

/** Stands for the entry in the chain. */
export function entryDigest(entry: JournalEntry): string {
  return sha256(canonicalJson({ ...entry, payload: payloadDigest(entry) }));
}

export function chainHash(previous: string, entry: JournalEntry, chain = CHAIN): string {
  return sha256(previous + (chain === 1 ? canonicalJson(entry) : entryDigest(entry)));
}

/** `heads`: where each segment ended when it was last written to, kept apart from the entries, so that what is cut off at the end is missed. */
export async function verifyChain(pages: AsyncIterable<readonly ChainedEntry[]>, heads: readonly JournalHead[]): Promise<ChainVerdict> {
  const findings: ChainFinding[] = [];
  const walks: SegmentWalk[] = [];
  /** Ends of earlier segments, as the seal of a later one has them. */
  const named: JournalHead[] = [];
  const guards = new Set<GuardKind>();
  for await (const page of pages) {
    for (const chained of page) {
      const { segment, payload } = chained.entry;
      if (walks.at(-1)?.segment !== segment) walks.push(new SegmentWalk(segment, findings));
      walks.at(-1)?.add(chained);
      named.push(...(payload.heads ?? []));
      if (payload.guard !== undefined) guards.add(payload.guard);
    }
  }
  const segments = walks.map((walk) => walk.head);
  for (const walk of walks) walk.end(heads.find(({ segment }) => segment === walk.segment));
  findings.push(...missingSegments(segments, [...heads, ...named]), ...otherEnds(segments, named));
  findings.sort((left, right) => left.segment - right.segment || left.sequence - right.sequence);
  return {
    entries: segments.reduce((sum, { entries }) => sum + entries, 0),
    segments,
    sealed: walks.at(-1)?.isSealed ?? false,
    guards: [...guards].sort(),
    findings: findings.filter(({ segment, sequence }, index) => findings.findIndex((one) => one.segment === segment && one.sequence === sequence) === index),
  };
}

/** What stands for a whole run: the seal of a segment names the ends of those before it. */
export function sealOf(segments: readonly JournalHead[]): { readonly entries: number; readonly hash: string } {
  return { entries: segments.reduce((sum, { entries }) => sum + entries, 0), hash: segments.at(-1)?.hash ?? '' };
}

class SegmentWalk {
  readonly segment: number;
  readonly #findings: ChainFinding[];
  /** Of the last entry. */
  #sequence = 0;
  #hash = '';
  #isSealed = false;

  constructor(segment: number, findings: ChainFinding[]) {
    this.segment = segment;
    this.#findings = findings;
  }

  get head(): JournalHead {
    return { segment: this.segment, entries: this.#sequence, hash: this.#hash };
  }

  get isSealed(): boolean {
    return this.#isSealed;
  }

  add({ entry, chain, hash }: ChainedEntry): void {
    const { sequence } = entry;
    const next = this.#sequence + 1;
    if (this.#isSealed) this.#find(sequence, 'was added behind the seal');
    // Behind a gap there is nothing to follow: the entry is taken as it is, and what comes after must follow it.
    if (sequence > next) this.#find(next, sequence === next + 1 ? 'is missing' : `is missing, and so is everything up to ${sequence - 1}`);
    else if (sequence < next) this.#find(sequence, 'stands in the wrong place');
    else if (chainHash(this.#hash, entry, chain) !== hash) this.#find(sequence, 'is not what was written there, or does not follow the entry before it');
    this.#sequence = sequence;
    this.#hash = hash;
    this.#isSealed = entry.kind === 'seal';
  }

  end(head: JournalHead | undefined): void {
    if (head === undefined) this.#find(this.#sequence, 'is the last one there is, and where the segment ended is not recorded any more');
    else if (head.entries > this.#sequence) this.#find(this.#sequence + 1, `is cut off at the end, up to ${head.entries}`);
    else if (head.entries < this.#sequence) this.#find(head.entries + 1, 'was added at the end');
    else if (head.hash !== this.#hash) this.#find(this.#sequence, 'is not the one the segment ended with');
  }

  #find(sequence: number, problem: string): void {
    this.#findings.push({ segment: this.segment, sequence, problem });
  }
}

function missingSegments(segments: readonly JournalHead[], known: readonly JournalHead[]): ChainFinding[] {
  const there = new Set(segments.map(({ segment }) => segment));
  const last = Math.max(0, ...there, ...known.map(({ segment }) => segment));
  const all = Array.from({ length: last }, (_, index) => index + 1);
  return all.filter((segment) => !there.has(segment)).map((segment) => ({ segment, sequence: 1, problem: 'is missing, and so is the whole segment' }));
}

function otherEnds(segments: readonly JournalHead[], named: readonly JournalHead[]): ChainFinding[] {
  return named.flatMap((head) => {
    const found = segments.find(({ segment }) => segment === head.segment);
    const isSame = found === undefined || (found.entries === head.entries && found.hash === head.hash);
    return isSame ? [] : [{ segment: head.segment, sequence: head.entries, problem: 'is not the one that the seal of a later segment names as the last' }];
  });
}
