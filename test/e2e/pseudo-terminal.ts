/** A terminal for commands that ask: what is typed goes in, what is drawn comes out. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from './transcript.ts';

/** Python's standard library opens the pseudo terminal; Node has none. */
export const hasPseudoTerminal = spawnSync('python3', ['-c', 'import pty']).status === 0;

const BRIDGE = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
const PATIENCE_MS = 30_000;

export interface Terminal {
  /** Waits until this has been drawn since the last key, a screen comes in pieces; answers the screen as it was drawn last. */
  until(wanted: string | RegExp): Promise<string>;
  type(keys: string): void;
  /** Everything drawn so far, with its control sequences. */
  readonly drawn: string;
  /** Exit code; signals of the command are 128 and their number. */
  readonly ended: Promise<number>;
}

export function openTerminal(directory: string, args: readonly string[], size = { rows: 40, columns: 100 }): Terminal {
  const { CI: _, FORCE_COLOR: __, ...inherited } = process.env;
  const command = ['sh', '-c', `stty rows ${size.rows} cols ${size.columns}; exec "$@"`, 'sh', process.execPath, join(root, 'bin/dev.js'), ...args];
  const child: ChildProcess = spawn('python3', ['-c', BRIDGE, ...command], {
    cwd: directory,
    env: { ...inherited, NO_COLOR: '1', TERM: 'xterm', USER: 'sue' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  let drawn = '';
  let from = 0;
  const waiting = new Set<() => void>();
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    drawn += piece;
    for (const look of waiting) look();
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  return {
    get drawn() {
      return drawn;
    },
    ended,
    type(keys) {
      from = drawn.length;
      child.stdin?.write(keys);
    },
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${wanted} was not drawn within ${PATIENCE_MS / 1000} s; drawn was:\n${drawn.slice(from)}`)),
          PATIENCE_MS,
        );
        const look = () => {
          const since = drawn.slice(from);
          if (!(typeof wanted === 'string' ? since.includes(wanted) : wanted.test(since))) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(drawn.slice(drawn.lastIndexOf('\x1b[2J') + 4));
        };
        waiting.add(look);
        look();
      }),
  };
}
