/** Two texts line by line: what goes with `-`, what comes with `+`, and the lines around it. Made for texts of a few hundred lines. */

const linesAround = 2;

export function lineDifference(before: string, after: string): string {
  const marked = markedLines(before.trim().split('\n'), after.trim().split('\n'));
  const isNear = marked.map((_, at) => marked.slice(Math.max(0, at - linesAround), at + linesAround + 1).some((line) => !line.startsWith(' ')));
  return marked
    .flatMap((line, at) => {
      if (isNear[at]) return [line];
      return isNear[at - 1] ? ['  …'] : [];
    })
    .join('\n');
}

/** By the longest common subsequence of lines. */
function markedLines(before: readonly string[], after: readonly string[]): string[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      (lengths[i] as number[])[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const marked: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      marked.push(`  ${before[i]}`);
      [i, j] = [i + 1, j + 1];
    } else if (i < before.length && (j >= after.length || at(i + 1, j) >= at(i, j + 1))) {
      marked.push(`- ${before[i]}`);
      i += 1;
    } else {
      marked.push(`+ ${after[j]}`);
      j += 1;
    }
  }
  return marked;
}
