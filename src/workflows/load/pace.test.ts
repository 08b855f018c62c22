import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace, type PaceLimits } from './pace.ts';

const LIMITS: PaceLimits = { batchSeconds: 5, concurrency: 8, slowdown: 3 };

/** An Odoo that has so many workers, and needs so long for a call and for each document in it. */
interface Server {
  readonly workers: number;
  readonly secondsPerCall: number;
  readonly secondsPerDocument: number;
  /** The answer to a call that is made at this second. */
  readonly failure?: (at: number, documents: number) => 'concurrency' | 'unavailable' | null;
  /** How much longer than usual it takes at this second. */
  readonly burden?: (at: number) => number;
}

/** Loads batch after batch, as many calls at a time as the pace says; more than the workers share them. Time is the server's. */
class Simulation {
  readonly pace: Pace;
  readonly #server: Server;
  milliseconds = 0;
  largest = 0;
  most = 0;

  constructor(server: Server, limits = LIMITS) {
    this.#server = server;
    this.pace = new Pace(limits, 0);
  }

  /** Rounds of as many calls as are made at a time, until so many documents are through. */
  load(entity: string, documents: number, mostBatch: number): this {
    for (let left = documents; left > 0; ) {
      const calls = this.pace.concurrency;
      const sizes: number[] = [];
      for (let call = 0; call < calls && left > 0; call += 1) {
        const size = Math.min(left, this.pace.batchOf(entity, mostBatch, this.milliseconds));
        sizes.push(size);
        left -= size;
      }
      this.#call(sizes);
      this.largest = Math.max(this.largest, ...sizes);
      this.most = Math.max(this.most, calls);
    }
    return this;
  }

  #call(sizes: readonly number[]): void {
    const { workers, secondsPerCall, secondsPerDocument, failure, burden } = this.#server;
    const at = this.milliseconds / 1000;
    const sharing = Math.max(1, sizes.length / workers) * (burden?.(at) ?? 1);
    const seconds = sizes.map((size) => (secondsPerCall + size * secondsPerDocument) * sharing);
    this.milliseconds += Math.max(...seconds) * 1000;
    for (const [index, size] of sizes.entries()) {
      const failed = failure?.(at, size) ?? null;
      this.pace.heard({ reads: false, seconds: seconds[index] as number, failure: failed }, this.milliseconds);
      // A call that failed is made again, and answered then.
      if (failed !== null) this.pace.heard({ reads: false, seconds: seconds[index] as number, failure: null }, this.milliseconds);
      this.pace.batchEnded(size, this.milliseconds);
    }
  }

  get reasons(): string[] {
    return this.pace.report().changes.map(({ reason }) => reason);
  }
}

describe('the pace of a load', () => {
  test('batches are as large as the binding allows from the first on where Odoo is quick', () => {
    const { pace, largest } = new Simulation({ workers: 2, secondsPerCall: 0.05, secondsPerDocument: 0.003 }).load('supplier', 10_000, 250);
    expect([pace.batch, largest]).toEqual([250, 250]);
    expect(pace.report().changes.flatMap(({ from, to }) => [from.batch, to.batch])).not.toContain(125);
    expect(pace.report().entities).toMatchObject([{ entity: 'supplier', batch: 250, mostBatch: 250, documents: 10_000 }]);
  });

  test('a batch keeps a slow Odoo busy for about as long as it may', () => {
    const { pace, reasons } = new Simulation({ workers: 2, secondsPerCall: 0.1, secondsPerDocument: 0.2 }).load('order', 5000, 250);
    expect(pace.batch).toBeGreaterThan(18);
    expect(pace.batch).toBeLessThan(28);
    expect(reasons[0]).toBe('long-batch');
  });

  test('more calls at a time are made while they bring more, and not beyond', () => {
    for (const workers of [2, 3, 5]) {
      const { pace } = new Simulation({ workers, secondsPerCall: 0.05, secondsPerDocument: 0.003 }).load('supplier', 60_000, 250);
      expect(pace.concurrency).toBe(workers);
      expect(pace.report().changes.at(-1)?.reason).toBe('no-gain');
    }
  });

  test('a lost race halves both at once, and the calm after it brings them back', () => {
    const { pace, reasons } = new Simulation({
      ...{ workers: 4, secondsPerCall: 0.05, secondsPerDocument: 0.003 },
      failure: (at) => (at > 20 && at < 22 ? 'concurrency' : null),
    }).load('supplier', 100_000, 250);
    const first = pace.report().changes.find(({ reason }) => reason === 'lost-race');
    expect(first?.to).toEqual({ batch: Math.ceil((first?.from.batch ?? 0) / 2), concurrency: Math.floor((first?.from.concurrency ?? 0) / 2) });
    expect(reasons).toContain('lost-race');
    expect([pace.batch, pace.concurrency]).toEqual([250, 4]);
    expect(pace.report().lostRaces).toBeGreaterThan(0);
  });

  test('trouble counts once a round, so that one bad moment does not bring a load to a stand', () => {
    const pace = new Pace(LIMITS, 0);
    pace.batchOf('supplier', 200, 0);
    for (let call = 0; call < 10; call += 1) pace.heard({ reads: false, seconds: 0.1, failure: 'unavailable' }, 1);
    expect([pace.batch, pace.concurrency]).toEqual([100, 1]);
    expect(pace.report()).toMatchObject({ calls: 10, overloads: 10, changes: [{ reason: 'overload' }] });
  });

  test('a read that is refused is trouble too', () => {
    const pace = new Pace(LIMITS, 0);
    pace.batchOf('supplier', 200, 0);
    pace.heard({ reads: true, seconds: 0.1, failure: 'unavailable' }, 1);
    expect(pace.concurrency).toBe(1);
  });

  test('a load makes way while Odoo is busy with others', () => {
    const { pace } = new Simulation({
      ...{ workers: 2, secondsPerCall: 0.05, secondsPerDocument: 0.003 },
      burden: (at) => (at > 20 && at < 40 ? 5 : 1),
    }).load('supplier', 40_000, 250);
    expect(pace.report().changes.find(({ reason }) => reason === 'slower')).toMatchObject({ from: { concurrency: 2 }, to: { concurrency: 1 } });
    expect([pace.batch, pace.concurrency]).toEqual([250, 2]);
  });

  test('another entity begins anew with its batches, and keeps the calls at a time', () => {
    const simulation = new Simulation({ workers: 4, secondsPerCall: 0.05, secondsPerDocument: 0.003 }).load('supplier', 40_000, 250);
    const { concurrency } = simulation.pace;
    expect(simulation.pace.batchOf('product', 100, simulation.milliseconds)).toBe(100);
    expect(simulation.pace.concurrency).toBe(concurrency);
    expect(simulation.pace.report().entities.map(({ entity }) => entity)).toEqual(['supplier', 'product']);
  });

  test('a person may have fewer calls at a time, and no more than the limit', () => {
    const { pace } = new Simulation({ workers: 4, secondsPerCall: 0.05, secondsPerDocument: 0.003 }).load('supplier', 40_000, 250);
    expect(pace.allow(1, 0)).toBe(1);
    expect(pace.concurrency).toBe(1);
    expect(pace.allow(99, 0)).toBe(8);
    expect(pace.allow(0, 0)).toBe(1);
    expect(pace.report().changes.at(-1)?.reason).toBe('person');
  });

  const servers = fc.record({
    workers: fc.integer({ min: 1, max: 8 }),
    secondsPerCall: fc.double({ min: 0.001, max: 2, noNaN: true }),
    secondsPerDocument: fc.double({ min: 0.0001, max: 20, noNaN: true }),
    concurrency: fc.integer({ min: 1, max: 8 }),
    mostBatch: fc.integer({ min: 1, max: 1000 }),
    trouble: fc.integer({ min: 0, max: 4 }),
  });

  test('whatever the server does, both stay within their limits, and the same measurements give the same pace', () => {
    fc.assert(
      fc.property(servers, ({ concurrency, mostBatch, trouble, ...server }) => {
        const limits = { ...LIMITS, concurrency };
        const failure = (at: number) => (Math.floor(at) % 5 < trouble ? 'concurrency' : null);
        const once = new Simulation({ ...server, failure }, limits).load('a', 3000, mostBatch).load('b', 500, mostBatch);
        expect(once.largest).toBeLessThanOrEqual(mostBatch);
        expect(once.most).toBeLessThanOrEqual(concurrency);
        expect(once.pace.batch).toBeGreaterThanOrEqual(1);
        const again = new Simulation({ ...server, failure }, limits).load('a', 3000, mostBatch).load('b', 500, mostBatch);
        expect(again.pace.report()).toEqual(once.pace.report());
      }),
      { numRuns: 50 },
    );
  });
});
