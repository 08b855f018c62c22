import type { RebuildFinding, RebuildResult } from '../../domain/results.ts';
import { counted, type Style } from '../style.ts';
import { table } from '../table.ts';

const SHOWN = 20;

export function renderRebuild(result: RebuildResult, style: Style): string {
  const { paint } = style;
  const sum = (of: (entity: RebuildResult['entities'][number]) => number): number => result.entities.reduce((total, entity) => total + of(entity), 0);
  const changed = `${counted(
    sum(({ added }) => added),
    'link',
  )} added, ${counted(
    sum(({ repointed }) => repointed),
    'link',
  )} re-pointed`;
  const list = table(
    result.entities,
    [
      { header: 'entity', value: (row) => row.entity },
      { header: 'as they were', value: (row) => row.linked },
      { header: 'added', value: (row) => row.added },
      { header: 're-pointed', value: (row) => row.repointed },
      { header: 'no External ID', value: (row) => row.withoutExternalId },
      { header: 'decided otherwise', value: (row) => row.decidedOtherwise },
      { header: 'not ours', value: (row) => row.unknown },
    ],
    style,
  );
  const sections = [`${paint.bold('Rebuilt')} the crosswalk from Odoo's External IDs: ${changed}`, list];
  if (result.unknown > 0) sections.push(`  ${paint.yellow('!')} ${counted(result.unknown, 'External ID')} of the namespace named no entity of this workspace`);
  const told = result.findings.slice(0, SHOWN);
  if (told.length > 0) {
    const more = result.findings.length > SHOWN ? `\n  ${paint.dim('and more:')} ${result.files.join(' ')}` : '';
    sections.push(`${paint.bold('What was not as it should be')}\n${told.map((finding) => `  ${sentence(finding)}`).join('\n')}${more}`);
  }
  for (const text of result.notChecked) sections.push(`  ${paint.yellow('!')} not checked: ${text}`);
  return sections.join('\n\n');
}

function sentence({ found, entity, system, key, externalId, was, is, reason }: RebuildFinding): string {
  const record = `${entity ?? ''} ${system === null ? '' : `${system}/`}${key ?? '(key not shown)'}`;
  switch (found) {
    case 'repointed':
      return `${record}: was Odoo ${was}, is Odoo ${is} now`;
    case 'decided-otherwise':
      return `${record}: linked to Odoo ${was} by a decision or a match, its External ID is on ${is}; left as it is`;
    case 'without-external-id':
      return `${record}: Odoo ${was}, ${reason}; left as it is`;
    default:
      return `${externalId ?? '(name not shown)'} on Odoo ${is}: ${reason}`;
  }
}
