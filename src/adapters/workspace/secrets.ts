/** Secrets: named in the workspace as ${ENV} or file:PATH, looked up here, never printed. */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import type { FilePosition } from '../../domain/workspace.ts';

/** The text with every `${ENV}` replaced, or the content of the secret's own file (one line end at the end is dropped).
 *  `warn` hears of a secret file that others than its owner may read, and of the command that mends it.
 *  Errors: E_SECRET_MISSING names the variable or file, never a value; E_CONFIG when a secret's file is inside the workspace. */
export async function resolveText(
  text: string,
  environment: NodeJS.ProcessEnv,
  workspaceDirectory: string,
  warn: (warning: string, fix: string) => void = () => undefined,
): Promise<string> {
  if (text.startsWith('file:')) return readSecretFile(text.slice('file:'.length), workspaceDirectory, warn);
  const missing: string[] = [];
  const resolved = text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined || value === '') missing.push(name);
    return value ?? '';
  });
  if (missing.length > 0) {
    throw new CutoverError('E_SECRET_MISSING', `the environment variable ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set`, {
      hint: `export ${missing[0]}=…`,
    });
  }
  return resolved;
}

async function readSecretFile(name: string, workspaceDirectory: string, warn: (warning: string, fix: string) => void): Promise<string> {
  const file = secretPath(name, workspaceDirectory);
  try {
    // Resolved, so that a link from outside into the workspace (or the other way round) is judged by where the secret really is.
    const [real, root] = [await realpath(file), await realpath(workspaceDirectory)];
    if (isInside(real, root)) {
      throw new CutoverError('E_CONFIG', `the secret file ${name} is inside the workspace, where it would end up in git`, {
        hint: `mv ${file} ~/.config/cutover/`,
      });
    }
    const { mode } = await stat(real);
    if ((mode & 0o077) !== 0) warn(`the secret file ${name} can be read by others than its owner`, `chmod 600 ${real}`);
    return (await readFile(real, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    if (cause instanceof CutoverError) throw cause;
    throw new CutoverError('E_SECRET_MISSING', `the secret file ${name} cannot be read`, { hint: `ls -l ${file}`, cause });
  }
}

/** Tells when a secret's file lies inside the workspace; whether it exists matters only to the command that needs it. */
export function checkSecretReference(text: string, workspaceDirectory: string, position: FilePosition, mistakes: Mistakes): void {
  if (!text.startsWith('file:')) return;
  if (isInside(secretPath(text.slice('file:'.length), workspaceDirectory), workspaceDirectory)) {
    mistakes.push({ position, message: 'the file of a secret must lie outside the workspace' });
  }
}

function secretPath(name: string, workspaceDirectory: string): string {
  const home = process.env.HOME ?? '';
  return path.resolve(workspaceDirectory, name.startsWith('~/') ? path.join(home, name.slice(2)) : name);
}

function isInside(file: string, directory: string): boolean {
  const relative = path.relative(directory, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}
