/** Accounting: what cutover relies on when it opens a company's books in an Odoo 19. What the sandbox answers, a real one has answered first. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type Books, booksOn } from './accounting-bench.ts';
import { describeBills } from './accounting-bills.ts';
import { describeAccountant } from './accounting-clerk.ts';
import { describeCompanies } from './accounting-companies.ts';
import { describeEntries } from './accounting-entries.ts';
import { describeLocks } from './accounting-locks.ts';
import { describeOpening } from './accounting-opening.ts';
import { describePayments } from './accounting-payments.ts';
import { describePosting } from './accounting-posting.ts';
import { describeReconciling } from './accounting-reconciling.ts';
import { describeSetup } from './accounting-setup.ts';
import { type ContractTarget, connectTo } from './target.ts';

/** `parts`: the sandbox has one company and one user, and no exchange differences. */
export function describeAccountingContract(name: string, connect: () => Promise<ContractTarget>, parts: 'everything' | 'sandbox'): void {
  describe(name, () => {
    let target: ContractTarget | null = null;
    let books: Books | null = null;
    const given = (): Books => {
      if (!books) throw new Error(`${name} did not start`);
      return books;
    };
    beforeAll(async () => {
      target = await connect();
      books = await booksOn(await connectTo(target));
    });
    afterAll(async () => {
      await books?.clean();
      await target?.stop();
    });

    describeSetup(given);
    describeEntries(given);
    describeBills(given);
    describePosting(given);
    describeOpening(given);
    describeReconciling(given, parts);
    describePayments(given);
    describeLocks(given);
    if (parts === 'sandbox') return;
    describeAccountant(given, () => target as ContractTarget);
    describeCompanies(given, () => target as ContractTarget);
  });
}
