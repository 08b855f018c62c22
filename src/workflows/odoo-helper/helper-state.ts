/** What stands in Odoo under the helper's name, as far as this user may see it. */
import {
  boundHelper,
  helperAnswer,
  helperCall,
  helperExternalId,
  helperHash,
  helperModel,
  helperText,
  helperVersion,
  namedInHelper,
} from '../../domain/odoo-helper.ts';
import type { HelperState } from '../../domain/odoo-helper-results.ts';
import { type OdooConnection, OdooError } from '../../domain/ports.ts';

export interface SeenHelper {
  readonly id: number;
  readonly name: string;
  /** Null: this user may neither read nor run it. */
  readonly text: string | null;
  /** By External ID. */
  readonly groups: readonly string[];
}

/** As an administrator sees it; null when there is none. OdooError `access` for anyone else. */
export async function installedHelper(odoo: OdooConnection): Promise<SeenHelper | null> {
  const found = (await odoo.resolveExternalIds([helperExternalId])).get(helperExternalId);
  if (found?.model !== 'ir.actions.server') return null;
  const groupField = await groupFieldOf(odoo);
  const [action] = await odoo.read('ir.actions.server', [found.id], ['name', 'code', groupField]);
  if (action === undefined) return null;
  const groups = await odoo.externalIds('res.groups', action[groupField] as number[]);
  return { id: found.id, name: String(action.name), text: String(action.code), groups: [...groups.values()] };
}

/** `groups_id` before 19. */
export async function groupFieldOf(odoo: OdooConnection): Promise<'group_ids' | 'groups_id'> {
  return (await odoo.fields('ir.actions.server')).has('group_ids') ? 'group_ids' : 'groups_id';
}

export async function helperState(odoo: OdooConnection): Promise<HelperState> {
  const bound = boundHelper(await odoo.call('ir.actions.actions', 'get_bindings', { model_name: helperModel }));
  const seen = (await asAdministrator(() => installedHelper(odoo))) ?? (bound === null ? null : await asCaller(odoo, bound));
  const { version } = await odoo.identity();
  if (seen === null) return { odoo: version, installed: false, version: null, text: 'none', isRunnable: false, groups: [] };
  const isRunnable = bound?.id === seen.id;
  return { odoo: version, installed: true, version: namedInHelper(seen.name)?.version ?? null, text: judge(seen), isRunnable, groups: seen.groups };
}

async function asAdministrator(look: () => Promise<SeenHelper | null>): Promise<SeenHelper | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof OdooError && error.failure === 'access') return null;
    throw error;
  }
}

/** Who may run the action is told its text by the action itself. */
async function asCaller(odoo: OdooConnection, { id, name }: { readonly id: number; readonly name: string }): Promise<SeenHelper> {
  try {
    const answer = helperAnswer(await odoo.call('ir.actions.server', 'run', helperCall(id, { do: 'text' })));
    return { id, name, text: typeof answer?.text === 'string' ? answer.text : null, groups: [] };
  } catch (error) {
    // An edited text may do anything.
    if (error instanceof OdooError && error.failure === 'validation') return { id, name, text: null, groups: [] };
    throw error;
  }
}

/** `other-version`: as some other version of cutover installed it. `edited`: somebody changed it since. */
export function judge({ name, text }: Pick<SeenHelper, 'name' | 'text'>): Exclude<HelperState['text'], 'none'> {
  if (text === null) return 'edited';
  if (text.trim() === helperText.trim()) return 'as-shipped';
  const named = namedInHelper(name);
  return named !== null && named.hash === helperHash(text) && named.version !== helperVersion ? 'other-version' : 'edited';
}
