/** Which raw breaks a rule explains. Rows: `id` (of the raw break), `side` (legacy, odoo, both), `system`, `key`, `odoo_id`, `field` (null: the record),
 *  `explained` (class), `overlapping` (another rule holds as well), `legacy`, `odoo` DECIMAL: the amount measured, where a side has it. */
import { decimalTextSql } from '../../domain/canonical.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { EntityComparison } from './comparison.ts';
import { type JoinedReference, legacyJoinsSql, odooJoinsSql, type SideExpression } from './side-expressions.ts';
import { tokenSql } from './value-tokens.ts';

export interface ExplainingRule {
  readonly name: string;
  /** Null: records of one side only. */
  readonly field: string | null;
  readonly when: SideExpression;
}

interface Explaining {
  readonly entity: EntityComparison;
  readonly rules: readonly ExplainingRule[];
  readonly references: readonly JoinedReference[];
  /** Amount field, or null. */
  readonly measure: string | null;
}

const LEGACY_ONLY = "('only-legacy', 'missing-in-odoo')";
const ODOO_ONLY = "('only-odoo', 'missing-in-legacy')";
const DIFFERENCES = "('value', 'missing-value', 'extra-value')";
const NO_AMOUNT = 'CAST(NULL AS DECIMAL(38,12))';

const amountSql = (amount: string) => `CAST(${amount} AS DECIMAL(38,12))`;
const breaksSql = ({ breaks }: EntityComparison) => `read_parquet(${literal(breaks)})`;

/** Null where nothing can be explained: rules of fields alone, and Odoo has no model for the entity. */
export function explainedRecordsSql({ entity, rules, references, measure }: Explaining): string | null {
  const { legacy, odoo, definition } = entity;
  const ofRecords = rules.filter(({ field }) => field === null);
  const ofFields = rules.filter(({ field }) => field !== null);
  const found: string[] = [];
  const own = measure === null ? NO_AMOUNT : amountSql(`self.${identifier(measure)}`);
  const from = (side: string, field: string, of: readonly ExplainingRule[], expression: 'legacy' | 'odoo', amounts: string, rows: string) => `
SELECT _b.id, ${literal(side)} AS side, _b.system, _b.key, _b.odoo_id, ${field} AS field, ${holdingSql(of, expression)} AS holding, ${amounts} ${rows}`;
  if (ofRecords.length > 0) {
    found.push(
      from(
        'legacy',
        'CAST(NULL AS VARCHAR)',
        ofRecords,
        'legacy',
        `${own} AS legacy, ${NO_AMOUNT} AS odoo`,
        `
FROM ${breaksSql(entity)} AS _b JOIN ${legacy.sql} AS self ON self._system = _b.system AND self._key = _b.key AND NOT self._duplicate ${legacyJoinsSql(references)}
WHERE _b.field IS NULL AND _b.class IN ${LEGACY_ONLY}`,
      ),
    );
    if (entity.binding !== null)
      found.push(
        from(
          'odoo',
          'CAST(NULL AS VARCHAR)',
          ofRecords,
          'odoo',
          `${NO_AMOUNT} AS legacy, ${own} AS odoo`,
          `
FROM ${breaksSql(entity)} AS _b JOIN ${odoo.sql} AS self ON self._odoo_id = _b.odoo_id ${odooJoinsSql(references)}
WHERE _b.field IS NULL AND _b.class IN ${ODOO_ONLY}`,
        ),
      );
  }
  if (ofFields.length > 0 && entity.binding !== null) {
    const amounts = ofFields.flatMap(({ field }) => {
      const contract = field === null ? undefined : definition.contract.fields[field];
      return field !== null && contract !== undefined && 'digits' in contract ? [field] : [];
    });
    const of = (alias: string) =>
      amounts.length === 0
        ? NO_AMOUNT
        : `CASE _b.field ${[...new Set(amounts)].map((field) => `WHEN ${literal(field)} THEN ${amountSql(`${alias}.${identifier(field)}`)}`).join(' ')} END`;
    found.push(
      from(
        'both',
        '_b.field',
        ofFields,
        'legacy',
        `${of('self')} AS legacy, ${of('_other')} AS odoo`,
        `
FROM ${breaksSql(entity)} AS _b JOIN ${legacy.sql} AS self ON self._system = _b.system AND self._key = _b.key AND NOT self._duplicate
JOIN ${odoo.sql} AS _other ON _other._odoo_id = _b.odoo_id ${legacyJoinsSql(references)}
WHERE _b.class IN ${DIFFERENCES} AND _b.field IN (${ofFields.map(({ field }) => literal(field)).join(', ')})`,
      ),
    );
  }
  if (found.length === 0) return null;
  return `SELECT id, side, system, key, odoo_id, field, holding[1] AS explained, len(holding) > 1 AS overlapping, legacy, odoo
FROM (${found.join('\nUNION ALL ')}) WHERE len(holding) > 0 ORDER BY system, key, odoo_id, field NULLS FIRST, id`;
}

/** Classes of the rules that hold, in order of the contract. One that cannot be worked out for a row does not hold. */
function holdingSql(rules: readonly ExplainingRule[], side: 'legacy' | 'odoo'): string {
  const each = rules.map(({ name, field, when }) => {
    const sql = when[side];
    if (sql === null) return 'CAST(NULL AS VARCHAR)';
    const isOfField = field === null ? '' : `_b.field = ${literal(field)} AND `;
    return `CASE WHEN ${isOfField}coalesce(TRY(${sql}), false) THEN ${literal(name)} END`;
  });
  return `list_filter([${each.join(', ')}], lambda name: name IS NOT NULL)`;
}

/** The first rule of the contract that holds for a row of `self`, whatever side it stands on; NULL: none does. */
export function firstHoldingSql(rules: readonly ExplainingRule[], side: 'legacy' | 'odoo'): string {
  const ofRecords = rules.filter(({ field }) => field === null);
  return ofRecords.length === 0 ? 'CAST(NULL AS VARCHAR)' : `${holdingSql(ofRecords, side)}[1]`;
}

interface Lines {
  readonly entity: EntityComparison;
  /** Field that names the document. */
  readonly parent: string;
  /** File of what is explained of the documents. */
  readonly documents: string;
  readonly measure: string | null;
}

/** Lines of documents that are explained, on the side where the document stands. */
export function explainedLinesSql({ entity, parent, documents, measure }: Lines): string {
  const own = measure === null ? NO_AMOUNT : amountSql(`self.${identifier(measure)}`);
  const document = `read_parquet(${literal(documents)})`;
  const tail = 'AS field, _d.explained, _d.overlapping';
  const legacy = `SELECT _b.id, 'legacy' AS side, _b.system, _b.key, _b.odoo_id, CAST(NULL AS VARCHAR) ${tail}, ${own} AS legacy, ${NO_AMOUNT} AS odoo
FROM ${breaksSql(entity)} AS _b JOIN ${entity.legacy.sql} AS self ON self._system = _b.system AND self._key = _b.key AND NOT self._duplicate
JOIN ${document} AS _d ON _d.side = 'legacy' AND _d.field IS NULL AND _d.system = self._system AND _d.key = self.${identifier(parent)}
WHERE _b.field IS NULL AND _b.class IN ${LEGACY_ONLY}`;
  const odoo = `SELECT _b.id, 'odoo' AS side, _b.system, _b.key, _b.odoo_id, CAST(NULL AS VARCHAR) ${tail}, ${NO_AMOUNT} AS legacy, ${own} AS odoo
FROM ${breaksSql(entity)} AS _b JOIN ${entity.odoo.sql} AS self ON self._odoo_id = _b.odoo_id
JOIN ${document} AS _d ON _d.side = 'odoo' AND _d.field IS NULL AND _d.odoo_id = self.${identifier(parent)}
WHERE _b.field IS NULL AND _b.class IN ${ODOO_ONLY}`;
  return `FROM (${entity.binding === null ? legacy : `${legacy}\nUNION ALL ${odoo}`}) ORDER BY system, key, odoo_id, id`;
}

/** `explained`, `field`, `n`, `overlapping`, `legacy`, `odoo` as exact texts. */
export function explainedSumsSql(file: string): string {
  return `SELECT explained, field, count(*) AS n, count(*) FILTER (overlapping) AS overlapping, CAST(sum(legacy) AS VARCHAR) AS legacy, CAST(sum(odoo) AS VARCHAR) AS odoo
FROM read_parquet(${literal(file)}) GROUP BY ALL ORDER BY ALL`;
}

/** Rows of explained.csv, all texts. Needs `stagePiiKey` where the key is `pii`. */
export function explainedRowsSql(entity: string, file: string, isPii: boolean): string {
  const amount = (name: string) => `CASE WHEN ${name} IS NOT NULL THEN ${decimalTextSql(name)} END AS ${name}`;
  const key = isPii ? `CASE WHEN key IS NOT NULL THEN ${tokenSql('key')} END` : 'key';
  return `SELECT ${literal(entity)} AS entity, explained AS class, side, system, ${key} AS key, CAST(odoo_id AS VARCHAR) AS odoo_id, field, ${amount('legacy')}, ${amount('odoo')}
FROM read_parquet(${literal(file)})`;
}
