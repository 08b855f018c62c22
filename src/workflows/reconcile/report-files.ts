/** The files that every report is made from: breaks.ndjson, one break a line, and report.json, which says what they are. Values of `pii` fields are tokens in
 *  both unless they were asked for in clear; same comparison, same bytes. */
import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { keyIsPii } from '../../domain/canonical.ts';
import { csvLine } from '../../domain/csv.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { breaksFile, manifestFile, type Pattern, REPORT_FORMAT, REPORT_VERSION, type ReconcileReport } from '../../domain/report.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { SidesRequest } from '../sides/sides.ts';
import type { Comparison } from './comparison.ts';
import type { JudgedComparison } from './judge.ts';
import { breakColumns, maskedBreaksSql } from './mask-sql.ts';
import { stagePiiKey } from './value-tokens.ts';

/** Resolved breaks that are listed in the manifest. */
const MOST_RESOLVED = 200;

export interface ReportParts {
  readonly request: SidesRequest & { readonly clear: boolean };
  readonly judged: JudgedComparison;
  readonly found: Pick<
    ReconcileReport,
    'verdict' | 'entities' | 'controls' | 'roundings' | 'coverage' | 'explained' | 'allocations' | 'sinceAgreed' | 'checks' | 'rules' | 'trend'
  > & {
    readonly patterns: readonly Pattern[];
  };
  readonly directory: string;
}

/** Answers the files: report.json, breaks.ndjson, links-to-decide.csv. */
export async function writeReportFiles(parts: ReportParts, ports: Ports, plane: DataPlane): Promise<readonly string[]> {
  const { request, judged, directory } = parts;
  const files = [manifestFile, breaksFile, 'links-to-decide.csv'].map((name) => join(directory, name)) as [string, string, string];
  await stagePiiKey(plane, await ports.piiKey());
  const written = { lines: 0, hash: createHash('sha256') };
  await ports.runs.writeFile(files[1], breakLines(judged, plane, { clear: request.clear, written }));
  const report = reportOf(parts, written.lines, written.hash.digest('hex'));
  await ports.runs.writeFile(files[0], `${JSON.stringify(report, null, 1)}\n`);
  await ports.runs.writeFile(files[2], linksToDecide(judged, plane));
  return files;
}

interface Written {
  lines: number;
  readonly hash: Hash;
}

const names = breakColumns.map((column) => column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));

/** The rows of a query with `breakColumns` as lines of JSON, made where the rows are. */
function linesSql(rows: string): string {
  const fields = names.map((name, index) => `${identifier(name)} := ${identifier(breakColumns[index] as string)}`);
  return `SELECT CAST(to_json(struct_pack(${fields.join(', ')})) AS VARCHAR) AS line FROM (${rows})`;
}

/** Entities in load order, records in order of system and key. */
async function* breakLines(judged: Comparison, plane: DataPlane, how: { readonly clear: boolean; readonly written: Written }): AsyncIterable<string> {
  const { clear, written } = how;
  for (const { breaks } of judged.entities) {
    for await (const rows of plane.stream<{ line: string }>(linesSql(maskedBreaksSql(breaks, { clear })))) {
      const text = rows.map(({ line }) => `${line}\n`).join('');
      written.lines += rows.length;
      written.hash.update(text);
      yield text;
    }
  }
}

function reportOf({ request, judged, found }: ReportParts, breaks: number, sha256: string): ReconcileReport {
  const { workspace, capability, clear } = request;
  const { world, life, resolved, alarm, waivers } = judged;
  const { uuid, database, version, url } = world;
  return {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    workspace: workspace.file.name ?? null,
    capability: capability.name,
    phase: capability.file.phase,
    asOf: judged.asOf,
    verdict: found.verdict,
    odoo: { uuid, database, version, url },
    odooSystem: workspace.file.odoo,
    snapshots: judged.snapshots,
    entities: found.entities,
    controls: found.controls,
    roundings: found.roundings,
    coverage: found.coverage,
    explained: found.explained,
    allocations: found.allocations,
    sinceAgreed: found.sinceAgreed,
    checks: found.checks,
    rules: found.rules,
    life,
    resolved: { total: resolved.total, first: resolved.first.slice(0, MOST_RESOLVED) },
    alarm,
    trend: found.trend,
    patterns: found.patterns,
    waivers,
    clear,
    breaks,
    sha256,
  };
}

/** The rows of decisions/links.csv that a steward has to decide, one per candidate. Entities whose key is `pii` are left out: the file goes into git. */
async function* linksToDecide(comparison: Comparison, plane: DataPlane): AsyncIterable<string> {
  yield csvLine(['entity', 'system', 'key', 'odoo', 'decision', 'by', 'at', 'reason']);
  for (const { entity, candidates, definition } of comparison.entities) {
    if (keyIsPii(definition.contract)) continue;
    const sql = `SELECT _system, _key, coalesce(_external_id, CAST(_odoo_id AS VARCHAR)) AS odoo, _link_by FROM read_parquet(${literal(candidates)}) ORDER BY _system, _key, _odoo_id`;
    for await (const rows of plane.stream<{ _system: string; _key: string; odoo: string; _link_by: string }>(sql)) {
      yield rows.map((row) => csvLine([entity, row._system, row._key, row.odoo, '', '', '', `same ${row._link_by.replaceAll('+', ', ')}`])).join('');
    }
  }
}
