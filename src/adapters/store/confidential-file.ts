/** Files that only the holder of an age identity can read (https://age-encryption.org): written and read as streams, whatever their size. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { CutoverError } from '../../domain/errors.ts';

const MAGIC = 'age-encryption.org/v1\n';
/** Characters that are written at once. */
const PIECE = 1 << 16;

export async function* encrypted(content: AsyncIterable<string>, recipients: readonly string[]): AsyncIterable<Uint8Array> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw new CutoverError('E_USAGE', `${recipient} is no age recipient`, {
        hint: 'age-keygen -y IDENTITY-FILE prints the one that belongs to an identity',
        cause,
      });
    }
  }
  yield* fromWeb(await encrypter.encrypt(toWeb(inPieces(content))));
}

/** The content in clear. `identity`: what `age-keygen` wrote, with or without its comments; null: none is configured.
 *  E_SECRET_MISSING without it, E_PLAN_INVALID where it does not open the file, or the file is not what was encrypted. */
export async function* decrypted(path: string, identity: string | null): AsyncIterable<Uint8Array> {
  const keys = (identity ?? '').split(/\s*\n/).filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (keys.length === 0) {
    const problem = identity === null ? 'cutover.yaml names no `age_identity`' : 'what `age_identity` names holds no line AGE-SECRET-KEY-…';
    throw new CutoverError('E_SECRET_MISSING', `${path} is encrypted, and ${problem}`, { hint: 'age_identity: file:~/.config/cutover/identity.txt' });
  }
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  try {
    for (const key of keys) decrypter.addIdentity(key);
    yield* fromWeb(await decrypter.decrypt(toWeb(source as AsyncIterable<Uint8Array>)));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code.startsWith('E')) throw cause;
    throw new CutoverError('E_PLAN_INVALID', `${path} cannot be opened: it was encrypted to others, was cut off, or was altered`, {
      hint: 'ask who made it for a plan encrypted to you: cutover plan CAPABILITY --out FILE --recipient age1…',
      cause,
    });
  } finally {
    source.destroy();
  }
}

export async function isEncrypted(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === MAGIC;
  } finally {
    await file.close();
  }
}

/** Many short texts as few long ones: a write per line of a plan takes ten times as long. */
export async function* inPieces(content: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  let text = '';
  for await (const part of content) {
    text += part;
    if (text.length < PIECE) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

function toWeb(content: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(content, { objectMode: true })) as ReadableStream<Uint8Array>;
}

function fromWeb(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return stream as NodeStream<Uint8Array>;
}
