/** Progress of long work on stderr: a few living lines on a terminal, plain lines everywhere else. */
import type { Progress, ProgressEvent } from '../domain/ports.ts';
import { duration, grouped, type Style } from './style.ts';

export interface ProgressDisplay {
  readonly progress: Progress;
  /** Warnings seen, for the envelope. */
  readonly warnings: readonly string[];
  /** A line of prose that stays. */
  say(text: string): void;
  /** Takes the living lines away; call before anything else is printed. */
  stop(): void;
}

interface Step {
  readonly name: string;
  readonly total: number | null;
  readonly began: number;
  done: number;
  note: string | null;
  /** When a plain line was last written about it. */
  reported: number;
  /** How far it was, for the rate: the last minute, a point a second. */
  readonly course: { readonly at: number; readonly done: number }[];
}

/** `milliseconds` is a monotonic clock. `live`: the stream is a terminal that can move its cursor. */
export function progressDisplay(
  stream: { write(text: string): unknown },
  style: Style,
  options: { readonly live: boolean; readonly milliseconds: () => number },
): ProgressDisplay {
  return options.live ? liveDisplay(stream, style, options.milliseconds) : plainDisplay(stream, style, options.milliseconds);
}

const SECONDS_BETWEEN_LINES = 10;
/** Of the time it has taken: a night of ten hours is told in about a hundred lines. */
const SHARE_BETWEEN_LINES = 0.05;

/** One line when a step ends, and one every ten seconds while it goes on, later less often: enough for a log of CI. */
function plainDisplay(stream: { write(text: string): unknown }, style: Style, milliseconds: () => number): ProgressDisplay {
  const steps = new Map<string, Step>();
  const warnings: string[] = [];
  const say = (text: string) => void stream.write(`${text}\n`);
  return {
    warnings,
    say,
    stop: () => undefined,
    progress(event) {
      const at = milliseconds();
      const step = follow(steps, event, at);
      if (event.kind === 'warning') {
        warnings.push(event.text);
        say(style.paint.yellow(`! ${event.text}`));
      } else if (event.kind === 'note') {
        say(event.text);
      } else if (event.kind === 'done' && step !== null) {
        say(finishedLine(step, at, style));
      } else if (event.kind === 'advance' && step !== null && at - step.reported >= patience(step, at)) {
        step.reported = at;
        const facts = [amount(step), ...speed(step, at), step.note ?? ''].filter((fact) => fact !== '');
        say(`  ${step.name}: ${facts.join(', ')} (${duration((at - step.began) / 1000)})`);
      }
    },
  };
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const BAR_WIDTH = 24;
const MOST_LINES = 8;

/** Finished steps scroll up and stay; running ones are repainted in place. */
function liveDisplay(stream: { write(text: string): unknown }, style: Style, milliseconds: () => number): ProgressDisplay {
  const steps = new Map<string, Step>();
  const warnings: string[] = [];
  let painted = 0;
  let timer: NodeJS.Timeout | null = null;
  const clear = () => {
    if (painted > 0) stream.write(`\u001b[${painted}A\u001b[0J`);
    painted = 0;
  };
  const paint = () => {
    clear();
    const at = milliseconds();
    const frame = FRAMES[Math.floor(at / FRAME_MS) % FRAMES.length] ?? '';
    const lines = [...steps.values()].slice(0, MOST_LINES).map((step) => runningLine(step, frame, at, style));
    if (lines.length > 0) stream.write(`\u001b[?25l${lines.join('\n')}\n\u001b[?25h`);
    painted = lines.length;
  };
  const say = (text: string) => {
    clear();
    stream.write(`${text}\n`);
    paint();
  };
  const stop = () => {
    if (timer !== null) clearInterval(timer);
    timer = null;
    clear();
  };
  return {
    warnings,
    say,
    stop,
    progress(event) {
      const at = milliseconds();
      const step = follow(steps, event, at);
      if (event.kind === 'warning') {
        warnings.push(event.text);
        say(style.paint.yellow(`! ${event.text}`));
      } else if (event.kind === 'note') {
        say(event.text);
      } else if (event.kind === 'done' && step !== null) {
        say(finishedLine(step, at, style));
      }
      if (steps.size > 0 && timer === null) {
        timer = setInterval(paint, FRAME_MS);
        timer.unref();
      }
      if (steps.size === 0) stop();
    },
  };
}

/** Keeps the running steps up to date; answers the step the event is about. */
function follow(steps: Map<string, Step>, event: ProgressEvent, at: number): Step | null {
  if (event.kind === 'warning' || event.kind === 'note') return null;
  const known = steps.get(event.step);
  if (event.kind === 'done') {
    steps.delete(event.step);
    const step = known ?? newStep(event.step, null, at);
    step.note = event.note ?? null;
    return step;
  }
  const step = event.kind === 'step' || known === undefined ? newStep(event.step, event.kind === 'step' ? (event.total ?? null) : null, at) : known;
  steps.set(event.step, step);
  if (event.kind === 'advance') {
    step.done += event.by;
    if (event.note !== undefined) step.note = event.note;
    if (at - (step.course.at(-1)?.at ?? 0) >= 1000) step.course.push({ at, done: step.done });
    while (step.course.length > RATE_POINTS) step.course.shift();
  }
  return step;
}

function newStep(name: string, total: number | null, at: number): Step {
  return { name, total, began: at, done: 0, note: null, reported: at, course: [{ at, done: 0 }] };
}

function amount(step: Step): string {
  if (step.total === null) return step.done > 0 ? grouped(step.done) : '';
  return `${grouped(step.done)} of ${grouped(step.total)}`;
}

function finishedLine(step: Step, at: number, style: Style): string {
  const facts = [step.note ?? (step.done > 0 ? grouped(step.done) : ''), style.paint.dim(duration((at - step.began) / 1000))].filter((fact) => fact !== '');
  return `${style.paint.green('✔')} ${step.name}  ${facts.join('  ')}`;
}

const RATE_POINTS = 60;

/** What is left is reckoned from the last minute: an entity may take ten times as long as the one before it. */
function speed(step: Step, at: number): string[] {
  const [from] = step.course;
  const seconds = from === undefined ? 0 : (at - from.at) / 1000;
  if (from === undefined || seconds <= 1 || step.done <= from.done) return [];
  const rate = (step.done - from.done) / seconds;
  const left = step.total === null ? 0 : step.total - step.done;
  // An estimate from the first moments would be a guess.
  const isKnown = left > 0 && at - step.began > 3000 && step.done > (step.total ?? 0) * 0.02;
  return [`${rate < 9.5 ? rate.toFixed(1) : grouped(Math.round(rate))}/s`, ...(isKnown ? [`${duration(left / rate)} left`] : [])];
}

function patience(step: Step, at: number): number {
  return Math.max(SECONDS_BETWEEN_LINES * 1000, (at - step.began) * SHARE_BETWEEN_LINES);
}

function runningLine(step: Step, frame: string, at: number, style: Style): string {
  const share = step.total === null || step.total === 0 ? null : Math.min(1, step.done / step.total);
  const filled = share === null ? 0 : Math.round(share * BAR_WIDTH);
  const bar = share === null ? '' : `${style.paint.cyan('━'.repeat(filled))}${style.paint.dim('━'.repeat(BAR_WIDTH - filled))} `;
  // Cut by what is seen, before colours are added: a line that wraps could not be taken back.
  const room = style.width - (share === null ? 0 : BAR_WIDTH + 1) - 3;
  const facts = [amount(step), duration((at - step.began) / 1000), ...speed(step, at), ...(step.note === null ? [] : [step.note])];
  while (facts.length > 2 && step.name.length + facts.join(', ').length + 2 > room) facts.pop();
  const tail = facts.filter((fact) => fact !== '').join(', ');
  const name = step.name.length + tail.length + 2 > room ? `${step.name.slice(0, Math.max(8, room - tail.length - 3))}…` : step.name;
  return `${style.paint.cyan(frame)} ${name}  ${bar}${style.paint.dim(tail)}`;
}
