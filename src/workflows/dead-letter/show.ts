/** dead-letter show: one record that Odoo refused, with what was sent, what Odoo said, and the mapping line of every field. */

import type { DeadLetterResult } from '../../domain/dead-letter-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { deadLettersOf } from '../load/dead-letters.ts';
import { isPii, MASK, shownWords } from '../load/odoo-words.ts';
import { type Case, casesOf, mappingPlace, shownKey } from './cases.ts';
import { letterNamed } from './name.ts';

export interface ShowRequest {
  readonly workspace: Workspace;
  /** Id or key. */
  readonly name: string;
  /** Contents of fields marked `pii` as they are. */
  readonly clear: boolean;
}

/** E_DEAD_LETTER_UNKNOWN, E_USAGE. */
export async function showDeadLetter({ workspace, name, clear }: ShowRequest, ports: Ports): Promise<DeadLetterResult> {
  const { id } = letterNamed(await deadLettersOf(await ports.state()), name);
  const [found] = await casesOf(workspace, ports, (letter) => letter.id === id);
  if (found === undefined) throw new Error(`the dead letter ${id} was there a moment ago`);
  return describeCase(found, workspace, clear);
}

export function describeCase({ letter, attempt, cause, mapping, values, line }: Case, workspace: Workspace, clear: boolean): DeadLetterResult {
  const { manifest, id, entity, system, externalId, status, ended } = letter;
  const planned = manifest.entities[entity];
  const isKeyHidden = !clear && planned?.keyIsPii === true;
  const fieldsOf = (of: string, from: string, sent: Readonly<Record<string, unknown>>): DeadLetterResult['fields'] =>
    Object.entries(sent).map(([odooField, value]) => {
      const field = manifest.entities[of]?.fields[odooField]?.field ?? null;
      const masked = !clear && value !== null && isPii(odooField, manifest.entities[of]);
      return {
        field,
        odooField,
        value: masked ? MASK : value,
        masked,
        mapping: mappingPlace(workspace, manifest.capability, from, { entity: of, field, odooField }),
      };
    });
  return {
    ...{ id, status, capability: manifest.capability, direction: manifest.kind, database: manifest.odoo.database, entity, system },
    ...{ key: clear ? letter.key : shownKey(letter), externalId: isKeyHidden ? MASK : externalId, model: planned?.model ?? '', odooId: attempt.odooId },
    cause: { ...cause, words: clear ? attempt.refusal.message : cause.words, mapping },
    attempts: letter.attempts.map(({ runId, at, step, refusal }) => ({
      ...{ runId, at, step },
      words: clear ? refusal.message : shownWords(refusal.message, manifest.entities[cause.entity], line?.values ?? values),
    })),
    ended,
    fields: fieldsOf(entity, system, values),
    line:
      line === null
        ? null
        : {
            ...{ entity: line.entity, system: line.system },
            key: !clear && manifest.entities[line.entity]?.keyIsPii === true ? MASK : line.key,
            fields: fieldsOf(line.entity, line.system, line.values),
          },
    isMappingOfThen: workspace.capabilities.get(manifest.capability)?.hash === manifest.mappingHash,
  };
}
