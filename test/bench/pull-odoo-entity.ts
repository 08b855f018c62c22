/** Pulls one entity from Odoo through the composition root and says how long the pull itself took: full, then again with nothing changed. */
import { withContext } from '../../src/context.ts';
import type { PullResult } from '../../src/domain/results.ts';

const { workspace, entity } = JSON.parse(process.argv[2] ?? '{}') as { workspace: string; entity: string };
const invocation = { command: 'pull', workspace, asOf: null, progress: () => undefined, signal: new AbortController().signal, onRun: () => undefined };

async function pulled(full: boolean): Promise<{ rows: number; seconds: number; mode: string }> {
  const { data } = await withContext(invocation, async ({ workspace: file, runId, asOf, ports, recorded }) => {
    const capability = file.capabilities.get('procurement');
    if (capability === undefined) throw new Error('no capability procurement');
    return recorded(capability.name, async () => {
      const { pull } = await import('../../src/workflows/pull/pull.ts');
      await ports.odoo();
      const began = performance.now();
      const { snapshots } = await pull({ workspace: file, capability, systems: ['odoo'], entity, full, asOf, runId }, ports);
      const seconds = (performance.now() - began) / 1000;
      const snapshot = snapshots.find((one: PullResult['snapshots'][number]) => one.entity === entity);
      return { status: 'ok' as const, data: { rows: snapshot?.rows ?? 0, mode: snapshot?.mode ?? '', seconds }, text: () => '' };
    });
  });
  return data;
}

console.log(JSON.stringify({ full: await pulled(true), unchanged: await pulled(false) }));
