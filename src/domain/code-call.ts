/** `code('<code map>', <expression>)`: the one thing in a mapping that is not plain SQL. It may stand only at the top of a field of type code. */

export interface CodeCall {
  readonly codes: string;
  /** The expression whose value is looked up, and where it begins in the whole text (0-based). */
  readonly argument: string;
  readonly offset: number;
}

const head = /^\s*code\s*\(\s*'([^']*)'\s*,/i;

/** The parts of an expression that is one `code(…)` call from end to end; null for every other text. */
export function codeCall(expression: string): CodeCall | null {
  const found = head.exec(expression);
  if (found === null) return null;
  const offset = found[0].length;
  const end = closingParenthesis(expression, offset);
  if (end === null || expression.slice(end + 1).trim() !== '') return null;
  return { codes: found[1] as string, argument: expression.slice(offset, end), offset };
}

/** Where the parenthesis closes that was open at `from`; quoted texts and identifiers are stepped over. */
function closingParenthesis(text: string, from: number): number | null {
  let depth = 1;
  for (let index = from; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === "'" || character === '"') {
      // A doubled quote closes and opens again, which steps over it just as well.
      index = text.indexOf(character, index + 1);
      if (index === -1) return null;
    } else if (character === '(') depth += 1;
    else if (character === ')') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return null;
}
