/** A dead letter as it is named on the command line. */
import { CutoverError } from '../../domain/errors.ts';
import { type DeadLetter, lastAttempt } from '../load/dead-letters.ts';
import { shownKey } from './cases.ts';

/** So many are listed when a name fits none, or several. */
const SHOWN = 5;

/** By id, KEY, SYSTEM/KEY or ENTITY/SYSTEM/KEY. E_DEAD_LETTER_UNKNOWN when there is none, E_USAGE when it is not told which. */
export function letterNamed(letters: readonly DeadLetter[], name: string): DeadLetter {
  const found = letters.filter((letter) => namesOf(letter).includes(name));
  // Of several with one key an open one is meant, where only one is.
  const open = found.filter(({ status }) => status === 'open');
  const [only] = found.length === 1 ? found : open.length === 1 ? open : [];
  if (only !== undefined) return only;
  if (found.length > 1) {
    throw new CutoverError('E_USAGE', `${found.length} dead letters have the key ${name}; name one by its id`, {
      details: found.slice(0, SHOWN).map(described),
      hint: `cutover dead-letter show ${found[0]?.id}`,
    });
  }
  throw new CutoverError('E_DEAD_LETTER_UNKNOWN', `there is no dead letter ${name}`, {
    details: letters
      .filter(({ status }) => status === 'open')
      .slice(0, SHOWN)
      .map(described),
    hint: 'cutover dead-letter list',
  });
}

function namesOf({ id, entity, system, key }: DeadLetter): readonly string[] {
  return [id, key, `${system}/${key}`, `${entity}/${system}/${key}`];
}

function described(letter: DeadLetter): string {
  return `${letter.id}  ${letter.entity} ${letter.system}/${shownKey(letter)}, ${letter.status}, refused ${lastAttempt(letter).at}`;
}
