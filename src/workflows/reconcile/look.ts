/** One look at an entity: at all its records, or at those that an earlier comparison does not answer for. */
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { copyToParquetSql, differenceCountSql, literal } from '../../domain/sql.ts';
import type { FieldRule } from '../sides/field-rules.ts';
import { entityTable, type LegacyColumns, linkedLegacySql, targetColumns } from '../sides/sides-sql.ts';
import { type ComparedWhole, holdingSql } from './again-sql.ts';
import type { KnownLayer } from './baseline.ts';
import { candidatesTableSql, goneTableSql, legacyMarksSql, odooClassesTableSql, unboundClassesTableSql } from './compare-classes-sql.ts';
import { compareFields } from './compare-fields.ts';
import { type ComparedSides, legacySideSql, narrowLegacySql, odooSideSql, plainDigestSql, type SideQueries } from './compare-sql.ts';
import { wholeFiles } from './reuse.ts';

export interface Subject {
  readonly capability: string;
  readonly odooSystem: string;
  readonly rules: readonly FieldRule[];
  readonly columns: LegacyColumns;
  /** Canonical rows of both sides, as queries; `odoo` is null for an entity that is not bound to Odoo. */
  readonly legacy: string;
  readonly odoo: string | null;
  /** Query of the ids of Odoo's snapshot. */
  readonly odooIds: string;
  /** Rules of the key; null where Odoo does not hold it whole. */
  readonly keyRules: readonly FieldRule[] | null;
  readonly layers: readonly KnownLayer[];
}

export interface Looked {
  readonly sides: SideQueries;
  readonly files: ReturnType<typeof wholeFiles>;
  /** Relations of both sides of the records looked at; null: all. */
  readonly again: { readonly legacy: string; readonly odoo: string } | null;
}

/** Writes the files of the entity. `whole`: what holds for records that are not in tables `again` and `ids`; null: everything is compared. */
export async function lookAt(
  subject: Subject,
  whole: ComparedWhole | null,
  how: { readonly file: (part: string) => string; readonly isExact: boolean },
  plane: DataPlane,
): Promise<Looked> {
  const { capability, odooSystem, columns, layers } = subject;
  const { contract } = columns;
  const files = wholeFiles(how.file);
  const [again, odooAgain] = [how.file('again'), how.file('odoo-again')];
  const compared = whole === null ? everything(subject, files) : await onlyAgain(subject, files, plane);
  await classify(subject, compared, files, plane);
  const rules = subject.rules.filter((rule) => rule.compared);
  const context = { capability, contract, odooSystem, sides: compared, refs: columns.refs };
  await compareFields({ context, rules, targets: targetColumns(columns), layers, holding: whole, isExact: how.isExact, files }, plane);
  const own = `read_parquet(${literal(files.marks)})`;
  if (whole === null) return { sides: { legacy: subject.legacy, marks: own, odoo: subject.odoo, classes: files.classes }, files, again: null };
  await plane.run(copyToParquetSql(`FROM ${legacySideSql(compared)}`, again));
  await plane.run(copyToParquetSql(`FROM ${odooSideSql(compared)}`, odooAgain));
  // a row whose key is asked for may be gone: the table says more than the rows there are
  const keys = how.file('again-keys');
  await plane.run(copyToParquetSql(`FROM ${entityTable(contract.entity, 'again')}`, keys));
  const marks = `(${holdingSql(`read_parquet(${literal(keys)})`, whole.marks, odooSystem, ['_system', '_key'])} UNION ALL BY NAME SELECT * FROM ${own})`;
  return {
    sides: { legacy: subject.legacy, marks, odoo: subject.odoo, classes: files.classes },
    files,
    again: { legacy: `read_parquet(${literal(again)})`, odoo: `read_parquet(${literal(odooAgain)})` },
  };
}

/** E_REUSE_DIFFERS where a look at what changed leaves other rows than a look at everything. */
export async function proveSame(subject: Subject, whole: Looked, other: Looked, plane: DataPlane): Promise<void> {
  let rows = 0;
  for (const part of ['records', 'breaks', 'candidates', 'classes'] as const) {
    const [one, two] = [whole.files[part], other.files[part]].map((file) => `read_parquet(${literal(file)})`) as [string, string];
    rows += (await plane.rows<{ rows: number }>(differenceCountSql(one, two)))[0]?.rows ?? 0;
  }
  const marks = ({ sides }: Looked): string => `(SELECT * EXCLUDE (_ordinal) FROM ${sides.marks})`;
  rows += (await plane.rows<{ rows: number }>(differenceCountSql(marks(whole), marks(other))))[0]?.rows ?? 0;
  if (rows === 0) return;
  const { entity } = subject.columns.contract;
  throw new CutoverError('E_REUSE_DIFFERS', `${entity}: ${rows} rows come out otherwise when what did not change is taken over from the last comparison`, {
    hint: `cutover reconcile ${subject.capability} --full`,
  });
}

function everything({ legacy, odoo }: Subject, { marks, classes }: Looked['files']): ComparedSides {
  return { legacy, marks: `read_parquet(${literal(marks)})`, odoo, classes, rows: { legacy: 'legacy', rejects: 'rejects' } };
}

/** Tables `<entity>:compared` and `<entity>:rejected` of the records in `again`. */
async function onlyAgain({ columns, odoo }: Subject, { marks, classes }: Looked['files'], plane: DataPlane): Promise<ComparedSides> {
  const { entity } = columns.contract;
  const table = (part: 'compared' | 'rejected' | 'odoo') => entityTable(entity, part);
  const asked = `${entityTable(entity, 'again')} AS a ON a._key = r._key AND a._system = r._system`;
  await plane.run(`CREATE OR REPLACE TABLE ${table('compared')} AS SELECT r.* FROM ${entityTable(entity, 'legacy')} AS r SEMI JOIN ${asked}`);
  const rejects = entityTable(entity, 'rejects');
  await plane.run(
    `CREATE OR REPLACE TABLE ${table('rejected')} AS SELECT r.* FROM ${rejects} AS r SEMI JOIN ${asked} UNION ALL SELECT * FROM ${rejects} WHERE _key IS NULL`,
  );
  const own = odoo === null ? null : `SELECT * EXCLUDE (_digest, _keys) FROM ${table('odoo')}`;
  return {
    legacy: `FROM ${table('compared')}`,
    marks: `read_parquet(${literal(marks)})`,
    odoo: own,
    classes,
    rows: { legacy: 'compared', rejects: 'rejected' },
  };
}

/** Candidates, and what every record of both sides is. */
async function classify(
  { rules, columns, odooIds, keyRules }: Subject,
  { rows, marks, odoo }: ComparedSides,
  files: Looked['files'],
  plane: DataPlane,
): Promise<void> {
  const { contract } = columns;
  const { entity } = contract;
  const [table, targets] = [entityTable(entity, rows.legacy), targetColumns(columns)];
  const sets = contract.link_by ?? [contract.key];
  const linkBy = sets
    .map((fields) => fields.flatMap((field) => rules.filter((rule) => rule.field === field)))
    .filter((set, index) => set.length === sets[index]?.length);
  const compared = rules.filter((rule) => rule.compared);
  await plane.run(candidatesTableSql({ entity, legacy: linkedLegacySql(columns, table), odoo, linkBy }));
  const narrow = linkedLegacySql(columns, narrowLegacySql(table, compared, targets));
  await plane.run(copyToParquetSql(legacyMarksSql(entity, narrow, targets, odooIds, plainDigestSql(compared, targets, 'legacy')), files.marks));
  await plane.run(goneTableSql(entity, rows));
  await plane.run(odoo === null ? unboundClassesTableSql(entity) : odooClassesTableSql(entity, odoo, marks, keyRules));
  await plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'classes')} ORDER BY _odoo_id`, files.classes));
  await plane.run(copyToParquetSql(`FROM ${entityTable(entity, 'candidates')} ORDER BY _system, _key, _odoo_id`, files.candidates));
}
