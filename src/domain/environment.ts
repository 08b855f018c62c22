/** Where a command works: one environment of cutover.yaml (a rehearsal copy, production), and what it asks of whoever writes there. */
import { CutoverError } from './errors.ts';
import { didYouMean } from './suggestion.ts';
import type { NamedEnvironment, Workspace } from './workspace.ts';

/** What a load was allowed to begin under; in its journal before the first write, and in its run record. */
export interface LoadConditions {
  readonly environment: string | null;
  readonly production: boolean;
  readonly approvals: readonly { readonly by: string; readonly at: string; readonly runId: string; readonly seal: string }[];
  /** Reasons given to go on against advice; null: there was nothing to go on against. */
  readonly embeddedState: string | null;
  readonly mail: string | null;
}

/** The workspace as it is in one of its environments: its Odoo under the name of the target (decisions and mappings are the same everywhere), its state,
 *  its store. A workspace without environments is left as it is. E_USAGE. */
export function inEnvironment(workspace: Workspace, named: NamedEnvironment | null, embeddedStateReason: string | null = null): Workspace {
  const { file } = workspace;
  const names = Object.keys(file.environments ?? {});
  if (named === null) {
    if (names.length === 0) return withoutEnvironment(workspace, embeddedStateReason);
    throw new CutoverError('E_USAGE', `which environment? cutover.yaml has ${names.join(', ')}`, { hint: `add --environment ${names[0]}` });
  }
  const environment = file.environments?.[named.name];
  if (environment === undefined) {
    const where = named.isOnCommandLine ? '--environment' : 'CUTOVER_ENVIRONMENT';
    const known = names.length === 0 ? 'cutover.yaml has no environments' : `cutover.yaml has ${names.join(', ')}${didYouMean(named.name, names)}`;
    throw new CutoverError('E_USAGE', `${where} names ${named.name}; ${known}`, {
      hint: names.length === 0 ? 'cutover doctor --help' : `add --environment ${names[0]}`,
    });
  }
  const odoo = environment.odoo ?? file.odoo;
  const target = file.systems[odoo];
  if (target === undefined) throw new Error(`unreachable: ${odoo} is checked when the workspace is loaded`);
  const legacy = Object.entries(file.systems).filter(([, { connector }]) => connector !== 'odoo');
  return {
    ...workspace,
    file: {
      ...file,
      // What a report is headed by.
      name: file.name === undefined ? named.name : `${file.name}, ${named.name}`,
      systems: { ...Object.fromEntries(legacy), [file.odoo]: target },
      state: environment.state ?? file.state,
      store: environment.store ?? storeOf(file.store, named.name),
    },
    environment: {
      ...{ name: named.name, isOnCommandLine: named.isOnCommandLine, production: environment.production, odoo },
      ...{ approvals: environment.approvals ?? null, allowMail: environment.allow_mail ?? null, embeddedStateReason },
    },
  };
}

/** Each environment has a folder of its own, so that snapshots and an embedded state of one are never taken for those of another. */
export function storeOf(store: string, environment: string): string {
  return `${store.replace(/\/+$/, '')}/environments/${environment}`;
}

function withoutEnvironment(workspace: Workspace, embeddedStateReason: string | null): Workspace {
  if (embeddedStateReason === null) return workspace;
  throw new CutoverError('E_USAGE', '--embedded-state-on-production is for an environment marked production, and cutover.yaml has none', {
    hint: 'leave the flag out',
  });
}

/** Before anything is written, planned to be written at once, or asked of Odoo for it. E_ENVIRONMENT. */
export function requireMayWrite({ environment, file }: Workspace, command: string): void {
  if (environment?.production !== true) return;
  const { name, isOnCommandLine, embeddedStateReason } = environment;
  if (!isOnCommandLine) {
    throw new CutoverError('E_ENVIRONMENT', `${name} is production: whoever writes there names it on the command line, not by CUTOVER_ENVIRONMENT`, {
      hint: `cutover ${command} --environment ${name}`,
      details: ['nothing was written'],
    });
  }
  if (file.state !== 'embedded' || embeddedStateReason !== null) return;
  throw new CutoverError('E_ENVIRONMENT', `${name} is production and its state is embedded: it survives a killed process, not a power failure`, {
    hint: `set \`state: postgres://…\` for ${name} in cutover.yaml, or: cutover ${command} --environment ${name} --embedded-state-on-production "REASON"`,
    details: [
      'nothing was written',
      'After a power failure the end of the journal may be missing: Odoo then holds records that no rollback knows of, and a resumed load may not know what it sent.',
    ],
  });
}

/** The same for what is planned and loaded in one go, which nobody could approve. `instead`: the commands that lead there with one. E_ENVIRONMENT, E_APPROVAL. */
export function requireMayWriteAtOnce(workspace: Workspace, command: string, instead: readonly string[]): void {
  requireMayWrite(workspace, command);
  const { environment } = workspace;
  if (environment?.approvals == null) return;
  throw new CutoverError('E_APPROVAL', `${environment.name} asks for an approval of every plan, and this would be planned and loaded at once`, {
    hint: instead.map((one) => `\`${one}\``).join(', then '),
    details: ['nothing was written'],
  });
}
