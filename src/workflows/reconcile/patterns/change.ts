/** What to paste, and into which file of the workspace. */
import { Decimal } from 'decimal.js';
import { isAmount } from '../../../domain/canonical.ts';
import { codeCall } from '../../../domain/code-call.ts';
import { csvLine } from '../../../domain/csv.ts';
import type { Pattern } from '../../../domain/report.ts';
import type { Capability, Workspace } from '../../../domain/workspace.ts';
import type { Candidate, FieldBreaks, Mend } from './transformation.ts';

type Change = NonNullable<Pattern['change']>;

export interface ChangeContext {
  readonly workspace: Workspace;
  readonly capability: Capability;
  readonly breaks: FieldBreaks;
  /** Of all patterns of the field: one line of the overlay says them all. */
  readonly compareRules: readonly string[];
}

/** Null where no file of the workspace can make the two sides agree. */
export function changeText(mend: Mend, context: ChangeContext): Change | null {
  const { breaks, capability, workspace } = context;
  const { contract, field, system } = breaks;
  switch (mend.kind) {
    case 'expression':
      return expressionChange(context, field, mend.wrap);
    case 'swap': {
      const [own, other] = [expressionOf(breaks, field), expressionOf(breaks, mend.field)];
      if (own === null || other === null) return null;
      const lines = [
        [field, other],
        [mend.field, own],
      ].sort() as [string, string][];
      return sourceChange(
        context,
        field,
        lines.map(([name, expression]) => yamlLine(name, expression)),
      );
    }
    case 'compare': {
      if (contract.type !== 'text' && contract.type !== 'identifier') return null;
      const rules = new Set([...contract.compare, ...context.compareRules]);
      return overlayChange(context, `{compare: [${[...rules].sort().join(', ')}]}`);
    }
    case 'tolerance':
      if (!isAmount(contract) || (contract.tolerance !== undefined && new Decimal(contract.tolerance).gte(mend.tolerance))) return null;
      return overlayChange(context, `{tolerance: ${mend.tolerance}}`);
    case 'lines':
      return overlayChange(context, `{rounding: {lines: ${mend.lines}}}`);
    case 'codes':
      return codesChange(capability, breaks, mend.pairs);
    case 'encoding': {
      const config = workspace.file.systems[system];
      if (config?.connector !== 'files' || config.encoding.toLowerCase() === mend.encoding) return null;
      return { file: 'cutover.yaml', text: `systems:\n  ${system}:\n    encoding: ${mend.encoding}` };
    }
  }
}

/** A wrapped expression of one field of one source mapping. */
export function expressionChange(context: Pick<ChangeContext, 'capability' | 'breaks'>, field: string, wrap: (expression: string) => string): Change | null {
  const expression = expressionOf(context.breaks, field);
  // what a code map answers is its own business: the expression is what is looked up
  if (expression === null || codeCall(expression) !== null || context.breaks.entity.definition.contract.fields[field]?.type === 'code') return null;
  return sourceChange(context, field, [yamlLine(field, wrap(enclosed(expression)))]);
}

function expressionOf({ entity, system }: FieldBreaks, field: string): string | null {
  return entity.definition.sources.find(({ mapping }) => mapping.system === system)?.mapping.fields[field]?.trim() ?? null;
}

/** Safe to stand in a larger expression. */
function enclosed(expression: string): string {
  if (/^([A-Za-z_]\w*|"[^"]+")$/.test(expression) || /^[A-Za-z_]\w*\([^()]*\)$/.test(expression)) return expression;
  // a comment would swallow what follows it
  return expression.includes('--') ? `(${expression}\n)` : `(${expression})`;
}

const fileName = (entity: string): string => `${entity.replaceAll('_', '-')}.yaml`;

/** Lines to put in place of the ones that are there; where the mapping is a pack's, they need a home of their own. */
function sourceChange({ capability, breaks }: Pick<ChangeContext, 'capability' | 'breaks'>, field: string, lines: readonly string[]): Change {
  const { definition } = breaks.entity;
  const file = `mappings/${capability.name}/sources/${breaks.system}/${fileName(definition.contract.entity)}`;
  const source = definition.sources.find(({ mapping }) => mapping.system === breaks.system);
  const isOwn = source?.position(['fields', field]).file === file;
  return { file, text: isOwn ? lines.join('\n') : ['fields:', ...lines.map((line) => `  ${line}`)].join('\n') };
}

function overlayChange({ capability, breaks }: ChangeContext, value: string): Change {
  return { file: `mappings/${capability.name}/${fileName(breaks.entity.entity)}`, text: `fields:\n  ${breaks.field}: ${value}` };
}

/** Rows of the code map, as proposals: a person confirms them. */
function codesChange(capability: Capability, breaks: FieldBreaks, pairs: readonly (readonly [string, string])[]): Change | null {
  const { contract, field } = breaks;
  if (contract.type !== 'code') return null;
  const expression = expressionOf(breaks, field);
  const name = (expression === null ? null : codeCall(expression)?.codes) ?? contract.codes;
  const map = capability.codes.get(name);
  const rows = pairs.flatMap(([from, to]) =>
    (map?.rows ?? []).filter((row) => row.target === from).map((row) => csvLine([row.source, to, 'proposed', '', '', ''])),
  );
  return rows.length === 0 ? null : { file: `mappings/${capability.name}/codes/${name}.csv`, text: rows.join('').trimEnd() };
}

/** One entry of a mapping; quoted as JSON, which YAML reads as it is, where it could be misread. */
function yamlLine(field: string, expression: string): string {
  const isPlain = /^[A-Za-z_(][^\n]*$/.test(expression) && !/: | #|:$|\s$|^(true|false|null|yes|no|on|off)$/i.test(expression);
  return `${field}: ${isPlain ? expression : JSON.stringify(expression)}`;
}

/** What a steward has to know beside what was found: who repairs it, or why there is nothing to paste. */
export function outlook(
  candidate: Candidate,
  facts: { readonly direction: string | null; readonly isMovedInOdoo: boolean; readonly hasChange: boolean; readonly isMinority: string | null },
): string {
  const { direction, isMovedInOdoo, hasChange, isMinority } = facts;
  if (candidate.damaged === 'odoo' || (isMovedInOdoo && !hasChange)) {
    const what = candidate.damaged === 'odoo' ? '' : '; it was changed in Odoo after the two had agreed';
    if (direction === 'update-odoo') return `${what}; the next load repairs it`;
    return direction === 'return-to-legacy' ? `${what}; Odoo owns the field: mend it there, or enter it in the legacy system` : what;
  }
  if (isMinority !== null && candidate.mend !== null) return `; ${isMinority}, so that no change of the mapping mends it`;
  return candidate.damaged === 'legacy' && !hasChange ? '; mend it in the legacy system' : '';
}
