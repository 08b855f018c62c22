/** From what a server answered to an OdooError. Decided on the exception's name: the HTTP status says little (an unknown field is 500, so is a lost race). */
import { OdooError, type OdooFailure } from '../../domain/ports.ts';
import { type HttpAnswer, NoAnswer } from './http.ts';

/** What Odoo says of an exception, in both protocols; the traceback (`debug`) is never read. */
export interface OdooComplaint {
  readonly name: string;
  readonly message: string;
}

/** `reads`: the call changes nothing, so a lost answer may be asked for again. */
export interface CallNature {
  readonly reads: boolean;
}

const rolledBackRaces = /^psycopg2\.errors\.(SerializationFailure|DeadlockDetected|LockNotAvailable)$|^odoo\.exceptions\.(LockError|ConcurrencyError)$/;

export function complaintToError(raw: OdooComplaint, nature: CallNature): OdooError {
  const complaint = outOfAction(raw);
  return new OdooError(failureOf(complaint, nature), ownWords(complaint.message), complaint.name);
}

/** An exception inside a code action comes as a ValueError about it, followed by the whole text of the action: since 15 its `repr`, before that its class and
 *  its words. The refusals of Odoo's own models and lost races come as they are. */
function outOfAction(complaint: OdooComplaint): OdooComplaint {
  if (complaint.name !== 'builtins.ValueError') return complaint;
  const [, kind = '', words = ''] = /^<class '([\w.]+)'>: "([\s\S]*?)" while evaluating\n/.exec(complaint.message) ?? [];
  if (kind !== '') return { name: pythonName(kind), message: words };
  const [, type = '', given = ''] = /^(\w+)\(([\s\S]*?),?\) while evaluating\n/.exec(complaint.message) ?? [];
  if (type === '') return complaint;
  const quoted = /^(['"])([\s\S]*)\1$/.exec(given);
  const message = quoted ? (quoted[2] ?? '').replaceAll(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter) : given;
  return { name: pythonName(type), message };
}

function pythonName(type: string): string {
  if (type.includes('.')) return type;
  return `${type.endsWith('Error') ? 'builtins' : 'psycopg2.errors'}.${type}`;
}

function failureOf({ name, message }: OdooComplaint, nature: CallNature): OdooFailure {
  if (rolledBackRaces.test(name)) return 'concurrency';
  switch (name) {
    case 'odoo.exceptions.AccessDenied':
    case 'werkzeug.exceptions.Unauthorized':
    case 'odoo.http.SessionExpiredException':
      return 'authentication';
    case 'odoo.exceptions.AccessError':
    case 'werkzeug.exceptions.Forbidden':
      return 'access';
    case 'odoo.exceptions.MissingError':
      return 'missing-record';
    // 19's JSON-2 says so for a model and for a method.
    case 'werkzeug.exceptions.NotFound':
      return 'missing-model';
    case 'psycopg2.pool.PoolError':
      return 'unavailable';
    // The server lost its database: a commit may or may not have got through.
    case 'psycopg2.OperationalError':
    case 'psycopg2.InterfaceError':
      return nature.reads || /does not exist/.test(message) ? 'unavailable' : 'unknown';
    case 'werkzeug.exceptions.TooManyRequests':
      return 'unavailable';
    // Two that make the same External ID at the same time, in a code action: the second finds it the next time.
    case 'psycopg2.errors.UniqueViolation':
      return /ir_model_data_module_name_uniq/.test(message) ? 'concurrency' : 'validation';
    case 'builtins.KeyError':
      return /^'?[a-z]\w*(\.\w+)+'?$/.test(message) ? 'missing-model' : 'validation';
    case 'odoo.exceptions.UserError':
      return /^Object [\w.]+ doesn't exist$/.test(message) ? 'missing-model' : 'validation';
    case 'builtins.AttributeError':
      return /^type object '[\w.]+' has no attribute|^The method '[\w.]+' does not exist$/.test(message) ? 'missing-model' : 'validation';
    // A module that was uninstalled takes its fields along; every record of a call would be refused alike.
    case 'builtins.ValueError':
      return /^Invalid field (name )?'[\w./]+'/.test(message) ? 'missing-field' : 'validation';
    // Before 17 the answer is written after the commit.
    case 'builtins.TypeError':
      return /is not JSON serializable/.test(message) && !nature.reads ? 'unknown' : 'validation';
    default:
      // Any other exception rolled its transaction back: a refusal that would come again.
      return 'validation';
  }
}

/** Odoo's words without PostgreSQL's quotation of the row and of the statement. */
export function ownWords(message: string): string {
  return message.split(/\n(?:DETAIL|LINE \d+|CONTEXT):/)[0]!.trim();
}

/** No answer at all. Whoever wrote may have been heard: Odoo goes on after its client has gone. */
export function silenceToError(error: unknown, nature: CallNature, url: string): OdooError {
  if (!(error instanceof NoAnswer)) throw error;
  const failure: OdooFailure = error.sent && !nature.reads ? 'unknown' : 'unavailable';
  return new OdooError(failure, `${url}: ${error.message}`, '', { cause: error });
}

/** An answer that is not Odoo's: a proxy's error page, a redirect, another server. */
export function strangeAnswerToError(answer: HttpAnswer, nature: CallNature, url: string): OdooError {
  const { status } = answer;
  if (status >= 300 && status < 400) return new OdooError('unavailable', `${url} redirects to ${withoutQuery(answer.location)}; use that address`);
  if (status === 429) return new OdooError('unavailable', `${url} asks for fewer calls (HTTP 429)`);
  if (status === 401 || status === 407) return new OdooError('authentication', `${url} wants a login before Odoo's own (HTTP ${status})`);
  if (status === 403) return new OdooError('access', `${url} refuses the call (HTTP 403)`);
  if (status === 413) return new OdooError('validation', `${url} refuses a request of this size (HTTP 413)`);
  if (status === 404) return new OdooError('unavailable', `${url} has no such database or is not an Odoo (HTTP 404)`);
  if (status === 415 || status === 405 || status === 400) return new OdooError('unavailable', `${url} does not answer as Odoo does (HTTP ${status})`);
  // 500 without an exception's name, 502, 503, 504: the request may have been carried out.
  return new OdooError(nature.reads ? 'unavailable' : 'unknown', `${url} answered HTTP ${status} without Odoo's own error`);
}

function withoutQuery(location: string | null): string {
  return (location ?? 'nowhere').split('?')[0]!;
}

/** `load` reports a lost race among its row messages, in the language of the PostgreSQL server. */
export function isLostRace(message: string): boolean {
  return /seriali[sz]\w*.{0,12}(access|acces|zugriff|accès|accesso|acceso)|zugriff nicht serialis|sérialiser un accès|deadlock|could not obtain lock|SerializationFailure/iu.test(
    message,
  );
}

/** `load` reports a missing right among its row messages too; about a model, not about one record. */
export function isAccessRefusal(message: string): boolean {
  return /^You are not allowed to (access|create|modify|delete) '.*' \([\w.]+\) records\./.test(message);
}
