/** The walk as a person watches it: on a terminal every step lives on its own line until it is done; anywhere else a line per step. */
import { duration, grouped, type Style, styleOf } from '../cli/style.ts';
import type { Progress, ProgressEvent } from '../domain/ports.ts';

export type StepEnd = 'ok' | 'differs' | 'failed';

/** One step under way. */
export interface StepView {
  /** What is being done just now. */
  tell(text: string): void;
  readonly progress: Progress;
  /** The last word; `lines` stand below it. */
  end(status: StepEnd, detail: string, lines: readonly string[], seconds: number): void;
}

export interface DemoDisplay {
  begin(odoo: string): void;
  step<Result>(step: { readonly name: string; readonly title: string }, work: (view: StepView) => Promise<Result>): Promise<Result>;
}

/** On stderr, as every progress display. */
export function terminalDisplay(options: { readonly noColor: boolean }): DemoDisplay {
  const { stderr, stdout, env } = process;
  // listr2 paints only where stdout is a terminal too.
  return demoDisplay(stderr, styleOf(stderr, options), stderr.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb' && (env.CI ?? '') === '');
}

/** `live`: the stream is a terminal that can move its cursor. */
export function demoDisplay(stream: NodeJS.WriteStream, style: Style, live: boolean): DemoDisplay {
  const begin = (odoo: string) => {
    stream.write(`\n${style.paint.bold('Northgate General Hospital moves its procurement and its books into Odoo')}\n${style.paint.dim(`Odoo: ${odoo}`)}\n\n`);
  };
  return {
    begin,
    async step({ title }, work) {
      let ending: Ending | null = null;
      const end: StepView['end'] = (status, detail, lines, seconds) => {
        ending = { status, detail, lines, seconds };
      };
      const result = live
        ? await watched(
            stream,
            title,
            style,
            () => ending,
            (tell) => work({ tell, progress: following(tell), end }),
          )
        : await work({ tell: () => undefined, progress: () => undefined, end });
      if (ending === null) return result;
      if (!live) stream.write(`${mark(ending, style)} ${headline(title, ending, style)}\n`);
      for (const line of (ending as Ending).lines)
        stream.write(`    ${(ending as Ending).status === 'ok' ? style.paint.dim(fitted(line, style.width - 4)) : line}\n`);
      return result;
    },
  };
}

interface Ending {
  readonly status: StepEnd;
  readonly detail: string;
  readonly lines: readonly string[];
  readonly seconds: number;
}

/** Runs `work` while its line lives; the line then stays as what `ending` says. */
async function watched<Result>(
  stream: NodeJS.WriteStream,
  title: string,
  style: Style,
  ending: () => Ending | null,
  work: (tell: (text: string) => void) => Promise<Result>,
): Promise<Result> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const outcome: { value: Result | null; error: unknown; failed: boolean } = { value: null, error: null, failed: false };
  const list = new Listr(
    [
      {
        title,
        task: async (_, task) => {
          try {
            outcome.value = await work((text) => {
              task.output = style.paint.dim(fitted(text, style.width - 6));
            });
          } catch (error) {
            outcome.error = error;
            outcome.failed = true;
            throw error;
          }
          const end = ending();
          if (end === null) return;
          task.title = headline(title, end, style);
          if (end.status !== 'ok') throw new Error(task.title);
        },
      },
    ],
    {
      exitOnError: false,
      registerSignalListeners: false,
      renderer: 'default',
      rendererOptions: { logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream, { leaveEmptyLine: false }) }) },
    },
  );
  await list.run();
  if (outcome.failed) throw outcome.error;
  return outcome.value as Result;
}

function mark(end: Ending, style: Style): string {
  return end.status === 'ok' ? style.paint.green('✔') : style.paint.red('✖');
}

const WHERE_DETAILS_BEGIN = 60;

function headline(title: string, end: Ending, style: Style): string {
  const detail = end.status === 'ok' ? end.detail : style.paint.red(`${end.detail}${end.status === 'differs' ? ': not what the truth file says' : ''}`);
  return `${title.padEnd(WHERE_DETAILS_BEGIN)}  ${detail}  ${style.paint.dim(duration(end.seconds))}`;
}

function fitted(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(8, width - 1))}…`;
}

const BAR = 24;

/** The step of a verb that is under way, as one line. */
function following(tell: (text: string) => void): Progress {
  const totals = new Map<string, { total: number | null; done: number }>();
  return (event: ProgressEvent) => {
    if (event.kind === 'warning') return tell(`! ${event.text}`);
    if (event.kind === 'note') return tell(event.text);
    if (event.kind === 'done') {
      totals.delete(event.step);
      return tell(event.note === undefined ? event.step : `${event.step}: ${event.note}`);
    }
    const known = totals.get(event.step) ?? { total: null, done: 0 };
    const now = event.kind === 'step' ? { total: event.total ?? null, done: 0 } : { ...known, done: known.done + event.by };
    totals.set(event.step, now);
    tell(line(event.step, now));
  };
}

function line(step: string, { total, done }: { readonly total: number | null; readonly done: number }): string {
  if (total === null || total === 0) return done === 0 ? step : `${step}  ${grouped(done)}`;
  const filled = Math.round(Math.min(1, done / total) * BAR);
  return `${step}  ${'━'.repeat(filled)}${'─'.repeat(BAR - filled)} ${grouped(done)} of ${grouped(total)}`;
}
