/** Record keys and External IDs: two injective encodings, so that two legacy records never meet in one name. */

/** The text of a record's declared key.
 *  Shape:  one part → the part itself; several → parts joined by `/`, where `~` and `/` inside a part are written `~0` and `~1`
 *          (the escapes of RFC 6901, so that a key reads like a path). Injective per entity, since an entity's number of parts is fixed.
 *  A key with a null part is no key: the caller classes the row as `null-key` before it comes here. */
export function encodeRecordKey(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0] as string;
  return parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
}

/** The same encoding as a DuckDB expression over text expressions; null as soon as one part is null. */
export function recordKeySql(parts: readonly string[]): string {
  if (parts.length === 1) return `(${parts[0]})`;
  return `(${parts.map((part) => `replace(replace((${part}), '~', '~0'), '/', '~1')`).join(` || '/' || `)})`;
}

const LONGEST_NAME = 120;

/** The External ID (`module.name`) under which a record is known in Odoo.
 *  Shape:  `<namespace>.<entity>__<system>__<escaped key>`; letters, digits and `-` of the key stand for themselves,
 *          every other UTF-8 byte becomes `_` and two hex digits. `__` cannot occur inside a part, so the encoding is injective.
 *  Limits: names over 120 characters keep a readable head and end in `_z` + SHA-256 of the whole key (`digest` is passed in; `_z` is not a hex escape).
 *  Source: Odoo refuses spaces and reads the first dot as the end of the module. */
export function externalId(namespace: string, entity: string, system: string, recordKey: string, digest: (text: string) => string): string {
  const head = `${externalIdPrefix(entity)}${escapePart(system)}__`;
  const escaped = escapePart(recordKey);
  const name = head + escaped;
  if (name.length <= LONGEST_NAME) return `${namespace}.${name}`;
  const tail = `_z${digest(recordKey)}`;
  return `${namespace}.${name.slice(0, Math.max(head.length, LONGEST_NAME - tail.length))}${tail}`;
}

/** What the names of all External IDs of an entity begin with. */
export function externalIdPrefix(entity: string): string {
  return `${escapePart(entity.replaceAll('_', '-'))}__`;
}

/** What an External ID of `namespace` says of a legacy record: the way back of `externalId`. Null when it was not made there.
 *  `entity` is as the name spells it, with `-` for `_`; `key` is null where only a digest of it is left. */
export function parseExternalId(namespace: string, text: string): { readonly entity: string; readonly system: string; readonly key: string | null } | null {
  if (!text.startsWith(`${namespace}.`)) return null;
  const [, entity = '', system = '', rest = ''] = /^([^_]+)__([^_]+)__(.+)$/s.exec(text.slice(namespace.length + 1)) ?? [];
  if (rest === '') return null;
  if (/_z[0-9a-f]+$/.test(rest)) return { entity, system, key: null };
  const key = unescapePart(rest);
  return key === null ? null : { entity, system, key };
}

function unescapePart(text: string): string | null {
  if (!/^(?:[0-9A-Za-z-]|_[0-9a-f]{2})+$/.test(text)) return null;
  const bytes = [...text.matchAll(/_([0-9a-f]{2})|(.)/g)].map(([, hex, plain]) => (hex === undefined ? (plain ?? '').charCodeAt(0) : Number.parseInt(hex, 16)));
  const key = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(bytes));
  // bytes that are no text come back as another name, and so does a letter that had no need to be escaped
  return escapePart(key) === text ? key : null;
}

function escapePart(text: string): string {
  let escaped = '';
  for (const byte of new TextEncoder().encode(text)) {
    const isPlain = (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45;
    escaped += isPlain ? String.fromCharCode(byte) : `_${byte.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}
