/** References that changed without a trace: Odoo's merge of two records gives what pointed to one of them to the other below its models, and
 *  the rows keep the write_date they had. What gives it away is that the record they pointed to is gone. */
import { OdooError, type OdooFieldMetadata } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { OdooPull } from './pull-odoo-session.ts';
import { orphanedTableSql, pointedSql, type Reference, stagingTableSql } from './pull-odoo-sql.ts';

const ID_CHUNK = 20_000;

/** Table `orphaned`: records of the base snapshot that point to one which is gone. False where the user may not look whether it is. */
export async function stageOrphaned({ plane, connection }: OdooPull, base: Snapshot, fields: readonly OdooFieldMetadata[]): Promise<boolean> {
  const references: Reference[] = fields.flatMap(({ name, relation, type }) =>
    relation === null || type === 'reference' ? [] : [{ column: name, model: relation, isList: type !== 'many2one' }],
  );
  await plane.run(stagingTableSql('gone', ['model', 'id']));
  for (const [model, columns] of Map.groupBy(references, (reference) => reference.model)) {
    let pointed: number[] = [];
    const look = async (): Promise<void> => {
      const there = new Set(await connection.searchIds(model, [['id', 'in', pointed]]));
      await plane.append('gone', once(pointed.filter((id) => !there.has(id)).map((id) => [model, String(id)])));
      pointed = [];
    };
    try {
      for await (const rows of plane.stream<{ id: number }>(pointedSql(base.data, columns))) {
        for (const { id } of rows) pointed.push(id);
        if (pointed.length >= ID_CHUNK) await look();
      }
      if (pointed.length > 0) await look();
    } catch (error) {
      if (error instanceof OdooError && error.failure === 'access') return false;
      throw error;
    }
  }
  await plane.run(orphanedTableSql(base.data, references));
  return true;
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
