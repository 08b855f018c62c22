/** Content hashes. Not for secrets: values of `pii` fields can be guessed from a bare hash. */
import { createHash } from 'node:crypto';

/** SHA-256 of the UTF-8 text, 64 hex digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
