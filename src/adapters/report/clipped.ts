/** The text, or its first `length` characters and an ellipsis. Counts code points: no pair of surrogates is torn. */
export function clipped(text: string, length: number): string {
  if (text.length <= length) return text;
  const points = [...text.slice(0, 2 * length + 2)];
  return points.length <= length && text.length <= 2 * length + 2 ? text : `${points.slice(0, length).join('')}…`;
}
