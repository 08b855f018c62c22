/** Cost centres: what of a posted entry is theirs. */
import { Decimal } from 'decimal.js';
import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import type { Behaviour } from '../model.ts';
import { asId, asNumber, asText, type Row } from '../values.ts';
import { createRecords } from '../writing.ts';
import { companyCurrency, inCurrency } from './account-money.ts';

const model = 'account.analytic.line';

export const analyticAccount: Behaviour = {
  searchNames: ['name', 'code'],
  computes: { display_name: (_environment, row) => (asText(row.code) === '' ? asText(row.name) : `[${asText(row.code)}] ${asText(row.name)}`) },
};

/** One for each share of each line, seen from the cost centre: what is spent is below zero. */
export function bookAnalytic(environment: Environment, move: Row, lines: readonly Row[]): void {
  for (const line of lines) {
    const shares = Object.entries(JSON.parse(asText(line.analytic_distribution) || '{}') as Record<string, number>);
    for (const [accounts, percent] of shares) {
      const amount = new Decimal(asNumber(line.balance)).times(percent).div(-100);
      createRecords(environment, environment.model(model), [
        {
          name: asText(line.name) || asText(move.ref) || '/',
          date: asText(move.date),
          account_id: Number(accounts),
          amount: inCurrency(environment, companyCurrency(environment, asId(move.company_id) ?? 1), amount),
          partner_id: asId(line.partner_id) ?? false,
          move_line_id: line.id,
          company_id: asId(move.company_id) ?? false,
        },
      ]);
    }
  }
}

export function forgetAnalytic(environment: Environment, lines: readonly Row[]): void {
  const { table } = environment.model(model);
  unlinkRecords(
    environment,
    environment.model(model),
    lines.flatMap((line) => [...table.find('move_line_id', line.id)]),
  );
}
