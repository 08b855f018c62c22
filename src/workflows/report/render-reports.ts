/** report: the files that people and CI read, made from the two that a reconcile leaves (report.json and breaks.ndjson). */
import { join } from 'node:path';
import type { Break } from '../../domain/difference.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { Ports, ReportRenderer } from '../../domain/ports.ts';
import {
  breaksFile,
  manifestFile,
  REPORT_FORMAT,
  REPORT_VERSION,
  type ReconcileReport,
  type ReportFormat,
  type ReportSource,
  reportFiles,
} from '../../domain/report.ts';

/** Breaks handed out at once. */
const BATCH = 2000;

export interface RenderRequest {
  /** Of the run: report.json and breaks.ndjson are there. */
  readonly directory: string;
  readonly formats: readonly ReportFormat[];
  /** A second place for the reports; null: none. */
  readonly out: string | null;
}

/** Answers the files, in the order of the formats; in `out` when that was asked for. E_USAGE where the run was made by another version of the tool. */
export async function renderReports(request: RenderRequest, ports: Pick<Ports, 'runs' | 'progress'>, renderer: ReportRenderer): Promise<readonly string[]> {
  const { directory, formats, out } = request;
  if (formats.length === 0) return [];
  const source = await reportSource(directory, ports.runs);
  const written: string[] = [];
  for (const format of formats) {
    const step = `report ${format}`;
    ports.progress({ kind: 'step', step });
    for (const place of [directory, ...(out === null ? [] : [out])]) {
      await ports.runs.writeFile(join(place, reportFiles[format]), renderer.render(format, source));
    }
    written.push(join(out ?? directory, reportFiles[format]));
    ports.progress({ kind: 'done', step });
  }
  return written;
}

export async function reportSource(directory: string, runs: Ports['runs']): Promise<ReportSource> {
  const manifest = JSON.parse(await runs.readFile(join(directory, manifestFile))) as ReconcileReport;
  if (manifest.format !== REPORT_FORMAT || manifest.version !== REPORT_VERSION) {
    throw new CutoverError('E_USAGE', 'this run was reported by another version of cutover', { hint: `cutover reconcile ${manifest.capability}` });
  }
  const file = join(directory, breaksFile);
  return {
    manifest,
    async *breaks() {
      let batch: Break[] = [];
      for await (const line of runs.readLines(file)) {
        if (line === '') continue;
        batch.push(JSON.parse(line) as Break);
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },
  };
}
