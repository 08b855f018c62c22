/** Directories that go away with this process, however it ends short of `kill -9`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();

export function temporaryDirectory(what: string): string {
  if (made.size === 0) process.once('exit', () => [...made].forEach(removeTemporary));
  const directory = mkdtempSync(join(tmpdir(), `cutover-chaos-${what}-`));
  made.add(directory);
  return directory;
}

export function removeTemporary(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  made.delete(directory);
}
