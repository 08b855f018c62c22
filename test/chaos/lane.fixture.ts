/** One lane of chaos in a process of its own (its Odoo and its workspace are in the environment): a seed comes in, a round's result goes out. */
import { openChaos, type RoundResult } from './chaos.ts';
import { givenHost, type OdooHost, sandboxHost } from './odoo-hosts.ts';

export interface LaneOptions {
  /** Undefined: the sandbox. `real`: brought up from Debian's packages, with a server whose processes are killed as well. */
  readonly odoo: string | undefined;
  readonly records: number;
}
/** To a lane: what it runs next. */
export type Order = { readonly seed: string } | 'writers' | 'end';
/** From a lane. `idle`: it waits for its next order. */
export type Report = { readonly text: string } | { readonly result: RoundResult } | 'idle';

// What is to be cleaned up hangs on the exit; without the process that reads the results there is nothing to run for.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const alone = (): never => process.exit(130);
process.once('disconnect', alone);
const report = (one: Report): void => void process.send?.(one);
const { odoo, records } = JSON.parse(process.argv[2] as string) as LaneOptions;
const orders: Order[] = [];
let arrived: () => void = () => undefined;
process.on('message', (order: Order) => {
  orders.push(order);
  arrived();
});

const host = await hostOf();
try {
  const chaos = await openChaos({ host, records, timeoutSeconds: odoo === undefined ? 5 : 20, say: (text) => report({ text }) });
  try {
    for (let order = await next(); order !== 'end'; order = await next()) {
      if (order === 'writers') for await (const result of chaos.writers()) report({ result });
      else report({ result: await chaos.round(order.seed) });
    }
  } finally {
    await chaos.close();
  }
} finally {
  await host.close();
}
process.off('disconnect', alone);
process.disconnect();

async function next(): Promise<Order> {
  report('idle');
  while (orders.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
  return orders.shift() as Order;
}

async function hostOf(): Promise<OdooHost> {
  if (odoo === undefined) return sandboxHost();
  if (odoo !== 'real') return givenHost(odoo);
  const { realHost } = await import('./real-host.ts');
  return realHost();
}
