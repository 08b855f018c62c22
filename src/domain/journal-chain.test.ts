import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JournalEntry, JournalHead, JournalKind } from './journal.ts';
import { CHAIN, type ChainedEntry, chainHash, sealOf, verifyChain } from './journal-chain.ts';

const RUN = '20261123T060000-load-a1b2';

function entryOf(segment: number, sequence: number, more: Partial<JournalEntry> = {}): JournalEntry {
  const about = { entity: 'supplier', system: 'legacy', key: `K${sequence}`, externalId: `mig.K${sequence}`, model: 'res.partner', odooId: null };
  const payload = { action: 'create', before: null, sent: { name: 'A', price: '1.10' } };
  return { runId: RUN, segment, sequence, kind: 'intent', action: sequence, step: 'record', ...about, at: '2026-11-23T06:00:00.000Z', payload, ...more };
}

interface Journal {
  readonly chain: readonly ChainedEntry[];
  readonly heads: readonly JournalHead[];
}

/** A run of several segments of so many entries each, every one sealed as a load seals it. */
function journalOf(sizes: readonly number[]): Journal {
  const chain: ChainedEntry[] = [];
  const heads: JournalHead[] = [];
  for (const [index, size] of sizes.entries()) {
    let hash = '';
    for (let sequence = 1; sequence <= size; sequence += 1) {
      const isSeal = sequence === size;
      const entry = entryOf(index + 1, sequence, isSeal ? { kind: 'seal' as JournalKind, action: null, payload: { heads: [...heads] } } : {});
      hash = chainHash(hash, entry);
      chain.push({ entry, chain: CHAIN, hash });
    }
    heads.push({ segment: index + 1, entries: size, hash });
  }
  return { chain, heads };
}

async function* inPages(chain: readonly ChainedEntry[]): AsyncIterable<readonly ChainedEntry[]> {
  const sorted = chain.toSorted((left, right) => left.entry.segment - right.entry.segment || left.entry.sequence - right.entry.sequence);
  for (let from = 0; from < sorted.length; from += 3) yield sorted.slice(from, from + 3);
}

const findingsOf = async ({ chain, heads }: Journal) => (await verifyChain(inPages(chain), heads)).findings;

/** What somebody with the rights of the database could do to it. */
type Tampering = (journal: Journal, at: number, other: number) => { readonly journal: Journal; readonly where: readonly number[] };
const at = (chain: readonly ChainedEntry[], index: number): ChainedEntry => chain[index] as ChainedEntry;
const tamperings: Readonly<Record<string, Tampering>> = {
  altered: ({ chain, heads }, index) => {
    const { entry } = at(chain, index);
    const altered = { ...at(chain, index), entry: { ...entry, payload: { ...entry.payload, sent: { name: 'B' } } } };
    return { journal: { chain: chain.with(index, altered), heads }, where: [index] };
  },
  'altered and hashed anew': ({ chain, heads }, index) => {
    const { entry } = at(chain, index);
    const previous = entry.sequence === 1 ? '' : at(chain, index - 1).hash;
    const altered = { ...entry, key: 'other' };
    return { journal: { chain: chain.with(index, { entry: altered, chain: CHAIN, hash: chainHash(previous, altered) }), heads }, where: [index, index + 1] };
  },
  removed: ({ chain, heads }, index) => ({ journal: { chain: chain.toSpliced(index, 1), heads }, where: [index] }),
  'removed and numbered anew': ({ chain, heads }, index) => {
    const { segment, sequence } = at(chain, index).entry;
    const rest = chain
      .toSpliced(index, 1)
      .map((one) =>
        one.entry.segment === segment && one.entry.sequence > sequence ? { ...one, entry: { ...one.entry, sequence: one.entry.sequence - 1 } } : one,
      );
    return { journal: { chain: rest, heads }, where: [index] };
  },
  swapped: ({ chain, heads }, index, other) => {
    const [left, right] = [at(chain, index), at(chain, other)];
    const place = ({ entry }: ChainedEntry) => ({ segment: entry.segment, sequence: entry.sequence });
    const swapped = chain
      .with(index, { ...right, entry: { ...right.entry, ...place(left) } })
      .with(other, { ...left, entry: { ...left.entry, ...place(right) } });
    return { journal: { chain: swapped, heads }, where: [Math.min(index, other)] };
  },
  appended: ({ chain, heads }, index) => {
    const { segment } = at(chain, index).entry;
    const last = chain.findLastIndex(({ entry }) => entry.segment === segment);
    const entry = entryOf(segment, at(chain, last).entry.sequence + 1);
    const added = { entry, chain: CHAIN, hash: chainHash(at(chain, last).hash, entry) };
    return { journal: { chain: chain.toSpliced(last + 1, 0, added), heads }, where: [last + 1] };
  },
  'cut off at the end': ({ chain, heads }, index) => {
    const { segment, sequence } = at(chain, index).entry;
    return { journal: { chain: chain.filter(({ entry }) => entry.segment !== segment || entry.sequence < sequence), heads }, where: [index] };
  },
  'cut off with the whole segment and where it ended': ({ chain, heads }, index) => {
    const { segment } = at(chain, index).entry;
    const rest = { chain: chain.filter(({ entry }) => entry.segment !== segment), heads: heads.filter((head) => head.segment !== segment) };
    return { journal: rest, where: [] };
  },
};

describe('a chain', () => {
  test('that nobody touched has no findings, and its seal stands for all segments', async () => {
    const journal = journalOf([4, 1, 6]);
    const verdict = await verifyChain(inPages(journal.chain), journal.heads);
    expect(verdict).toEqual({ entries: 11, segments: journal.heads, sealed: true, findings: [], guards: [] });
    expect(sealOf(verdict.segments)).toEqual({ entries: 11, hash: journal.heads.at(-1)?.hash });
  });

  test('of a run that broke off is not sealed', async () => {
    const { chain, heads } = journalOf([5]);
    const last = at(chain, 3);
    const broken = { chain: chain.slice(0, 4), heads: [{ ...(heads[0] as JournalHead), entries: 4, hash: last.hash }] };
    expect(await verifyChain(inPages(broken.chain), broken.heads)).toMatchObject({ entries: 4, sealed: false, findings: [] });
  });

  const sizes = fc.array(fc.integer({ min: 2, max: 7 }), { minLength: 1, maxLength: 4 });
  test.each(Object.entries(tamperings))('in which anything was %s is found out, by the entry', async (name, tamper) => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (lengths, first, second) => {
        const journal = journalOf(lengths);
        const index = first % journal.chain.length;
        const other = second % journal.chain.length;
        fc.pre(name !== 'swapped' || index !== other);
        // The last segment of all can go unnoticed only together with the seal that the run itself keeps (workflows/audit).
        fc.pre(!name.includes('whole segment') || at(journal.chain, index).entry.segment < lengths.length);
        const { journal: tampered, where } = tamper(journal, index, other);
        const findings = await findingsOf(tampered);
        expect(findings.length).toBeGreaterThan(0);
        const place = (position: number): string => {
          const { segment, sequence } = (journal.chain[position] ?? at(tampered.chain, position))?.entry ?? { segment: 0, sequence: 0 };
          return `${segment} ${sequence}`;
        };
        const named = findings.map(({ segment, sequence }) => `${segment} ${sequence}`);
        if (name === 'appended')
          expect(named).toContain(`${at(tampered.chain, where[0] as number).entry.segment} ${at(tampered.chain, where[0] as number).entry.sequence}`);
        else if (where.length > 0)
          expect(
            where
              .filter((position) => position < journal.chain.length)
              .map(place)
              .some((one) => named.includes(one)),
          ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
