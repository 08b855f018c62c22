/** Details of a failure that came before there was a run to keep them in. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Answers the path of a new file that only its owner can read. */
export async function writeOrphanLog(error: unknown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-'));
  const file = join(directory, 'failure.log');
  await writeFile(file, `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`, { mode: 0o600 });
  return file;
}
