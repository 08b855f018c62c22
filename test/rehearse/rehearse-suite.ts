/** A rehearsal of a load on a copy: everything is as before, it is measured, and the second is compared with the first. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import type { RehearsalResult } from '../../src/domain/rehearsal-results.ts';
import { rehearse } from '../../src/workflows/rehearse/rehearse.ts';
import { statusOf } from '../../src/workflows/status/status.ts';
import { expectSame } from '../load/load-suite.ts';
import { type Legacy, smallHospital, type World } from '../load/world.ts';

const MINUTES = 60_000;

export function describeRehearsal(given: () => World): void {
  test(
    'proves that every field is as before, and says what stays and how long the night will take',
    async () => {
      const world = given();
      const before = await world.dump();
      const first = await rehearsal(world, smallHospital());
      expect(first.proof.different).toEqual([]);
      expect(first.proof).toMatchObject({ equal: true, stays: expect.arrayContaining([expect.objectContaining({ model: 'stock.reference', count: 4 })]) });
      expect(first.proof.records).toBeGreaterThan(0);
      expect(first.load).toMatchObject({ planned: 23, applied: 23, deadLettered: 0 });
      expect(first.rollback).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
      expect(first.comparison).toBeNull();
      expect(first.entities.find(({ entity }) => entity === 'purchase_order')?.load).toMatchObject({ documents: 6, records: 18 });
      expect(first.forecast).toMatchObject({ documents: 23, rehearsals: 1 });
      expectSame(await world.dump(), before);

      // The next time there is one that Odoo refuses: no unit holds nothing.
      const legacy = smallHospital();
      const refused = { ...legacy, units: legacy.units.map((row) => (row.CODE === 'CS' ? { ...row, FACTOR: '0' } : row)) };
      const second = await rehearsal(world, refused);
      expect(second.load).toMatchObject({ deadLettered: 1 });
      expect(second.proof.equal).toBe(true);
      expect(second.comparison?.newRefusals).toMatchObject([{ entity: 'unit', count: 1 }]);
      expect(second.comparison?.entities.map(({ entity }) => entity)).toContain('supplier');
      expect(second.forecast.rehearsals).toBe(2);
      const { load } = second.forecast;
      expect(load !== null && load.low <= load.typical && load.typical <= load.high).toBe(true);
      const status = await world.inside(({ workspace, ports }) => statusOf({ workspace }, ports));
      // What was refused in a rehearsal is nothing to settle, and what was taken back nothing to go on with.
      expect(status).toMatchObject({ deadLetters: [], open: [], rehearsal: { runId: second.runId, equal: true } });
      expectSame(await world.dump(), before);
    },
    10 * MINUTES,
  );

  test(
    'finds what a rollback does not take back, field by field',
    async () => {
      const world = given();
      const [partner = 0] = await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', []));
      const meddle = (odoo: OdooConnection): Promise<void> => odoo.save('res.partner', [{ id: partner, values: { city: 'Elsewhere' } }], {});
      const { proof } = await rehearsal(world, smallHospital(), meddle);
      expect(proof).toMatchObject({ equal: false, different: [{ model: 'res.partner', came: 0, gone: 0, changed: 1, ids: { changed: [partner] } }] });
      expect(proof.different[0]?.fields.map(({ field }) => field)).toContain('city');
    },
    6 * MINUTES,
  );
}

/** `meddle`: somebody works on the copy meanwhile. */
async function rehearsal(
  world: World,
  legacy: Legacy,
  meddle?: (odoo: OdooConnection) => Promise<void>,
): Promise<RehearsalResult & { readonly runId: string }> {
  await world.pull(legacy);
  await world.verbs.plan('rehearsed.plan');
  return world.inside(async ({ workspace, runId: made, asOf, ports, newNonce }) => {
    const state = await ports.state();
    const runId = made.replace('-test-', '-rehearse-');
    await state.startRun({ id: runId, command: 'rehearse', capability: 'procurement', startedAt: ports.clock.now(), asOf });
    const own = { runId, asOf, newNonce, planSeconds: null, backFile: join(world.directory, `${runId}.plan`), command: (text: string) => `cutover ${text}` };
    const progress: typeof ports.progress = (event) => {
      if (event.kind === 'step' && event.step === 'Planning the rollback') meddling = meddle?.(odoo);
      ports.progress(event);
    };
    const odoo = await ports.odoo();
    let meddling: Promise<void> | undefined;
    const data = await rehearse({ workspace, file: join(world.directory, 'rehearsed.plan'), limit: null, ...own }, { ...ports, progress });
    await meddling;
    await state.endRun(runId, 'ok', ports.clock.now(), data);
    return { ...data, runId };
  });
}
