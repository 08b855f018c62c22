/** Links that Odoo has moved. When a user merges two records there, Odoo moves the External IDs of the one that goes to the one that stays: a link to a record
 *  that is gone, whose External ID now names another, follows it. That is a fact and no guess, so it is written at once, with the history kept. */
import type { CrosswalkLink } from '../../domain/crosswalk.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { loadLock } from '../sides/load-lock.ts';
import type { SidesRequest } from '../sides/sides.ts';

export interface RepointRequest {
  readonly request: SidesRequest;
  readonly odooUuid: string;
  readonly entity: string;
  readonly model: string;
}

interface MovedRow {
  readonly [column: string]: string | number | null;
  readonly system: string;
  readonly key: string;
  readonly external_id: string;
  readonly odoo_id: number;
}

/** `system`, `key`, `external_id`, `was` and `odoo_id` of the links that Odoo has moved. Relations are those of a `ConflictNight`. */
export function movedLinksSql({ links, externalIds, odoo }: { readonly links: string; readonly externalIds: string; readonly odoo: string }): string {
  return `SELECT l.system, l.key, l.external_id, CAST(l.odoo_id AS BIGINT) AS was, min(n.odoo_id) AS odoo_id FROM ${links} AS l
    JOIN ${externalIds} AS n ON n.external_id = l.external_id ANTI JOIN ${odoo} AS o ON o._odoo_id = CAST(l.odoo_id AS BIGINT)
    GROUP BY l.system, l.key, l.external_id, l.odoo_id HAVING count(DISTINCT n.odoo_id) = 1`;
}

/** Needs `match_links_now`, `match_odoo` and `match_odoo_names`. Answers how many links were moved. E_LOCKED while a load runs. */
export async function repointLinks({ request, odooUuid, entity, model }: RepointRequest, plane: DataPlane, ports: Ports): Promise<number> {
  const moved = await plane.rows<MovedRow>(
    `${movedLinksSql({ links: 'match_links_now', externalIds: 'match_odoo_names', odoo: 'match_odoo' })} ORDER BY system, key`,
  );
  if (moved.length === 0) return 0;
  const state = await ports.state();
  const links = moved.map(
    (row): CrosswalkLink => ({
      ...{ odooUuid, capability: request.capability.name, entity, system: row.system, key: row.key, model },
      ...{ odooId: Number(row.odoo_id), externalId: row.external_id, provenance: 'external-id', runId: request.runId, validFrom: request.asOf },
    }),
  );
  await state.withLock(loadLock(odooUuid), `match ${request.runId}`, () => state.link(links));
  return links.length;
}
