/** How well records of one thing are found, on public sets whose truth is known. With --json one object per set, all its figures in it. */
import { labelledSets, truthOf } from '../../labelled/labelled-set.ts';
import { type LabelledFigures, labelledFigures } from '../../labelled/run.ts';
import { type Bench, type Measurement, measurement } from '../measurement.ts';

interface LabelledMeasurement extends Measurement, Omit<LabelledFigures, 'set'> {
  readonly set: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export const bench: Bench = {
  about:
    'Public sets with known truth, each a workspace of mapping files, matched with the default settings and one threshold for all; pairs that blocking lost count as missed. F1 is of links where two sources are linked, else of pairs in one cluster',
  size: labelledSets.length,
  async run({ name, log }) {
    return (await labelledFigures(labelledSets, log)).map((figures) => measurementOf(name, figures));
  },
};

function measurementOf(bench: string, figures: LabelledFigures): LabelledMeasurement {
  const judged = figures.links ?? figures.clusters ?? figures.pairs;
  const metric = figures.links === null ? 'cluster F1' : 'link F1';
  const { targets } = truthOf(figures.set);
  const target = figures.links === null ? targets.clusterF1 : targets.linkF1;
  const { precision, recall, f1 } = judged;
  const made = measurement(bench, { case: figures.set, metric, unit: '', value: f1 }, target === undefined ? undefined : { of: 'value', atLeast: target });
  return { ...made, met: made.met === null ? null : figures.missed.length === 0, ...figures, precision, recall, f1 };
}
