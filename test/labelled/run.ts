/** `node test/labelled/run.ts [SET…] [--json]`: every labelled set with the default settings. Exit 3 when a target is missed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { labelledData, labelledSets, matchSet, missingFiles, truthOf } from './labelled-set.ts';
import { type SetScore, scoreSet } from './score.ts';

export interface LabelledFigures extends SetScore {
  readonly set: string;
  readonly seconds: number;
  readonly thresholds: { readonly match: number; readonly review: number; readonly cluster: number };
  /** Targets that were missed, as in `clusterF1 0.871 < 0.88`. */
  readonly missed: readonly string[];
}

/** Figures of the sets whose files are here; the others are told to `log`. */
export async function labelledFigures(sets: readonly string[], log: (text: string) => void): Promise<LabelledFigures[]> {
  const figures: LabelledFigures[] = [];
  for (const set of sets) {
    const truth = truthOf(set);
    const missing = missingFiles(truth);
    if (missing.length > 0) {
      log(`${set}: skipped, ${missing.join(', ')} not in ${labelledData} (CUTOVER_LABELLED_DATA names the folder)`);
      continue;
    }
    const directory = mkdtempSync(join(tmpdir(), `cutover-labelled-${set}-`));
    const plane = await openDataPlane({ memory: '1GB', threads: 2, spillDirectory: join(directory, 'spill-match') });
    try {
      const { outcome, seconds } = await matchSet(set, directory, plane);
      const score = await scoreSet(outcome, plane);
      figures.push({ set, seconds, thresholds: outcome.thresholds, ...score, missed: missedTargets(truth.targets, score) });
      log(lineOf(set, score, seconds));
    } finally {
      await plane.close();
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return figures;
}

function missedTargets(targets: Readonly<Record<string, number>>, score: SetScore): string[] {
  const reached: Readonly<Record<string, number | undefined>> = { clusterF1: score.clusters?.f1, linkF1: score.links?.f1, b3: score.b3?.f1 };
  return Object.entries(targets).flatMap(([name, target]) => {
    const value = reached[name];
    return value !== undefined && value >= target ? [] : [`${name} ${value?.toFixed(4)} < ${target}`];
  });
}

function lineOf(set: string, score: SetScore, seconds: number): string {
  const figures = ({ precision, recall, f1 }: { precision: number; recall: number; f1: number }): string =>
    `P ${precision.toFixed(4)} R ${recall.toFixed(4)} F1 ${f1.toFixed(4)}`;
  const made = score.links === null ? (score.clusters === null ? '' : `clusters ${figures(score.clusters)}`) : `links ${figures(score.links)}`;
  const b3 = score.b3 === null ? '' : `  B³ ${score.b3.f1.toFixed(4)}`;
  return `${set.padEnd(15)} ${made}${b3}  pairs ${figures(score.pairs)}  block recall ${score.blockRecall.toFixed(4)}  ${score.candidates} candidates of ${score.records} records, ${seconds.toFixed(1)} s`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } });
  const figures = await labelledFigures(positionals.length > 0 ? positionals : labelledSets, (text) => console.error(text));
  if (values.json) console.log(JSON.stringify(figures, null, 2));
  for (const { set, missed } of figures) for (const one of missed) console.error(`${set}: ${one}`);
  process.exitCode = figures.some(({ missed }) => missed.length > 0) ? 3 : 0;
}
