/** The log of a run, for the person who has to find out: one JSON object a line, readable by its owner only, secrets blotted out. */
import { join } from 'node:path';
import { pino } from 'pino';
import type { ProgressEvent } from '../domain/ports.ts';

export interface RunLog {
  readonly file: string;
  progress(event: ProgressEvent): void;
  note(text: string, facts?: Readonly<Record<string, string | number | null>>): void;
  failure(error: unknown): void;
}

/** `secrets` is asked at every line, since a secret may be resolved after the log was opened. */
export function openRunLog(directory: string, secrets: () => Iterable<string>): RunLog {
  const file = join(directory, 'log.ndjson');
  const log = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => blotted(line, secrets()) },
    },
    pino.destination({ dest: file, sync: true, mode: 0o600 }),
  );
  return {
    file,
    progress(event) {
      if (event.kind === 'warning') log.warn(event.text);
      else if (event.kind === 'note') log.info(event.text);
      else if (event.kind === 'step') log.info({ step: event.step, total: event.total }, 'begin');
      else if (event.kind === 'done') log.info({ step: event.step, note: event.note }, 'done');
    },
    note: (text, facts = {}) => log.info(facts, text),
    failure: (error) => log.error({ err: error instanceof Error ? error : new Error(String(error)) }, 'failed'),
  };
}

/** Every known secret replaced, also in the form it takes inside JSON and URLs. */
export function blotted(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])) clean = clean.replaceAll(form, '***');
  }
  return clean;
}
