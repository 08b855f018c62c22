/** CSV as written by this tool: RFC 4180, comma, line feed. */

/** One line. No value is an empty field, an empty text is `""`, so that the two stay distinct. */
export function csvLine(values: readonly (string | null)[]): string {
  return `${values.map(csvField).join(',')}\n`;
}

function csvField(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;
}
