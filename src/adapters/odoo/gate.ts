/** At most so many at a time, first come first served. More calls than Odoo has workers only queue there, where a waiting connection can hold a worker. */
export interface Gate {
  pass<Result>(work: () => Promise<Result>): Promise<Result>;
  /** At most so many from now on; those that are through stay through. */
  limit(places: number): void;
}

export function gateOf(most: number): Gate {
  let places = most;
  let taken = 0;
  const waiting: (() => void)[] = [];
  const admit = () => {
    while (taken < places) {
      const next = waiting.shift();
      if (next === undefined) return;
      taken += 1;
      next();
    }
  };
  return {
    async pass(work) {
      await new Promise<void>((resume) => {
        waiting.push(resume);
        admit();
      });
      try {
        return await work();
      } finally {
        taken -= 1;
        admit();
      }
    },
    limit(wanted) {
      places = Math.max(1, Math.min(most, wanted));
      admit();
    },
  };
}
