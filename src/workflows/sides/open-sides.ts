/** Opens the sides of entities in a data plane: legacy rows, rejects and links as views and tables, Odoo's records as a query. */
import type { DataPlane } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { type LinkSources, linkTablesSql, saidCountSql, unboundLinkTablesSql } from './links-sql.ts';
import type { EntitySides, LegacySide, Sides } from './sides.ts';
import { legacyViewSql, odooCanonicalSql, rejectsViewSql, wideAmountsSql } from './sides-sql.ts';

/** `<entity>:legacy`, `<entity>:rejects` and the tables of links (links-sql.ts), which need those of `stageLinks`. All entities first: a reference may point to any of them, its own included. */
export async function openSides(entities: readonly EntitySides[], plane: DataPlane): Promise<void> {
  for (const { definition, datasets, odoo } of entities) {
    const { contract } = definition;
    await plane.run(legacyViewSql(contract, datasets));
    await plane.run(
      rejectsViewSql(
        contract.entity,
        datasets.map((dataset) => dataset.rejects),
      ),
    );
    const [said] = await plane.rows<{ said: number }>(saidCountSql(contract.entity));
    const isSaid = (said?.said ?? 0) > 0;
    for (const sql of odoo === null ? unboundLinkTablesSql(contract.entity) : linkTablesSql(linkSources(definition, odoo.snapshot), isSaid))
      await plane.run(sql);
  }
}

function linkSources({ contract, sources }: EntitySides['definition'], { data, manifest }: Snapshot): LinkSources {
  const columns = manifest.columns.map((column) => column.name);
  return { entity: contract.entity, snapshot: { file: data, columns }, systems: sources.map(({ mapping }) => mapping.system) };
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
