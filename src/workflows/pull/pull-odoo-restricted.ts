/** Records that are known to be in Odoo and that Odoo does not show to this user. Measured on 14 and 19: a search leaves them out, reading one is refused,
 *  and reading one that was deleted answers nothing. */
import { type OdooConnection, OdooError } from '../../domain/ports.ts';
import { externalIdPrefix } from '../../domain/record-key.ts';
import { literal } from '../../domain/sql.ts';
import { idChunks, once, type Reading } from './pull-odoo-reading.ts';
import { recordRows } from './pull-odoo-rows.ts';
import { stagingTableSql } from './pull-odoo-sql.ts';

/** How many ids a manifest names. */
const NAMED = 1000;
const READ_CHUNK = 1000;

export interface Restricted {
  readonly restricted?: number;
  readonly restrictedIds?: readonly number[];
}

/** As it stands in the manifest: absent where there are none. */
export function restrictedFacts(ids: readonly number[], count = ids.length): Restricted {
  if (count === 0) return {};
  return { restricted: count, restrictedIds: [...ids].sort((a, b) => a - b).slice(0, NAMED) };
}

/** Of what the crosswalk and the namespace's External IDs name, what is not in the snapshot `file` and has not been deleted. Table `links` holds the
 *  ids of the crosswalk. */
export async function restrictedRecords(reading: Reading, file: string): Promise<number[]> {
  const { pull, request } = reading;
  await stageNamed(reading);
  const unseen = `SELECT DISTINCT CAST(k.id AS BIGINT) AS id FROM (SELECT id FROM links UNION ALL SELECT id FROM named) AS k
ANTI JOIN read_parquet(${literal(file)}) AS s ON s.id = CAST(k.id AS BIGINT) ORDER BY id`;
  const found: number[] = [];
  for await (const ids of idChunks(pull, unseen)) {
    for (let start = 0; start < ids.length; start += READ_CHUNK)
      found.push(...(await refused(pull.connection, request.binding.model, ids.slice(start, start + READ_CHUNK))));
  }
  return found;
}

/** Which of these the user is refused. Odoo refuses a call that holds one of them without saying which: halved until it is known. */
export async function refused(connection: OdooConnection, model: string, ids: readonly number[]): Promise<readonly number[]> {
  try {
    await connection.call(model, 'read', { ids, fields: ['write_date'], load: null });
    return [];
  } catch (error) {
    if (!(error instanceof OdooError) || error.failure !== 'access') throw error;
    if (ids.length === 1) return ids;
    const middle = Math.ceil(ids.length / 2);
    return (await Promise.all([refused(connection, model, ids.slice(0, middle)), refused(connection, model, ids.slice(middle))])).flat();
  }
}

/** Table `named`: ids that External IDs of our making name, where there are more of these than the records seen have, and the user may look. Those of other
 *  entities of the same model are left out: there may be a million of them. */
async function stageNamed({ pull, request }: Reading): Promise<void> {
  const { plane, connection } = pull;
  const { namespace } = pull.request.workspace.file;
  const prefix = externalIdPrefix(request.definition.contract.entity);
  await plane.run(stagingTableSql('named', ['id']));
  const [own] = await plane.rows<{ names: number }>(
    `SELECT count(DISTINCT name) AS names FROM external_ids WHERE kind = 'own' AND starts_with(name, ${literal(`${namespace}.${prefix}`)})`,
  );
  const domain = [
    ['module', '=', namespace],
    ['model', '=', request.binding.model],
    ['name', '=like', `${prefix.replaceAll('_', '\\_')}%`],
  ];
  try {
    if ((await connection.call<number>('ir.model.data', 'search_count', { domain })) === own?.names) return;
    for await (const page of recordRows(connection.pages('ir.model.data', domain, ['res_id']), [{ name: 'res_id', type: 'many2one_reference' }]))
      await plane.append('named', once(page.map(([, id = null]) => [id])));
  } catch (error) {
    // who may not read External IDs knows what the crosswalk knows
    if (!(error instanceof OdooError) || error.failure !== 'access') throw error;
  }
}
