/** Canonical rows: what a source's rows have become, in the contract's types.
 *
 *  Columns that are the tool's own begin with `_` (a field name cannot):
 *  legacy side  `_system` VARCHAR, `_key` VARCHAR (record key), `_row` BIGINT (ordinal in the snapshot), `_ref` VARCHAR (names the source row
 *               to a person), `_duplicate` BOOLEAN (another row of the system has the same key), then one column per contract field.
 *               A `code` holds its target value, a `ref` the record key of the entity referred to.
 *  Odoo side    `_odoo_id` BIGINT, `_key` VARCHAR or null, `_external_id` VARCHAR or null (own namespace), `_in_scope` BOOLEAN,
 *               `_active` BOOLEAN, `_write_date` TIMESTAMP, `_duplicate` BOOLEAN, then one column per bound field.
 *               A `ref` holds the database id (BIGINT), a `code` the value of the related record's `by` field. */
import type { EntityContract, FieldContract } from './contract.ts';
import { literal } from './sql.ts';

/** The DuckDB type in which a field is stored. Exact decimals only: no float anywhere. */
export function storageType(field: FieldContract): string {
  switch (field.type) {
    case 'text':
    case 'identifier':
    case 'choice':
    case 'code':
    case 'ref':
      return 'VARCHAR';
    case 'boolean':
      return 'BOOLEAN';
    case 'integer':
      return 'BIGINT';
    case 'decimal':
    case 'quantity':
    case 'money':
      return `DECIMAL(18,${field.digits})`;
    case 'date':
      return 'DATE';
    case 'timestamp':
      return 'TIMESTAMP';
  }
}

/** Is it summed in coverage statements and control totals? */
export function isAmount(field: FieldContract): field is Extract<FieldContract, { type: 'decimal' | 'quantity' | 'money' }> {
  return field.type === 'decimal' || field.type === 'quantity' || field.type === 'money';
}

/** A stored value as text, one text per value: the parts of record keys, and how breaks print values. NULL stays NULL.
 *  Shape:  decimals without trailing zeros (`12.5`, `0`), timestamps `YYYY-MM-DD HH:MM:SS`, dates `YYYY-MM-DD`, booleans `true`/`false`;
 *          texts as they are. `expression` has the type of `storageType(field)`. */
export function canonicalTextSql(field: FieldContract, expression: string): string {
  return typedTextSql(storageType(field), expression);
}

/** The same for an expression of a storage type. */
export function typedTextSql(type: string, expression: string): string {
  switch (type.replace(/\(.*/, '')) {
    case 'VARCHAR':
      return expression;
    case 'TIMESTAMP':
      return `strftime(${expression}, '%Y-%m-%d %H:%M:%S')`;
    case 'DECIMAL':
      return decimalTextSql(expression);
    default:
      return `CAST(${expression} AS VARCHAR)`;
  }
}

/** An exact decimal as text without trailing zeros. */
export function decimalTextSql(expression: string): string {
  const text = `CAST(${expression} AS VARCHAR)`;
  return `CASE WHEN contains(${text}, '.') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;
}

/** Is any part of the record key marked `pii`? Then the key of a legacy record is neither shown nor written. */
export function keyIsPii(contract: EntityContract): boolean {
  return contract.key.some((name) => contract.fields[name]?.pii === true);
}

/** Why a source row did not become a canonical row. */
export type RejectRule =
  | 'expression-failed'
  | 'not-of-type'
  | 'too-many-decimals'
  | 'required'
  | 'null-key'
  | 'not-a-choice'
  | 'unmapped-code'
  | 'unconfirmed-code';

/** One reject: a row may have several. `raw` is null for fields marked `pii` in everything but the reject file itself. */
export interface Reject {
  readonly entity: string;
  readonly system: string;
  readonly row: number;
  readonly ref: string;
  /** Record key, where the key fields themselves could be mapped: it says which record is not compared. */
  readonly key: string | null;
  readonly field: string;
  readonly rule: RejectRule;
  readonly raw: string | null;
}

/** Where the rows of a dataset lie. A night in which little changed keeps only what did, beside the rows that an earlier night has mapped. */
export interface DatasetRows {
  /** Parquet: every source row of one snapshot (`_state`: mapped, rejected or filtered; `_digest` of the source columns that the mapping uses), in the order of the
   *  source. */
  readonly base: string;
  readonly baseRows: number;
  /** `rows`: Parquet like `base` of the rows that are others, or that are new. What holds of the base: all but the ordinals of `gone`, or, where rows have moved within
   *  the source, the ordinals of `places`, each with its `_row` of today. Null: the base is the whole. */
  readonly changes: { readonly rows: string; readonly gone: string } | { readonly rows: string; readonly places: string } | null;
  /** Parquet (`_key`): keys that more than one row has. */
  readonly duplicates: string;
}

/** The canonical dataset of one entity of one system, as files; made once per inputs and reused. */
export interface CanonicalDataset {
  readonly entity: string;
  readonly system: string;
  readonly snapshotId: string;
  /** SHA-256 over snapshot id, contract, source mapping and code maps. Same inputs, same dataset. */
  readonly inputsHash: string;
  /** The same without the snapshot. */
  readonly definitionHash: string;
  /** Read by `canonicalRowsSql`. */
  readonly rows: DatasetRows;
  /** Absolute path of a Parquet file, as the others. */
  readonly rejects: string;
  readonly counts: { readonly input: number; readonly mapped: number; readonly rejected: number; readonly filtered: number; readonly duplicates: number };
}

/** Names of the files of a dataset ; `gone` or `places` only where it has a base. */
export const datasetFiles = {
  ...{ rows: 'rows.parquet', rejects: 'rejects.parquet', duplicates: 'duplicates.parquet', gone: 'gone.parquet', places: 'places.parquet' },
} as const;

type Rows = Pick<CanonicalDataset, 'rows' | 'counts'>;

/** The canonical rows of datasets of one entity, in parentheses, to stand after FROM, in no order; and `_ordinal` BIGINT, by which a row is found again in its dataset and,
 *  as long as it does not change, in those of later nights that have the same base. */
export function canonicalRowsSql(datasets: readonly Rows[]): string {
  const rows = datasets.map((dataset) => {
    const { duplicates } = dataset.rows;
    const isDuplicate = dataset.counts.duplicates === 0 ? 'false' : `(_key IN (SELECT d._key FROM read_parquet(${literal(duplicates)}) AS d))`;
    return `SELECT * EXCLUDE (_state, _rules, _digest) REPLACE (coalesce(_ref, CAST(_row AS VARCHAR)) AS _ref), ${isDuplicate} AS _duplicate
FROM ${sourceRowsSql(dataset.rows)} WHERE _state = 'mapped'`;
  });
  return `(${rows.join('\nUNION ALL BY NAME ')})`;
}

/** Every source row of a dataset, mapped or not, in parentheses: the columns of its files and `_ordinal`. */
export function sourceRowsSql({ base, baseRows, changes }: DatasetRows): string {
  const file = `read_parquet(${literal(base)})`;
  if (changes === null) return `(SELECT *, file_row_number AS _ordinal FROM ${file})`;
  const kept =
    'gone' in changes
      ? `SELECT b.*, b.file_row_number AS _ordinal FROM ${file} AS b ANTI JOIN read_parquet(${literal(changes.gone)}) AS g ON g.ordinal = b.file_row_number`
      : `SELECT b.* REPLACE (p._row AS _row), b.file_row_number AS _ordinal FROM ${file} AS b JOIN read_parquet(${literal(changes.places)}) AS p ON p.ordinal = b.file_row_number`;
  return `(${kept} UNION ALL SELECT *, ${baseRows} + file_row_number AS _ordinal FROM read_parquet(${literal(changes.rows)}))`;
}

/** The files that `canonicalRowsSql` reads: a plane that is locked down needs their directories. */
export function canonicalFiles({ rows }: Rows): readonly string[] {
  return [rows.base, ...(rows.changes === null ? [] : [rows.changes.rows]), rows.duplicates];
}
