/** Finds the command that was typed and runs it, or says what could have been meant. */
import { Config } from '@oclif/core/config';
import { settings } from '@oclif/core/settings';
import { CutoverError } from '../domain/errors.ts';
import { failureEnvelope } from './envelope.ts';
import { describeFailure, statusOf } from './failure.ts';
import { commandHelp, rootHelp, topicHelp, typed } from './help.ts';
import { renderFailure } from './render/failure.ts';
import { styleOf } from './style.ts';
import { didYouMean, nearest } from './suggest.ts';

export interface MainOptions {
  /** Directory of the package. */
  readonly root: string;
  /** Commands come from the TypeScript sources instead of dist/. */
  readonly development: boolean;
}

/** `argv` without the program. Sets process.exitCode; every error is told here or by the command itself. */
export async function main(argv: readonly string[], options: MainOptions): Promise<void> {
  const upToDashes = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const noColor = upToDashes.includes('--no-color');
  process.once('uncaughtException', (error) => void endHard(error, noColor));
  try {
    const config = await loadConfig(options);
    const style = styleOf(process.stdout, { noColor });
    const { id, rest } = commandIn(argv, config.commandIDs);
    const wantsHelp = upToDashes.includes('--help') || upToDashes.includes('-h') || argv[0] === 'help';
    if (argv[0] === '--version' || argv[0] === '-v')
      return print(`cutover ${config.version} (Node ${process.versions.node}, ${process.platform} ${process.arch})`);
    if (id !== null) {
      const command = config.findCommand(id, { must: true });
      return wantsHelp ? print(commandHelp(command, style)) : void (await config.runCommand(id, rest, command));
    }
    const words = argv.filter((word) => !word.startsWith('-') && word !== 'help');
    if (words.length === 0) {
      const unknown = argv.find((word) => word.startsWith('-') && !['--help', '-h', '--no-color', '--json'].includes(word));
      if (unknown !== undefined) throw new CutoverError('E_USAGE', `${unknown} needs a command before it`, { hint: 'cutover --help' });
      return print(rootHelp(config.commands, { description: config.pjson.description ?? '', version: config.version }, style));
    }
    const topic = words[0] ?? '';
    if (words.length === 1 && config.commandIDs.some((known) => known.startsWith(`${topic}:`))) return print(topicHelp(topic, config.commands, style));
    throw unknownCommand(words, config.commandIDs);
  } catch (error) {
    const failure = describeFailure(error, { command: null, flags: [] });
    process.exitCode = failure.exit;
    if (upToDashes.includes('--json')) print(JSON.stringify(failureEnvelope(null, null, statusOf(failure), failure, { warnings: [], log: null }), null, 2));
    else process.stderr.write(renderFailure(failure, { runId: null, log: null }, styleOf(process.stderr, { noColor })));
  }
}

/** A mistake outside of anything that is awaited: told like any other, and the process ends. */
async function endHard(error: unknown, noColor: boolean): Promise<void> {
  const { writeOrphanLog } = await import('./orphan-log.ts');
  const log = await writeOrphanLog(error);
  const failure = describeFailure(error, { command: null, flags: [] });
  process.stderr.write(renderFailure(failure, { runId: null, log }, styleOf(process.stderr, { noColor })));
  process.exit(failure.exit);
}

async function loadConfig(options: MainOptions): Promise<Config> {
  settings.enableAutoTranspile = false;
  if (!options.development) return Config.load({ root: options.root });
  const { readFile } = await import('node:fs/promises');
  const pjson = JSON.parse(await readFile(`${options.root}package.json`, 'utf8'));
  pjson.oclif.commands.target = './commands';
  return Config.load({ root: options.root, pjson, ignoreManifest: true, isRoot: true });
}

/** The longest run of leading words that is a command: `snapshot prune x` → `snapshot:prune`. Global flags may stand before it. */
function commandIn(argv: readonly string[], known: readonly string[]): { readonly id: string | null; readonly rest: string[] } {
  let start = argv[0] === 'help' ? 1 : 0;
  while (argv[start]?.startsWith('-')) start += argv[start] === '--workspace' || argv[start] === '--as-of' ? 2 : 1;
  for (const length of [2, 1]) {
    const words = argv.slice(start, start + length);
    const id = words.join(':');
    if (words.length === length && known.includes(id))
      return { id, rest: [...argv.slice(0, start).filter((word) => word !== 'help'), ...argv.slice(start + length)] };
  }
  return { id: null, rest: [] };
}

function unknownCommand(words: readonly string[], known: readonly string[]): CutoverError {
  const names = known.map(typed);
  const given = [words.slice(0, 2).join(' '), words[0] ?? ''];
  const found = given.map((name) => nearest(name, names)).find((name) => name !== null) ?? null;
  const isTopic = known.some((name) => name.startsWith(`${words[0]}:`));
  return new CutoverError('E_USAGE', `there is no command ${isTopic ? given[0] : words[0]}`, {
    details: [found === null ? didYouMean(words[0] ?? '', names, 'command') : `Did you mean ${found}?`],
    hint: found === null ? 'cutover --help' : `cutover ${found} --help`,
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
