/** Failures in Odoo's words, with the HTTP status JSON-2 gives each. */

/** An exception as Odoo serializes it. */
export class OdooException extends Error {
  readonly status: number;
  /** Python's dotted name, as in odoo.exceptions.UserError. */
  readonly exception: string;
  readonly arguments: readonly unknown[];

  constructor(status: number, exception: string, message: string, details: readonly unknown[] = [message]) {
    super(message);
    this.name = 'OdooException';
    this.status = status;
    this.exception = exception;
    this.arguments = details;
  }
}

/** A row that the database refuses. Becomes a ValidationError at the end of a call, but `load` reports it row by row. */
export class IntegrityError extends Error {
  /** Column it is about, when it is one column of `table`. */
  readonly column: string | null;
  readonly model: string;
  readonly kind: 'unique' | 'check' | 'not-null' | 'foreign-key';
  /** PostgreSQL's own words, for where Odoo has none. */
  readonly raw: string | null;

  constructor(kind: IntegrityError['kind'], model: string, column: string | null, message: string, raw: string | null = null) {
    super(message);
    this.raw = raw;
    this.name = 'IntegrityError';
    this.kind = kind;
    this.model = model;
    this.column = column;
  }
}

/** Another transaction got there first; only failure injection makes one. */
export class SerializationError extends OdooException {
  constructor() {
    super(500, 'psycopg2.errors.SerializationFailure', 'could not serialize access due to concurrent update\n');
  }
}

export const userError = (message: string): OdooException => new OdooException(422, 'odoo.exceptions.UserError', message);
export const validationError = (message: string): OdooException => new OdooException(422, 'odoo.exceptions.ValidationError', message);
export const accessError = (message: string): OdooException => new OdooException(403, 'odoo.exceptions.AccessError', message);
export const valueError = (message: string): OdooException => new OdooException(500, 'builtins.ValueError', message);
export const typeError = (message: string): OdooException => new OdooException(500, 'builtins.TypeError', message);
export const attributeError = (message: string): OdooException => new OdooException(500, 'builtins.AttributeError', message);
export const notFound = (message: string): OdooException => new OdooException(404, 'werkzeug.exceptions.NotFound', message, [message, 404]);
export const unprocessable = (message: string): OdooException => new OdooException(422, 'werkzeug.exceptions.UnprocessableEntity', message, [message, 422]);
export const badRequest = (message: string): OdooException => new OdooException(400, 'werkzeug.exceptions.BadRequest', message, [message, 400]);
export const accessDenied = (): OdooException => new OdooException(403, 'odoo.exceptions.AccessDenied', 'Access Denied');

export function missingRecords(model: string, ids: readonly number[], userId: number): OdooException {
  const tuple = ids.length === 1 ? `${ids[0]},` : ids.join(', ');
  return new OdooException(404, 'odoo.exceptions.MissingError', `Record does not exist or has been deleted.\n(Record: ${model}(${tuple}), User: ${userId})`);
}

/** Is it one of Odoo's own refusals (UserError and its kin), as against a Python or database error? */
export function isRefusal(error: unknown): boolean {
  return error instanceof OdooException && error.exception.startsWith('odoo.exceptions.');
}
