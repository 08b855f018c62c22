/** Renders one report of made-up breaks in a process of its own. */
import { createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { reportRenderer } from '../../src/adapters/report/renderer.ts';
import { reportSource } from '../../src/adapters/report/report-source.fixture.ts';
import type { ReportFormat } from '../../src/domain/report.ts';

export interface RenderRequest {
  readonly format: ReportFormat;
  readonly breaks: number;
  readonly file: string;
}

const { format, breaks, file } = JSON.parse(process.argv[2] ?? '{}') as RenderRequest;
await pipeline(reportRenderer().render(format, reportSource(breaks)), createWriteStream(file));
console.log(JSON.stringify({ bytes: statSync(file).size }));
