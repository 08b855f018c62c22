/** At most so many at a time. More calls than Odoo has workers only queue there, where a waiting connection can hold a worker. */
export interface Gate {
  /** First come first served, except that `ahead` goes before the others: a read is short, and what was read back makes room for the next batch. */
  pass<Result>(work: () => Promise<Result>, ahead: boolean): Promise<Result>;
  /** At most so many from now on; those that are through stay through. */
  limit(places: number): void;
}

export function gateOf(most: number): Gate {
  let places = most;
  let taken = 0;
  const ahead: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  const admit = () => {
    while (taken < places) {
      const next = ahead.shift() ?? waiting.shift();
      if (next === undefined) return;
      taken += 1;
      next();
    }
  };
  return {
    async pass(work, isAhead) {
      await new Promise<void>((resume) => {
        (isAhead ? ahead : waiting).push(resume);
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
