import { basename, resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { CutoverCommand, shellQuoted } from '../src/cli/command.ts';
import { writeNewFiles } from '../src/cli/new-files.ts';
import type { Outcome } from '../src/cli/outcome.ts';
import { renderInit } from '../src/cli/render/init.ts';
import { systemClock } from '../src/context.ts';
import { CutoverError, ExitCode } from '../src/domain/errors.ts';

interface InitResult {
  readonly directory: string;
  readonly namespace: string;
  readonly files: readonly string[];
}

export default class Init extends CutoverCommand {
  static override summary = 'Write a workspace that works as it is, to be changed step by step.';
  static override description =
    'Configuration, mappings on the shipped procurement pack, a small legacy system as CSV, and JSON Schemas for your editor. It passes cutover doctor unedited, against cutover sandbox. No file is ever replaced.';
  static override examples = [
    { command: 'cutover init', description: 'in this folder' },
    { command: 'cutover init northgate --name "Northgate General Hospital"', description: 'in a new one' },
  ];
  static override args = { directory: argument({ description: 'Where; this folder by default.' }) };
  static override flags = {
    name: string({ helpValue: 'NAME', summary: 'What the workspace is for; the name of the folder by default.' }),
    ci: string({ options: ['github', 'gitlab'], summary: 'Also a workflow that runs every night and publishes the reports.' }),
    namespace: string({ helpValue: 'NAME', summary: 'Module part of the External IDs made in Odoo; made from the name by default.' }),
  };
  static override exitCodes = { [ExitCode.usage]: 'files are there already, or the namespace cannot be one' };

  protected async execute(): Promise<Outcome<InitResult>> {
    const { args, flags } = await this.parse(Init);
    const directory = resolve(args.directory ?? flags.workspace ?? '.');
    const { namespaceFor, scaffoldFiles } = await import('../src/workflows/init/scaffold.ts');
    const { WorkspaceFile } = await import('../src/domain/workspace.ts');
    const name = flags.name ?? basename(directory);
    const namespace = flags.namespace ?? namespaceFor(name);
    const checked = WorkspaceFile.shape.namespace.safeParse(namespace);
    if (!checked.success)
      throw new CutoverError('E_USAGE', `${namespace} cannot be a namespace: ${checked.error.issues[0]?.message}`, { hint: 'cutover init --help' });
    const { ciKinds } = await import('../src/workflows/init/ci-files.ts');
    const kind = ciKinds.find((known) => known === flags.ci);
    const ci = kind === undefined ? null : { kind, version: this.config.version };
    const files = scaffoldFiles({ name, namespace, ci, today: (flags['as-of'] ?? systemClock.now()).slice(0, 10) });
    await writeNewFiles(directory, files);
    const data = { directory, namespace, files: [...files.keys()] };
    const where = directory === process.cwd() ? '' : ` --workspace ${shellQuoted(args.directory ?? flags.workspace ?? '.')}`;
    return { status: 'ok', data, next: ['cutover sandbox', `cutover doctor${where}`], text: (style) => renderInit(data, style) };
  }
}
