/** Every way the tool stops early. Bad data is never one of these: it is a value (reject, break, conflict, dead letter). */

/** What a process ends with. One meaning each; a command's help lists the ones it uses. */
export const ExitCode = {
  clean: 0,
  failure: 1,
  usage: 2,
  findings: 3,
  incomplete: 4,
  refused: 5,
  locked: 6,
  connection: 7,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Error codes, one line each. Match on the code, never on the class or the message. */
export const ErrorCodes = {
  E_USAGE: { exit: ExitCode.usage, means: 'the command line is off' },
  E_CONFIG: { exit: ExitCode.usage, means: 'the workspace files have mistakes; all of them are listed' },
  E_WORKSPACE_NOT_FOUND: { exit: ExitCode.usage, means: 'no cutover.yaml here or above' },
  E_SECRET_MISSING: { exit: ExitCode.usage, means: 'an environment variable or secret file that is named is not there' },
  E_NO_SNAPSHOT: { exit: ExitCode.refused, means: 'nothing has been pulled yet for this entity' },
  E_SOURCE_UNREACHABLE: { exit: ExitCode.connection, means: 'a source system did not answer or refused the login' },
  E_SOURCE_SHRANK: { exit: ExitCode.refused, means: 'the source answered empty or far smaller than last time' },
  E_SOURCE_DRIFT: { exit: ExitCode.refused, means: 'a column that a mapping uses is gone or has another type' },
  E_SOURCE_UNREADABLE: { exit: ExitCode.incomplete, means: 'a source file could not be read as declared' },
  E_SNAPSHOT_CORRUPT: { exit: ExitCode.incomplete, means: 'a snapshot does not match its manifest' },
  E_CONSERVATION: { exit: ExitCode.failure, means: 'counts do not add up: rows would have been lost' },
  E_ODOO_UNREACHABLE: { exit: ExitCode.connection, means: 'Odoo did not answer' },
  E_ODOO_AUTHENTICATION: { exit: ExitCode.connection, means: 'Odoo refused the key or password' },
  E_ODOO_ACCESS: { exit: ExitCode.connection, means: 'the Odoo user lacks a right' },
  E_ODOO_METADATA: { exit: ExitCode.usage, means: 'a mapping names a model or field that this Odoo does not have' },
  E_HELPER_EDITED: { exit: ExitCode.refused, means: 'the text of the helper in Odoo is none that cutover made' },
  E_ODOO_REFUSED: { exit: ExitCode.failure, means: 'Odoo refused a call that the tool expected to pass' },
  E_MATCH_MODEL: { exit: ExitCode.usage, means: 'the trained model of an entity does not fit its contract any more' },
  E_MATCH_STALE: { exit: ExitCode.refused, means: 'the latest match is missing, of another version, or was made on other snapshots or another mapping' },
  E_BREAK_UNKNOWN: { exit: ExitCode.usage, means: 'no break with this id in the latest reconcile' },
  E_DECISION_STALE: { exit: ExitCode.refused, means: 'a decision was made on other values than the records have now' },
  E_REUSE_DIFFERS: { exit: ExitCode.failure, means: 'mapping or comparing only what changed did not give what doing all of it gives' },
  E_PLAN_INVALID: { exit: ExitCode.refused, means: 'the plan file is cut off, altered or of another format version' },
  E_PLAN_STALE: { exit: ExitCode.refused, means: 'the plan was made for another Odoo, mapping or snapshot' },
  E_PLAN_USED: { exit: ExitCode.refused, means: 'the plan has been loaded before; a plan is single-use' },
  E_PLAN_REMOVES: { exit: ExitCode.refused, means: 'a plan would archive or delete more of an entity than the policy allows' },
  E_APPROVAL: { exit: ExitCode.refused, means: 'the plan lacks an approval that its environment asks for, or may not be approved by this person' },
  E_ENVIRONMENT: { exit: ExitCode.refused, means: 'the environment does not allow it: not named, not the one of the plan, or its state is not safe enough' },
  E_MAIL: { exit: ExitCode.refused, means: 'a copy of Odoo could send or fetch mail' },
  E_RUN_UNKNOWN: { exit: ExitCode.usage, means: 'no run with this id' },
  E_DEAD_LETTER_UNKNOWN: { exit: ExitCode.usage, means: 'no dead letter with this id or key' },
  E_NAMESPACE: { exit: ExitCode.refused, means: 'the External ID namespace belongs to an installed Odoo module' },
  E_STATE_NEWER: { exit: ExitCode.refused, means: 'the state was written by a newer version of the tool' },
  E_STATE_UNREACHABLE: { exit: ExitCode.connection, means: 'the state database did not answer' },
  E_STATE_UNWRITABLE: { exit: ExitCode.connection, means: 'the state could not be written: its disk is full or fails' },
  E_LOCKED: { exit: ExitCode.locked, means: 'another run holds the lock' },
  E_INTERRUPTED: { exit: ExitCode.interrupted, means: 'stopped by the user; resumable' },
} as const;
export type ErrorCode = keyof typeof ErrorCodes;

/** A broken promise, told so that a person knows what to do next.
 *  `message` and `hint` never carry cell contents of fields marked `pii`, nor secrets.
 *  `details` are further lines (every mistake of a mapping, for instance), each printable on its own. */
export class CutoverError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, options: { hint?: string; details?: readonly string[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CutoverError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }

  get exitCode(): ExitCode {
    return ErrorCodes[this.code].exit;
  }
}
