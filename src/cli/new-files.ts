/** Files that must not replace anything. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CutoverError } from '../domain/errors.ts';

/** Writes all of them or none; E_USAGE names those that are there already. */
export async function writeNewFiles(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  const taken: string[] = [];
  for (const path of files.keys()) if (await exists(join(directory, path))) taken.push(path);
  if (taken.length > 0) {
    throw new CutoverError('E_USAGE', `${directory} has ${taken.length === 1 ? 'a file' : 'files'} that would be replaced; nothing was written`, {
      details: taken,
      hint: 'cutover init another-folder',
    });
  }
  for (const [path, content] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content, { flag: 'wx' });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
