/** What DuckDB says, without what is in the cells. */

/** Kinds whose text is about the statement, never about values. Any other message may quote a cell and is left out. */
const ABOUT_THE_STATEMENT = new Set([
  'Binder Error',
  'Catalog Error',
  'Parser Error',
  'IO Error',
  'Permission Error',
  'Out of Memory Error',
  'INTERRUPT Error',
  'Not implemented Error',
  'TransactionContext Error',
  'Missing Extension Error',
  'Connection Error',
]);
const STATEMENT_BEGINNING = 300;

/** A statement that DuckDB refused. `cause` holds the beginning of the statement; cell contents stand in neither. */
export class DataPlaneError extends Error {
  /** As DuckDB names it: `Conversion Error`, `Binder Error`, … */
  readonly kind: string;
  constructor(kind: string, message: string, statement: string) {
    super(message, { cause: new Error(`in the statement: ${statement.trim().slice(0, STATEMENT_BEGINNING)}`) });
    this.name = 'DataPlaneError';
    this.kind = kind;
  }
}

export function toDataPlaneError(error: unknown, statement: string): Error {
  if (error instanceof DataPlaneError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const kind = /^[A-Za-z ]*?Error(?=:)/.exec(text)?.[0] ?? 'Error';
  // the lines after the first quote the statement; literals in it may be cells
  const [firstLine = ''] = text.split('\n');
  if (ABOUT_THE_STATEMENT.has(kind)) return new DataPlaneError(kind, firstLine, statement);
  if (error instanceof RangeError) return new DataPlaneError('Range Error', text, statement);
  return new DataPlaneError(kind, `${kind}: a value did not fit (it is not shown here)`, statement);
}
