/** What a bench says, and how its figures come about: rounds of product and peer in turns, medians of both. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Measurement {
  readonly bench: string;
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** The same figure of the peer, in the same run on the same machine. */
  readonly peer: number | null;
  /** value / peer. */
  readonly ratio: number | null;
  /** Who the peer is. */
  readonly against: string | null;
  /** As the design has it, e.g. `ratio <= 3`. */
  readonly budget: string | null;
  readonly met: boolean | null;
}

export interface Bench {
  /** What is measured and on which data, for the reader of BENCHMARKS.md. */
  readonly about: string;
  /** Rows or records, unless --size says otherwise. */
  readonly size: number;
  run(setting: BenchSetting): Promise<readonly Measurement[]>;
}

export interface BenchSetting {
  readonly name: string;
  readonly size: number;
  readonly rounds: number;
  /** A directory of its own, removed afterwards. */
  readonly directory: string;
  log(text: string): void;
}

type Budget = { readonly of: 'ratio' | 'value'; readonly atMost?: number; readonly atLeast?: number };

export function measurement(
  bench: string,
  facts: { readonly case: string; readonly metric: string; readonly unit: string; readonly value: number; readonly peer?: number; readonly against?: string },
  budget?: Budget,
): Measurement {
  const ratio = facts.peer === undefined ? null : facts.value / facts.peer;
  const judged = budget === undefined ? null : budget.of === 'ratio' ? ratio : facts.value;
  const met = judged === null || budget === undefined ? null : judged <= (budget.atMost ?? Infinity) && judged >= (budget.atLeast ?? -Infinity);
  const limit = budget?.atMost === undefined ? `>= ${budget?.atLeast}` : `<= ${budget.atMost}`;
  return {
    bench,
    case: facts.case,
    metric: facts.metric,
    value: rounded(facts.value),
    unit: facts.unit,
    peer: facts.peer === undefined ? null : rounded(facts.peer),
    ratio: ratio === null ? null : rounded(ratio),
    against: facts.against ?? null,
    budget: budget === undefined ? null : `${budget.of} ${limit}`,
    met,
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** A B A B …: what else the machine does hits both alike. */
export async function interleaved<Left, Right>(
  rounds: number,
  left: () => Promise<Left>,
  right: () => Promise<Right>,
): Promise<{ left: Left[]; right: Right[] }> {
  const results: { left: Left[]; right: Right[] } = { left: [], right: [] };
  for (let round = 0; round < rounds; round += 1) {
    results.left.push(await left());
    results.right.push(await right());
  }
  return results;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
  readonly system: string;
  readonly node: string;
  readonly duckdb: string;
  readonly commit: string;
  readonly at: string;
}

export function machine(root: string): Machine {
  const version = (name: string) => (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: `${process.platform} ${release()}`,
    node: process.versions.node,
    duckdb: version('@duckdb/node-api'),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    at: new Date().toISOString().slice(0, 16),
  };
}
