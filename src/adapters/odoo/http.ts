/** One HTTP request to Odoo. node:http and not fetch: Odoo closes every connection, reads chunked bodies as empty, may need minutes to answer,
 *  and after a failure it must be known whether the request had left this machine. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly location: string | null;
  readonly cookies: readonly string[];
  readonly text: string;
}

/** No answer came. `sent` false: Odoo cannot have acted on it. */
export class NoAnswer extends Error {
  readonly sent: boolean;
  readonly timedOut: boolean;
  constructor(message: string, options: { sent: boolean; timedOut?: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'NoAnswer';
    this.sent = options.sent;
    this.timedOut = options.timedOut ?? false;
  }
}

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, at once and with its length. */
  readonly body?: unknown;
  /** From the start to the last byte of the answer. */
  readonly timeoutMs: number;
}

export function exchange(call: HttpCall): Promise<HttpAnswer> {
  const body = call.body === undefined ? null : Buffer.from(JSON.stringify(call.body));
  const headers: Record<string, string | number> = { Accept: 'application/json', Connection: 'close', ...call.headers };
  if (body) {
    headers['Content-Type'] = 'application/json';
    headers['Content-Length'] = body.length;
  }
  const send = call.url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    let connected = false;
    const sent = () => connected && call.method === 'POST';
    // agent: false — a socket kept alive by us and closed by a proxy would fail after the request was sent.
    const request = send(call.url, { method: call.method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', fail);
      response.on('aborted', () => fail(new Error('the connection was cut in the middle of the answer')));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          location: response.headers.location ?? null,
          cookies: (response.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0] ?? ''),
          text: Buffer.concat(parts).toString('utf8'),
        });
      });
    });
    const timer = setTimeout(() => {
      const seconds = Math.round(call.timeoutMs / 1000);
      reject(new NoAnswer(`no answer within ${seconds} s`, { sent: sent(), timedOut: true }));
      request.destroy();
    }, call.timeoutMs);
    function fail(error: Error): void {
      clearTimeout(timer);
      reject(new NoAnswer(describe(error), { sent: sent(), cause: error }));
    }
    request.on('socket', (socket) => {
      // With TLS the request is written only after the handshake; a certificate that is refused means nothing was sent.
      socket.once(call.url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        connected = true;
      });
    });
    request.on('error', fail);
    request.end(body ?? undefined);
  });
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name does not resolve';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was reset';
    default:
      // An aggregate of refused addresses has no message of its own.
      return error.message || code || 'the connection failed';
  }
}
