/** A rehearsal writes and deletes: only where it is said that the Odoo is a copy. */
import { CutoverError } from '../../domain/errors.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';

/** `copy`: the database that is said to be one. E_ENVIRONMENT, E_APPROVAL. */
export async function requireCopy({ environment, file }: Workspace, plan: string, copy: string | null, ports: Ports): Promise<void> {
  if (environment?.production === true) {
    const others = Object.entries(file.environments ?? {}).flatMap(([name, { production }]) => (production ? [] : [name]));
    throw new CutoverError('E_ENVIRONMENT', `${environment.name} is production, and a rehearsal is done on a copy`, {
      hint: others[0] === undefined ? 'cutover doctor' : `cutover rehearse ${plan} --environment ${others[0]}`,
      details: ['nothing was written'],
    });
  }
  if (environment !== undefined && environment.approvals !== null) {
    throw new CutoverError('E_APPROVAL', `${environment.name} asks for an approval of every plan, and a rehearsal takes back at once what it loads`, {
      hint: `rehearse in an environment without approvals, or leave them out of environments.${environment.name}: nothing of a rehearsal stays`,
      details: ['nothing was written'],
    });
  }
  if (environment !== undefined) return;
  const { database } = await (await ports.odoo()).identity();
  if (copy === database) return;
  const said = copy === null ? 'nothing says that this Odoo is a copy' : `the database of this Odoo is ${database}, not ${copy}`;
  throw new CutoverError('E_ENVIRONMENT', said, {
    hint: `name environments in cutover.yaml, or where it is one: cutover rehearse ${plan} --copy ${database}`,
    details: ['nothing was written', 'A rehearsal loads into Odoo and deletes again what it loaded.'],
  });
}
