/** Names as far as conflicts need them: whether two of them are those of one thing. */

/** How a company is incorporated says nothing of which it is. */
const legalForms =
  'ltd limited plc inc incorporated llc llp lp corp corporation co company pty gmbh mbh ag kg ohg ug sa sas sarl srl spa bv nv ab as asa aps oy kft doo sro zoo'.split(
    ' ',
  );

/** Small letters without accents and signs, words one blank apart. */
export function foldNameSql(text: string): string {
  return `trim(regexp_replace(regexp_replace(lower(strip_accents(${text})), '[''’.]', '', 'g'), '[^\\pL\\pN]+', ' ', 'g'))`;
}

/** A folded name without its legal form; null where nothing is left. */
export function coreNameSql(folded: string): string {
  return `nullif(trim(regexp_replace(' ' || ${folded}, '( (${legalForms.join('|')}))+$', '')), '')`;
}

/** Are these two names of one thing? Numbers in names tell things apart: `Ward 3` is not `Ward 4`. `lenient`: something else says so already. */
export function similarSql(left: string, right: string, lenient = false): string {
  const numbers = (name: string) => `regexp_replace(${name}, '[^0-9]', '', 'g')`;
  const words = (name: string) => `string_split(${name}, ' ')`;
  const common = `len(list_intersect(${words(left)}, ${words(right)}))`;
  const all = `len(list_distinct(list_concat(${words(left)}, ${words(right)})))`;
  const typos = lenient ? ` OR damerau_levenshtein(${left}, ${right}) <= greatest(1, least(length(${left}), length(${right})) // 8)` : '';
  return `coalesce(${left} = ${right} OR (${numbers(left)} = ${numbers(right)} AND (jaro_winkler_similarity(${left}, ${right}) >= 0.92 OR ${common} / ${all} >= 0.6${typos})), false)`;
}
