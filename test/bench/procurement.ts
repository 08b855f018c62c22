/** Suppliers, products and purchase orders for the benches of loading: the same for cutover and for its peer. */
export interface Supplier {
  readonly no: string;
  readonly name: string;
  readonly street: string;
  readonly city: string;
  readonly zip: string;
  readonly email: string;
  readonly phone: string;
}
export interface Product {
  readonly no: string;
  readonly name: string;
  readonly price: string;
  readonly cost: string;
}
export interface Order {
  readonly no: string;
  readonly supplier: string;
  readonly ordered: string;
  readonly approved: string;
  readonly lines: readonly { readonly product: string; readonly quantity: string; readonly price: string; readonly due: string; readonly text: string }[];
}
export interface Procurement {
  readonly suppliers: readonly Supplier[];
  readonly products: readonly Product[];
  readonly orders: readonly Order[];
}

export interface Sizes {
  readonly suppliers: number;
  readonly products: number;
  readonly orders: number;
}

const day = (index: number) => new Date(Date.UTC(2026, 0, 1 + (index % 300))).toISOString().slice(0, 10);
const numbered = (prefix: string, index: number) => `${prefix}${String(index + 1).padStart(6, '0')}`;

/** Every order has three lines. */
export function procurement(sizes: Sizes): Procurement {
  return {
    suppliers: Array.from({ length: sizes.suppliers }, (_, index) => ({
      no: numbered('S', index),
      name: `Supplier ${index + 1}`,
      street: `${index % 900} Main Street`,
      city: ['Springfield', 'Riverside', 'Franklin'][index % 3] as string,
      zip: String(10_000 + index),
      email: `orders@supplier-${index + 1}.example`,
      phone: `+1 555 ${String(index % 10_000).padStart(4, '0')}`,
    })),
    products: Array.from({ length: sizes.products }, (_, index) => ({
      no: numbered('P', index),
      name: `Product ${index + 1}`,
      price: `${(index % 700) + 1}.25`,
      cost: `${(index % 500) + 1}.75`,
    })),
    orders: Array.from({ length: sizes.orders }, (_, index) => ({
      no: numbered('NO', index),
      supplier: numbered('S', (index * 7) % sizes.suppliers),
      ordered: `${day(index)} 08:30:00`,
      approved: `${day(index)} 16:00:00`,
      lines: [0, 1, 2].map((position) => ({
        product: numbered('P', (index * 3 + position) % sizes.products),
        quantity: String(1 + ((index + position) % 40)),
        price: `${1 + ((index * 13 + position) % 90)}.5`,
        due: `${day(index + 14)} 12:00:00`,
        text: `Line ${position + 1}`,
      })),
    })),
  };
}
