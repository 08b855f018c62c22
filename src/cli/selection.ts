/** What was named on the command line, found in the workspace; E_USAGE with a suggestion when it is not there. */
import { CutoverError } from '../domain/errors.ts';
import type { Capability, Workspace } from '../domain/workspace.ts';
import { didYouMean, nearest } from './suggest.ts';

export function capabilityNamed(workspace: Workspace, name: string): Capability {
  const found = workspace.capabilities.get(name);
  if (found === undefined) throw unknown('capability', name, [...workspace.capabilities.keys()], 'in the capabilities of cutover.yaml');
  return found;
}

/** The one that was named, or all of them. */
export function capabilitiesOf(workspace: Workspace, name: string | undefined): readonly Capability[] {
  return name === undefined ? [...workspace.capabilities.values()] : [capabilityNamed(workspace, name)];
}

/** The systems that were named, or all of them, Odoo too. */
export function systemsOf(workspace: Workspace, names: readonly string[] | undefined): readonly string[] {
  const known = Object.keys(workspace.file.systems);
  for (const name of names ?? []) if (!known.includes(name)) throw unknown('system', name, known, 'in the systems of cutover.yaml');
  return names === undefined || names.length === 0 ? known : names;
}

/** An entity of one of the capabilities; null when none was named. */
export function entityNamed(capabilities: readonly Capability[], name: string | undefined): string | null {
  if (name === undefined) return null;
  const known = [...new Set(capabilities.flatMap((capability) => capability.entities.map(({ contract }) => contract.entity)))];
  if (!known.includes(name)) throw unknown('entity', name, known, `in ${capabilities.map((capability) => capability.name).join(' or ')}`);
  return name;
}

function unknown(noun: string, name: string, known: readonly string[], where: string): CutoverError {
  const meant = nearest(name, known);
  return new CutoverError('E_USAGE', `there is no ${noun} ${name} ${where}`, {
    details: [didYouMean(name, known, noun)],
    ...(meant === null ? { hint: 'cutover status' } : {}),
  });
}
