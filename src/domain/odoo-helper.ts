/** The optional server action in Odoo (`cutover odoo install-helper`): its text, its names, and what it promises. */
import { createHash } from 'node:crypto';

export const helperVersion = 1;

/** In a namespace of its own, so that every workspace that loads into a database uses the same one. */
export const helperExternalId = 'cutover.helper';

/** The action is bound to a model that nobody opens in daily work: a binding is what tells every user who may run an action that it is there, and what
 *  its id is (`get_bindings`), without the right to read server actions. */
export const helperModel = 'ir.model.data';

/** Key of the call's context that carries the request. */
export const helperContextKey = 'cutover_helper';

/** Python for Odoo 14 to 19, within what `safe_eval` allows: no import, no `with`, no attribute assignment, no closure.
 *
 *  Atomic, since all of it is one transaction of one call, under REPEATABLE READ:
 *  - `save`: rows are locked (records, and those they inherit from, in the order of their ids), compared, written. Whoever changed a locked row after this
 *    transaction began makes the lock fail; Odoo then runs the whole call again, which sees the change.
 *  - `create`: no External ID may name a record yet, and `load` makes records and External IDs. Two that make the same one at the same time meet at the
 *    unique key of ir_model_data.
 *  Not covered: a compared value that is computed from rows of other models, and one2many lists (their lines are rows of their own). */
export const helperText = String.raw`# cutover helper, version 1: made by "cutover odoo install-helper", taken away by "cutover odoo remove-helper".
# It runs with the rights of whoever calls it. With more it only looks up which record an External ID names, and reads this text.
request = env.context.get('cutover_helper')
if not request:
    raise UserError('This action is called by cutover. Started by hand it does nothing.')
here = env(context={key: value for key, value in env.context.items() if key != 'cutover_helper'})


def lock(table, ids):
    if ids:
        here.cr.execute('SELECT id FROM "%s" WHERE id IN %%s ORDER BY id FOR NO KEY UPDATE' % table, [tuple(sorted(ids))])


def as_sent(kind, value):
    if kind in ('date', 'datetime') and value:
        return str(value)[:19]
    if kind in ('one2many', 'many2many'):
        return sorted(value or [])
    if kind in ('float', 'monetary'):
        return float(value or 0)
    if kind == 'integer':
        return int(value or 0)
    if value is None:
        return False
    return value


def save(model, changes, context):
    present = model.browse(sorted([change[0] for change in changes])).exists()
    lock(model._table, present.ids)
    for parent, link in model._inherits.items():
        lock(here[parent]._table, present.mapped(link).ids)
    names = set()
    for change in changes:
        names.update(change[1])
    rows = {}
    for row in present.with_context(active_test=False).read(sorted(names) or ['id'], load=None):
        rows[row['id']] = row
    answers = []
    groups = {}
    for number, expected, values in changes:
        found = {}
        same = number in rows
        if same:
            for name in expected:
                kind = model._fields[name].type
                found[name] = as_sent(kind, rows[number][name])
                same = same and found[name] == as_sent(kind, expected[name])
        answers.append([number, None if same else found])
        if same and values:
            groups.setdefault(repr(sorted(values.items())), [values, []])[1].append(number)
    together = present.with_context(**context)
    for values, ids in groups.values():
        together.browse(ids).with_prefetch(together.ids).write(values)
    return answers


def taken(names):
    found = {}
    for module in names:
        for row in here['ir.model.data'].sudo().search([('module', '=', module), ('name', 'in', names[module])]):
            if row.model in here and here[row.model].browse(row.res_id).exists():
                found[module + '.' + row.name] = [row.model, row.res_id]
    return found


result = {'version': 1}
if request['do'] == 'save':
    result['saved'] = save(here[request['model']], request['changes'], request['context'])
elif request['do'] == 'create':
    result['taken'] = taken(request['names'])
    if not result['taken']:
        result['loaded'] = here[request['model']].with_context(**request['context']).load(request['fields'], request['rows'])
elif request['do'] == 'text':
    result['text'] = here.ref('cutover.helper').sudo().code
else:
    raise UserError('The cutover helper does not know what is asked of it.')
action = {'type': 'ir.actions.act_window_close', 'result': result}
`;

/** What can be asked of the action: `save` and `create` of this text, `text` of any. `context` is for what is written, not for what is read before. */
export type HelperRequest =
  | { readonly do: 'save'; readonly model: string; readonly context: object; readonly changes: readonly (readonly [number, object, object])[] }
  | {
      readonly do: 'create';
      readonly model: string;
      readonly context: object;
      readonly fields: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** Module → names that must not name a record yet. */
      readonly names: Readonly<Record<string, readonly string[]>>;
    }
  | { readonly do: 'text' };

/** How the action is called: `ir.actions.server`, `run`. */
export function helperCall(id: number, request: HelperRequest) {
  return { ids: [id], context: { [helperContextKey]: request } };
}

/** What `run` answered, or null when it was not this kind of action. */
export function helperAnswer(answer: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof answer !== 'object' || answer === null || !('result' in answer)) return null;
  const { result } = answer;
  return typeof result === 'object' && result !== null && 'version' in result ? (result as Readonly<Record<string, unknown>>) : null;
}

/** The helper among the actions that `get_bindings` of `helperModel` answers: those that this user may run. */
export function boundHelper(bindings: unknown): { readonly id: number; readonly name: string } | null {
  const actions = typeof bindings === 'object' && bindings !== null && 'action' in bindings && Array.isArray(bindings.action) ? bindings.action : [];
  for (const action of actions as readonly { readonly id?: unknown; readonly name?: unknown }[]) {
    if (typeof action.id === 'number' && typeof action.name === 'string' && action.name.startsWith('cutover helper'))
      return { id: action.id, name: action.name };
  }
  return null;
}

/** Twelve digits are enough to tell that a text was not touched. */
export function helperHash(text: string): string {
  return createHash('sha256').update(text.trim()).digest('hex').slice(0, 12);
}

/** What Odoo shows. It names the text it was installed with, so that an edit can be told from another version. */
export function helperName(version: number, text: string): string {
  return `cutover helper ${version} (${helperHash(text)})`;
}

/** Version and hash of a name, or null when it is another name. */
export function namedInHelper(name: string): { readonly version: number; readonly hash: string } | null {
  const match = /^cutover helper (\d+) \(([0-9a-f]{12})\)$/.exec(name);
  return match === null ? null : { version: Number(match[1]), hash: match[2] as string };
}
