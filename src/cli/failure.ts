/** Any error as what a person and a script get: code, message, hint, details, exit code. Never a stack trace. */
import { CutoverError, type ErrorCode, ErrorCodes, ExitCode } from '../domain/errors.ts';
import { OdooError, type OdooFailure } from '../domain/ports.ts';
import type { OutcomeStatus } from './outcome.ts';
import { didYouMean, nearest } from './suggest.ts';

export interface Failure {
  /** `E_UNEXPECTED` is the one that is not in ErrorCodes: a mistake of the tool itself. */
  readonly code: ErrorCode | 'E_UNEXPECTED';
  readonly message: string;
  readonly hint: string | null;
  readonly details: readonly string[];
  readonly exit: ExitCode;
}

/** An error that the author of the tool did not foresee; its details belong into the log. */
export function isUnexpected(failure: Failure): boolean {
  return failure.code === 'E_UNEXPECTED';
}

/** `known` are the flags of the command, for suggestions. */
export function describeFailure(error: unknown, known: { readonly command: string | null; readonly flags: readonly string[] }): Failure {
  if (error instanceof CutoverError) {
    return { code: error.code, message: plainWords(error.message), hint: error.hint ?? null, details: error.details, exit: error.exitCode };
  }
  if (error instanceof OdooError) return odooFailure(error);
  if (isParseError(error)) return usageFailure(error, known);
  if (error instanceof Error && error.name === 'AbortError') {
    return { code: 'E_INTERRUPTED', message: 'stopped by the user', hint: 'cutover status', details: [], exit: ExitCode.interrupted };
  }
  const first = error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error);
  return { code: 'E_UNEXPECTED', message: shortened(first), hint: null, details: [], exit: ExitCode.failure };
}

export function statusOf(failure: Failure): OutcomeStatus {
  switch (failure.exit) {
    case ExitCode.incomplete:
    case ExitCode.interrupted:
      return 'incomplete';
    case ExitCode.refused:
    case ExitCode.locked:
      return 'refused';
    default:
      return 'failed';
  }
}

const odooCodes: Record<OdooFailure, ErrorCode> = {
  authentication: 'E_ODOO_AUTHENTICATION',
  access: 'E_ODOO_ACCESS',
  unavailable: 'E_ODOO_UNREACHABLE',
  unknown: 'E_ODOO_UNREACHABLE',
  'missing-model': 'E_ODOO_METADATA',
  'missing-field': 'E_ODOO_METADATA',
  'missing-record': 'E_ODOO_REFUSED',
  validation: 'E_ODOO_REFUSED',
  concurrency: 'E_ODOO_REFUSED',
};

/** Odoo's own words about a record may hold values of it, so only those about reach and rights are shown; the log has the rest. */
function odooFailure(error: OdooError): Failure {
  const code = odooCodes[error.failure];
  const showsWords = ErrorCodes[code].exit === ExitCode.connection || code === 'E_ODOO_METADATA';
  const words = showsWords ? shortened(error.message.split('\n')[0] ?? '') : error.exception || error.failure;
  return { code, message: `${ErrorCodes[code].means}: ${words}`, hint: 'cutover doctor', details: [], exit: ErrorCodes[code].exit };
}

interface ParseError extends Error {
  readonly flags?: readonly string[];
}

/** By shape, not by class: there may be two copies of oclif. */
function isParseError(error: unknown): error is ParseError {
  return error instanceof Error && ('parse' in error || 'oclif' in error);
}

function usageFailure(error: ParseError, known: { readonly command: string | null; readonly flags: readonly string[] }): Failure {
  const [first = '', ...rest] = plainWords(error.message).split('\n');
  const unknown = (error.flags ?? []).map((flag) => flag.replace(/^-+/, ''));
  const suggestions = unknown.map((flag) => {
    const found = nearest(flag, known.flags);
    return found === null
      ? didYouMean(
          flag,
          known.flags.map((name) => `--${name}`),
          'flag',
        )
      : `Did you mean --${found}?`;
  });
  const message =
    unknown.length > 0
      ? `unknown ${unknown.length === 1 ? 'flag' : 'flags'} ${unknown.map((flag) => (flag.length === 1 ? `-${flag}` : `--${flag}`)).join(', ')}`
      : lowerFirst(first.trim());
  const details = [...suggestions, ...rest.map((line) => line.trim()).filter((line) => line !== '')];
  return { code: 'E_USAGE', message, hint: `cutover ${known.command === null ? '' : `${known.command} `}--help`, details, exit: ExitCode.usage };
}

/** Without the phrases that oclif puts around what it has to say; it does so to errors of ours too that are thrown while it parses. */
function plainWords(message: string): string {
  return message
    .replace(/\n*See more help with --help$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Missing required flag (\S+)/gm, 'the flag --$1 is missing')
    .replace(/^Missing \d+ required args?:\n((?:.+\n?)+)/, (_, list: string) => missingArguments(list))
    .replace(/^Parsing (--\S+)\s+(?=\1)/, '')
    .replace(/^Parsing (--\S+)\s+(\S)/, (_, flag: string, letter: string) => `${flag}: ${letter.toLowerCase()}`);
}

/** `capability  A capability of cutover.yaml.` → `the argument CAPABILITY is missing`, with the list below it. */
function missingArguments(list: string): string {
  const lines = list.trim().split('\n');
  const names = lines.map((line) => line.trim().split(/\s/)[0]?.toUpperCase() ?? '');
  const described = lines.map((line) => line.trim().replace(/^\S+/, (name) => name.toUpperCase()));
  return [names.length === 1 ? `the argument ${names[0]} is missing` : `the arguments ${names.join(', ')} are missing`, ...described].join('\n');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
