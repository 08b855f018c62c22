/** Which records of Odoo an entity's snapshot holds, and which of them take part although nothing is linked to them. */
import type { Capability, EntityDefinition } from '../../domain/workspace.ts';
import type { ResolvedBinding } from './pull-odoo-binding.ts';

export interface EntityDomains {
  /** What is pulled. */
  readonly domain: readonly unknown[];
  /** What takes part unlinked; null: nothing. */
  readonly scope: readonly unknown[] | null;
}

/** The domains of an entity; a line takes those of its document where it has none, read through the many2one to it. */
export function entityDomains(capability: Capability, { contract }: EntityDefinition, binding: ResolvedBinding): EntityDomains {
  const own = contract.odoo;
  const parent = capability.entities.find((one) => one.contract.entity === contract.parent)?.contract.odoo;
  if (own === undefined) throw new Error(`${contract.entity} is not bound to Odoo`);
  if (parent === undefined || binding.parentField === null)
    return { domain: own.domain, scope: own.scope === undefined ? null : [...own.domain, ...own.scope] };
  const through = binding.parentField;
  const domain = [...own.domain, ...throughParent(parent.domain, through)];
  const scope = own.scope ?? (parent.scope === undefined ? undefined : throughParent(parent.scope, through));
  return { domain, scope: scope === undefined ? null : [...domain, ...scope] };
}

function throughParent(domain: readonly unknown[], parentField: string): unknown[] {
  return domain.map((term) => (Array.isArray(term) && typeof term[0] === 'string' ? [`${parentField}.${term[0]}`, ...term.slice(1)] : term));
}
