/** How far a load has come, for whoever watches it. */
import type { LoadRun } from './load-run.ts';
import type { Steering } from './steering.ts';

export class LoadProgress {
  readonly #run: LoadRun;
  readonly #steering: Steering;
  readonly #step: string;
  /** Documents that needed nothing since it was last told. */
  #passed = 0;

  constructor(run: LoadRun, steering: Steering, total: number) {
    this.#run = run;
    this.#steering = steering;
    this.#step = run.manifest.kind === 'rollback' ? 'Rolling back' : 'Loading';
    run.ports.progress({ kind: 'step', step: this.#step, total });
    steering.onChange = () => this.#tell(0);
  }

  /** A document that needed nothing. Told with the next batch: there may be thousands. */
  pass(): void {
    this.#passed += 1;
  }

  advance(documents: number): void {
    const passed = this.#passed;
    this.#passed = 0;
    this.#tell(documents + passed);
  }

  done(): void {
    this.advance(0);
    this.#run.ports.progress({ kind: 'done', step: this.#step });
  }

  #tell(by: number): void {
    const { conflict, deadLettered } = this.#run.tally.counts();
    const facts = [
      ...(conflict > 0 ? [`${conflict} ${conflict === 1 ? 'conflict' : 'conflicts'}`] : []),
      ...(deadLettered > 0 ? [`${deadLettered} dead ${deadLettered === 1 ? 'letter' : 'letters'}`] : []),
      this.#steering.words(),
    ];
    this.#run.ports.progress({ kind: 'advance', step: this.#step, by, note: facts.join(', ') });
  }
}
