/** What comparisons look at besides the values of two records: their words and codes, each with what it tells. */
import type { DataPlane } from '../../domain/ports.ts';
import { SLICE_RECORDS } from './blocking-sql.ts';
import { isWordy } from './comparisons.ts';
import type { MatchField } from './field-kind.ts';
import { codeListsSql, tokensSql, vectorsSql, wordWeightsSql } from './records-sql.ts';

const wordyOf = (fields: readonly MatchField[]): number[] => fields.flatMap((field, index) => (isWordy(field.kind) ? [index] : []));

/** `match_tokens` of all records, and what each word weighs among them: `match_words`, which stays for later looks at some records. */
export async function makeWords(plane: DataPlane, fields: readonly MatchField[]): Promise<void> {
  const wordy = wordyOf(fields);
  if (wordy.length === 0) return;
  await plane.run(tokensSql(wordy, 'match_records'));
  await plane.run(wordWeightsSql(wordy));
}

/** `match_vectors` and `match_codes` of all records, after `makeWords`. */
export async function makeAllSides(plane: DataPlane, fields: readonly MatchField[], records: number): Promise<void> {
  const slices = Array.from({ length: Math.ceil(records / SLICE_RECORDS) }, (_, index) => index * SLICE_RECORDS);
  await makeVectors(
    plane,
    fields,
    'match_records',
    slices.map((from) => `rid >= ${from} AND rid < ${from + SLICE_RECORDS}`),
  );
}

/** The same of the records of some pairs only (tables with l and r), in a run that is over. */
export async function makeSides(plane: DataPlane, fields: readonly MatchField[], pairs: readonly string[]): Promise<void> {
  const wanted = pairs.map((table) => `SELECT l AS rid FROM ${table} UNION SELECT r FROM ${table}`).join(' UNION ');
  await plane.run(`CREATE OR REPLACE TABLE match_wanted AS FROM match_records SEMI JOIN (${wanted}) USING (rid)`);
  const wordy = wordyOf(fields);
  if (wordy.length > 0) await plane.run(tokensSql(wordy, 'match_wanted'));
  await makeVectors(plane, fields, 'match_wanted', ['true']);
}

async function makeVectors(plane: DataPlane, fields: readonly MatchField[], records: string, slices: readonly string[]): Promise<void> {
  const wordy = wordyOf(fields);
  if (wordy.length > 0) {
    for (const statement of vectorsSql(wordy, slices)) await plane.run(statement);
    await plane.run('DROP TABLE match_tokens');
  }
  if (fields.some((field) => field.kind === 'text')) await plane.run(codeListsSql(records));
}
