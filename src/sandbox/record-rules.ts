/** Record rules for all users (`ir.rule` without groups): what a search leaves out, and every call on a record is refused. */
import { compileDomain } from './domain-filter.ts';
import type { Environment } from './environment.ts';
import { accessError, valueError } from './errors.ts';
import type { Model } from './model.ts';
import type { Json, Row } from './values.ts';

/** Which rows of a model the user may see; null: all of them. */
export function visibleRows(environment: Environment, model: Model): ((row: Row) => boolean) | null {
  const rules = environment.database.models.get('ir.rule')?.table;
  if (rules === undefined || rules.size === 0) return null;
  const [id] = environment.model('ir.model').table.find('model', model.name);
  const filters = [...rules.rows()]
    .filter((rule) => rule.model_id === id && rule.active === true && rule.perm_read === true)
    .map((rule) => compileDomain(environment, model, pythonLiteral(String(rule.domain_force || '[]'))));
  return filters.length === 0 ? null : (row) => filters.every((filter) => filter.test(row));
}

/** Odoo's refusal when one of these records is hidden. It says no more than the model; records that do not exist are no reason. */
export function refuseHidden(environment: Environment, model: Model, ids: readonly number[]): void {
  const isVisible = visibleRows(environment, model);
  if (isVisible === null) return;
  const rows = ids.map((id) => model.table.get(id)).filter((row) => row !== undefined);
  if (rows.every(isVisible)) return;
  const user = environment.nameOf('res.users', environment.userId);
  throw accessError(
    `Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, ${user} (id=${environment.userId}) doesn't have 'read' access to:\n- ${model.description} (${model.name})\n\nIf you really, really need access, perhaps you can win over your friendly administrator with a batch of freshly baked cookies.`,
  );
}

/** Lists, tuples, texts in single quotes, numbers and the three names: what stands in most domains. */
function pythonLiteral(text: string): Json {
  const json = text
    .replaceAll(/'([^'"\\]*)'|\b(True|False|None)\b|[()]/g, (found: string, quoted: string | undefined, name: string | undefined) => {
      if (quoted !== undefined) return `"${quoted}"`;
      if (name !== undefined) return { True: 'true', False: 'false', None: 'null' }[name] ?? found;
      return found === '(' ? '[' : ']';
    })
    .replaceAll(/,\s*\]/g, ']');
  try {
    return JSON.parse(json) as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw valueError(`Invalid domain: ${text}`);
  }
}
