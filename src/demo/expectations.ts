/** What every step must show, worked out from the truth file and the hospital alone: nothing here has asked the product. */
import { Decimal } from 'decimal.js';
import type { Hospital, SeededFault } from '../../fixtures/hospital/hospital.ts';
import type { Truth } from '../../fixtures/hospital/write.ts';

/** `supplier meditrack V00012 duplicate-key`. */
export type BreakName = string;

export function breakName(entity: string, system: string, key: string | null, breakClass: string): BreakName {
  return `${entity} ${system} ${key === null || HAS_SECRET_KEY.has(entity) ? '(no key shown)' : key} ${breakClass}`;
}

/** Their key holds a field marked `pii`, so no report names it. */
const HAS_SECRET_KEY = new Set(['supplier_bank_account']);

export interface Expectations {
  /** Breaks that stay when everything has been loaded that can be, with the fault each comes from. */
  readonly lasting: ReadonlyMap<BreakName, string>;
  /** Records that are only in legacy as long as nothing has been loaded. */
  readonly onlyLegacy: ReadonlyMap<string, number>;
  /** Documents that a plan creates. */
  readonly creates: ReadonlyMap<string, number>;
  /** Documents that a plan refuses: `supplier meditrack V00012` → fault. */
  readonly refuses: ReadonlyMap<string, string>;
  readonly rejects: ReadonlyMap<string, number>;
  readonly quarantined: ReadonlyMap<string, number>;
  /** Identifiers that cannot be right: `placeholder supplier tax_id meditrack V00041`, one line per record. */
  readonly conflicts: ReadonlySet<string>;
  /** Records of Odoo that are legacy records keyed in by hand: `supplier meditrack V00030`. */
  readonly links: ReadonlySet<string>;
  readonly amounts: Amounts;
}

/** Untaxed amounts of purchase orders, exact decimals as text. */
export interface Amounts {
  readonly legacy: string;
  /** Of the orders that can be loaded: as the legacy system has them, and as Odoo keeps them. */
  readonly loadable: string;
  readonly odoo: Readonly<Record<RoundingMethod, string>>;
}

/** Of the company: Odoo rounds half-up to the cent, every line or every order. */
export type RoundingMethod = 'round_per_line' | 'round_globally';

/** Units that Odoo has already: linked by decision in the workspace. */
export const LINKED_BY_DECISION = 2;

export function expectationsOf(hospital: Hospital, truth: Truth): Expectations {
  const lasting = new Map<BreakName, string>();
  const refuses = new Map<string, string>();
  for (const fault of truth.faults) {
    for (const name of breaksOf(fault, hospital)) lasting.set(name, fault.id);
    const isDocument = ['reject', 'duplicate-key', 'exists-unlinked', 'unloadable'].includes(fault.expect.kind) && !isNullKey(fault);
    if (isDocument) refuses.set(`${fault.entity} ${fault.system} ${fault.key}`, fault.id);
  }
  const onlyLegacy = onlyLegacyOf(truth);
  const creates = new Map([...onlyLegacy].filter(([entity]) => entity !== 'purchase_order_line'));
  for (const fault of truth.faults) {
    if (fault.expect.kind === 'unloadable') creates.set(fault.entity, (creates.get(fault.entity) ?? 0) - 1);
  }
  return {
    lasting,
    onlyLegacy,
    creates,
    refuses,
    rejects: counted(truth, (fault) => (fault.expect.kind === 'reject' ? `${fault.entity} ${fault.system} ${fault.expect.field} ${fault.expect.rule}` : null)),
    quarantined: counted(truth, (fault) => (fault.expect.kind === 'quarantine' ? `${fault.entity} ${fault.system}` : null)),
    conflicts: new Set(truth.faults.flatMap(conflictNames)),
    links: new Set(truth.faults.flatMap(({ entity, system, key, expect }) => (expect.kind === 'exists-unlinked' ? [`${entity} ${system} ${key}`] : []))),
    amounts: amountsOf(hospital, truth),
  };
}

function isNullKey(fault: SeededFault): boolean {
  return fault.expect.kind === 'reject' && fault.expect.rule === 'null-key';
}

function breaksOf(fault: SeededFault, hospital: Hospital): readonly BreakName[] {
  const { entity, system, key, expect } = fault;
  switch (expect.kind) {
    case 'duplicate-key':
    case 'exists-unlinked':
      return [breakName(entity, system, key, expect.kind)];
    case 'reject':
      return [isNullKey(fault) ? breakName(entity, system, null, 'null-key') : breakName(entity, system, key, 'rejected')];
    case 'unloadable': {
      const order = entity === 'purchase_order' ? hospital.orders.find(({ po_no }) => po_no === key) : undefined;
      const lines = order?.lines.map((line) => breakName('purchase_order_line', system, `${key}/${line.line_no}`, 'only-legacy')) ?? [];
      return [breakName(entity, system, key, 'only-legacy'), ...lines];
    }
    // A line that could not be read is no record, and a check finds fault with a record that is otherwise compared.
    case 'quarantine':
    case 'check':
    // an identifier that cannot be right is loaded as it is
    case 'conflict':
    // of payments, which procurement has none of
    case 'explained':
    case 'repeat':
      return [];
  }
}

export const conflictName = (name: string, entity: string, field: string | null, system: string, key: string) =>
  `${name} ${entity} ${field ?? '-'} ${system} ${key}`;

function conflictNames({ entity, system, expect }: SeededFault): readonly string[] {
  return expect.kind === 'conflict' ? expect.keys.map((key) => conflictName(expect.class, entity, expect.field, system, key)) : [];
}

function onlyLegacyOf(truth: Truth): Map<string, number> {
  const records = new Map<string, number>();
  for (const [name, rows] of Object.entries(truth.rows)) {
    const entity = name.slice(name.indexOf('/') + 1);
    records.set(entity, (records.get(entity) ?? 0) + rows.input - rows.filtered - rows.rejected - rows.duplicates);
  }
  for (const fault of truth.faults) if (fault.expect.kind === 'exists-unlinked') records.set(fault.entity, (records.get(fault.entity) ?? 0) - 1);
  records.set('unit', (records.get('unit') ?? 0) - LINKED_BY_DECISION);
  return records;
}

function counted(truth: Truth, nameOf: (fault: SeededFault) => string | null): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const fault of truth.faults) {
    const name = nameOf(fault);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function amountsOf(hospital: Hospital, truth: Truth): Amounts {
  const refused = new Set(truth.faults.flatMap((fault) => (fault.entity === 'purchase_order' && fault.expect.kind === 'unloadable' ? [fault.key] : [])));
  let [legacy, loadable, byLine, byOrder] = [new Decimal(0), new Decimal(0), new Decimal(0), new Decimal(0)];
  for (const order of hospital.orders) {
    legacy = legacy.plus(order.total);
    if (refused.has(order.po_no)) continue;
    loadable = loadable.plus(order.total);
    byOrder = byOrder.plus(cents(new Decimal(order.total)));
    for (const line of order.lines) byLine = byLine.plus(cents(new Decimal(line.qty).times(line.price)));
  }
  return { legacy: legacy.toFixed(), loadable: loadable.toFixed(), odoo: { round_per_line: byLine.toFixed(), round_globally: byOrder.toFixed() } };
}

function cents(amount: Decimal): Decimal {
  return amount.toDecimalPlaces(2, Decimal.ROUND_HALF_UP);
}

/** A fault as a person would tell it. */
export function faultText({ id, system, entity, key, expect }: SeededFault): string {
  const what = `${id} ${system} ${entity.replaceAll('_', ' ')}`;
  switch (expect.kind) {
    case 'quarantine':
      return `${what}: ${key} is in quarantine`;
    case 'reject':
      return `${what} ${key}: ${expect.field} rejected, ${expect.rule}`;
    case 'duplicate-key':
      return `${what} ${key}: ${expect.rows} rows with one key`;
    case 'exists-unlinked':
      return `${what} ${key}: is in Odoo already, to be linked by decision`;
    case 'unloadable':
      return `${what} ${key}: cannot be loaded, ${expect.because}`;
    case 'explained':
      return `${what} ${key}: explained, ${expect.class}`;
    case 'repeat':
      return `${what} ${key}: made twice`;
    case 'conflict':
      return `${what} ${expect.keys.join(', ')}: ${expect.field === null ? '' : `${expect.field} `}${expect.class}`;
    case 'check':
      return `${what} ${key}: ${expect.check}${expect.measure === null ? '' : ` (${expect.measure})`}`;
  }
}
