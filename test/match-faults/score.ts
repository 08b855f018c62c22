/** Holds findings against the truth, class by class. What is counted is one record in one class and field. */
import type { DataPlane } from '../../src/domain/ports.ts';
import type { Evidence } from './stage.ts';
import type { World } from './world.ts';

export interface Score {
  readonly class: string;
  readonly seeded: number;
  readonly found: number;
  readonly precision: number;
  readonly recall: number;
  readonly missed: readonly string[];
  readonly falseAlarms: readonly string[];
}

export interface Scores {
  readonly classes: readonly Score[];
  /** Seeded, and told by nothing in the data: `class: why` → how many. */
  readonly notIdentifiable: ReadonlyMap<string, number>;
}

const text = (kind: string, field: string | null, record: string) => `${kind} ${field ?? '-'} ${record}`;

export async function score(plane: DataPlane, world: World): Promise<Scores> {
  const rows = await plane.rows<{ class: string; field: string | null; record: string; value: string | null; evidence: string }>(
    `SELECT class, field, coalesce(r.system || '/' || r."key", 'odoo/' || r.odoo_id) AS record, min(value) AS value, min(evidence) AS evidence
     FROM (SELECT class, field, value, evidence, unnest(records) AS r FROM conflict_findings) GROUP BY ALL ORDER BY ALL`,
  );
  const found = new Map(rows.map((row) => [text(row.class, row.field, row.record), `${row.value}: ${row.evidence}`]));
  const wanted = new Map<string, string>();
  const allowed = new Set<string>();
  const notIdentifiable = new Map<string, number>();
  const doubtful = new Set<string>();
  for (const line of world.truth)
    for (const record of line.records) {
      if (line.identifiable) wanted.set(text(line.class, line.field, record), line.fault);
      else {
        doubtful.add(`${line.field ?? '-'} ${record}`);
        notIdentifiable.set(`${line.class}: ${line.why}`, (notIdentifiable.get(`${line.class}: ${line.why}`) ?? 0) + 1);
      }
    }
  for (const line of world.consequences) for (const record of line.records) allowed.add(text(line.class, line.field, record));
  const isNeutral = (one: string) => allowed.has(one) || doubtful.has(one.slice(one.indexOf(' ') + 1));
  const names = [...new Set([...wanted.keys(), ...found.keys()].map((one) => one.slice(0, one.indexOf(' '))))].sort();
  const classes = names.map((name): Score => {
    const [mine, told] = [[...wanted.keys()].filter((one) => one.startsWith(`${name} `)), [...found.keys()].filter((one) => one.startsWith(`${name} `))];
    const hits = told.filter((one) => wanted.has(one)).length;
    const falseAlarms = told.filter((one) => !wanted.has(one) && !isNeutral(one));
    const missed = mine.filter((one) => !found.has(one));
    return {
      ...{
        class: name,
        seeded: mine.length,
        found: told.length,
        missed: missed.map((one) => `${one} (${wanted.get(one)})`),
        falseAlarms: falseAlarms.map((one) => `${one} (${found.get(one)})`),
      },
      precision: hits + falseAlarms.length === 0 ? 1 : hits / (hits + falseAlarms.length),
      recall: mine.length === 0 ? 1 : hits / mine.length,
    };
  });
  return { classes, notIdentifiable };
}

/** Only two nights, Odoo or the crosswalk show these. */
const needMore = ['identifier-reused', 'identifiers-swapped', 'crosswalk-fork', 'crosswalk-dangling', 'crosswalk-repointed'];
/** A conflict of at least two records. */
const ofTwo = ['duplicate-record', 'shared-identifier', 'many-identifiers'];

/** The truth as far as this much evidence can show it. */
export function tellable(world: World, evidence: Evidence): World {
  if (evidence === 'all') return world;
  const truth = world.truth.flatMap((line) => {
    const records = line.records.filter((record) => !record.startsWith('odoo/'));
    if (records.length < (ofTwo.includes(line.class) ? 2 : 1) || needMore.includes(line.class)) return [];
    return [{ ...line, records, identifiable: line.whyAlone === null, why: line.whyAlone }];
  });
  return { ...world, truth };
}
