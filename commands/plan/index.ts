import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../../src/cli/command.ts';
import { hasWrites, type Outcome } from '../../src/cli/outcome.ts';
import { renderPlan } from '../../src/cli/render/plan.ts';
import { capabilityNamed } from '../../src/cli/selection.ts';
import { withContext } from '../../src/context.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { PlanResult } from '../../src/domain/results.ts';

export default class Plan extends CutoverCommand {
  static override summary = 'Write down exactly what a load would change in Odoo.';
  static override description =
    'The plan is a file: every create, update, link and archive with the values it was made on, and what a rollback of it could do. It is bound to this Odoo, this environment, these mappings and these snapshots, and is good for one load. It holds data of the records and no secret; with --recipient, or `plan_recipients` in cutover.yaml, it is encrypted (age), and `age_identity` opens it again. One that would archive or delete much of an entity is refused (policies.archive_percent). Nothing is written to Odoo.';
  static override examples = [
    { command: 'cutover plan procurement --out procurement.plan', description: 'then read it (cutover plan show), and: cutover load procurement.plan' },
    { command: 'cutover plan procurement --out procurement.plan --recipient age1…', description: 'readable for whoever holds that identity, and nobody else' },
  ];
  static override args = { capability: argument({ required: true, description: 'A capability of cutover.yaml.' }) };
  static override flags = {
    out: string({ helpValue: 'FILE', required: true, summary: 'Where the plan is saved.' }),
    recipient: string({ helpValue: 'AGE1', multiple: true, multipleNonGreedy: true, summary: 'Encrypt the plan to this age recipient; can be given again.' }),
    by: string({ helpValue: 'NAME', summary: 'Who makes it; CUTOVER_USER by default, else whoever is logged in. Somebody else approves it.' }),
  };
  static override exitCodes = {
    [ExitCode.refused]: 'nothing has been pulled yet, the namespace belongs to an Odoo module, or too much would be archived',
    [ExitCode.locked]: 'another command holds the embedded state',
    [ExitCode.connection]: 'Odoo did not answer or refused the login',
    [ExitCode.interrupted]: 'stopped by Ctrl-C; no plan is left',
  };

  protected async execute(): Promise<Outcome<PlanResult>> {
    const { args, flags } = await this.parse(Plan);
    return withContext(this.invocation(flags), async ({ workspace, runId, asOf, ports, newNonce, recorded }) => {
      const capability = capabilityNamed(workspace, args.capability);
      return recorded(capability.name, async () => {
        const { checkNamespace } = await import('../../src/workflows/plan/namespace-check.ts');
        const { planCapability } = await import('../../src/workflows/plan/plan.ts');
        await checkNamespace(await ports.odoo(), workspace.file.namespace, ports.progress);
        const recipients = flags.recipient === undefined ? {} : { recipients: flags.recipient };
        const data = await planCapability({ workspace, capability, asOf, runId, nonce: newNonce(), file: resolve(flags.out), ...recipients }, ports);
        const file = shellQuoted(flags.out);
        const needsApproval = workspace.environment?.approvals != null;
        const next = hasWrites(data) ? (needsApproval ? [`plan show ${file}`, `plan approve ${file}`] : [`load ${file}`]) : [];
        return { status: 'ok', data, next: next.map((command) => this.next(flags, command)), text: (style) => renderPlan(data, style) };
      });
    });
  }
}
