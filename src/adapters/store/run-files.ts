/** Single files, read and written whole or by line, in clear or encrypted. */
import { createReadStream } from 'node:fs';
import { link, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunStore } from '../../domain/ports.ts';
import { decrypted, encrypted, inPieces, isEncrypted } from './confidential-file.ts';
import { absent, writeWhole } from './durable-files.ts';
import { safeName } from './snapshot-store.ts';

/** Of confidential files: who they are encrypted to, and what opens them. */
export interface Keys {
  readonly recipients: readonly string[];
  readonly identity: () => Promise<string | null>;
}

export const noKeys: Keys = { recipients: [], identity: async () => null };

export function filesOf(keys: Keys): Pick<RunStore, 'keepAs' | 'writeFile' | 'writeConfidential' | 'readLines' | 'readFile' | 'exists'> {
  return {
    async keepAs(file, directory, name) {
      const place = join(directory, safeName(name));
      if ((await stat(place).catch(absent)) !== null) return;
      try {
        await link(file, place);
      } catch {
        // a file system without hard links, or another one: a copy does, in place as a whole
        await writeWhole(place, createReadStream(file));
      }
    },

    async writeFile(path, content) {
      await writeWhole(resolve(path), content);
    },

    async writeConfidential(path, content, recipients = keys.recipients) {
      await writeWhole(resolve(path), recipients.length === 0 ? inPieces(content) : encrypted(content, recipients));
    },

    readLines: (path) => linesOf(path, keys),

    async readFile(path) {
      return await readFile(path, 'utf8');
    },

    async exists(path) {
      return (await stat(path).catch(absent)) !== null;
    },
  };
}

/** Lines end at a line feed and nowhere else: U+2028 is a character of a value (node:readline would split there). */
async function* linesOf(path: string, keys: Keys): AsyncIterable<string> {
  const content = (await isEncrypted(path)) ? decrypted(path, await keys.identity()) : createReadStream(path, { highWaterMark: 1 << 18 });
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of content) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
