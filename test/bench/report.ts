/** Figures for people: a table on the terminal, and BENCHMARKS.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Machine, Measurement } from './measurement.ts';

export interface BenchReport {
  readonly name: string;
  readonly about: string;
  readonly size: number;
  readonly rounds: number;
  readonly machine: Machine;
  readonly measurements: readonly Measurement[];
}

const columns = ['case', 'metric', 'cutover', 'peer', 'ratio', 'budget', ''] as const;

function rowOf(one: Measurement): readonly string[] {
  const figure = (value: number | null) => (value === null ? '' : `${grouped(value)} ${one.unit}`);
  const verdict = one.met === null ? '' : one.met ? 'met' : 'MISSED';
  const against = one.against === null ? figure(one.peer) : `${figure(one.peer)} (${one.against})`;
  return [one.case, one.metric, figure(one.value), against, one.ratio === null ? '' : one.ratio.toFixed(2), one.budget ?? '', verdict];
}

function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 3 : value < 1000 ? 1 : 0 });
}

export function printTable(measurements: readonly Measurement[], machine: Machine): void {
  const rows = [columns.map(String), ...measurements.map((one) => [`${one.bench}: ${one.case}`, ...rowOf(one).slice(1)])];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  console.log(`\n${machineLine(machine)}`);
}

function machineLine(machine: Machine): string {
  return `${machine.cpu}, ${machine.cores} cores, ${machine.memory}, ${machine.system}, Node ${machine.node}, DuckDB ${machine.duckdb}`;
}

const HEAD = `# Benchmarks

Written by \`npm run bench -- NAME --write\`. Each figure is the median of rounds in which cutover and its peer took turns on the same machine.
The peers are in \`test/bench/peers/\`; they share no code with \`src/\` and do the same work to the same classes. Processes are measured whole,
from start to end, unless the case says otherwise; memory is the high-water mark of the process. A ratio is cutover's figure divided by the peer's.
A budget that was missed says so.
`;

/** Replaces the section of the bench, or adds it. */
export function writeBenchmarks(file: string, report: BenchReport): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : HEAD;
  const sections = new Map(
    text
      .split(/^(?=## )/m)
      .slice(1)
      .map((section) => [/^## (\S+)/.exec(section)?.[1] ?? '', section.trimEnd()]),
  );
  sections.set(report.name, sectionOf(report));
  const sorted = [...sections].sort(([left], [right]) => left.localeCompare(right)).map(([, section]) => section);
  writeFileSync(file, `${HEAD}\n${sorted.join('\n\n')}\n`);
}

function sectionOf({ name, about, size, rounds, machine, measurements }: BenchReport): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `## ${name}`,
    '',
    `${about}. Size ${size.toLocaleString('en-US')}, ${rounds} rounds.`,
    '',
    row(columns),
    row(columns.map(() => '---')),
    ...measurements.map((one) => row(rowOf(one))),
    '',
    `${machine.at} UTC, commit ${machine.commit}, ${machineLine(machine)}.`,
  ].join('\n');
}
