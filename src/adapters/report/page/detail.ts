/** One break, side by side, with what differs marked. */
import type { Break } from '../../../domain/difference.ts';
import { guidanceOf } from '../../../domain/report.ts';
import type { Decided } from '../../../domain/worklist-row.ts';
import { differingParts, type Part, visible } from '../text-difference.ts';
import { copied, make } from './dom.ts';

/** Characters of a value that are shown; the worklists have all of it. */
const SHOWN = 4000;

export function detailOf(one: Break, decided: Decided | null): readonly Node[] {
  const title = make('h3', '', [make('span', 'code', one.key ?? '(key masked)')]);
  const where = make('p', 'muted', `${one.entity}, ${one.system}`);
  const chips = make('p', 'chips', [chip(one.class), chip(one.status, one.status), chip(one.life)]);
  return [title, where, chips, make('p', 'guidance', guidanceOf(one)), comparison(one), facts(one, decided), copyButton(one.id)];
}

function chip(text: string, kind = ''): HTMLElement {
  return make('span', `chip ${kind}`, text);
}

function comparison(one: Break): HTMLElement {
  const [legacy, odoo] = [one.legacy, one.odoo].map((value) => value?.slice(0, SHOWN) ?? null);
  const parts = legacy !== undefined && legacy !== null && odoo !== undefined && odoo !== null && !one.masked ? differingParts(legacy, odoo) : null;
  const box = make('dl', 'compare');
  const add = (name: string, side: string, value: string | null, marked: readonly Part[] | undefined) => {
    box.append(make('dt', '', name), make('dd', side, [shown(value, marked, one)]));
  };
  if (one.field === null && one.legacy === null && one.odoo === null) return make('p', 'muted', 'This is about the whole record, not about one of its values.');
  add('Legacy', 'legacy', one.legacy, parts?.left);
  add('Odoo', 'odoo', one.odoo, parts?.right);
  if (one.baseline !== null) add('Last agreed', 'baseline', one.baseline, undefined);
  return box;
}

function shown(value: string | null, marked: readonly Part[] | undefined, { masked }: Break): Node {
  if (value === null) return make('span', 'none', masked ? 'masked, or no value' : 'no value');
  if (value === '') return make('span', 'none', 'empty text');
  const parts = marked ?? [{ text: value.slice(0, SHOWN), differs: false }];
  const text = make(
    'bdi',
    'value',
    parts.map((part) => (part.differs ? make('mark', '', visible(part)) : visible(part))),
  );
  const rest = value.length > SHOWN ? [make('span', 'none', ` … ${value.length - SHOWN} more characters`)] : [];
  return make('span', '', [text, ...rest, ...(masked ? [make('span', 'none', ' (a token: the field is personal data)')] : [])]);
}

const movements: Readonly<Record<string, string>> = {
  'legacy-changed': 'the legacy side changed it since they last agreed',
  'odoo-changed': 'Odoo changed it since they last agreed',
  'both-changed': 'both sides changed it since they last agreed',
  'never-agreed': 'they have never agreed',
};

function facts(one: Break, decided: Decided | null): HTMLElement {
  const list = make('dl', 'facts');
  const add = (name: string, value: string | null) => {
    if (value !== null) list.append(make('dt', '', name), make('dd', '', value));
  };
  add('Rule', one.rule);
  add('Next', one.direction);
  add('Owner', one.owner ?? 'nobody, or computed');
  add('Who moved', one.movement === null ? null : (movements[one.movement] ?? one.movement));
  add('First seen', `${one.firstSeen.slice(0, 10)}, in ${one.nights} ${one.nights === 1 ? 'night' : 'nights'}`);
  add('A break from', one.pendingUntil);
  add('Waived until', one.waivedUntil);
  add('Odoo id', one.odooId === null ? null : String(one.odooId));
  add('Break', one.id);
  if (decided !== null) add('Decided here', `${decided.decision}${decided.until === '' ? '' : ` until ${decided.until}`}, by ${decided.by}: ${decided.reason}`);
  return list;
}

function copyButton(id: string): HTMLElement {
  const button = make('button', 'quiet', 'Copy the break id');
  button.type = 'button';
  button.addEventListener('click', async () => {
    button.textContent = (await copied(id)) ? 'Copied' : id;
  });
  return button;
}
