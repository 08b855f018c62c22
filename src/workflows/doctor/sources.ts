/** Sources: can each be opened, and does everything the mappings use exist there with a fitting type? */
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane, Ports, SourceCut } from '../../domain/ports.ts';
import type { SnapshotColumn } from '../../domain/snapshot.ts';
import type { Capability, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { compileChecks } from '../map/checks.ts';
import { compileMapping } from '../map/compile-mapping.ts';
import { type Finding, fixOf, notChecked, ok, problem, words } from './finding.ts';

interface Use {
  readonly capability: Capability;
  readonly entity: EntityDefinition;
  readonly mapping: EntityDefinition['sources'][number]['mapping'];
}

export async function examineSources(workspace: Workspace, ports: Ports): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const plane = await ports.openPlane();
  try {
    for (const [name, system] of Object.entries(workspace.file.systems)) {
      if (system.connector === 'odoo') continue;
      findings.push(...(await examineSource(name, usesOf(workspace, name), plane, ports)));
    }
    findings.push(...(await examineChecks(workspace, plane)));
  } finally {
    await plane.close();
  }
  return findings;
}

function usesOf(workspace: Workspace, system: string): Use[] {
  return [...workspace.capabilities.values()].flatMap((capability) =>
    capability.entities.flatMap((entity) =>
      entity.sources.filter(({ mapping }) => mapping.system === system).map(({ mapping }) => ({ capability, entity, mapping })),
    ),
  );
}

async function examineSource(name: string, uses: readonly Use[], plane: DataPlane, ports: Ports): Promise<Finding[]> {
  const check = `source ${name}`;
  let cut: SourceCut;
  try {
    cut = await ports.source(name).open();
  } catch (error) {
    const mistakes = await mistakesOf(uses, null, plane);
    return [
      problem(check, `cannot be opened: ${words(error)}`, fixOf(error, `check system ${name} in cutover.yaml`)),
      notChecked(`mappings ${name}`, 'tables and columns were not compared: the source was not reached'),
      ...mistakes.map((mistake) => mappingProblem(name, mistake)),
    ];
  }
  try {
    if (uses.length === 0) return [ok(check, 'can be opened; no mapping uses it yet')];
    return [ok(check, 'can be opened'), ...(await examineMappings(name, uses, cut, plane))];
  } finally {
    await cut.close();
  }
}

async function examineMappings(name: string, uses: readonly Use[], cut: SourceCut, plane: DataPlane): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const use of uses) {
    const { mapping } = use;
    const rowsFrom = mapping.from ?? 'query';
    try {
      const columns = await cut.columns(mapping.from ?? null, mapping.query ?? null);
      const mistakes = await mistakesOf([use], columns, plane);
      findings.push(...mistakes.map((mistake) => mappingProblem(name, mistake)));
    } catch (error) {
      const position = use.entity.sources.find((source) => source.mapping === mapping)?.position([mapping.from === undefined ? 'query' : 'from']);
      const place = position === undefined ? '' : `${position.file}:${position.line}:${position.column}  `;
      const tables = await cut.tables().catch(() => []);
      findings.push(
        problem(
          `mappings ${name}`,
          `${place}${rowsFrom}: ${words(error)}`,
          tables.length === 0 ? 'name a table, view or file that exists' : `it has: ${tables.slice(0, 20).join(', ')}`,
        ),
      );
    }
  }
  return findings.length > 0 ? findings : [ok(`mappings ${name}`, `${uses.length} entities: every table, column and expression fits`)];
}

async function mistakesOf(uses: readonly Use[], columns: readonly SnapshotColumn[] | null, plane: DataPlane): Promise<Mistake[]> {
  const found: Mistake[] = [];
  for (const use of uses) found.push(...(await compileMapping({ ...use, columns }, plane)).mistakes);
  return found;
}

async function examineChecks(workspace: Workspace, plane: DataPlane): Promise<Finding[]> {
  const mistakes: Mistake[] = [];
  let checks = 0;
  for (const capability of workspace.capabilities.values()) {
    for (const entity of capability.entities) {
      const compiled = await compileChecks(capability, entity, plane);
      mistakes.push(...compiled.mistakes);
      checks += compiled.checks.length;
    }
  }
  if (mistakes.length === 0) return [ok('checks', `${checks} ${checks === 1 ? 'check' : 'checks'} and the dimensions of the control totals can be worked out`)];
  return mistakes.map((mistake) => problem('checks', told(mistake), 'mend the expression in this line'));
}

function mappingProblem(system: string, mistake: Mistake): Finding {
  return problem(`mappings ${system}`, told(mistake), 'mend the mapping in this line');
}

function told({ position, message }: Mistake): string {
  return `${position.file}:${position.line}:${position.column}  ${message}`;
}
