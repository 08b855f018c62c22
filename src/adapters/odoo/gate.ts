/** At most so many at a time, first come first served. More calls than Odoo has workers only queue there, where a waiting connection can hold a worker. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>;

export function gateOf(places: number): Gate {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resume) => waiting.push(resume));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
