/** Users who change a tenth of the records while the load is at work on them, with the helper in Odoo: nothing of theirs is lost, nothing is there twice, and
 *  what the load had to leave alone is listed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { verbsOf } from '../../src/demo/verbs.ts';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { defaultGroup, installHelper } from '../../src/workflows/odoo-helper/install-helper.ts';
import { chanceOf } from '../match-faults/chance.ts';
import { type Legacy, manySuppliers, type World } from './world.ts';

const SUPPLIERS = 1500;
const MINUTES = 60_000;

interface Edit {
  readonly ref: string;
  readonly id: number;
  readonly field: 'name' | 'street';
  readonly value: string;
}

/** On the sandbox and on a real Odoo alike. */
export function describeUsers(given: () => World): void {
  test(
    'users edit a tenth of the records during the load',
    async () => {
      const world = given();
      await world.verbs.odoo((odoo) => installHelper(odoo, { group: defaultGroup, replaceEdited: false }));
      await world.pull(manySuppliers(SUPPLIERS));
      await world.verbs.plan('base.plan');
      expect((await world.verbs.load('base.plan', null)).data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
      await world.pull(nextNight());
      await world.verbs.plan('night.plan');
      const records = await world.verbs.odoo(async (odoo) => odoo.read('res.partner', await odoo.searchIds('res.partner', [['ref', '=like', 'S%']]), ['ref']));
      const edits = await whileLoading(world, 'night.plan', records.map((record) => ({ id: record.id, ref: String(record['ref']) }))); // biome-ignore format: one thought
      const { planned, applied, noop, conflict, deadLettered, blocked, remaining, unknown, conflicts } = edits.result;
      expect(edits.result.guards).toBe('atomic');
      expect([planned, deadLettered, blocked, remaining, unknown]).toEqual([applied + noop + conflict, 0, 0, 0, 0]);
      expect(conflicts).toHaveLength(conflict);
      const edited = new Map(edits.made.map((edit) => [edit.ref, edit]));
      // Only a name is what the plan is about: who changed a street is in nobody's way.
      for (const { key, fields } of conflicts) expect([fields, edited.get(key)?.field]).toEqual([['name'], 'name']);
      const inConflict = new Set(conflicts.map(({ key }) => key));
      const after = await world.verbs.odoo(async (odoo) =>
        odoo.read('res.partner', await odoo.searchIds('res.partner', [['ref', '=like', 'S%']]), ['ref', 'name', 'street', 'city']),
      );
      expect(after).toHaveLength(SUPPLIERS);
      const lost = after.filter((record) => {
        const edit = edited.get(String(record['ref']));
        return edit !== undefined && record[edit.field] !== edit.value;
      });
      expect(lost).toEqual([]);
      for (const record of after) {
        const ref = String(record['ref']);
        expect([ref, record['city']]).toEqual([ref, 'Ghent']);
        if (edited.get(ref)?.field !== 'name') expect([ref, record['name']]).toEqual([ref, `renamed ${ref}`]);
        if (inConflict.has(ref)) expect(edited.get(ref)?.field).toBe('name');
      }
      console.info(`${edits.made.length} edits during the load, ${conflict} conflicts, none lost`);
      expect(edits.made.length).toBeGreaterThan(0);
    },
    8 * MINUTES,
  );
}

function nextNight(): Legacy {
  const legacy = manySuppliers(SUPPLIERS);
  return { ...legacy, suppliers: legacy.suppliers.map((row) => ({ ...row, NAME: `renamed ${row['NO']}`, CITY: 'Ghent' })) };
}

/** Loads; three users are at work from its first look to its end. */
async function whileLoading(
  world: World,
  file: string,
  records: readonly { readonly id: number; readonly ref: string }[],
): Promise<{ readonly result: LoadRunResult; readonly made: readonly Edit[] }> {
  const chance = chanceOf('users during a load');
  const wanted = records.filter(() => chance.happens(0.1)).map((one): Edit => ({ ...one, field: chance.happens(0.7) ? 'name' : 'street', value: `by a user ${chance.letters(5)}` })); // biome-ignore format: one record
  const made: Edit[] = [];
  let isOver = false;
  const loading = verbsOf({ workspace: world.directory, signal: new AbortController().signal, progress: () => undefined })
    .load(file, null)
    .finally(() => {
      isOver = true;
    });
  const user = (): Promise<void> =>
    world.inside(async ({ ports }) => {
      const odoo = await ports.odoo();
      while (wanted.length > 0 && !isOver) {
        const [edit] = wanted.splice(chance.below(wanted.length), 1) as [Edit];
        await odoo.save('res.partner', [{ id: edit.id, values: { [edit.field]: edit.value } }], {});
        made.push(edit);
        await sleep(chance.below(25));
      }
    });
  const [{ data }] = await Promise.all([loading, user(), user(), user()]);
  return { result: data, made };
}
