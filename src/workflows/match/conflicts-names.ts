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

/** Are these two names of one thing? They are when word for word they differ by slips of the pen, when one only has words more, or when a blank or letter is
 *  the whole difference. Numbers in names tell things apart (`Ward 3` is not `Ward 4`), and so does a word that is another one: Alder Pharma is not
 *  Cedar Pharma, however many letters they share. */
export function similarSql(left: string, right: string): string {
  const numbers = (name: string) => `regexp_replace(${name}, '[^0-9]', '', 'g')`;
  const words = (name: string) => `string_split(${name}, ' ')`;
  const common = `len(list_intersect(${words(left)}, ${words(right)}))`;
  const most = `greatest(len(list_distinct(${words(left)})), len(list_distinct(${words(right)})))`;
  const least = `least(len(list_distinct(${words(left)})), len(list_distinct(${words(right)})))`;
  const slips = 'damerau_levenshtein(w[1], w[2]) <= greatest(CAST(length(w[1]) >= 3 AS INTEGER), least(length(w[1]), length(w[2])) // 4)';
  const cutShort = 'least(length(w[1]), length(w[2])) >= 3 AND (starts_with(w[1], w[2]) OR starts_with(w[2], w[1]))';
  const wordByWord = `len(${words(left)}) = len(${words(right)}) AND list_bool_and(list_transform(list_zip(${words(left)}, ${words(right)}), lambda w: (${slips}) OR (${cutShort})))`;
  const wordsMore = `${common} = ${least} AND ${common} / ${most} >= 0.6`;
  return `coalesce(${left} = ${right} OR (${numbers(left)} = ${numbers(right)} AND ((${wordByWord}) OR (${wordsMore}) OR damerau_levenshtein(${left}, ${right}) <= 1)), false)`;
}
