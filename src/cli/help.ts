/** Help as text, from the command manifest alone: nothing of a command is imported to show it. */
import type { Command } from '@oclif/core/command';
import { ExitCode } from '../domain/errors.ts';
import type { ExitCodeHelp } from './command.ts';
import type { Style } from './style.ts';
import { wrapped } from './table.ts';

type Cached = Command.Cached;

/** The verbs in the order in which a person meets them. */
const groups: readonly (readonly [string, readonly string[]])[] = [
  ['Begin', ['init', 'doctor', 'profile', 'sandbox', 'demo']],
  ['Every night', ['run', 'pull', 'map', 'match', 'match:decide', 'reconcile', 'explain', 'waive', 'decisions:import', 'decisions:list']],
  ['Cut over', ['match:impact', 'plan', 'plan:show', 'plan:verify', 'plan:approve', 'plan:list', 'rehearse', 'load', 'rollback', 'state:rebuild']],
  ['The helper inside Odoo', ['odoo:status', 'odoo:install-helper', 'odoo:remove-helper']],
  ['What Odoo refused', ['dead-letter:list', 'dead-letter:show', 'dead-letter:retry', 'dead-letter:discard', 'dead-letter:export']],
  ['Look', ['status', 'snapshot:list', 'snapshot:show', 'snapshot:prune', 'audit:verify', 'audit:export']],
];

const commonExitCodes: readonly (readonly [ExitCode, string])[] = [
  [ExitCode.clean, 'clean'],
  [ExitCode.failure, 'unexpected failure'],
  [ExitCode.usage, 'the command line or the workspace files are off'],
];

export function rootHelp(commands: readonly Cached[], about: { readonly description: string; readonly version: string }, style: Style): string {
  const { paint } = style;
  const width = Math.max(...commands.map((command) => command.id.length)) + 2;
  const entry = (command: Cached) => {
    const [first = '', ...rest] = wrapped(command.summary ?? '', style.width, width + 4)
      .trimStart()
      .split('\n');
    return [`  ${paint.cyan(typed(command.id).padEnd(width))}  ${first}`, ...rest].join('\n');
  };
  const named = new Set(groups.flatMap(([, ids]) => ids));
  const rest = commands.filter((command) => !named.has(command.id)).map((command) => command.id);
  const sections = [...groups, ['More', rest] as const].flatMap(([title, ids]) => {
    const found = ids.flatMap((id) => commands.filter((command) => command.id === id && !command.hidden));
    return found.length === 0 ? [] : [`${paint.bold(title)}\n${found.map(entry).join('\n')}`];
  });
  const globals = [
    `  ${paint.cyan('--workspace DIR')}  where cutover.yaml is      ${paint.cyan('--json')}      one JSON object on stdout`,
    `  ${paint.cyan('--as-of TIME')}     the moment worked for      ${paint.cyan('--no-color')}  no colours`,
    `  ${paint.cyan('--environment NAME')}  where to work, as cutover.yaml has it`,
  ].join('\n');
  return [
    wrapped(about.description, style.width),
    `${paint.bold('Usage')}\n  cutover COMMAND [ARGUMENTS] [FLAGS]`,
    ...sections,
    `${paint.bold('Every command')}\n${globals}`,
    `Help for a command: ${paint.cyan('cutover COMMAND --help')}${paint.dim(`    version ${about.version}`)}`,
  ].join('\n\n');
}

/** A topic such as `snapshot`: its commands. */
export function topicHelp(topic: string, commands: readonly Cached[], style: Style): string {
  const members = commands.filter((command) => command.id.startsWith(`${topic}:`));
  const width = Math.max(...members.map((command) => command.id.length));
  return [
    `${style.paint.bold('Usage')}\n  cutover ${topic} COMMAND`,
    members.map((command) => `  ${style.paint.cyan(typed(command.id).padEnd(width))}  ${command.summary ?? ''}`).join('\n'),
  ].join('\n\n');
}

export function commandHelp(command: Cached, style: Style): string {
  const { paint } = style;
  const args = Object.values(command.args).filter((arg) => !arg.hidden);
  const flags = Object.values(command.flags).filter((flag) => !flag.hidden);
  const own = flags.filter((flag) => flag.helpGroup === undefined);
  const global = flags.filter((flag) => flag.helpGroup !== undefined);
  const usage = ['cutover', typed(command.id), ...args.map((arg) => argumentLabel(arg)), ...(own.length > 0 ? ['[FLAGS]'] : [])].join(' ');
  const sections: (readonly [string, string])[] = [
    ['Usage', `  ${usage}`],
    [
      'Arguments',
      list(
        args.map((arg) => [argumentLabel(arg), arg.description ?? '']),
        style,
      ),
    ],
    [
      'Flags',
      list(
        own.map((flag) => [flagLabel(flag), flagText(flag)]),
        style,
      ),
    ],
    [
      'Every command',
      list(
        global.map((flag) => [flagLabel(flag), flagText(flag)]),
        style,
      ),
    ],
    ['About', command.description === undefined ? '' : wrapped(command.description, style.width, 2)],
    ['Examples', (command.examples ?? []).map((example) => exampleText(example, style)).join('\n')],
    [
      'Exit codes',
      list(
        exitCodes(command).map(([code, meaning]) => [String(code), meaning]),
        style,
      ),
    ],
  ];
  const body = sections.filter(([, text]) => text !== '').map(([title, text]) => `${paint.bold(title)}\n${text}`);
  return [command.summary ?? '', ...body].join('\n\n');
}

/** Common codes and the command's own, in order. */
export function exitCodes(command: Cached): (readonly [number, string])[] {
  const own = Object.entries((command.exitCodes ?? {}) as ExitCodeHelp).map(([code, meaning]) => [Number(code), meaning] as const);
  const taken = new Set(own.map(([code]) => code));
  return [...commonExitCodes.filter(([code]) => !taken.has(code)), ...own].sort((left, right) => left[0] - right[0]);
}

/** `snapshot:prune` → `snapshot prune`. */
export function typed(id: string): string {
  return id.replaceAll(':', ' ');
}

function argumentLabel(arg: Command.Arg.Cached): string {
  const label = `${arg.name.toUpperCase()}${arg.multiple === true ? '…' : ''}`;
  return arg.required === true ? label : `[${label}]`;
}

function flagLabel(flag: Command.Flag.Cached): string {
  const short = flag.char === undefined ? '' : `-${flag.char}, `;
  return `${short}--${flag.name}${flag.type === 'option' ? ` ${flag.helpValue ?? flag.options?.join('|') ?? flag.name.toUpperCase()}` : ''}`;
}

function flagText(flag: Command.Flag.Cached): string {
  const text = flag.summary ?? flag.description ?? '';
  return flag.required === true ? `${text} Required.` : text;
}

function exampleText(example: Command.Example, style: Style): string {
  const { command, description } = typeof example === 'string' ? { command: example, description: '' } : example;
  return `${description === '' ? '' : `  ${style.paint.dim(`# ${description}`)}\n`}  ${command}`;
}

function list(entries: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(0, ...entries.map(([label]) => label.length));
  return entries
    .map(([label, text]) => {
      const [first = '', ...rest] = wrapped(text, style.width, width + 4)
        .trimStart()
        .split('\n');
      return [`  ${style.paint.cyan(label.padEnd(width))}  ${first}`, ...rest].join('\n');
    })
    .join('\n');
}
