/** Precision and recall of every class of conflict on seeded faults; the options are in README.md. Exit 3 when a class is below 0.98. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { score, tellable } from './score.ts';
import { type Entity, type Evidence, findConflicts, seededWorld } from './stage.ts';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    entity: { type: 'string' },
    json: { type: 'boolean', default: false },
    show: { type: 'string' },
    evidence: { type: 'string', default: 'all' },
    steps: { type: 'boolean', default: false },
    matched: { type: 'boolean', default: false },
  },
});
const entities: readonly Entity[] = values.entity === undefined ? ['supplier', 'product'] : [values.entity as Entity];
const directory = mkdtempSync(join(tmpdir(), 'cutover-match-faults-'));
const answers: object[] = [];
let isBelow = false;
try {
  for (const entity of entities) {
    const plane = await openDataPlane({ memory: '1GB', threads: 2, spillDirectory: join(directory, 'spill') });
    try {
      const seeded = seededWorld(entity, Number(values.size), Number(values.seed));
      const began = performance.now();
      const steps = await findConflicts(plane, entity, seeded, { evidence: values.evidence as Evidence, matched: values.matched });
      const cpu = [...steps.values()].reduce((sum, seconds) => sum + seconds, 0);
      const { classes, notIdentifiable } = await score(plane, tellable(seeded.world, values.evidence as Evidence));
      isBelow ||= classes.some(({ precision, recall }) => Math.min(precision, recall) < 0.98);
      answers.push({
        entity,
        size: Number(values.size),
        seed: Number(values.seed),
        cpuSeconds: cpu,
        classes,
        notIdentifiable: Object.fromEntries(notIdentifiable),
      });
      if (!values.json) {
        console.log(
          `\n${values.size} of ${entity}, seed ${values.seed}: ${cpu.toFixed(1)} s of CPU, ${((performance.now() - began) / 1000).toFixed(1)} s with staging`,
        );
        if (values.steps) for (const [name, seconds] of steps) console.log(`  ${name.padEnd(22)} ${seconds.toFixed(2)} s`);
        for (const one of classes)
          console.log(`  ${one.class.padEnd(22)} seeded ${String(one.seeded).padStart(5)}  P ${one.precision.toFixed(3)}  R ${one.recall.toFixed(3)}`);
        for (const [why, count] of notIdentifiable) console.log(`  not identifiable  ${count} × ${why}`);
        for (const one of classes.filter(({ class: name }) => values.show === name || values.show === 'all'))
          for (const line of [...one.missed.map((each) => `missed ${each}`), ...one.falseAlarms.map((each) => `false  ${each}`)].slice(0, 60))
            console.log(`    ${line}`);
      }
    } finally {
      await plane.close();
    }
  }
  if (values.json) console.log(JSON.stringify(answers, null, 2));
  process.exitCode = isBelow ? 3 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
