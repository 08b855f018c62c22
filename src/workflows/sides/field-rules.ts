/** When two values of a field are the same. Each rule is written once, as SQL over the aliases `l` (canonical legacy row), `o` (Odoo
 *  canonical row) and `b` (baseline row), and serves comparing, linking, baseline and control totals alike.
 *
 *  A value is compared in its *form*: text after its rules, amounts as Odoo rounds them, references and codes in target space. */
import { canonicalTextSql, isAmount, storageType } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';
import { roundHalfUpSql } from '../../domain/rounding.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import type { EntityDefinition } from '../../domain/workspace.ts';
import type { ResolvedBinding } from '../pull/pull-odoo-binding.ts';
import type { OdooWorld } from './sides.ts';

export interface FieldRule {
  readonly field: string;
  readonly contract: FieldContract;
  readonly owner: 'legacy' | 'odoo';
  /** Odoo computes it. */
  readonly computed: boolean;
  /** false: it is written on create and left alone; a rule is needed to link by it all the same. */
  readonly compared: boolean;
  /** A code whose target is a record of a related model. */
  readonly isLookup: boolean;
  /** A legacy row without a value has nothing to say, because Odoo cannot hold "no value" here. */
  readonly skipsNull: boolean;
  /** Systems whose mapping yields the field; only their rows are compared. */
  readonly systems: readonly string[];
  /** Is it compared for this legacy row? */
  readonly applies: string;
  readonly legacyForm: string;
  readonly odooForm: string;
  /** The form of a value that stands in the baseline as text. */
  readonly baselineForm: string;
  /** Are two forms the same? As SQL; NULL equals only NULL. */
  readonly sameForms: (left: string, right: string) => string;
  /** True where the two sides differ; not null. Only where `applies`. */
  readonly differs: string;
  /** Both sides' values in one type: where these are the same, nothing differs. Where they are not, `differs` decides. */
  readonly plain: { readonly legacy: string; readonly odoo: string };
  /** What the two sides agreed upon, as the baseline keeps it. */
  readonly agreedText: string;
  readonly legacyText: string;
  readonly odooText: string;
  /** Canonical text of the baseline. */
  readonly baselineText: string;
  /** For amounts that Odoo keeps rounded: the rule in words. */
  readonly rounding: string | null;
}

export interface RuleContext {
  readonly definition: EntityDefinition;
  readonly binding: ResolvedBinding;
  readonly mapped: ReadonlyMap<string, readonly string[]>;
  readonly world: OdooWorld;
  /** Some legacy records follow another (`_ahead`): what one before them says of a field is not theirs to say. */
  readonly hasFollowers?: boolean;
}

/** The rules of every field that is bound and that some source yields, in contract order. */
export function fieldRules(context: RuleContext): readonly FieldRule[] {
  return Object.entries(context.definition.contract.fields).flatMap(([field, contract]) => {
    const rule = fieldRule(context, field, contract);
    return rule === null ? [] : [rule];
  });
}

function fieldRule({ definition, binding, mapped, world, hasFollowers }: RuleContext, field: string, contract: FieldContract): FieldRule | null {
  const bound = binding.fields.find((one) => one.field === field);
  const isState = binding.stateField === field;
  const systems = mapped.get(field) ?? [];
  if ((bound === undefined && !isState) || systems.length === 0) return null;
  const own = identifier(field);
  const [l, o] = [`l.${own}`, `o.${own}`];
  const skipsNull = bound?.nullable === false;
  const isPartial = systems.length < definition.sources.length;
  const conditions = [
    ...(isPartial ? [`l._system IN (${systems.map(literal).join(', ')})`] : []),
    ...(hasFollowers === true ? [saysSql('l', systems)] : []),
    ...(skipsNull ? [`${l} IS NOT NULL`] : []),
  ];
  const digits = bound === undefined ? null : storedDigits(contract, bound, world);
  const rounding = roundingWords(contract, digits, world);
  const same = sameness(contract);
  const legacyForm = legacyFormSql(field, contract, digits);
  const odooForm = form(contract, o);
  const unresolved = contract.type === 'ref' ? `(${l} IS NOT NULL AND ${legacyForm} IS NULL) OR ` : '';
  // raw equality first: normalising text costs, and most values are equal as they stand
  const normalised = legacyForm !== l && contract.type !== 'ref' && !isAmount(contract) ? `${l} IS DISTINCT FROM ${o} AND ` : '';
  const agreedText = valueText(contract, hasTextRules(contract) ? o : odooForm);
  return {
    ...{ field, contract, systems, skipsNull, rounding, legacyForm, odooForm, agreedText },
    owner: definition.contract.owner.fields[field] ?? definition.contract.owner.default,
    computed: bound?.send === false,
    compared: bound?.compare !== false,
    isLookup: bound !== undefined && bound.by !== null,
    sameForms: same,
    applies: conditions.length === 0 ? 'true' : conditions.join(' AND '),
    // a text that does not fit is no value of the legacy side: nothing equals it
    baselineForm: form(contract, `TRY_CAST(b.${own}.v AS ${odooType(contract)})`),
    plain: plainSql(contract, field, digits, legacyForm),
    differs: `(${unresolved}${normalised}NOT (${same(legacyForm, odooForm)}))`,
    legacyText: canonicalTextSql(contract, l),
    odooText: contract.type === 'ref' ? `'#' || CAST(${o} AS VARCHAR)` : valueText(contract, o),
    baselineText: contract.type === 'ref' ? `'#' || b.${own}.v` : `b.${own}.v`,
  };
}

/** Is a field that these systems yield a legacy row's own to say? Of several rows that are one thing only the first one's. */
export function saysSql(row: string, systems: readonly string[]): string {
  return `(${row}._ahead IS NULL OR NOT list_has_any(${row}._ahead, CAST(${literalList(systems)} AS VARCHAR[])))`;
}

function sameness(contract: FieldContract): (left: string, right: string) => string {
  const tolerance = isAmount(contract) ? contract.tolerance : undefined;
  if (tolerance === undefined) return (left, right) => `${left} IS NOT DISTINCT FROM ${right}`;
  return (left, right) =>
    `(${left} IS NOT DISTINCT FROM ${right} OR coalesce(abs(${left} - ${right}) <= CAST(${literal(tolerance)} AS DECIMAL(38,12)), false))`;
}

/** Decimals that Odoo keeps of an amount, when it keeps fewer than the contract; null otherwise.
 *  Monetary fields follow the currency; others their declared digits. */
function storedDigits(contract: FieldContract, bound: { readonly type: string; readonly digits: number | null }, world: OdooWorld): number | null {
  if (!isAmount(contract)) return null;
  const isCurrency = bound.type === 'monetary' || (contract.type === 'money' && contract.rounding !== undefined);
  const kept = isCurrency ? world.currencyDigits : bound.digits;
  return kept !== null && kept < contract.digits ? kept : null;
}

function roundingWords(contract: FieldContract, digits: number | null, world: OdooWorld): string | null {
  if (digits === null) return null;
  const unit = digits === 0 ? '1' : `0.${'0'.repeat(digits - 1)}1`;
  if (contract.type !== 'money') return `half-up to ${unit} (Odoo keeps ${digits} decimals)`;
  if (typeof contract.rounding !== 'object') return `half-up to ${unit} (currency of the company)`;
  const how = world.rounding === 'round_per_line' ? 'per line' : 'of the sum of the lines';
  return `half-up ${how} to ${unit} (company: ${world.rounding})`;
}

function legacyFormSql(field: string, contract: FieldContract, digits: number | null): string {
  const own = `l.${identifier(field)}`;
  if (contract.type === 'ref') return `l.${identifier(`_ref_${field}`)}`;
  if (digits === null || !isAmount(contract)) return form(contract, own);
  const rounded = roundHalfUpSql(own, digits);
  // made of its lines: only where the legacy amount is what its own lines come to
  if (contract.type === 'money' && typeof contract.rounding === 'object') {
    const [expected, total] = [`l.${identifier(`_expected_${field}`)}`, `l.${identifier(`_lines_${field}`)}`];
    return `CASE WHEN ${total} = ${own} THEN ${expected} ELSE ${rounded} END`;
  }
  return rounded;
}

/** A reference that leads nowhere is no value that Odoo could have. Rounded amounts have room, whatever they are rounded to. */
function plainSql(contract: FieldContract, field: string, digits: number | null, legacyForm: string): FieldRule['plain'] {
  const [l, o] = [`l.${identifier(field)}`, `o.${identifier(field)}`];
  if (contract.type === 'ref') return { legacy: `coalesce(${legacyForm}, CASE WHEN ${l} IS NOT NULL THEN -1 END)`, odoo: o };
  if (digits === null || !isAmount(contract)) return { legacy: l, odoo: o };
  const roomy = (amount: string) => `CAST(${amount} AS DECIMAL(38,${contract.digits}))`;
  return { legacy: roomy(legacyForm), odoo: roomy(o) };
}

function hasTextRules(contract: FieldContract): boolean {
  return (contract.type === 'text' || contract.type === 'identifier') && contract.compare.length > 0;
}

/** The form of a value in its storage type; applying it twice changes nothing. */
export function form(contract: FieldContract, value: string): string {
  if (contract.type === 'timestamp') return `date_trunc('second', ${value})`;
  if (contract.type !== 'text' && contract.type !== 'identifier') return value;
  let formed = value;
  if (contract.compare.includes('whitespace')) formed = `trim(regexp_replace(${formed}, '[\\s\\p{Z}]+', ' ', 'g'))`;
  if (contract.compare.includes('case')) formed = `lower(${formed})`;
  // Odoo puts http:// before an address without a scheme; https:// is another address.
  if (contract.compare.includes('url-scheme'))
    formed = `CASE WHEN ${formed} = '' OR regexp_matches(${formed}, '^[A-Za-z][A-Za-z0-9+.-]*:') THEN ${formed} ELSE 'http://' || ${formed} END`;
  return formed;
}

/** The type of a field on the Odoo side: as stored on the legacy side, but a reference is a database id. Odoo has no limit on amounts; where
 *  a snapshot holds one that does not fit, `isWide` gives its column room. (Not always: DuckDB 1.5 reads texts into DECIMAL(38) ten times
 *  slower than into DECIMAL(18).) */
export function odooType(contract: FieldContract, isWide = false): string {
  if (contract.type === 'ref') return 'BIGINT';
  return isWide && isAmount(contract) ? `DECIMAL(38,${contract.digits})` : storageType(contract);
}

/** Canonical text of a value that is stored as its contract says; a reference is its database id. */
function valueText(contract: FieldContract, value: string): string {
  return contract.type === 'ref' ? `CAST(${value} AS VARCHAR)` : canonicalTextSql(contract, value);
}

/** `[…]` with the names of the fields for which `condition` holds. */
export function fieldListSql(rules: readonly FieldRule[], condition: (rule: FieldRule) => string): string {
  if (rules.length === 0) return `CAST(${literalList([])} AS VARCHAR[])`;
  return `list_filter([${rules.map((rule) => `CASE WHEN ${condition(rule)} THEN ${literal(rule.field)} END`).join(', ')}], lambda name: name IS NOT NULL)`;
}
