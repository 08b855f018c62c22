/** What else of a record tells whether two of them are one thing: its address, its telephone, its own codes. */
import type { EntityContract } from '../../domain/contract.ts';
import { type ConflictInput, type IdentifierField, identifierFields } from './conflicts-input.ts';
import { corroborators } from './conflicts-values.ts';
import { among } from './conflicts-written.ts';
import { kindOfField } from './field-kind.ts';

/** Share of values that have to differ from all others. */
const DISTINCT = 0.7;

export interface TellingField {
  /** Of conflict_records. */
  readonly column: string;
  /** A code of the legacy system, which says something only within it. */
  readonly isOwn: boolean;
}

const kindOf = (contract: EntityContract, name: string) => {
  const field = contract.fields[name];
  return field === undefined ? null : kindOfField(name, field);
};

/** Fields that few records share by chance. A town, a class or a day is shared by many. */
export function tellingFields(contract: EntityContract, fields: readonly IdentifierField[]): TellingField[] {
  const isCommon = (name: string) => ['place', 'postcode', 'category', 'date', 'amount'].includes(kindOf(contract, name) ?? '');
  return [
    ...corroborators(contract).flatMap((name, index) => (isCommon(name) ? [] : [{ column: `other_${index}`, isOwn: false }])),
    ...fields.flatMap(({ index, scheme, isKey }) =>
      scheme.name === 'code' && !isKey && !contract.key.includes(fields[index]?.name ?? '') ? [{ column: `value_${index}`, isOwn: true }] : [],
    ),
  ];
}

/** One row: by column, whether nearly every record has a value of its own there. A maker or a size tells nothing, whatever the contract calls it. */
export function tellingSql(contract: EntityContract, fields: readonly IdentifierField[]): string {
  const columns = tellingFields(contract, fields).map(
    ({ column }) =>
      `count(DISTINCT r.${column}) >= ${DISTINCT} * count(DISTINCT t.thing) FILTER (r.${column} IS NOT NULL) AND count(r.${column}) > 0 AS ${column}`,
  );
  return `SELECT ${['count(*) AS records', ...columns].join(', ')} FROM conflict_records AS r JOIN conflict_things AS t ON t.rid = r.rid`;
}

/** Numbers of an organisation as a whole: every house of it has them. A GLN or D-U-N-S number is that of one house. */
const organisations = ['us-ein', 'vat', 'lei', 'abn', 'acn', 'siren'];

/** Two houses of one organisation: the number is the organisation's, they stand in different places, and have neither address nor telephone nor another
 *  number in common. `left` and `right` are rows of conflict_records. */
export function branchesSql(
  { contract }: ConflictInput,
  fields: readonly IdentifierField[],
  { field, left, right }: Readonly<Record<'field' | 'left' | 'right', string>>,
): string {
  const isOrganisation = ({ scheme }: IdentifierField) => organisations.includes(scheme.name) || scheme.name.startsWith('tax-');
  const columns = corroborators(contract).map((name, index) => ({ column: `other_${index}`, kind: kindOf(contract, name) }));
  const places = columns.filter(({ kind }) => kind === 'place' || kind === 'postcode');
  if (places.length === 0) return 'false';
  const ways = columns.filter(({ kind }) => ['address', 'phone', 'email', 'url'].includes(kind ?? ''));
  const houses = identifierFields(contract)
    .filter((one) => one.scheme.scope === 'global' && !isOrganisation(one))
    .map(({ index }) => `value_${index}`);
  const isElsewhere = places.map(({ column }) => `coalesce(damerau_levenshtein(${left}.${column}, ${right}.${column}) > 2, false)`);
  // in one town: another street, and another number of the house
  const otherStreet = ways
    .filter(({ kind }) => kind === 'address')
    .map(({ column }) => `coalesce(jaro_winkler_similarity(${left}.${column}, ${right}.${column}) < 0.85, false)`);
  const otherHouse = houses.map((column) => `coalesce(${left}.${column} <> ${right}.${column}, false)`);
  const isNear = otherStreet.length === 0 || otherHouse.length === 0 ? [] : [`((${otherStreet.join(' OR ')}) AND (${otherHouse.join(' OR ')}))`];
  const nothingCommon = [...ways.map(({ column }) => column), ...houses].map(
    (column) => `(${left}.${column} IS DISTINCT FROM ${right}.${column} OR ${left}.${column} IS NULL)`,
  );
  const isOne = among(
    field,
    fields.filter(isOrganisation).map(({ name }) => name),
  );
  return `(${[isOne, `(${[...isElsewhere, ...isNear].join(' OR ')})`, ...nothingCommon].join(' AND ')})`;
}
