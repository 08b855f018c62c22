/** A proxy between the tool and an Odoo, on the loopback: one request a connection, as the tool sends them, and what may become of it on its way. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Fate =
  | { readonly kind: 'pass' }
  /** The connection is cut, nothing has reached Odoo. */
  | { readonly kind: 'drop' }
  /** Odoo hears of it later; whoever waited may have gone. */
  | { readonly kind: 'hold'; readonly milliseconds: number }
  /** The answer comes later. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Odoo has done it; of the answer comes nothing, or the first half. */
  | { readonly kind: 'drop-answer' }
  | { readonly kind: 'cut-answer' }
  /** A proxy's own page, in place of the call or of its answer. */
  | { readonly kind: 'status'; readonly status: 429 | 502 | 503 | 504; readonly reaches: boolean };

export interface Passing {
  /** 1-based, of all requests. */
  readonly count: number;
  /** 1-based, of those that may write; null for one that reads. */
  readonly write: number | null;
  /** Model and method. */
  readonly what: string;
}

export interface ProxyHooks {
  /** Asked before the request goes on. */
  fate(passing: Passing): Fate;
  /** Odoo has answered, the tool does not know yet. */
  answered?(passing: Passing): void;
}

export interface FaultyProxy {
  readonly url: string;
  /** From now on; null: everything passes. */
  use(hooks: ProxyHooks | null): void;
  /** Nobody is heard for so long: connections are reset, new ones refused. */
  outage(milliseconds: number): Promise<void>;
  /** Nothing is on its way. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

const READS = /\/(search|read|search_read|search_count|fields_get|default_get|get_param|context_get|get_metadata|get_external_id|version)$/;

export async function startProxy(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let hooks: ProxyHooks | null = null;
  let count = 0;
  let writes = 0;
  let underWay = 0;

  async function serve(client: Socket): Promise<void> {
    const request = await requestOf(client);
    if (request === null) return;
    const isWrite = !READS.test(request.path);
    count += 1;
    if (isWrite) writes += 1;
    const passing = { count, write: isWrite ? writes : null, what: request.path.replace(/^\/json\/2\//, '') };
    const fate = hooks?.fate(passing) ?? { kind: 'pass' };
    if (fate.kind === 'drop') return void client.resetAndDestroy();
    if (fate.kind === 'status' && !fate.reaches) return void client.end(page(fate.status));
    if (fate.kind === 'hold') await sleep(fate.milliseconds);
    const answer = await exchange(request.bytes).catch(() => null);
    if (answer === null) return void client.resetAndDestroy();
    hooks?.answered?.(passing);
    if (fate.kind === 'delay') await sleep(fate.milliseconds);
    if (fate.kind === 'drop-answer') client.resetAndDestroy();
    else if (fate.kind === 'cut-answer') client.write(answer.subarray(0, Math.floor(answer.length / 2)), () => client.resetAndDestroy());
    else client.end(fate.kind === 'status' ? page(fate.status) : answer);
  }

  function exchange(bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const odoo = connect({ host: hostname, port: Number(port) }, () => odoo.write(bytes));
      odoo.on('data', (part) => parts.push(part));
      odoo.on('error', reject);
      odoo.on('close', () => (parts.length > 0 ? resolve(Buffer.concat(parts)) : reject(new Error('no answer'))));
    });
  }

  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => open.delete(client));
    underWay += 1;
    serve(client).finally(() => {
      underWay -= 1;
    });
  });
  const own = await listening(server, 0);
  return {
    url: `http://127.0.0.1:${own}`,
    use(next) {
      hooks = next;
      count = 0;
      writes = 0;
    },
    async outage(milliseconds) {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of open) client.resetAndDestroy();
      await closed;
      await sleep(milliseconds);
      await listening(server, own);
    },
    async quiet() {
      while (underWay > 0) await sleep(20);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of open) client.destroy();
      await closed;
    },
  };
}

/** The whole request, or null when the client left before it was. */
function requestOf(client: Socket): Promise<{ readonly path: string; readonly bytes: Buffer } | null> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    client.on('close', () => resolve(null));
    client.on('data', (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      const head = bytes.indexOf('\r\n\r\n');
      if (head < 0) return;
      const text = bytes.toString('latin1', 0, head);
      const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
      if (bytes.length < head + 4 + length) return;
      resolve({ path: text.split(' ')[1] ?? '/', bytes });
    });
  });
}

function page(status: number): string {
  const text = `<html><body><h1>${status}</h1></body></html>`;
  return `HTTP/1.1 ${status} From a proxy\r\nContent-Type: text/html\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`;
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
