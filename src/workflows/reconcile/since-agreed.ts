/** What one side has done to documents since both last agreed: bills posted in Odoo, or in the legacy system, while both are in use. A document in the same state
 *  on both sides is agreed upon, and not among them. */
import type { StateSinceAgreed } from '../../domain/allocation.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { plainDecimal } from '../../domain/rounding.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { measureOf } from './explained.ts';

interface Row {
  readonly [column: string]: string | number | null;
  readonly side: 'legacy' | 'odoo';
  readonly agreed: string | null;
  readonly state: string;
  readonly records: number;
  readonly total: string | null;
}

/** Documents with states, in load order; the plane must be able to read the baseline. */
export async function statesSinceAgreed({ entities }: Comparison, plane: DataPlane): Promise<StateSinceAgreed[]> {
  const found: StateSinceAgreed[] = [];
  for (const entity of entities) {
    const state = entity.binding?.stateField ?? null;
    if (state === null || (entity.mapped.get(state) ?? []).length === 0) continue;
    const measure = measureOf(entity);
    for (const { side, agreed, state: now, records, total } of await plane.rows<Row>(sinceAgreedSql(entity, state, measure))) {
      found.push({ entity: entity.entity, side, agreed, state: now, records: Number(records), measure, sum: total === null ? null : plainDecimal(total) });
    }
  }
  return found;
}

function sinceAgreedSql(entity: EntityComparison, stateField: string, measure: string | null): string {
  const { legacy, odoo, records, baseline } = entity;
  const state = identifier(stateField);
  const amount = (alias: string) => (measure === null ? 'CAST(NULL AS DECIMAL(38,12))' : `CAST(${alias}.${identifier(measure)} AS DECIMAL(38,12))`);
  const differing = `SELECT _system, _key FROM read_parquet(${literal(records)}) WHERE _class = 'linked' AND list_contains(_fields, ${literal(stateField)})`;
  const moved = (side: 'legacy' | 'odoo', alias: string) =>
    `SELECT ${literal(side)} AS side, agreed, ${side}_state AS state, ${alias}_amount AS amount FROM pairs WHERE ${side}_state IS NOT NULL AND ${side}_state IS DISTINCT FROM agreed`;
  return `WITH differing AS (${differing}),
pairs AS MATERIALIZED (
  SELECT l.${state} AS legacy_state, o.${state} AS odoo_state, b.${state}.v AS agreed, ${amount('l')} AS l_amount, ${amount('o')} AS o_amount
  FROM ${legacy.sql} AS l JOIN differing AS d ON d._system = l._system AND d._key = l._key JOIN ${odoo.sql} AS o ON o._odoo_id = l._odoo_id
  LEFT JOIN ${baseline('SELECT _system, _key FROM differing').sql} AS b ON b._system = l._system AND b._key = l._key
  WHERE l._class = 'linked'
)
SELECT side, agreed, state, count(*) AS records, CAST(sum(amount) AS VARCHAR) AS total FROM (
  ${moved('legacy', 'l')}
  UNION ALL ${moved('odoo', 'o')}
  UNION ALL SELECT 'legacy', NULL, l.${state}, ${amount('l')} FROM ${legacy.sql} AS l WHERE l._class IN ('only-legacy', 'missing-in-odoo') AND l.${state} IS NOT NULL
  UNION ALL SELECT 'odoo', NULL, o.${state}, ${amount('o')} FROM ${odoo.sql} AS o WHERE o._class = 'only-odoo' AND o.${state} IS NOT NULL
) GROUP BY ALL ORDER BY side, agreed NULLS FIRST, state`;
}
