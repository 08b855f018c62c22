/** What every command has in common: the global flags, the envelope, errors, Ctrl-C, the exit code. A command adds `execute`. */
import { Command } from '@oclif/core/command';
import { boolean, custom, string } from '@oclif/core/flags';
import { CutoverError, ExitCode } from '../domain/errors.ts';
import { parseAsOf } from './as-of.ts';
import { type Envelope, failureEnvelope, successEnvelope } from './envelope.ts';
import { describeFailure, type Failure, isUnexpected, statusOf } from './failure.ts';
import { listenForInterrupt } from './interrupt.ts';
import type { Invocation, StartedRun } from './invocation.ts';
import { exitCodeOf, type Outcome } from './outcome.ts';
import { type ProgressDisplay, progressDisplay } from './progress.ts';
import { renderFailure, renderNext } from './render/failure.ts';
import { type Style, styleOf } from './style.ts';

const GLOBAL = 'GLOBAL';

/** Where a command works. */
export interface PlaceFlags {
  readonly workspace?: string | undefined;
  readonly environment?: string | undefined;
}

interface InvocationFlags {
  readonly 'as-of'?: string | undefined;
  readonly by?: string | undefined;
  readonly 'embedded-state-on-production'?: string | undefined;
}

/** Of the commands that write to Odoo. */
export const productionFlags = {
  'embedded-state-on-production': string({
    helpValue: 'REASON',
    summary: 'Write to production although its state is embedded and may lose its end in a power failure; the reason is journalled.',
  }),
};

/** The exit codes a command's help lists beside the common ones: code → what it means for this command. */
export type ExitCodeHelp = Partial<Record<ExitCode, string>>;

export abstract class CutoverCommand extends Command {
  static override baseFlags = {
    workspace: string({
      helpValue: 'DIR',
      helpGroup: GLOBAL,
      summary: 'The workspace; by default the nearest folder, upwards from here, with a cutover.yaml.',
    }),
    environment: string({
      helpValue: 'NAME',
      helpGroup: GLOBAL,
      summary: 'The environment of cutover.yaml to work in; CUTOVER_ENVIRONMENT by default. Production is named here.',
    }),
    'as-of': custom<string>({
      helpValue: 'TIME',
      helpGroup: GLOBAL,
      summary: 'The moment the work is done for, in UTC (2026-03-31 or 2026-03-31T18:00); now by default.',
      parse: async (text) => parseAsOf(text),
    })(),
    json: boolean({ helpGroup: GLOBAL, summary: 'One JSON object on stdout; everything else goes to stderr.' }),
    'no-color': boolean({ helpGroup: GLOBAL, summary: 'No colours.' }),
  };

  static exitCodes: ExitCodeHelp = {};

  /** What the first Ctrl-C is answered with. */
  protected stopping = 'Stopping: finishing what is under way. Press Ctrl-C again to stop at once.';

  #invocation: Pick<Invocation, 'command' | 'progress' | 'signal' | 'steering' | 'onRun'> | null = null;

  /** Translates flags into one call and says how it ended; null when everything has been announced. */
  protected abstract execute(): Promise<Outcome | null>;

  /** Tells an outcome now, for a command that goes on running. */
  protected announce: (outcome: Outcome) => void = () => undefined;

  /** A command to type next, for the same workspace and environment: `next(flags, 'map procurement')`. */
  protected next(flags: PlaceFlags, command: string): string {
    const place = [
      ...(flags.workspace === undefined ? [] : [`--workspace ${shellQuoted(flags.workspace)}`]),
      ...(flags.environment === undefined ? [] : [`--environment ${shellQuoted(flags.environment)}`]),
    ];
    return ['cutover', command, ...place].join(' ');
  }

  /** What the composition root needs to know. */
  protected invocation(flags: PlaceFlags & InvocationFlags): Invocation {
    if (this.#invocation === null) throw new Error('a command has an invocation only while it runs');
    const byVariable = process.env.CUTOVER_ENVIRONMENT?.trim() ?? '';
    const environment = flags.environment ?? (byVariable === '' ? null : byVariable);
    return {
      ...this.#invocation,
      workspace: flags.workspace ?? null,
      asOf: flags['as-of'] ?? null,
      environment: environment === null ? null : { name: environment, isOnCommandLine: flags.environment !== undefined },
      embeddedStateReason: reasonOf(flags['embedded-state-on-production']),
      by: flags.by,
    };
  }

  override async run(): Promise<void> {
    const command = (this.id ?? '').replaceAll(':', ' ');
    const json = this.argv.includes('--json');
    const noColor = this.argv.includes('--no-color');
    const errorStyle = styleOf(process.stderr, { noColor });
    const live = process.stderr.isTTY === true && process.env.TERM !== 'dumb' && (process.env.CI ?? '') === '';
    const display = progressDisplay(process.stderr, errorStyle, { live, milliseconds: () => performance.now() });
    const interrupt = listenForInterrupt(() => display.say(this.stopping));
    let run: StartedRun | null = null;
    const steering = { interrupt: interrupt.press, withKeys: live && !json };
    this.#invocation = { command, progress: display.progress, signal: interrupt.signal, steering, onRun: (started) => (run = started) };
    try {
      this.announce = (outcome) => {
        display.stop();
        this.#present(command, run, outcome, { json, noColor, display });
      };
      const outcome = await this.execute();
      if (outcome === null) return;
      this.announce(outcome);
      process.exitCode = interrupt.signal.aborted && outcome.status !== 'ok' ? ExitCode.interrupted : exitCodeOf(outcome.status);
    } catch (error) {
      // oclif would warn that arguments were not parsed, when they could not be.
      this.parsed = true;
      display.stop();
      await this.#presentFailure(command, run, error, { json, errorStyle, display });
    } finally {
      interrupt.stop();
    }
  }

  #present(
    command: string,
    run: StartedRun | null,
    outcome: Outcome,
    how: { readonly json: boolean; readonly noColor: boolean; readonly display: ProgressDisplay },
  ): void {
    const warnings = [...how.display.warnings, ...(outcome.warnings ?? [])];
    if (how.json) {
      printEnvelope(successEnvelope(command, run?.id ?? null, outcome, warnings));
      return;
    }
    const style = styleOf(process.stdout, { noColor: how.noColor });
    const seen = how.display.warnings.length;
    process.stdout.write(`${outcome.text(style)}\n`);
    for (const warning of warnings.slice(seen)) process.stdout.write(`${style.paint.yellow(`! ${warning}`)}\n`);
    process.stdout.write(renderNext(run?.id ?? null, outcome.next ?? [], style));
  }

  async #presentFailure(
    command: string,
    run: StartedRun | null,
    error: unknown,
    how: { readonly json: boolean; readonly errorStyle: Style; readonly display: ProgressDisplay },
  ): Promise<void> {
    const failure = describeFailure(error, { command, flags: Object.keys({ ...CutoverCommand.baseFlags, ...this.ctor.flags }) });
    const log = await failureLog(run, failure, error);
    process.exitCode = failure.exit;
    if (how.json) printEnvelope(failureEnvelope(command, run?.id ?? null, statusOf(failure), failure, { warnings: how.display.warnings, log }));
    else process.stderr.write(renderFailure(failure, { runId: run?.id ?? null, log }, how.errorStyle));
  }
}

/** Where the details of a failure were left. One that was foreseen says everything on the screen, unless a run was under way. */
async function failureLog(run: StartedRun | null, failure: Failure, error: unknown): Promise<string | null> {
  if (!isUnexpected(failure) && (run === null || run.id === null)) return null;
  if (run !== null) return run.recordFailure(error);
  const { writeOrphanLog } = await import('./orphan-log.ts');
  return writeOrphanLog(error);
}

function reasonOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (text.trim() !== '') return text.trim();
  throw new CutoverError('E_USAGE', '--embedded-state-on-production needs a reason', { hint: '--embedded-state-on-production "why it is worth the risk"' });
}

/** A path as a POSIX shell takes it. */
export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function printEnvelope(envelope: Envelope): void {
  process.stdout.write(`${JSON.stringify(envelope, null, 2)}\n`);
}
