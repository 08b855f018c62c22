/** The contract suite: what cutover relies on in an Odoo. What the sandbox answers, a real Odoo has answered first. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeClerk } from './clerk-contract.ts';
import { describeConnection } from './connection-contract.ts';
import { describeHelper } from './helper-contract.ts';
import { describeHidden } from './hidden-contract.ts';
import { describeLoad } from './load-contract.ts';
import { describeMail } from './mail-contract.ts';
import { describeMerge } from './merge-contract.ts';
import { describePurchase } from './purchase-contract.ts';
import { type ContractTarget, withPassword } from './target.ts';
import { describeJson2Wire } from './wire-contract.ts';

/** `parts`: an Odoo before 19 speaks JSON-RPC only, and its purchase and stock models differ from those that cutover's facts were found on;
 *  the sandbox has one user and sends no mail. */
export function describeOdooContract(name: string, connect: () => Promise<ContractTarget>, parts: 'everything' | 'sandbox' | 'connection'): void {
  describe(name, () => {
    let known: ContractTarget | null = null;
    const target = () => {
      if (!known) throw new Error(`${name} did not start`);
      return known;
    };
    beforeAll(async () => {
      known = await connect();
    });
    afterAll(() => known?.stop());

    describeConnection(() => withPassword(target()), 'json-rpc');
    describeHidden(target);
    describeHelper(target);
    if (parts === 'connection') return;
    describeConnection(target, 'json-2');
    describeJson2Wire(target);
    describeLoad(target);
    describePurchase(target);
    describeMerge(target);
    if (parts === 'sandbox') return;
    describeClerk(target);
    describeMail(target);
  });
}
