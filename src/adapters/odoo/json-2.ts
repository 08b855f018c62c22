/** JSON-2, Odoo 19 and later: `POST /json/2/<model>/<method>`, real HTTP statuses, parameters by name. */
import { OdooError } from '../../domain/ports.ts';
import { complaintToError, type OdooComplaint, silenceToError, strangeAnswerToError } from './failure.ts';
import { exchange, type HttpAnswer } from './http.ts';
import type { OdooCall, OdooProtocol } from './protocol.ts';

export interface Json2Options {
  readonly url: string;
  readonly database: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
}

export function json2Protocol(options: Json2Options): OdooProtocol {
  const headers: Record<string, string> = { Authorization: `bearer ${options.apiKey}` };
  // Needed where a server has several databases; without it the server's only one answers.
  if (options.database) headers['X-Odoo-Database'] = options.database;

  async function execute({ model, method, ids, context, parameters, reads }: OdooCall): Promise<unknown> {
    const url = new URL(`${options.url}/json/2/${encodeURIComponent(model)}/${encodeURIComponent(method)}`);
    const body = { ...parameters, ...(ids ? { ids } : {}), context };
    let answer: HttpAnswer;
    try {
      answer = await exchange({ method: 'POST', url, headers, body, timeoutMs: options.timeoutMs });
    } catch (error) {
      throw silenceToError(error, { reads }, options.url);
    }
    const json = jsonOf(answer);
    if (answer.status === 200 && json !== undefined) return json;
    const complaint = complaintOf(json);
    throw complaint ? complaintToError(complaint, { reads }) : strangeAnswerToError(answer, { reads }, options.url);
  }

  return {
    name: 'json-2',
    execute,
    async userId() {
      const context = await execute({ model: 'res.users', method: 'context_get', context: {}, parameters: {}, reads: true });
      if (typeof context === 'object' && context !== null && 'uid' in context && typeof context.uid === 'number') return context.uid;
      throw new OdooError('authentication', `${options.url} does not say which user the API key belongs to`);
    },
  };
}

/** Undefined when the answer is no JSON. */
export function jsonOf(answer: HttpAnswer): unknown {
  if (!answer.contentType.includes('json')) return undefined;
  try {
    return JSON.parse(answer.text);
  } catch {
    // Cut off on its way: as good as no answer.
    return undefined;
  }
}

function complaintOf(json: unknown): OdooComplaint | null {
  if (typeof json !== 'object' || json === null || !('name' in json) || typeof json.name !== 'string') return null;
  return { name: json.name, message: 'message' in json && typeof json.message === 'string' ? json.message : '' };
}
