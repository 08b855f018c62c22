/** A hospital of any size: the documents of procurement in the shares of a real one, with what makes loads hard. */
import type { Legacy, Rows } from '../load/world.ts';
import { smallHospital } from '../load/world.ts';

const STATES = ['draft', 'confirmed', 'closed', 'cancelled', 'confirmed', 'closed', 'closed'];

const numbers = (count: number): number[] => Array.from({ length: Math.max(1, Math.floor(count)) }, (_, index) => index);
const numbered = (prefix: string, index: number): string => `${prefix}${String(index).padStart(5, '0')}`;

/** About so many documents: keys that a careless encoding would merge, a tree of categories, packs of packs, orders in every state, lines
 *  that give other fields than their neighbours. */
export function hospitalOf(documents: number): Legacy {
  const small = smallHospital();
  const suppliers = numbers(documents * 0.3).map((index) => (index < 3 ? ['A B', 'A_B', 'A,B'][index] : numbered('S', index)) as string);
  const products = numbers(documents * 0.35).map((index) => numbered('P', index));
  const orders = numbers(documents * 0.2).map((index) => numbered('PO', index));
  const of = (keys: readonly string[], index: number): string => keys[index % keys.length] as string;
  return {
    units: small.units,
    categories: numbers(Math.min(40, documents / 20)).map((index) => ({
      CODE: `C${index}`,
      NAME: `Category ${index}`,
      PARENT: index === 0 ? '' : `C${Math.floor((index - 1) / 3)}`,
    })),
    suppliers: suppliers.map((no, index) => ({
      ...{ NO: no, NAME: `Supplier ${no}`, ACTIVE: index % 17 === 4 ? 'N' : 'Y', STREET: index % 3 === 0 ? '' : `${index} Main St`, CITY: 'Springfield' },
      ...{ EMAIL: `orders${index}@example.org`, WEBSITE: index % 5 === 0 ? `http://www.s${index}.example` : '' },
    })),
    banks: numbers(documents * 0.05).map((index) => ({
      SUPPLIER: of(suppliers, index * 3),
      ACCOUNT: `DE${String(10 + (index % 80))}${String(120300000000000000n + BigInt(index))}`,
      HOLDER: `Holder ${index}`,
    })),
    products: products.map((no, index) => ({
      ...{ NO: no, NAME: `Product ${no}`, CATEGORY: `C${index % Math.max(1, Math.floor(Math.min(40, documents / 20)))}`, UNIT: 'EA' },
      ...{ PRICE: `${(index % 90) + 1}.25`, COST: index % 4 === 0 ? '' : '0.4705' },
    })),
    prices: numbers(documents * 0.1).map((index) => ({
      ...{ SUPPLIER: of(suppliers, index), PRODUCT: of(products, index), QTY: String(1 + (index % 3) * 6), PRICE: `${index + 1}.5`, UNIT: 'EA', DAYS: '7' },
    })),
    orders: orders.map((no, index) => {
      const state = of(STATES, index);
      const day = `2025-0${1 + (index % 8)}`;
      const approved = state === 'confirmed' || state === 'closed';
      const own = { NO: no, SUPPLIER: of(suppliers, index * 7), REF: index % 6 === 0 ? `their ${index}` : '', STATE: state };
      return { ...own, ORDERED: `${day}-02 03:04:05`, APPROVED: approved ? `${day}-05 10:00:00` : '' };
    }),
    lines: orders.flatMap((no, index) =>
      numbers(1 + (index % 3)).map((line) => ({
        ...{ PO: no, LINE: String(line + 1), PRODUCT: of(products, index * 3 + line), TEXT: (index + line) % 4 === 0 ? '' : `line ${line + 1}` },
        ...{ QTY: String(1 + ((index * 5 + line) % 40)), UNIT: 'EA', PRICE: `${1 + ((index * 13) % 90)}.4705`, DUE: `2025-1${1 + (line % 2)}-01 08:00:00` },
      })),
    ),
  };
}

/** The legacy system a day later: a third of what there is has changed, and there is more of everything. */
export function dayAfter(legacy: Legacy, more: number): Legacy {
  const bigger = hospitalOf(legacy.suppliers.length / 0.3 + more);
  const added = (now: Rows, then: Rows, keys: readonly string[]): Rows => {
    const known = new Set(then.map((row) => keys.map((key) => row[key]).join('\t')));
    return now.filter((row) => !known.has(keys.map((key) => row[key]).join('\t')));
  };
  const orders = added(bigger.orders, legacy.orders, ['NO']);
  const isNew = new Set(orders.map((order) => order['NO']));
  return {
    ...legacy,
    suppliers: [
      ...legacy.suppliers.map((row, index) => (index % 3 === 1 ? { ...row, STREET: `${index} New Street`, CITY: 'Riverside' } : row)),
      ...added(bigger.suppliers, legacy.suppliers, ['NO']),
    ],
    products: [
      ...legacy.products.map((row, index) => (index % 3 === 2 ? { ...row, NAME: `${row['NAME']} II`, PRICE: '99.5' } : row)),
      ...added(bigger.products, legacy.products, ['NO']),
    ],
    prices: legacy.prices.map((row, index) => (index % 2 === 0 ? { ...row, DAYS: '21' } : row)),
    orders: [...legacy.orders.map((row, index) => (row['STATE'] === 'draft' && index % 2 === 0 ? { ...row, REF: `changed ${index}` } : row)), ...orders],
    lines: [
      ...legacy.lines.map((row, index) => (index % 5 === 0 && draftOf(legacy, row['PO']) ? { ...row, QTY: '77' } : row)),
      ...bigger.lines.filter((row) => isNew.has(row['PO'])),
    ],
  };
}

function draftOf(legacy: Legacy, no: string | undefined): boolean {
  return legacy.orders.find((order) => order['NO'] === no)?.['STATE'] === 'draft';
}
