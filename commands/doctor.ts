import { CutoverCommand } from '../src/cli/command.ts';
import { doctorStatus, type Outcome } from '../src/cli/outcome.ts';
import { renderDoctor } from '../src/cli/render/doctor.ts';
import { withContext } from '../src/context.ts';
import { ExitCode } from '../src/domain/errors.ts';
import type { DoctorResult } from '../src/domain/results.ts';

export default class Doctor extends CutoverCommand {
  static override summary = 'Check the workspace, the systems and Odoo, with a fix per finding.';
  static override description =
    'Configuration, reach, Odoo version and database, modules, rights, every mapped field against this Odoo, decimal precisions and rounding, outgoing mail, the expiry of the API key, and the namespace. Nothing is written anywhere.';
  static override examples = [{ command: 'cutover doctor', description: 'before the first pull, and whenever something is odd' }];
  static override exitCodes = {
    [ExitCode.clean]: 'no problem; there may be warnings',
    [ExitCode.findings]: 'problems, each with its fix',
  };

  protected async execute(): Promise<Outcome<DoctorResult>> {
    const { flags } = await this.parse(Doctor);
    return withContext(this.invocation(flags), async ({ workspace, ports, exposedSecrets }) => {
      const { doctor } = await import('../src/workflows/doctor/doctor.ts');
      const data = await doctor({ workspace, exposedSecrets }, ports);
      const status = doctorStatus(data);
      const isReady = status === 'ok' && data.findings.every(({ check, status: found }) => check !== 'odoo' || found === 'ok');
      return { status, data, next: [this.next(flags, isReady ? 'pull' : 'doctor')], text: (style) => renderDoctor(data, style) };
    });
  }
}
