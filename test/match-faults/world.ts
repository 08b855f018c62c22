/** A world of two nights: things, their record in a legacy system, their record in Odoo, and the link between both. Faults are put in by name;
 *  each leaves a truth line. */
import type { Chance } from './chance.ts';

export type Values = Record<string, string | null>;

/** One thing as tonight and the night before have it. Null: not there. */
export interface Thing {
  readonly system: string;
  readonly key: string;
  /** Of its record in Odoo, whether there is one or not. */
  readonly odooId: number;
  readonly isLinked: boolean;
  legacy: Values | null;
  legacyBefore: Values | null;
  odoo: Values | null;
  odooBefore: Values | null;
}

export interface Link {
  system: string;
  key: string;
  odooId: number;
  externalId: string;
  provenance: string;
}

/** A record as truth lines name it: `erp/000123`, `odoo/1007`. */
export type RecordText = string;

export interface TruthLine {
  readonly class: string;
  readonly entity: string;
  /** Null: the record as such. */
  readonly field: string | null;
  readonly records: readonly RecordText[];
  /** What was done, as a word of the seeder. */
  readonly fault: string;
  /** False: nothing in the data tells this class; `why` says it. */
  readonly identifiable: boolean;
  readonly why: string | null;
  /** Why tonight's legacy data alone do not tell it; null: they do. */
  readonly whyAlone: string | null;
}

/** A finding that a fault brings with it and that is right too: neither asked for nor a false alarm. */
export interface Consequence {
  readonly class: string;
  readonly field: string | null;
  readonly records: readonly RecordText[];
}

export interface World {
  readonly entity: string;
  readonly fields: readonly string[];
  readonly things: Thing[];
  /** Rows beside the things: second rows of a key, records without a twin. */
  readonly moreLegacy: { readonly system: string; readonly key: string; readonly values: Values; readonly nights: 'both' | 'now' }[];
  readonly moreOdoo: { readonly id: number; readonly values: Values; readonly nights: 'both' | 'now' }[];
  readonly links: Link[];
  readonly linksBefore: Link[];
  readonly externalIds: Map<string, number>;
  readonly externalIdsBefore: Map<string, number>;
  readonly truth: TruthLine[];
  readonly consequences: Consequence[];
}

export type Side = 'legacy' | 'odoo';
export type Nights = 'both' | 'now';

export const nameOf = (thing: Thing, side: Side): RecordText => (side === 'odoo' ? `odoo/${thing.odooId}` : `${thing.system}/${thing.key}`);

/** Values of a side tonight, which must be there. */
export function valuesOf(thing: Thing, side: Side): Values {
  const values = thing[side];
  if (values === null) throw new Error(`${nameOf(thing, side)} is not there`);
  return values;
}

/** Writes a value on one side: tonight alone, or the night before as well. */
export function write(thing: Thing, side: Side, nights: Nights, change: Values): void {
  Object.assign(valuesOf(thing, side), change);
  const before = side === 'legacy' ? thing.legacyBefore : thing.odooBefore;
  if (nights === 'both' && before !== null) Object.assign(before, change);
}

export interface Seeding {
  readonly world: World;
  readonly chance: Chance;
  /** A further fresh number of a field. */
  fresh(field: string): string;
  /** A name that no other thing has. */
  freshName(): string;
  /** Another id of Odoo. */
  newId(): number;
  truth(line: Pick<TruthLine, 'class' | 'field' | 'records' | 'fault'> & { readonly notIdentifiable?: string; readonly alone?: string | null }): void;
  also(line: Consequence): void;
}

/** A way to do harm (or, without a truth line, something that only looks like it). */
export interface Case {
  readonly name: string;
  /** Things it needs, none of which any other case has touched. */
  readonly things: number;
  /** A field is only damaged where it holds something. */
  readonly needs: readonly string[];
  readonly linked: boolean | null;
  readonly system?: string;
  readonly isFit?: (thing: Thing) => boolean;
  readonly work: (seeding: Seeding, things: readonly Thing[]) => void;
}

/** Everything the cases need to put themselves in. */
export interface Plan {
  readonly world: World;
  readonly cases: readonly Case[];
  readonly chance: Chance;
  /** How often each case is put in. */
  readonly times: number;
  readonly fresh: (field: string) => string;
  readonly freshName: () => string;
}

/** Puts every case in `times` times, on things that no other case has; a case that finds no more things is an error of the seeder. */
export function seedAll(plan: Plan): void {
  const { world, chance } = plan;
  const pool = shuffled(world.things, chance);
  const used = new Set<Thing>();
  let nextId = 9_000_000;
  const seeding: Seeding = {
    world,
    chance,
    fresh: plan.fresh,
    freshName: plan.freshName,
    newId: () => nextId++,
    truth: ({ notIdentifiable, alone, ...line }) =>
      world.truth.push({ ...line, entity: world.entity, identifiable: notIdentifiable === undefined, why: notIdentifiable ?? null, whyAlone: alone ?? null }),
    also: (line) => world.consequences.push(line),
  };
  // where each case goes on looking
  for (const one of plan.cases) {
    let at = 0;
    for (let time = 0; time < plan.times; time += 1) {
      const taken: Thing[] = [];
      for (; at < pool.length && taken.length < one.things; at += 1) {
        const thing = pool[at] as Thing;
        if (!used.has(thing) && isFit(one, thing)) taken.push(thing);
      }
      if (taken.length < one.things) {
        if (time === 0) throw new Error(`no things are left for ${one.name}`);
        break;
      }
      for (const thing of taken) used.add(thing);
      one.work(seeding, taken);
    }
  }
}

function isFit(one: Case, thing: Thing): boolean {
  if (one.linked !== null && thing.isLinked !== one.linked) return false;
  if (one.system !== undefined && thing.system !== one.system) return false;
  if (one.needs.some((field) => (thing.legacy?.[field] ?? null) === null)) return false;
  return one.isFit?.(thing) ?? true;
}

function shuffled<Item>(items: readonly Item[], chance: Chance): Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = chance.below(last + 1);
    [mixed[last], mixed[other]] = [mixed[other] as Item, mixed[last] as Item];
  }
  return mixed;
}
