/** The end of the demo: what was proven, in numbers, and what to do now. */
import { Decimal } from 'decimal.js';
import { counted, duration, grouped, type Style } from '../cli/style.ts';
import { untaxedTotal } from './checks.ts';
import type { DemoResult, DemoStep } from './demo.ts';
import { totalOf } from './finance-act.ts';
import type { Proof } from './proof.ts';

export function renderDemo(result: DemoResult, style: Style): string {
  const { paint } = style;
  const wrong = result.steps.filter(({ status }) => status !== 'ok');
  const sections = [wrong.length === 0 ? proven(result, style) : failed(wrong, style)];
  if (result.wayBack.length > 0) {
    sections.push(`${paint.red.bold('Still in Odoo')}: what the demo loaded. Take it back with\n${result.wayBack.map((command) => `  ${command}`).join('\n')}`);
  }
  if (result.workspace !== null) sections.push(`${paint.bold('Kept')} ${result.workspace}`);
  return `\n${sections.join('\n\n')}`;
}

function proven({ proof, steps, seconds }: DemoResult, style: Style): string {
  const { paint } = style;
  const lines = [...moved(proof), ...faults(proof), ...money(proof), ...books(proof), ...idempotent(proof), ...rolledBack(proof)];
  const width = Math.max(...lines.map(([what]) => what.length));
  const table = lines.map(([what, figures]) => `  ${paint.green('✔')} ${paint.bold(what.padEnd(width))}  ${figures}`);
  return [`${paint.bold.green('Proven')} in ${duration(seconds)}: ${counted(steps.length, 'step')}, each ended as the truth file says`, '', ...table].join(
    '\n',
  );
}

type Line = readonly [what: string, figures: string];

function moved({ legacyRows, documents, records }: Proof): readonly Line[] {
  return [['moved', `${counted(documents, 'document')} made of ${counted(records, 'record')}, from ${counted(legacyRows, 'row')} of three legacy systems`]];
}

function faults(proof: Proof): readonly Line[] {
  const kinds = new Map<string, number>();
  for (const { expect } of proof.faults) {
    const name =
      expect.kind === 'check'
        ? 'found by a check'
        : expect.kind === 'unloadable'
          ? 'held back because of another'
          : expect.kind === 'conflict'
            ? 'identifiers that cannot be right'
            : expect.kind === 'explained'
              ? 'payments explained by a rule'
              : expect.kind === 'repeat'
                ? 'payment made twice'
                : expect.kind;
    kinds.set(name, (kinds.get(name) ?? 0) + 1);
  }
  const parts = [...kinds].map(([name, count]) => `${count} ${name}`);
  return [['faults', `${proof.faults.length} of ${proof.faults.length} seeded ones named, no false alarm: ${parts.join(', ')}`]];
}

function money({ reconciled }: Proof): readonly Line[] {
  const total = reconciled === null ? null : untaxedTotal(reconciled);
  if (total === null) return [];
  const classes = Object.entries(total.classes).map(([name, amount]) => `${name} ${grouped(amount)}`);
  return [
    ['order amounts', `legacy ${grouped(total.legacy)}, Odoo ${grouped(total.odoo)}`],
    ['the difference', `${grouped(total.difference)} = ${classes.join(' + ')}; unexplained ${total.residual}`],
  ];
}

function books({ books: data }: Proof): readonly Line[] {
  if (data === null) return [];
  const total = (name: string) => grouped(new Decimal(totalOf(data, name)?.odoo ?? '0').toFixed(2));
  const accounts = data.controls.filter(({ name, dimension }) => name === 'trial-balance' && 'account' in dimension);
  const rounding = data.controls.find(({ name, dimension }) => name === 'opening-balance' && dimension.kind === 'rounding');
  return [
    ['books', `${counted(accounts.length, 'balance')} tie to the cent, the clearing account at 0.00; exchange rounding ${rounding?.odoo ?? '0'} told apart`],
    ['open items', `bills ${total('open-bills-open')}, invoices ${total('open-invoices-open')}, on both sides`],
  ];
}

function idempotent({ secondLoad }: Proof): readonly Line[] {
  return secondLoad === null ? [] : [['loaded again', `${counted(secondLoad.noop, 'document')} already so, 0 writes, no write date moved`]];
}

function rolledBack({ rollback }: Proof): readonly Line[] {
  if (rollback === null) return [];
  return [
    [
      'rolled back',
      `${counted(rollback.deleted, 'record')} deleted, nothing left; ${counted(rollback.counted, 'other record')} as before in every stored field`,
    ],
  ];
}

function failed(wrong: readonly DemoStep[], style: Style): string {
  const { paint } = style;
  const lines = wrong.map((step) => `  ${paint.red(step.status.padEnd(8))} ${step.name}: ${step.detail}`);
  return [`${paint.red.bold('Not proven')}: ${counted(wrong.length, 'step')} did not end as the truth file says`, '', ...lines].join('\n');
}
