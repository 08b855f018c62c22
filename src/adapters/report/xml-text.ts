/** XML 1.0 cannot hold these characters, escaped or not. */
const impossible = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** The text with U+FFFD for what XML cannot hold. Markup is not escaped. */
export function xmlText(text: string): string {
  return text.replace(impossible, '\uFFFD');
}

export function escapedXml(text: string): string {
  return xmlText(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
