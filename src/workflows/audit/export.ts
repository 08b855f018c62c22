/** audit export: the journal of a run as NDJSON, with its chain, to be kept or handed on; whoever has the file can verify it without this tool. */

import type { AuditExportResult } from '../../domain/audit-results.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { JournalEntry, JournalPayload } from '../../domain/journal.ts';
import { CHAIN, type ChainedEntry, entryDigest, payloadDigest, sealOf } from '../../domain/journal-chain.ts';
import type { PlanManifest } from '../../domain/plan.ts';
import type { Ports } from '../../domain/ports.ts';
import { MASK } from '../load/odoo-words.ts';
import { maskedPayload } from './mask-payload.ts';

export interface ExportRequest {
  readonly run: string;
  readonly file: string;
  /** Values of fields marked `pii` as they are; otherwise they are left out, and a digest stands for the payload that held them. */
  readonly clear: boolean;
}

export const EXPORT_FORMAT = 'cutover-journal';

/** E_RUN_UNKNOWN; E_USAGE where values cannot be left out, since the chain of an earlier version would not be verifiable. */
export async function exportJournal(request: ExportRequest, ports: Ports): Promise<AuditExportResult> {
  const state = await ports.state();
  const heads = await state.journalHeads(request.run);
  const seal = sealOf(heads);
  if (heads.length === 0) throw new CutoverError('E_RUN_UNKNOWN', `run ${request.run} has no journal`, { hint: 'cutover audit verify' });
  const step = 'Exporting the journal';
  ports.progress({ kind: 'step', step, total: seal.entries });
  let entries = 0;
  let masked = 0;
  async function* lines(): AsyncIterable<string> {
    yield `${JSON.stringify({ format: EXPORT_FORMAT, version: 1, run: request.run, ...seal, heads })}\n`;
    let manifest: PlanManifest | null = null;
    for await (const page of state.chainOf(request.run)) {
      ports.signal.throwIfAborted();
      let text = '';
      for (const chained of page) {
        manifest = chained.entry.payload.plan ?? manifest;
        const line = request.clear ? inClear(chained) : withoutContents(chained, manifest);
        if (!('payload' in line)) masked += 1;
        text += `${JSON.stringify(line)}\n`;
      }
      entries += page.length;
      ports.progress({ kind: 'advance', step, by: page.length });
      yield text;
    }
  }
  await ports.runs.writeFile(request.file, lines());
  ports.progress({ kind: 'done', step });
  return { file: request.file, runId: request.run, entries, masked, seal: seal.hash };
}

type Header = Omit<JournalEntry, 'payload'>;
/** One line. `payload`, or what may be shown of it with the digest that stands for the whole; `digest` stands for the whole entry. */
interface ExportLine {
  readonly entry: Header;
  readonly payload?: JournalPayload;
  readonly shown?: JournalPayload;
  readonly payloadDigest?: string;
  readonly digest?: string;
  readonly hash: string;
  /** Version of the formula, where it is not the one of today. */
  readonly chain?: number;
}

function inClear({ entry, chain, hash }: ChainedEntry): ExportLine {
  const { payload, ...header } = entry;
  return { entry: header, payload, hash, ...(chain === CHAIN ? {} : { chain }) };
}

function withoutContents(chained: ChainedEntry, manifest: PlanManifest | null): ExportLine {
  const { entry, chain, hash } = chained;
  const shown = maskedPayload(entry, manifest);
  const isKeyMasked = manifest?.entities[entry.entity ?? '']?.keyIsPii === true;
  if (shown === null && !isKeyMasked) return inClear(chained);
  if (chain !== CHAIN) {
    throw new CutoverError('E_USAGE', `run ${entry.runId} was journalled by an earlier version: without the values in it its chain cannot be verified`, {
      hint: `cutover audit export ${entry.runId} --clear --out FILE`,
    });
  }
  const { payload, ...header } = entry;
  const digests = { payloadDigest: payloadDigest(entry), ...(isKeyMasked ? { digest: entryDigest(entry) } : {}) };
  return { entry: isKeyMasked ? { ...header, key: MASK, externalId: MASK } : header, shown: shown ?? payload, ...digests, hash };
}
