/** Which entities are matched without being asked: master data. A line, a record that is identified by the one it belongs to, and a document are not; their
 *  contract can ask for it with a `match` section. Where keys alone say what is one thing, nothing is left to be scored. */
import type { EntityDefinition } from '../../domain/workspace.ts';

export function isMatchable({ contract, lines }: EntityDefinition): boolean {
  if (contract.match?.link === 'key') return false;
  if (contract.match !== undefined && Object.keys(contract.match.fields).length > 0) return true;
  const isPart = contract.parent !== undefined || contract.key.some((name) => contract.fields[name]?.type === 'ref');
  return !isPart && lines.length === 0 && contract.odoo?.states === undefined;
}
