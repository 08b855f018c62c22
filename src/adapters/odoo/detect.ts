/** Which Odoo answers at a URL. */
import { CutoverError } from '../../domain/errors.ts';
import { exchange, type HttpAnswer, NoAnswer } from './http.ts';
import { jsonOf } from './json-2.ts';

export interface OdooVersion {
  /** As in `19.0`. */
  readonly version: string;
  readonly major: number;
}

/** From the newest question to the oldest; each also answers on some of the others' versions. */
const questions: readonly { readonly method: 'GET' | 'POST'; readonly path: string; readonly params?: object }[] = [
  { method: 'GET', path: '/web/version' },
  { method: 'GET', path: '/json/version' },
  { method: 'POST', path: '/web/webclient/version_info', params: {} },
  { method: 'POST', path: '/jsonrpc', params: { service: 'common', method: 'version', args: [] } },
];

/** E_ODOO_UNREACHABLE when nothing answers, or something that is not Odoo. */
export async function detectVersion(url: string, timeoutMs: number): Promise<OdooVersion> {
  let last = '';
  for (const { method, path, params } of questions) {
    const body = params && { jsonrpc: '2.0', id: 1, method: 'call', params };
    let answer: HttpAnswer;
    try {
      answer = await exchange({ method, url: new URL(url + path), ...(body ? { body } : {}), timeoutMs });
    } catch (error) {
      if (error instanceof NoAnswer) throw unreachable(`${url}: ${error.message}`, error);
      throw error;
    }
    const found = versionIn(jsonOf(answer));
    if (found) return found;
    last = answer.location ? `redirects to ${answer.location.split('?')[0]}` : `answers HTTP ${answer.status}`;
  }
  throw unreachable(`${url} ${last}, which is not how Odoo 14 or later answers`);
}

function unreachable(message: string, cause?: unknown): CutoverError {
  return new CutoverError('E_ODOO_UNREACHABLE', message, { hint: 'check `url` of the Odoo system in cutover.yaml, then: cutover doctor', cause });
}

/** `version_info` is [19, 0, 0, "final", 0, ""]; online versions say "saas~18" in its first place. */
function versionIn(json: unknown): OdooVersion | null {
  if (typeof json !== 'object' || json === null) return null;
  const body = 'result' in json && typeof json.result === 'object' && json.result !== null ? json.result : json;
  const info = 'version_info' in body ? body.version_info : 'server_version_info' in body ? body.server_version_info : null;
  if (!Array.isArray(info)) return null;
  const major = Number(/\d+/.exec(String(info[0]))?.[0]);
  return Number.isInteger(major) ? { version: `${major}.${Number(info[1]) || 0}`, major } : null;
}
