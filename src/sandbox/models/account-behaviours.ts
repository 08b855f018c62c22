/** The models of accounting, for behaviours.ts. */
import type { Behaviour } from '../model.ts';
import { analyticAccount } from './account-analytic.ts';
import { moveLine } from './account-lines.ts';
import { matchingMethods } from './account-matching.ts';
import { currencyRate } from './account-money.ts';
import { move } from './account-move.ts';
import { payment, paymentWizard } from './account-payment.ts';
import { moveReversal } from './account-reversal.ts';
import { account, journal, paymentTerm } from './account-settings.ts';

export const accounting: Readonly<Record<string, Behaviour>> = {
  'account.account': account,
  'account.analytic.account': analyticAccount,
  'account.journal': journal,
  'account.payment.term': paymentTerm,
  'account.move': move,
  'account.move.line': { ...moveLine, methods: matchingMethods },
  'account.move.reversal': moveReversal,
  'account.payment': payment,
  'account.payment.register': paymentWizard,
  'res.currency.rate': currencyRate,
};
