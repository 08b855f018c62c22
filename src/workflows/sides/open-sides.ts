/** Opens the sides of entities in a data plane: legacy rows, rejects and links as views and tables, Odoo's records as a query. */
import type { DataPlane } from '../../domain/ports.ts';
import type { EntitySides, LegacySide, Sides } from './sides.ts';
import { legacyViewSql, linksTableSql, odooCanonicalSql, rejectsViewSql, unboundLinksSql, wideAmountsSql } from './sides-sql.ts';

/** `<entity>:legacy`, `<entity>:rejects` and `<entity>:links`. All entities first: a reference may point to any of them, its own included. */
export async function openSides(entities: readonly EntitySides[], plane: DataPlane): Promise<void> {
  for (const { definition, datasets, odoo } of entities) {
    const { contract } = definition;
    await plane.run(
      legacyViewSql(
        contract,
        datasets.map((dataset) => dataset.rows),
      ),
    );
    await plane.run(
      rejectsViewSql(
        contract.entity,
        datasets.map((dataset) => dataset.rejects),
      ),
    );
    await plane.run(odoo === null ? unboundLinksSql(contract.entity) : linksTableSql(contract.entity, odoo.snapshot.data));
  }
}

/** Odoo's records in canonical shape, as a query; null where there are none. */
export async function odooSideSql({ definition, odoo }: EntitySides, codes: CodeLookups, plane: DataPlane): Promise<string | null> {
  if (odoo === null) return null;
  const { snapshot, binding } = odoo;
  const wideSql = wideAmountsSql(binding, snapshot.data);
  const [isWide = {}] = wideSql === null ? [] : await plane.rows(wideSql);
  return odooCanonicalSql({
    contract: definition.contract,
    binding,
    snapshot: snapshot.data,
    columns: snapshot.manifest.columns.map((column) => column.name),
    codes,
    wide: new Set(Object.keys(isWide).filter((field) => isWide[field] === true)),
  });
}

/** Code fields in relational fields: field → lookup file and the column of the code in it. */
export type CodeLookups = ReadonlyMap<string, { readonly file: string; readonly by: string }>;

export function codesOf({ odoo }: EntitySides, { lookups }: Sides | LegacySide): CodeLookups {
  const codes = new Map<string, { file: string; by: string }>();
  for (const field of odoo?.binding.fields ?? []) {
    const lookup = field.relation === null ? undefined : lookups.get(field.relation);
    if (field.by !== null && lookup !== undefined) codes.set(field.field, { file: lookup.data, by: field.by });
  }
  return codes;
}
