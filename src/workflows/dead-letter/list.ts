/** dead-letter list: what Odoo refused and nobody has settled, by reason. */

import type { DeadLetterListResult } from '../../domain/dead-letter-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { deadLettersOf, lastAttempt } from '../load/dead-letters.ts';
import { type Case, casesOf, shownKey } from './cases.ts';

export interface ListRequest {
  readonly workspace: Workspace;
  readonly entity: string | null;
  /** Those that are settled or discarded as well. */
  readonly all: boolean;
}

const NAMED = 20;
const ENDED = 200;

export async function listDeadLetters({ workspace, entity, all }: ListRequest, ports: Ports): Promise<DeadLetterListResult> {
  const letters = (await deadLettersOf(await ports.state())).filter((letter) => entity === null || letter.entity === entity);
  const count = (status: string): number => letters.filter((letter) => letter.status === status).length;
  const open = await casesOf(workspace, ports, (letter) => letter.status === 'open' && (entity === null || letter.entity === entity));
  const groups = [...Map.groupBy(open, groupName).values()].map(groupOf).sort((left, right) => right.count - left.count);
  const ended = letters.filter(({ status }) => status !== 'open').toReversed();
  return {
    ...{ open: count('open'), settled: count('settled'), discarded: count('discarded'), groups },
    ended: !all
      ? []
      : ended.slice(0, ENDED).map((letter) => ({
          ...{ id: letter.id, entity: letter.entity, system: letter.system, key: shownKey(letter), status: letter.status as 'settled' | 'discarded' },
          ...{ at: letter.ended?.at ?? '', runId: letter.ended?.runId ?? '', by: letter.ended?.by ?? null, reason: letter.ended?.reason ?? null },
        })),
  };
}

function groupName({ letter, cause }: Case): string {
  const { manifest } = letter;
  return JSON.stringify([manifest.odoo.uuid, manifest.capability, manifest.kind, cause.entity, cause.field, cause.rule, cause.reason]);
}

function groupOf(cases: readonly Case[]): DeadLetterListResult['groups'][number] {
  const { letter, cause } = cases[0] as Case;
  const { capability, kind, odoo } = letter.manifest;
  return {
    ...{ capability, direction: kind, database: odoo.database, entity: cause.entity, field: cause.field, odooField: cause.odooField, rule: cause.rule },
    ...{ reason: cause.reason, count: cases.length },
    mapping: [...new Set(cases.flatMap(({ mapping }) => (mapping === null ? [] : [mapping])))].sort(),
    runs: [...new Set(cases.map((one) => lastAttempt(one.letter).runId))].sort(),
    letters: cases.slice(0, NAMED).map((one) => ({ id: one.letter.id, system: one.letter.system, key: shownKey(one.letter) })),
  };
}
