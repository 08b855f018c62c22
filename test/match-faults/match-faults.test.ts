import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import type { DataPlane } from '../../src/domain/ports.ts';
import { score, tellable } from './score.ts';
import { type Entity, type Evidence, findConflicts, seededWorld } from './stage.ts';

let directory: string;
let plane: DataPlane;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-match-faults-'));
  plane = await openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(directory, 'spill') });
});
afterEach(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

async function wrong(entity: Entity, size: number, evidence: Evidence, matched = false): Promise<readonly string[]> {
  const seeded = seededWorld(entity, size, 11);
  await findConflicts(plane, entity, seeded, { evidence, matched });
  const { classes } = await score(plane, tellable(seeded.world, evidence));
  expect(classes.length).toBeGreaterThan(9);
  return classes.flatMap((one) => (one.precision >= 0.98 && one.recall >= 0.98 ? [] : [one.class, ...one.missed, ...one.falseAlarms]));
}

describe('faults of a second seeder', () => {
  for (const entity of ['supplier', 'product'] as const) {
    it(`are told in every class among ${entity} records, and nothing else is`, async () => {
      expect(await wrong(entity, 3_000, 'all')).toEqual([]);
    });
    it(`are told in the legacy ${entity} records alone, as far as they show there`, async () => {
      expect(await wrong(entity, 3_000, 'legacy')).toEqual([]);
    });
    it(`are told where the matcher has its say on ${entity} records too`, async () => {
      expect(await wrong(entity, 3_000, 'all', true)).toEqual([]);
    });
    it(`are told among a few hundred ${entity} records`, async () => {
      expect(await wrong(entity, 500, 'all')).toEqual([]);
    });
  }

  it('are the same for the same seed', () => {
    expect(seededWorld('product', 500, 3)).toEqual(seededWorld('product', 500, 3));
  });
});
