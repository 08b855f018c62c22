/** A realistic source for the tests of reports: procurement of a fictional hospital after forty nights, with any number of breaks. */
import type { Break, ControlTotal, CoverageItem, Verdict } from '../../domain/difference.ts';
import {
  type CheckedRule,
  type LifeCounts,
  type Pattern,
  REPORT_FORMAT,
  REPORT_VERSION,
  type ReconcileReport,
  type ReportSource,
  type WaiverState,
} from '../../domain/report.ts';
import { breaksOf, chance } from './breaks.fixture.ts';

const asOf = '2026-11-23T02:00:00.000Z';

/** `extra` stands before the made ones; `manifest` goes over what was made. */
export function reportSource(
  count: number,
  { extra = [], manifest = {} }: { extra?: readonly Break[]; manifest?: Partial<ReconcileReport> } = {},
): ReportSource {
  const all = function* (): Iterable<readonly Break[]> {
    if (extra.length > 0) yield extra;
    yield* breaksOf(count);
  };
  const made = manifestOf(all());
  return {
    manifest: { ...made, ...manifest },
    async *breaks() {
      yield* all();
    },
  };
}

function manifestOf(batches: Iterable<readonly Break[]>): ReconcileReport {
  const counts = countsOf(batches);
  const { life, total } = counts;
  const verdict: Verdict = life.open > 0 ? 'BREAKS' : life.pending > 0 ? 'PENDING' : 'RECONCILED';
  const entities = ['supplier', 'product', 'purchase_order', 'purchase_order_line'];
  return {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    workspace: 'St. Elsewhere',
    capability: 'procurement',
    phase: 'shared',
    asOf,
    verdict,
    odoo: { uuid: '6f0b0f5e-7a39-4f9e-9d0e-0d6f5b7a2c11', database: 'hospital', version: '19.0', url: 'https://odoo.hospital.example' },
    odooSystem: 'odoo',
    snapshots: entities.flatMap((entity) => ['meditech', 'orbis', 'odoo'].map((system) => ({ system, entity, id: `20261123T020000-${system}-${entity}` }))),
    entities: entities.map((entity) => summaryOf(entity, counts)),
    controls: total === 0 ? tyingControls : controls,
    roundings: {
      currencies: [{ currency: 'USD', unit: '0.01', mode: 'half-up', isCompany: true }],
      amounts: [{ entity: 'purchase_order', field: 'untaxed_amount', rule: 'half-up to 0.01 (currency of the company)', tolerance: null }],
    },
    coverage,
    ...(total === 0 ? { explained: [], allocations: [], sinceAgreed: [] } : paid),
    checks: [
      {
        entity: 'purchase_order',
        name: 'due-before-order',
        severity: 'error',
        count: 12,
        measure: null,
        hint: 'Orders are due before they were placed: mend the date in the legacy system.',
      },
      {
        entity: 'purchase_order',
        name: 'inactive-supplier',
        severity: 'warning',
        count: 3,
        measure: '1804.50',
        hint: 'Orders of a supplier that is no longer active.',
      },
      { entity: 'product', name: 'no-unit', severity: 'info', count: 0, measure: null, hint: 'Products without a unit of measure.' },
    ],
    rules: rulesOf(counts),
    life,
    resolved: { total: 214, first: [] },
    alarm: null,
    trend: trendOf(life, verdict),
    patterns: total === 0 ? [] : patternsOf(counts),
    waivers: total === 0 ? [] : waivers,
    clear: false,
    breaks: total,
    sha256: '0'.repeat(64),
  };
}

interface Counts {
  readonly life: LifeCounts;
  readonly total: number;
  readonly rules: ReadonlyMap<
    string,
    { readonly entity: string; readonly rule: string; readonly field: string | null; open: number; pending: number; waived: number }
  >;
  readonly classes: ReadonlyMap<string, Record<string, number>>;
  readonly samples: ReadonlyMap<string, Break[]>;
}

function countsOf(batches: Iterable<readonly Break[]>): Counts {
  const life = { new: 0, persisting: 0, reopened: 0, resolved: 214, open: 0, pending: 0, waived: 0, echo: 6 };
  const rules = new Map<string, { entity: string; rule: string; field: string | null; open: number; pending: number; waived: number }>();
  const classes = new Map<string, Record<string, number>>();
  const samples = new Map<string, Break[]>();
  let total = 0;
  for (const batch of batches) {
    for (const one of batch) {
      total += 1;
      life[one.life] += 1;
      if (one.status === 'explained') continue;
      life[one.status] += 1;
      const name = `${one.entity}.${one.rule}`;
      const rule = rules.get(name) ?? { entity: one.entity, rule: one.rule, field: one.field, open: 0, pending: 0, waived: 0 };
      if (one.status !== 'echo') rule[one.status] += 1;
      rules.set(name, rule);
      const byClass = classes.get(one.entity) ?? {};
      byClass[one.class] = (byClass[one.class] ?? 0) + 1;
      classes.set(one.entity, byClass);
      const few = samples.get(name) ?? [];
      if (few.length < 3 && one.class === 'value') few.push(one);
      samples.set(name, few);
    }
  }
  return { life, total, rules, classes, samples };
}

function summaryOf(entity: string, { classes, rules }: Counts): ReconcileReport['entities'][number] {
  const ofEntity = [...rules.values()].filter((rule) => rule.entity === entity);
  const sum = (name: 'pending' | 'waived') => ofEntity.reduce((all, rule) => all + rule[name], 0);
  const size = { supplier: 4812, product: 38_220, purchase_order: 120_455, purchase_order_line: 512_077 }[entity] ?? 100;
  const breaks = classes.get(entity) ?? {};
  const broken = Object.values(breaks).reduce((all, one) => all + one, 0);
  return {
    entity,
    legacy: size,
    odoo: size - 40,
    equal: Math.max(0, size - broken),
    outsideScope: 17,
    breaks,
    pending: sum('pending'),
    waived: sum('waived'),
    explained: 0,
  };
}

function rulesOf({ rules }: Counts): CheckedRule[] {
  const found = [...rules.values()].map(({ entity, rule, field, open, pending, waived }): CheckedRule => {
    return { entity, rule, kind: field === null ? 'record' : 'field', checked: 10_000, open, pending, waived, notChecked: null };
  });
  const rest = { open: 0, pending: 0, waived: 0 };
  return [
    ...found,
    { entity: 'supplier', rule: 'duplicate-key', kind: 'record', checked: 4812, ...rest, notChecked: null },
    { entity: 'supplier', rule: 'website', kind: 'field', checked: 0, ...rest, notChecked: 'no source yields it' },
    { entity: 'purchase_order', rule: 'amount_total', kind: 'control', checked: 4, ...rest, open: found.length > 0 ? 1 : 0, notChecked: null },
    { entity: 'purchase_order', rule: 'due-before-order', kind: 'check', checked: 120_455, ...rest, open: found.length > 0 ? 12 : 0, notChecked: null },
  ];
}

const total = { entity: 'purchase_order', name: 'amount_total', residual: '0', offsetting: false, rule: null } as const;
const tyingControls: readonly ControlTotal[] = [
  { ...total, dimension: {}, legacy: '48210455.20', odoo: '48210455.20', difference: '0.00', classes: {}, gross: '0.00' },
];
const controls: readonly ControlTotal[] = [
  {
    ...total,
    dimension: {},
    legacy: '48210455.20',
    odoo: '48201310.05',
    difference: '9145.15',
    classes: { 'only-legacy': '9200.00', rounding: '0.15', value: '-55.00' },
    gross: '11255.15',
    rule: 'half-up per line to 0.01 (company: round_per_line)',
  },
  {
    ...total,
    dimension: { company: 'Nord' },
    legacy: '30000000.00',
    odoo: '29990854.85',
    difference: '9145.15',
    classes: { 'only-legacy': '9200.00', rounding: '0.15', value: '-55.00' },
    gross: '9255.15',
    rule: 'half-up per line to 0.01 (company: round_per_line)',
  },
  {
    ...total,
    dimension: { company: 'Süd' },
    legacy: '18210455.20',
    odoo: '18210455.20',
    difference: '0.00',
    classes: { value: '0.00' },
    gross: '2000.00',
    offsetting: true,
  },
  { ...total, dimension: { company: null }, legacy: '0.00', odoo: '0.00', difference: '0.00', classes: {}, gross: '0.00' },
  {
    ...total,
    entity: 'purchase_order_line',
    name: 'count',
    dimension: {},
    legacy: '512077',
    odoo: '512037',
    difference: '40',
    classes: { 'only-legacy': '40' },
    gross: '40',
  },
];

const coverage: readonly CoverageItem[] = [
  { entity: 'supplier', field: 'website', reason: 'not-pulled', rows: 4812, sum: null },
  { entity: 'supplier', field: 'credit_limit', reason: 'not-carried', rows: 3980, sum: '1200450.00' },
  { entity: 'product', field: null, reason: 'filtered', rows: 1204, sum: null },
  { entity: 'product', field: null, reason: 'quarantined', rows: 2, sum: null },
  { entity: 'purchase_order', field: null, reason: 'outside-scope', rows: 17, sum: null },
];

function patternsOf({ samples, rules }: Counts): Pattern[] {
  const make = (entity: string, field: string, rest: Pick<Pattern, 'transformation' | 'parameter' | 'sentence' | 'change'>): Pattern[] => {
    const rule = rules.get(`${entity}.${field}`);
    if (rule === undefined) return [];
    const of = rule.open + rule.pending + rule.waived;
    return [{ entity, field, ...rest, explains: Math.ceil(of * 0.94), of, systems: ['meditech', 'orbis'], samples: samples.get(`${entity}.${field}`) ?? [] }];
  };
  const file = 'mappings/procurement/product.yaml';
  return [
    ...make('product', 'code', {
      transformation: 'leading-zeros',
      parameter: null,
      sentence: 'Odoo has it without its leading zeros',
      change: { file, text: "code:\n  legacy: lpad(code, 9, '0')\n" },
    }),
    ...make('product', 'name', { transformation: 'truncated', parameter: '24', sentence: 'Odoo has only the first 24 characters', change: null }),
    ...make('product', 'price', {
      transformation: 'factor',
      parameter: '100',
      sentence: 'Odoo has it 100 times as large',
      change: { file, text: 'price:\n  legacy: price / 100\n' },
    }),
    ...make('supplier', 'name', { transformation: 'case', parameter: null, sentence: 'the two differ only in upper and lower case', change: null }),
  ];
}

const waiver = {
  entity: 'supplier',
  key: 'V0100003',
  field: 'phone',
  decision: 'waive',
  by: 'm.keller',
  reason: 'Agreed with purchasing | until the switch',
  file: 'decisions/breaks.csv',
} as const;
const waivers: readonly WaiverState[] = [
  { ...waiver, break: '00000000000000a1', until: '2026-12-31', daysLeft: 38, state: 'applies', problem: null, line: 2 },
  { ...waiver, break: '00000000000000a2', until: '2026-11-30', daysLeft: 7, state: 'applies', problem: null, line: 3 },
  { ...waiver, break: '00000000000000a3', until: '2026-11-20', daysLeft: -3, state: 'expired', problem: null, line: 4 },
  { ...waiver, break: '00000000000000a4', until: '2026-12-31', daysLeft: 38, state: 'value-changed', problem: null, line: 5 },
  { ...waiver, break: '00000000000000a5', until: '', daysLeft: null, state: 'invalid', problem: 'a waiver needs a day until which it holds', line: 6 },
];

function trendOf(life: LifeCounts, verdict: Verdict): ReconcileReport['trend'] {
  const next = chance(3);
  const nights = Array.from({ length: 29 }, (_, index) => {
    const open = Math.round((life.open + 40) * (1.6 - index / 48) + next() * life.open * 0.06);
    const made = Math.round(life.new * (0.6 + next()));
    const counts = {
      new: made,
      persisting: open - made,
      reopened: 3,
      resolved: Math.round(made * 1.3),
      open,
      pending: life.pending,
      waived: life.waived,
      echo: 2,
    };
    return { ...counts, asOf: new Date(Date.UTC(2026, 9, 25 + index, 2)).toISOString(), verdict: 'BREAKS' as const, runId: `run-${index}` };
  });
  return [...nights, { ...life, asOf, verdict, runId: null }];
}

const euros = { currency: 'EUR' } as const;
const paid: Pick<ReconcileReport, 'explained' | 'allocations' | 'sinceAgreed'> = {
  explained: [
    {
      ...{ entity: 'payment', class: 'salary', field: null, reason: 'Salaries have no bill.', rows: 12, overlapping: 2, payments: 14 },
      ...{ measure: 'amount', legacy: '48210.00', odoo: '0' },
    },
    {
      ...{ entity: 'payment', class: 'transfer', field: null, reason: 'Between own accounts.', rows: 0, overlapping: 0, payments: 0 },
      ...{ measure: 'amount', legacy: null, odoo: null },
    },
  ],
  allocations: [
    {
      payments: 'payment',
      records: [
        { role: 'payment', entity: 'payment', status: 'confirmed', ...euros, records: 120, sum: '88400.10' },
        { role: 'payment', entity: 'payment', status: 'ambiguous', ...euros, records: 4, sum: '2000.00' },
        { role: 'document', entity: 'vendor_bill', status: 'open', ...euros, records: 31, sum: '1204.50' },
      ],
      groups: [{ status: 'confirmed', shape: '1:n', ...euros, groups: 40, sum: '88400.10' }],
      ...{ repeats: 2, credits: 1, looked: [{ how: 'groups of up to 6 documents or 6 payments', payments: 16 }] },
    },
  ],
  sinceAgreed: [{ entity: 'vendor_bill', side: 'odoo', agreed: null, state: 'posted', records: 3, measure: 'open_amount', sum: '912.00' }],
};
