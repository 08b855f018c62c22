/** After a rollback: External IDs whose record is gone. Odoo leaves them behind when a record goes by a cascade in the database. */
import { OdooError } from '../../domain/ports.ts';
import type { LoadRun } from './load-run.ts';

const PER_CALL = 500;

/** Deletes them where the user may; says so where not. They do no harm: a later load takes them up again. */
export async function sweepExternalIds(run: LoadRun): Promise<void> {
  const deleted = [...new Set([...run.deletedExternalIds, ...(await journaledDeletes(run))])];
  let left = 0;
  for (let from = 0; from < deleted.length; from += PER_CALL) {
    const names = deleted.slice(from, from + PER_CALL).map((externalId) => externalId.slice(externalId.indexOf('.') + 1));
    const chunk = deleted.slice(from, from + PER_CALL);
    try {
      const ids = await run.odoo.searchIds('ir.model.data', [
        ['module', '=', run.manifest.namespace],
        ['name', 'in', names],
      ]);
      if (ids.length === 0) continue;
      const alive = await run.odoo.resolveExternalIds(chunk);
      const records = await run.odoo.read('ir.model.data', ids, ['name']);
      const dangling = records.filter((record) => !alive.has(`${run.manifest.namespace}.${String(record['name'])}`)).map((record) => record.id);
      if (dangling.length > 0) await run.odoo.unlink('ir.model.data', dangling);
    } catch (error) {
      if (!(error instanceof OdooError && error.failure === 'access')) throw error;
      left += chunk.length;
    }
  }
  if (left > 0)
    run.ports.progress({ kind: 'warning', text: 'External IDs of deleted records may stay in ir.model.data: this user may not read or delete them' });
}

/** Those of every part of the run: what was deleted before it was killed and taken up again is known to the journal alone. */
async function journaledDeletes(run: LoadRun): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const page of run.state.journalOf(run.runId, { kinds: ['answer', 'resolved'] })) {
    for (const { externalId, payload } of page) {
      if (payload.action === 'delete' && externalId !== null) found.push(externalId);
      for (const line of payload.lines ?? []) if (line.action === 'delete') found.push(line.externalId);
    }
  }
  return found;
}
