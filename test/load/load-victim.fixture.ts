/** A load in a process of its own that asks to be killed after so many appends to the journal. Arguments: workspace, plan, run to resume or '', appends. */
import { join } from 'node:path';
import { withContext } from '../../src/context.ts';
import type { StateStore } from '../../src/domain/ports.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';

const [workspaceDirectory = '', file = '', resume = '', appends = '0'] = process.argv.slice(2);
const invocation = {
  command: 'load',
  workspace: workspaceDirectory,
  asOf: null,
  progress: () => undefined,
  signal: new AbortController().signal,
  onRun: () => undefined,
};
await withContext(invocation, async ({ workspace, asOf, runId, ports, recorded }) => {
  let left = Number(appends);
  const counting = (state: StateStore): StateStore => ({
    ...state,
    journal: async (entries) => {
      await state.journal(entries);
      left -= 1;
      if (left === 0) {
        process.send?.({ now: true });
        // The kill comes a moment later, in the middle of whatever follows.
      }
    },
  });
  const state = counting(await ports.state());
  process.send?.({ run: runId });
  return recorded(
    'procurement',
    async () => {
      const data = await loadPlan(
        { workspace, file: join(workspaceDirectory, file), limit: null, resume: resume === '' ? null : resume, runId, asOf },
        { ...ports, state: async () => state },
      );
      return { status: 'ok', data, text: () => '' };
    },
    resume === '' ? undefined : resume,
  );
});
process.exit(0);
