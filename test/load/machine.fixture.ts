/** A machine that loads, in a process of its own. Arguments: workspace, plan or '', run to resume or '', appends to the journal after which it holds its breath (0:
 *  never) until it is told to go on. Tells how it ended. */
import { join } from 'node:path';
import { withContext } from '../../src/context.ts';
import { CutoverError } from '../../src/domain/errors.ts';
import type { StateStore } from '../../src/domain/ports.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';

const [workspaceDirectory = '', file = '', resume = '', appends = '0'] = process.argv.slice(2);
const goOn = new Promise<void>((resolve) => process.on('message', () => resolve()));
const invocation = {
  ...{ command: 'load', workspace: workspaceDirectory, asOf: null, progress: () => undefined },
  ...{ signal: new AbortController().signal, onRun: () => undefined },
};
let left = Number(appends);
const breathing = (state: StateStore): StateStore => ({
  ...state,
  journal: async (entries) => {
    if (Number(appends) > 0 && left <= 0) {
      process.send?.({ paused: true });
      await goOn;
    }
    left -= 1;
    await state.journal(entries);
  },
});

try {
  await withContext(invocation, async ({ workspace, asOf, runId, ports, recorded }) => {
    const state = breathing(await ports.state());
    process.send?.({ run: runId });
    const load = async () => {
      const plan = file === '' ? null : join(workspaceDirectory, file);
      const request = { workspace, file: plan, limit: null, resume: resume === '' ? null : resume, runId, asOf };
      const data = await loadPlan(request, { ...ports, state: async () => state });
      process.send?.({ data });
      return { status: 'ok' as const, data, text: () => '' };
    };
    return recorded('procurement', load, resume === '' ? undefined : resume);
  });
} catch (error) {
  const code = error instanceof CutoverError ? error.code : 'none';
  process.send?.({ error: { code, message: error instanceof Error ? error.message : String(error) } });
}
process.exit(0);
