/** A break as a row of a worklist, and texts as a spreadsheet leaves them alone. Also part of the page of the HTML report. */
import type { Break } from './difference.ts';
import { guidanceOf, type worklistColumns } from './report.ts';

export type WorklistColumn = (typeof worklistColumns)[number];

/** What a steward fills in. */
export interface Decided {
  readonly decision: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  readonly until: string;
}

/** In the order of `worklistColumns`; null is no value, which is not an empty text. */
export function worklistRow(one: Break, decided: Decided | null): readonly (string | null)[] {
  const cells: Record<WorklistColumn, string | null> = {
    break: one.id,
    entity: one.entity,
    system: one.system,
    key: one.key,
    odoo_id: one.odooId === null ? null : String(one.odooId),
    rule: one.rule,
    class: one.class,
    field: one.field,
    legacy: one.legacy,
    odoo: one.odoo,
    baseline: one.baseline,
    movement: one.movement,
    owner: one.owner,
    direction: one.direction,
    status: one.status,
    life: one.life,
    first_seen: one.firstSeen,
    nights: String(one.nights),
    guidance: guidanceOf(one),
    decision: decided?.decision ?? null,
    by: decided?.by ?? null,
    at: decided?.at ?? null,
    reason: decided?.reason ?? null,
    until: decided?.until ?? null,
    value_hash: one.valueHash,
  };
  return Object.values(cells);
}

/** A spreadsheet would calculate these (formulas begin so, full-width signs too), or would make another number of them: 000123, 16 digits and more,
 *  and ids that look like 12e5. Negative amounts are none of these. */
const ATTRACTIVE = /^(?:[=+@\t\r\n＝＋－＠]|-(?!\d+(?:\.\d+)?$)|-?0\d|-?\d{16}|\d+e\d)/i;

/** For CSV, where a cell has no type: an apostrophe goes before what a spreadsheet would not leave as it is, and before what has one of ours. */
export function guarded(text: string): string {
  return isGuarded(text) || ATTRACTIVE.test(text) ? `'${text}` : text;
}

/** The inverse of `guarded`; other apostrophes stay. */
export function unguarded(text: string): string {
  return isGuarded(text) ? text.slice(1) : text;
}

function isGuarded(text: string): boolean {
  let rest = 0;
  while (text[rest] === "'") rest += 1;
  return rest > 0 && ATTRACTIVE.test(text.slice(rest));
}
