/** The pace of a load, found by measuring: how many documents go into a batch, and how many calls are made at a time. The same measurements give the same
 *  pace, always.
 *
 *  Batches begin as large as the binding allows, which is what was measured to be best: smaller ones pay more per document. Measured is in rounds: as
 *  many batches as are under way together. Where Odoo is busy with one for longer than `batchSeconds` they become as small as that needs; after trouble
 *  a round without any makes them larger again, by an eighth. When they may not grow, one more call is made at a time, which stays if it brings more documents. Trouble halves at once, and counts once a round: lost races, and a server that refuses, fails or keeps silent. So does a round in
 *  which Odoo takes `slowdown` times as long for a document as before. */
import type { OdooAttempt } from '../../domain/odoo-attempt.ts';
import type { PaceChange, PaceReason, PaceReport, PaceSetting } from '../../domain/pace.ts';

export interface PaceLimits {
  /** For which Odoo may be busy with one batch. */
  readonly batchSeconds: number;
  readonly concurrency: number;
  readonly slowdown: number;
}

/** Enough for servers with two workers, the least that Odoo recommends; more must pay. */
const FIRST_CONCURRENCY = 2;
const STEP = 1 / 8;
/** By how much a call more at a time must bring more documents. */
const GAIN = 1.05;
/** Sizes nearer to each other than this are the same. */
const NOTEWORTHY = 1.1;
/** Weight of the newest round in what is usual. */
const NEWEST = 0.1;
const CHANGES_KEPT = 100;

/** What is known of the entity that is under way. */
interface Course {
  readonly entity: string;
  mostBatch: number;
  /** Of `mostBatch`; deletes, which have larger batches, go by the same share. */
  share: number;
  /** Nothing is known of it yet: what the first round says holds at once. */
  isNew: boolean;
  /** Seconds of Odoo for a document in batches of this size, which share what a call costs; null: not measured yet. */
  usual: number | null;
  documents: number;
  odooSeconds: number;
  /** Calls at a time that brought no more than one less. */
  readonly useless: Set<number>;
}

interface Round {
  readonly began: number;
  batches: number;
  documents: number;
  seconds: number;
  isTroubled: boolean;
}

export class Pace {
  readonly #limits: PaceLimits;
  readonly #courses: Course[] = [];
  readonly #changes: PaceChange[] = [];
  readonly #counts = { calls: 0, lostRaces: 0, overloads: 0 };
  /** What a person allows, within the limits. */
  #most: number;
  #concurrency: number;
  #round: Round;
  /** One call more at a time is being tried: documents per second before it. */
  #trial: number | null = null;

  /** `at`: milliseconds of a clock, here and below. */
  constructor(limits: PaceLimits, at: number) {
    this.#limits = limits;
    this.#most = limits.concurrency;
    this.#concurrency = Math.min(FIRST_CONCURRENCY, limits.concurrency);
    this.#round = newRound(at);
  }

  /** Calls at the same time. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** Batches under way together: while one waits for its call, another is journalled and read back. */
  get underWay(): number {
    return this.#concurrency * 2;
  }

  /** Of the entity that was begun last. */
  get batch(): number {
    const course = this.#courses.at(-1);
    return course === undefined ? 0 : sizeOf(course);
  }

  /** Documents of the next batch of an entity, where `most` is allowed. */
  batchOf(entity: string, most: number, at: number): number {
    const course = this.#courseOf(entity, most, at);
    return Math.max(1, Math.ceil(most * course.share));
  }

  /** An attempt of a call has ended. */
  heard(attempt: OdooAttempt, at: number): void {
    this.#counts.calls += 1;
    // Reads are quick, and often of many records at once; that they are refused counts.
    if (!attempt.reads) this.#round.seconds += attempt.seconds;
    if (attempt.failure === 'concurrency') {
      this.#counts.lostRaces += 1;
      this.#trouble('lost-race', at);
    } else if (attempt.failure === 'unavailable' || attempt.failure === 'unknown') {
      this.#counts.overloads += 1;
      this.#trouble('overload', at);
    }
  }

  /** A batch has ended, whatever became of its documents. */
  batchEnded(documents: number, at: number): void {
    this.#round.batches += 1;
    this.#round.documents += documents;
    if (this.#round.batches >= this.underWay) this.#endRound(at);
  }

  /** A person wants so many calls at a time; answers how many it will be. */
  allow(calls: number, at: number): number {
    this.#most = Math.min(this.#limits.concurrency, Math.max(1, calls));
    this.#trial = null;
    for (const course of this.#courses) course.useless.clear();
    this.#change('person', at, () => {
      this.#concurrency = this.#most;
    });
    this.#round = newRound(at);
    return this.#most;
  }

  report(): Omit<PaceReport, 'pauses'> {
    this.#settle();
    return {
      concurrency: this.#concurrency,
      mostConcurrency: this.#limits.concurrency,
      entities: this.#courses.map((course) => ({
        ...{ entity: course.entity, batch: sizeOf(course), mostBatch: course.mostBatch, documents: course.documents },
        odooSeconds: Number(course.odooSeconds.toFixed(3)),
      })),
      ...this.#counts,
      changes: [...this.#changes],
    };
  }

  #courseOf(entity: string, most: number, at: number): Course {
    const known = this.#courses.at(-1);
    if (known?.entity === entity) {
      known.mostBatch = most;
      return known;
    }
    // The entity before has ended to its last batch; what was measured of it says nothing of this one.
    this.#settle();
    this.#trial = null;
    this.#round = newRound(at);
    const course = { entity, mostBatch: most, share: 1, isNew: true, usual: null, documents: 0, odooSeconds: 0, useless: new Set<number>() };
    this.#courses.push(course);
    return course;
  }

  #trouble(reason: PaceReason, at: number): void {
    const course = this.#courses.at(-1);
    if (course === undefined || this.#round.isTroubled) return;
    this.#round.isTroubled = true;
    this.#trial = null;
    this.#change(reason, at, () => {
      halve(course);
      this.#concurrency = Math.max(1, Math.floor(this.#concurrency / 2));
    });
  }

  #endRound(at: number): void {
    const course = this.#courses.at(-1);
    const round = { ...this.#round };
    this.#settle();
    this.#round = newRound(at);
    if (course === undefined || round.documents === 0 || round.isTroubled) return;
    const perDocument = round.seconds / round.documents;
    const perSecond = (round.documents * 1000) / Math.max(1, at - round.began);
    const usual = course.usual ?? perDocument;
    course.usual = usual + NEWEST * (perDocument - usual);
    const tried = this.#trial;
    this.#trial = null;
    if (perDocument > usual * this.#limits.slowdown) this.#yieldTo(course, at);
    else if (tried !== null && perSecond < tried * GAIN) this.#takeBack(course, at);
    else this.#goOn(course, perDocument, perSecond, at);
  }

  /** Others need Odoo: fewer calls first, smaller batches where there is but one. */
  #yieldTo(course: Course, at: number): void {
    this.#change('slower', at, () => {
      if (this.#concurrency > 1) this.#concurrency = Math.floor(this.#concurrency / 2);
      else halve(course);
    });
  }

  #takeBack(course: Course, at: number): void {
    course.useless.add(this.#concurrency);
    this.#change('no-gain', at, () => {
      this.#concurrency -= 1;
    });
  }

  #goOn(course: Course, perDocument: number, perSecond: number, at: number): void {
    const fitting = perDocument === 0 ? 1 : this.#limits.batchSeconds / perDocument / course.mostBatch;
    const share = Math.max(course.isNew ? 0 : course.share / 2, Math.min(1, fitting, course.share + STEP));
    course.isNew = false;
    const now = sizeOf(course);
    const next = sizeOf({ ...course, share });
    if (next * NOTEWORTHY < now || next > now * NOTEWORTHY) {
      this.#change(next < now ? 'long-batch' : 'calm', at, () => {
        course.share = share;
      });
    } else if (this.#concurrency < this.#most && !course.useless.has(this.#concurrency + 1)) {
      this.#trial = perSecond;
      this.#change('calm', at, () => {
        this.#concurrency += 1;
      });
    }
  }

  /** What the round has measured is the entity's. */
  #settle(): void {
    const course = this.#courses.at(-1);
    if (course === undefined) return;
    course.documents += this.#round.documents;
    course.odooSeconds += this.#round.seconds;
    this.#round.documents = 0;
    this.#round.seconds = 0;
  }

  #change(reason: PaceReason, at: number, change: () => void): void {
    const from = this.#setting();
    change();
    const to = this.#setting();
    const course = this.#courses.at(-1);
    if (course !== undefined && from.batch !== to.batch) course.usual = null;
    if (from.batch === to.batch && from.concurrency === to.concurrency) return;
    this.#changes.push({ at: new Date(at).toISOString(), entity: course?.entity ?? '', reason, from, to });
    if (this.#changes.length > CHANGES_KEPT) this.#changes.shift();
  }

  #setting(): PaceSetting {
    return { batch: this.batch, concurrency: this.#concurrency };
  }
}

function newRound(at: number): Round {
  return { began: at, batches: 0, documents: 0, seconds: 0, isTroubled: false };
}

function sizeOf({ mostBatch, share }: Pick<Course, 'mostBatch' | 'share'>): number {
  return Math.max(1, Math.ceil(mostBatch * share));
}

function halve(course: Course): void {
  course.share = Math.max(1 / course.mostBatch, course.share / 2);
}
