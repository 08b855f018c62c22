import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import { Config } from '@oclif/core/config';
import { settings } from '@oclif/core/settings';
import { expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/help.ts';
import { ErrorCodes, ExitCode } from '../../src/domain/errors.ts';
import { root } from './transcript.ts';

const commands = await loadCommands();

async function loadCommands(): Promise<readonly Command.Cached[]> {
  settings.enableAutoTranspile = false;
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  pjson.oclif.commands.target = './commands';
  const config = await Config.load({ root: `${root}/`, pjson, ignoreManifest: true, isRoot: true, errorOnManifestCreate: true });
  return [...config.commands].sort((left, right) => left.id.localeCompare(right.id));
}

function surface(command: Command.Cached) {
  return {
    command: command.id.replaceAll(':', ' '),
    arguments: Object.values(command.args).map(({ name, required, multiple }) => `${name}${multiple ? '…' : ''}${required ? '' : '?'}`),
    flags: Object.values(command.flags)
      .map(
        (flag) =>
          `--${flag.name}${flag.type === 'option' ? ` ${flag.helpValue ?? flag.options?.join('|') ?? 'VALUE'}` : ''}${flag.required ? ' (required)' : ''}`,
      )
      .sort(),
    exitCodes: exitCodes(command).map(([code]) => code),
  };
}

test('commands, arguments, flags and exit codes are what others script against', async () => {
  await expect(`${JSON.stringify(commands.map(surface), null, 2)}\n`).toMatchFileSnapshot('command-snapshot.json');
});

test.each(commands.map((command) => [command.id, command] as const))('%s has a summary, examples and exit codes', (_, command) => {
  expect(command.summary).toMatch(/^[A-Z].{10,90}[.]$|^[A-Z].{10,90}\?$/);
  expect(command.examples?.length).toBeGreaterThan(0);
  for (const example of command.examples ?? [])
    expect(typeof example === 'string' ? example : example.command).toMatch(new RegExp(`cutover ${command.id.replaceAll(':', ' ')}\\b`));
  const known: number[] = Object.values(ExitCode);
  for (const [code, meaning] of exitCodes(command)) {
    expect(known).toContain(code);
    expect(meaning.length).toBeGreaterThan(4);
  }
  for (const flag of Object.values(command.flags)) expect(flag.summary).toMatch(/\.$/);
});

test('every command stands in the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect(commands.map(({ id }) => `cutover ${id.replaceAll(':', ' ')}`).filter((command) => !readme.includes(command))).toEqual([]);
});

test('every error code stands in the glossary, with its exit code and meaning', () => {
  const glossary = readFileSync(join(root, 'GLOSSARY.md'), 'utf8');
  const missing = Object.entries(ErrorCodes).filter(([code, { exit, means }]) => !glossary.includes(`| \`${code}\` | ${exit} | ${means} |`));
  expect(missing.map(([code]) => code)).toEqual([]);
});

test('every exit code stands in the README and the glossary', () => {
  for (const file of ['README.md', 'GLOSSARY.md']) {
    const text = readFileSync(join(root, file), 'utf8');
    expect(Object.values(ExitCode).filter((code) => !text.includes(`| ${code} |`))).toEqual([]);
  }
});

test('the executable tells an old Node what it needs, without a syntax error', () => {
  const source = readFileSync(join(root, 'bin/run.js'), 'utf8');
  // The syntax that Node 12 reads: what comes later would be a SyntaxError before the sentence is printed.
  expect(source).not.toMatch(/\?\?|\?\.|^\s*await\b|\bawait import/m);
  const old = source.replaceAll('process.versions.node', '"20.19.0"').replaceAll('import.meta.url', '"file:///bin/run.js"');
  const told = spawnSync(process.execPath, ['--input-type=module'], { input: old.replace(/^#!.*/, ''), encoding: 'utf8' });
  expect(told.stderr).toContain('needs Node 22.18 or newer; this is Node 20.19.0');
  expect(told.status).toBe(2);
});
