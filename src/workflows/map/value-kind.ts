/** Kinds of value an expression can give, and how each is read as a field of the contract. */
import { decimalTextSql, storageType } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';

export type ValueKind = 'text' | 'integer' | 'decimal' | 'float' | 'boolean' | 'date' | 'timestamp' | 'plain' | 'null' | 'other';

/** The kind of a DuckDB type. `plain` has a text of its own and nothing else (a UUID, a time of day); `other` (lists, structs, blobs) has none. */
export function valueKind(type: string): ValueKind {
  if (/\[\d*\]$|^(STRUCT|MAP|UNION|BLOB|BIT|INTERVAL|VARIANT)/.test(type)) return 'other';
  if (/^VARCHAR|^JSON/.test(type)) return 'text';
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(type)) return 'integer';
  if (type.startsWith('DECIMAL')) return 'decimal';
  if (/^(FLOAT|DOUBLE)$/.test(type)) return 'float';
  if (type === 'BOOLEAN') return 'boolean';
  if (type === 'DATE') return 'date';
  if (type.startsWith('TIMESTAMP')) return 'timestamp';
  if (type === '"NULL"' || type === 'NULL') return 'null';
  return /^(UUID|TIME|ENUM)/.test(type) ? 'plain' : 'other';
}

export function canBecome(kind: ValueKind, field: FieldContract): boolean {
  if (kind === 'null') return true;
  if (kind === 'other') return false;
  switch (stored(field)) {
    case 'VARCHAR':
      return true;
    case 'BOOLEAN':
      return kind === 'text' || kind === 'boolean' || kind === 'integer';
    case 'BIGINT':
    case 'DECIMAL':
      return kind === 'text' || kind === 'integer' || kind === 'decimal' || kind === 'float';
    default:
      return kind === 'text' || kind === 'date' || kind === 'timestamp';
  }
}

/** The value read as widely as the field allows, so that what is lost on the way to its storage type can be told: NULL when it is not of the type. */
export function wideSql(kind: ValueKind, field: FieldContract, value: string): string {
  switch (stored(field)) {
    case 'VARCHAR':
      return textSql(kind, value);
    case 'BOOLEAN':
      return kind === 'integer' ? `CASE ${value} WHEN 0 THEN false WHEN 1 THEN true END` : `TRY_CAST(${value} AS BOOLEAN)`;
    case 'BIGINT':
    case 'DECIMAL':
      return wideDecimalSql(kind, field, value);
    default:
      // Moments with an offset become UTC, those without one are UTC; the data plane works in UTC.
      return kind === 'text' ? `CAST(TRY_CAST(${value} AS TIMESTAMPTZ) AS TIMESTAMP)` : `TRY_CAST(${value} AS TIMESTAMP)`;
  }
}

/** The value in its storage type, NULL when it does not fit. Moments are kept to the second. */
export function storedSql(kind: ValueKind, field: FieldContract, value: string, wide: string): string {
  const type = storageType(field);
  switch (stored(field)) {
    case 'VARCHAR':
    case 'BOOLEAN':
      return wide;
    case 'TIMESTAMP':
      return `date_trunc('second', ${wide})`;
    case 'BIGINT':
    case 'DECIMAL':
      if (kind === 'text') return `CASE WHEN ${isPlainNumberSql(field, value)} THEN TRY_CAST(${value} AS ${type}) ELSE TRY_CAST(${wide} AS ${type}) END`;
      return `TRY_CAST(${kind === 'float' ? wide : value} AS ${type})`;
    default:
      return `TRY_CAST(${wide} AS ${type})`;
  }
}

/** True when the stored value is not the whole of the wide one. */
export function isCutSql(field: FieldContract, wide: string, narrow: string): string | null {
  switch (stored(field)) {
    case 'BIGINT':
    case 'DECIMAL':
      // No wide value: nothing could be lost.
      return `${wide} <> ${narrow}`;
    default:
      return null;
  }
}

/** A time of day in a date would be lost without a word. */
export function hasTimeOfDaySql(field: FieldContract, wide: string, narrow: string): string | null {
  return stored(field) === 'DATE' ? `${wide} <> CAST(${narrow} AS TIMESTAMP)` : null;
}

/** A value as text: exact numbers without trailing zeros, floats in their shortest form, moments to the second. */
export function textSql(kind: ValueKind, value: string): string {
  if (kind === 'text') return `CAST(${value} AS VARCHAR)`;
  if (kind === 'decimal') return decimalTextSql(value);
  if (kind === 'float') return `regexp_replace(CAST(${value} AS VARCHAR), '\\.0$', '')`;
  if (kind === 'timestamp') return `strftime(CAST(${value} AS TIMESTAMP), '%Y-%m-%d %H:%M:%S')`;
  return `CAST(${value} AS VARCHAR)`;
}

/** Wide enough for every field: 20 digits before the point and 18 after it. Reading a text so widely takes 300 times as long as reading it as
 *  what it is to be, so that texts which cannot lose anything (NULL here) are not. A float goes through its shortest text, or 0.1 would not be 0.1. */
function wideDecimalSql(kind: ValueKind, field: FieldContract, value: string): string {
  // DuckDB reads 1_000 as a thousand; in an export it is damage.
  if (kind === 'text') return `CASE WHEN contains(${value}, '_') OR ${isPlainNumberSql(field, value)} THEN NULL ELSE TRY_CAST(${value} AS DECIMAL(38,18)) END`;
  if (kind === 'integer' || kind === 'null') return 'NULL';
  return kind === 'float' ? `TRY_CAST(CAST(${value} AS VARCHAR) AS DECIMAL(38,18))` : `TRY_CAST(${value} AS DECIMAL(38,18))`;
}

/** No exponent and no more decimals than the field keeps: read as it is, nothing is rounded away. */
function isPlainNumberSql(field: FieldContract, value: string): string {
  const digits = 'digits' in field ? field.digits : 0;
  return `(NOT contains(${value}, '_') AND NOT contains(${value}, 'e') AND NOT contains(${value}, 'E') AND (NOT contains(${value}, '.') OR length(${value}) - strpos(${value}, '.') <= ${digits}))`;
}

function stored(field: FieldContract): string {
  return storageType(field).replace(/\(.*/, '');
}
