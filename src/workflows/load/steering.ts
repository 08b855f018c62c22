/** The pace of a run as it goes: measured on the connection, kept by the lanes, changed by whoever watches. */
import { CutoverError } from '../../domain/errors.ts';
import type { Control, ControlRequest, PaceReport } from '../../domain/pace.ts';
import type { OdooConnection, Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { Lanes } from './lanes.ts';
import type { LoadRun } from './load-run.ts';
import { Pace, type PaceLimits } from './pace.ts';

/** Begins to measure and to listen. */
export async function steer(run: LoadRun, workspace: Workspace): Promise<Steering> {
  const control = (await run.ports.control?.(run.runId)) ?? null;
  return new Steering(run, limitsOf(workspace), control);
}

export class Steering {
  readonly lanes: Lanes;
  /** Called when something has changed that is worth showing. */
  onChange: () => void = () => undefined;
  readonly #run: Pick<LoadRun, 'ports' | 'odoo' | 'underWay'>;
  readonly #ports: Ports;
  readonly #odoo: OdooConnection;
  readonly #pace: Pace;
  readonly #control: Control | null;
  readonly #pauses: { from: string; seconds: number }[] = [];
  readonly #unwatch: () => void;
  /** When the pause began that goes on. */
  #pausedAt: number | null = null;

  constructor(run: Pick<LoadRun, 'ports' | 'odoo' | 'underWay'>, limits: PaceLimits, control: Control | null) {
    const { ports, odoo } = run;
    this.#run = run;
    this.#ports = ports;
    this.#odoo = odoo;
    this.#control = control;
    this.#pace = new Pace(limits, this.#now());
    this.lanes = new Lanes({ most: () => this.#pace.underWay, check: () => this.#check() });
    odoo.limit(this.#pace.concurrency);
    this.#unwatch = odoo.watch((attempt) => {
      this.#pace.heard(attempt, this.#now());
      odoo.limit(this.#pace.concurrency);
    });
    ports.signal.addEventListener('abort', this.#resume, { once: true });
    control?.listen((request) => this.#obey(request));
  }

  readonly size = (entity: string, most: number): number => this.#pace.batchOf(entity, most, this.#now());

  batchEnded(documents: number): void {
    this.#pace.batchEnded(documents, this.#now());
    this.#odoo.limit(this.#pace.concurrency);
  }

  /** As it is shown beside the progress. */
  words(): string {
    if (this.#pausedAt !== null) return 'paused';
    const { batch, concurrency } = this.#pace;
    return `batches of ${batch}, ${concurrency === 1 ? 'one call' : `${concurrency} calls`} at a time`;
  }

  report(): PaceReport {
    return { ...this.#pace.report(), pauses: this.#pauses };
  }

  async close(): Promise<void> {
    this.#ports.signal.removeEventListener('abort', this.#resume);
    this.#resume();
    this.#unwatch();
    // Whoever uses the connection next sets another pace, or none.
    this.#odoo.limit(Number.POSITIVE_INFINITY);
    await this.#control?.close();
  }

  #obey(request: ControlRequest): void {
    switch (request.kind) {
      case 'pause':
        this.#pause();
        break;
      case 'resume':
        this.#resume();
        break;
      case 'stop':
        this.#note(`Stopping: ${this.#underWay()} first`);
        break;
      case 'concurrency':
        this.#allow(request.calls);
        break;
      case 'concurrency-by':
        this.#allow(this.#pace.concurrency + request.calls);
    }
    this.onChange();
  }

  /** Batches under way land; the lock is kept, and nothing is open in Odoo. */
  #pause(): void {
    if (this.#pausedAt !== null) return;
    this.#pausedAt = this.#now();
    this.lanes.hold();
    this.#note(`Paused: ${this.#underWay()} first, nothing new begins, and no other load can begin`);
  }

  readonly #resume = (): void => {
    if (this.#pausedAt === null) return;
    const seconds = (this.#now() - this.#pausedAt) / 1000;
    this.#pauses.push({ from: new Date(this.#pausedAt).toISOString(), seconds });
    this.#pausedAt = null;
    this.lanes.release();
    if (!this.#ports.signal.aborted) this.#note(`Going on after a pause of ${Math.round(seconds)} s`);
  };

  /** Batches that wait for their call have begun too: their guards were read, and their intents may be in the journal. */
  #underWay(): string {
    const { underWay } = this.#run;
    return underWay === 0 ? 'nothing is under way' : `${underWay} documents under way land`;
  }

  #allow(calls: number): void {
    const allowed = this.#pace.allow(calls, this.#now());
    this.#odoo.limit(allowed);
    const limit = calls > allowed ? "; the workspace's limit" : '';
    this.#note(`${allowed === 1 ? 'One call' : `${allowed} calls`} at a time from now on${limit}`);
  }

  #note(text: string): void {
    this.#ports.progress({ kind: 'note', text });
  }

  #check(): void {
    if (this.#ports.signal.aborted) throw new CutoverError('E_INTERRUPTED', 'stopped before the next batch', { hint: 'cutover status' });
  }

  #now(): number {
    return Date.parse(this.#ports.clock.now());
  }
}

function limitsOf({ file }: Workspace): PaceLimits {
  const { batch_seconds: batchSeconds, slowdown, concurrency } = file.policies.load;
  const system = file.systems[file.odoo];
  const most = system?.connector === 'odoo' ? system.concurrency : 2;
  return { batchSeconds, slowdown, concurrency: Math.min(concurrency ?? most, most) };
}
