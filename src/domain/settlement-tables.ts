/** What stands against what, payments, and what is explained as tables of words, the same on the screen, on the page and in the mail. */
import type { AllocationStatus } from './allocation.ts';
import type { ControlTotal } from './difference.ts';
import type { ReconcileReport } from './report.ts';

export interface WordTable {
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly isNumber: boolean }[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences to stand below. */
  readonly notes: readonly string[];
}

const means: Readonly<Record<AllocationStatus, string>> = {
  confirmed: 'references name the documents, and the sums agree',
  suggested: 'the only sums that agree within partner and window',
  ambiguous: 'several would agree: none is chosen',
  differs: 'references name documents, and the sums do not agree',
  explained: 'pays nothing, for a declared reason',
  open: 'nothing found as far as was looked',
  'not-searched': 'could not be looked for',
};

const words = (...names: readonly string[]) => names.map((name) => ({ name, isNumber: false }));
const numbers = (...names: readonly string[]) => names.map((name) => ({ name, isNumber: true }));

/** Those that have anything to say. Reports of before there were any have none. */
export function settlementTables(
  report: Partial<Pick<ReconcileReport, 'controls' | 'roundings' | 'explained' | 'allocations' | 'sinceAgreed'>>,
): readonly WordTable[] {
  const tables = [
    tiesTable(report.controls ?? []),
    roundingsTable(report.roundings),
    explainedTable(report.explained ?? []),
    ...(report.allocations ?? []).flatMap(allocationTables),
    sinceAgreedTable(report.sinceAgreed ?? []),
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

/** Each total that other sums take away, as a sum; below it the values of its dimensions that leave something, for whatever reason. */
function tiesTable(controls: readonly ControlTotal[]): WordTable {
  const isLeft = ({ dimension, legacy, odoo }: ControlTotal) => Object.keys(dimension).length === 0 || !isZero(legacy) || !isZero(odoo);
  const rows = controls.flatMap((control) => {
    const { name, dimension, tie, legacy, odoo, classes } = control;
    if (tie === undefined || !isLeft(control)) return [];
    const of = Object.entries(dimension).map(([key, value]) => `${key} ${value ?? '(none)'}`);
    const row = (what: string, ...amounts: [string, string]) => [name, of.join(', '), what, ...amounts];
    return [
      ...tie.parts.map((part, index) => row(index === 0 ? part.name : `less ${part.name}`, part.legacy, part.odoo ?? part.legacy)),
      row('is left', legacy, odoo),
      ...Object.entries(tie.explained).map(([reason, amount]) => row(`explained: ${reason}`, amount, '')),
      ...Object.entries(classes).flatMap(([reason, amount]) => (isZero(amount) ? [] : [row(`differs in Odoo: ${reason}`, '', amount)])),
      ...(isZero(tie.left) ? [] : [row('UNEXPLAINED', tie.left, '')]),
    ];
  });
  return {
    title: 'What must end at nothing',
    columns: [...words('total', 'of', 'what'), ...numbers('legacy', 'Odoo')],
    rows,
    notes: [],
  };
}

/** Fields of one rule stand together. */
function roundingsTable(roundings: ReconcileReport['roundings'] | undefined): WordTable {
  const { currencies = [], amounts = [] } = roundings ?? {};
  const rules = Map.groupBy(amounts, ({ rule, tolerance }) => JSON.stringify([rule, tolerance]));
  return {
    title: 'How amounts are rounded',
    columns: words('what', 'rule', 'tolerance'),
    rows: [
      ...currencies.map(({ currency, unit, mode, isCompany }) => [
        isCompany ? `${currency}, currency of the company` : currency,
        `${mode} to ${unit}, as Odoo has it`,
        '',
      ]),
      ...[...rules.values()].map((own) => [
        own.map(({ entity, field }) => `${entity}.${field}`).join(', '),
        own[0]?.rule ?? '',
        own[0]?.tolerance === null ? 'none' : (own[0]?.tolerance ?? ''),
      ]),
    ],
    notes: [],
  };
}

function isZero(amount: string): boolean {
  return /^-?0(\.0*)?$/.test(amount);
}

function explainedTable(explained: ReconcileReport['explained']): WordTable {
  const found = explained.filter(({ rows, payments }) => rows + payments > 0);
  const idle = explained.filter(({ rows, payments }) => rows + payments === 0);
  const overlapping = found.filter((one) => one.overlapping > 0);
  return {
    title: 'Explained by the contract',
    columns: [...words('what', 'class'), ...numbers('records', 'legacy', 'Odoo', 'payments for nothing'), ...words('reason')],
    rows: explained.map((one) => [
      one.field === null ? one.entity : `${one.entity}.${one.field}`,
      one.class,
      String(one.rows),
      one.legacy ?? '',
      one.odoo ?? '',
      String(one.payments),
      one.reason,
    ]),
    notes: [
      ...idle.map(({ entity, class: name }) => `${entity}: the rule ${name} explains nothing.`),
      ...overlapping.map(
        ({ entity, class: name, overlapping: count }) => `${entity}: ${count} of ${name} would be explained by a later rule too; the first holds.`,
      ),
    ],
  };
}

function allocationTables({ payments, records, groups, looked, repeats, credits }: ReconcileReport['allocations'][number]): readonly WordTable[] {
  return [
    {
      title: `What ${payments} pays`,
      columns: [...words('records', 'status', 'currency'), ...numbers('count', 'sum'), ...words('which means')],
      rows: records.map(({ role, entity, status, currency, records: count, sum }) => {
        return [entity, status, currency ?? '', String(count), sum, role === 'document' && status === 'open' ? 'no payment found for it' : means[status]];
      }),
      notes: [
        ...looked.map(({ how, payments: count }) => `Looked for ${count}: ${how}.`),
        ...(repeats === 0 ? [] : [`${repeats} repeat another payment exactly (partner, amount, and day or reference): flagged, and left as they are.`]),
        ...(credits === 0 ? [] : [`${credits} documents stand against the rest of their group.`]),
      ],
    },
    {
      title: `Groups of ${payments}`,
      columns: [...words('status', 'payments to documents', 'currency'), ...numbers('groups', 'paid')],
      rows: groups.map(({ status, shape, currency, groups: count, sum }) => [status, shape, currency ?? '', String(count), sum]),
      notes: ['Every record of them is in allocations.csv.'],
    },
  ];
}

function sinceAgreedTable(states: ReconcileReport['sinceAgreed']): WordTable {
  return {
    title: 'Since both sides last agreed',
    columns: [...words('documents', 'side', 'from', 'to'), ...numbers('documents', 'sum')],
    rows: states.map(({ entity, side, agreed, state, records, sum }) => [entity, side, agreed ?? '(not on the other side)', state, String(records), sum ?? '']),
    notes: [],
  };
}
