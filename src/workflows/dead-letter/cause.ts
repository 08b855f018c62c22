/** Why Odoo refused a record, as far as that can be told: its words become a field and a rule. Pure. */
import type { PlanManifest } from '../../domain/plan.ts';
import type { Refusal } from '../load/isolate.ts';
import { fieldsInWords, reasonOf, shownWords } from '../load/odoo-words.ts';

/** What kind of rule it was, by Odoo's words. */
export type RefusalRule =
  | 'required'
  | 'not-unique'
  | 'not-a-choice'
  | 'reference-missing'
  | 'not-of-type'
  | 'out-of-range'
  | 'in-use'
  | 'gone'
  | 'dialog'
  | 'step'
  | 'refused';

export interface Cause {
  /** Entity of the record that was refused: the document's, or that of one of its lines. */
  readonly entity: string;
  /** Odoo's field and the canonical one; null where it cannot be told. */
  readonly odooField: string | null;
  readonly field: string | null;
  readonly rule: RefusalRule;
  /** How the field is known: Odoo named it; its value alone stands in Odoo's words; it decides which step is taken. */
  readonly told: 'named' | 'value' | 'state' | null;
  /** Odoo's own words, without contents of `pii` fields. */
  readonly words: string;
  /** The same for all that were refused for one reason. */
  readonly reason: string;
}

export interface Refused {
  readonly entity: string;
  readonly line: string | null;
  readonly step: string;
  readonly refusal: Refusal;
  /** Odoo field → value that was sent, of the document or, where that is known, of the line. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Odoo 14 to 19, in English: the tool sends no language. The first that fits. */
const RULES: readonly (readonly [RefusalRule, RegExp])[] = [
  ['required', /missing required value|is required|mandatory field|cannot be empty|must have a|required fields? /i],
  ['not-unique', /must be unique|already exists?\b|already assigned|already used|duplicate key|should be unique/i],
  ['not-a-choice', /not found in selection field|wrong value for|is not a valid (choice|selection)/i],
  ['reference-missing', /no matching record|unknown database identifier|not found in (relational )?field|invalid database id/i],
  ['gone', /does not exist or has been deleted/i],
  ['not-of-type', /does not seem to be|could not convert|invalid literal|is not a valid|invalid (date|format|value)|unknown value '.*' for boolean/i],
  [
    'out-of-range',
    /cannot be (0|zero|negative)|must be (strictly )?(positive|greater|higher|lower|less)|out of range|cannot be (greater|lower|less|before|after)/i,
  ],
  ['in-use', /another model (is using|requires)|is used (by|in)|records of .* refer to it/i],
  ['dialog', /opened a dialog/i],
];

export function causeOf({ entity, line, step, refusal, values }: Refused, manifest: PlanManifest, stateField: string | null): Cause {
  const holder = refusal.field?.split('/')[0] ?? '';
  const ofLine = line ?? Object.entries(manifest.entities).find(([, planned]) => planned.in === holder)?.[0] ?? null;
  const name = ofLine ?? entity;
  const planned = manifest.entities[name];
  const { message } = refusal;
  const isStep = step !== 'record' && !step.startsWith('lines-') && step !== 'byproducts';
  const rule = RULES.find(([, words]) => words.test(message))?.[0] ?? (isStep ? 'step' : 'refused');
  const own = ofLine !== null && line === null ? {} : values;
  const [odooField, told] = fieldOf(refusal, rule, own, (field) => planned?.fields[field] !== undefined || field in own);
  const about = { entity: name, rule, words: shownWords(message, planned, own), reason: reasonOf(message, planned, own) };
  if (odooField !== null) return { ...about, odooField, field: planned?.fields[odooField]?.field ?? null, told };
  return { ...about, odooField: null, field: isStep ? stateField : null, told: isStep && stateField !== null ? 'state' : null };
}

function fieldOf(
  { field, message }: Refusal,
  rule: RefusalRule,
  values: Readonly<Record<string, unknown>>,
  isKnown: (field: string) => boolean,
): readonly [string | null, Cause['told']] {
  const columns = (field ?? '').split('/').filter((part) => part !== '.id' && part !== 'id');
  const named = [columns.at(-1) ?? '', ...[...message.matchAll(/'[^'\n]+' \((\w+)\)/g)].map(([, name = '']) => name)].find(
    (name) => name !== '' && isKnown(name),
  );
  if (named !== undefined) return [named, 'named'];
  const [only, ...others] = fieldsInWords(message, values);
  if (only !== undefined && others.length === 0) return [only, 'value'];
  // "… cannot be 0!": the one field that was sent as 0.
  const zeros = rule === 'out-of-range' && /\b(0|zero)\b/.test(message) ? Object.keys(values).filter((name) => values[name] === '0' || values[name] === 0) : [];
  return zeros.length === 1 ? [zeros[0] as string, 'value'] : [null, null];
}
