/** A load or rollback in a process of its own that is killed on its way. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { World } from './world.ts';

const victim = fileURLToPath(new URL('./load-victim.fixture.ts', import.meta.url));

/** Runs a load in a process of its own and kills it after so many calls that write; true when it was killed before its end. */
export function killedLoad(world: World, file: string, resume: string | null, afterEntries: number): Promise<{ runId: string; killed: boolean }> {
  return new Promise((resolve, reject) => {
    const child = fork(victim, [world.directory, file, resume ?? '', String(afterEntries)], {
      env: { ...process.env, ...world.environment },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let runId = resume ?? '';
    child.on('message', (message) => {
      const { run, now } = message as { run?: string; now?: boolean };
      if (run !== undefined && resume === null) runId = run;
      if (now === true) child.kill('SIGKILL');
    });
    child.on('exit', (code, signal) =>
      signal === 'SIGKILL' || code === 0 ? resolve({ runId, killed: signal === 'SIGKILL' }) : reject(new Error(`the load ended with ${code}`)),
    );
  });
}
