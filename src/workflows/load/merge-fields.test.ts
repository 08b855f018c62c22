import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FieldsToMerge, mergeFields } from './merge-fields.ts';

const plain = { typeOf: () => 'char', along: () => [], isWhole: false, told: new Set<string>() };
const merged = (given: Pick<FieldsToMerge, 'base' | 'ours' | 'theirs'> & Partial<FieldsToMerge>) => mergeFields({ ...plain, ...given });

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const value = fc.constantFrom('x', 'y', 'z', null);
const field = fc.record({ base: value, ours: value, theirs: value, isPlanned: fc.boolean(), isTold: fc.constantFrom(false, false, false, true) });
/** Every field of a record, and which fields go along with which. */
const world = fc.record({
  fields: fc.tuple(field, field, field, field, field),
  along: fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES)), { maxLength: 4 }),
  isWhole: fc.boolean(),
});

type Drawn = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

function worldOf({ fields, along, isWhole }: Drawn): FieldsToMerge {
  const planned = NAMES.flatMap((name, index) => (fields[index]?.isPlanned === true ? [[name, fields[index]] as const] : []));
  const companions = (name: string): string[] => along.flatMap(([driver, companion]) => (driver === name && companion !== name ? [companion] : []));
  return {
    base: Object.fromEntries(planned.map(([name, one]) => [name, one.base])),
    ours: Object.fromEntries(planned.map(([name, one]) => [name, one.ours])),
    theirs: Object.fromEntries(NAMES.map((name, index) => [name, fields[index]?.theirs ?? null])),
    typeOf: () => 'char',
    along: companions,
    isWhole,
    told: new Set(planned.flatMap(([name, one]) => (one.isTold ? [name] : []))),
  };
}

/** What goes along with a field, and with that. */
function reachable(along: FieldsToMerge['along']): (name: string) => readonly string[] {
  const reached = new Map(NAMES.map((name) => [name as string, new Set(along(name))]));
  for (const through of NAMES) for (const set of reached.values()) if (set.has(through)) for (const name of reached.get(through) ?? []) set.add(name);
  return (name) => [...(reached.get(name) ?? [])].filter((companion) => companion !== name);
}

describe('merging what a plan writes with what users have done since', () => {
  test('in any world no value of a user is overwritten, every one of them is told, and fields on their own are written where nobody touched them', () => {
    fc.assert(
      fc.property(world, (drawn) => {
        const given = worldOf(drawn);
        const { base, ours, told } = given;
        const along = reachable(given.along);
        const theirs = given.theirs ?? {};
        const { conflicts, held, toWrite, settled } = mergeFields(given);
        const isChange = (name: string): boolean => ours[name] !== base[name];
        const isUsers = (name: string): boolean => name in base && theirs[name] !== base[name] && theirs[name] !== ours[name];
        for (const [name, written] of Object.entries(toWrite)) {
          // What was not in the plan only goes along, as it is.
          expect(written).toBe(name in ours && isChange(name) ? ours[name] : theirs[name]);
          expect(name in base && isUsers(name)).toBe(false);
          expect(told.has(name)).toBe(false);
        }
        const named = conflicts.map((one) => one.field);
        for (const name of Object.keys(toWrite)) expect(named.includes(name) || held.includes(name)).toBe(false);
        for (const name of held) expect(named.includes(name) || settled.includes(name)).toBe(false);
        for (const name of Object.keys(ours).filter(isChange)) {
          const isTold = told.has(name);
          expect(named.includes(name)).toBe(isUsers(name) && !isTold);
          const isFree = !isTold && !isUsers(name) && theirs[name] !== ours[name];
          expect(isFree ? held.includes(name) || name in toWrite : !held.includes(name)).toBe(true);
          const alone = along(name).length === 0 && !Object.keys(ours).some((other) => along(other).includes(name)) && !given.isWhole;
          if (isFree && alone) expect(name in toWrite).toBe(true);
          // together or not at all
          const group = along(name).filter((companion) => companion in base);
          if (name in toWrite) for (const companion of group) expect(isUsers(companion) || told.has(companion) || held.includes(companion)).toBe(false);
          if (name in toWrite && given.isWhole)
            expect(
              Object.keys(ours)
                .filter(isChange)
                .some((other) => isUsers(other) || told.has(other)),
            ).toBe(false);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a record that is gone is a conflict as a whole', () => {
    expect(merged({ base: { name: 'a' }, ours: { name: 'b' }, theirs: undefined })).toMatchObject({ conflicts: [{ field: 'id' }], toWrite: {} });
  });

  test('a price that a user agreed upon holds back the quantity it would be sent along with, and not the other fields', () => {
    const along = (name: string) => (name === 'quantity' ? ['price'] : []);
    const base = { quantity: '7', price: '40', text: 'old' };
    const ours = { quantity: '9', price: '40', text: 'new' };
    expect(merged({ base, ours, theirs: { ...base, price: '44' }, along })).toEqual({
      ...{ conflicts: [{ field: 'price', expected: '40', found: '44' }], held: ['quantity'], toWrite: { text: 'new' }, settled: [] },
    });
    // The user has set the very quantity that the plan wants: nothing is written that the price would have to go along with.
    expect(merged({ base, ours, theirs: { quantity: '9', price: '44', text: 'old' }, along })).toEqual({
      ...{ conflicts: [], held: [], toWrite: { text: 'new' }, settled: ['quantity'] },
    });
  });

  test('of a line nothing is written where a user has changed anything that the plan is about', () => {
    const base = { quantity: '7', due: '2025-01-01' };
    expect(merged({ base, ours: { quantity: '9', due: '2025-02-01' }, theirs: { quantity: '8', due: '2025-01-01' }, isWhole: true })).toEqual({
      ...{ conflicts: [{ field: 'quantity', expected: '7', found: '8' }], held: ['due'], toWrite: {}, settled: [] },
    });
  });

  test('a value that is only tested is a conflict when it moves', () => {
    expect(merged({ base: { state: 'draft' }, ours: {}, theirs: { state: 'purchase' } }).conflicts).toEqual([
      { field: 'state', expected: 'draft', found: 'purchase' },
    ]);
  });

  test('what was told before is neither told again nor written, also when the user has taken it back', () => {
    const given = { base: { name: 'a', city: 'c' }, ours: { name: 'b', city: 'd' }, theirs: { name: 'a', city: 'c' }, told: new Set(['name']) };
    expect(merged(given)).toEqual({ conflicts: [], held: [], toWrite: { city: 'd' }, settled: [] });
  });
});
