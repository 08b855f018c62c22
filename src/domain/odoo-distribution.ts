/** Odoo's distribution of an amount over records of analytic accounting: `{"7": 100}` gives the whole of it to record 7. A reference bound to such a field
 *  (Odoo's type `json`) is the record that has the whole. */
export const distributionType = 'json';

const WHOLE = 100;

/** The record that has the whole, or null: it is shared by several, or only a part of it is given away. */
export function holderOf(distribution: unknown): number | null {
  if (typeof distribution !== 'object' || distribution === null) return null;
  const [share, ...others] = Object.entries(distribution);
  return share !== undefined && others.length === 0 && share[1] === WHOLE && /^\d+$/.test(share[0]) ? Number(share[0]) : null;
}

export function distributionTo(id: number): Readonly<Record<string, number>> {
  return { [String(id)]: WHOLE };
}
