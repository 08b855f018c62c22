import type { HelperInstallResult, HelperProposal, HelperRemoveResult, HelperState } from '../../domain/odoo-helper-results.ts';
import type { Style } from '../style.ts';
import { pairs } from '../table.ts';

export function renderProposal({ action, name, group, may, text, isEdited }: HelperProposal, style: Style): string {
  const { paint } = style;
  const title = action === 'install' ? 'This server action would be made in Odoo:' : 'This would change of the server action in Odoo (- there now, + then):';
  const edited = isEdited ? `\n${paint.yellow('! What is there now is no text that cutover made: somebody edited it.')}` : '';
  const facts = pairs(
    [
      ['name', name],
      ['run by', `users of the group ${group}`],
    ],
    style,
  );
  const list = may.map((sentence) => `  - ${sentence}`).join('\n');
  return `${paint.bold(title)}${edited}\n\n${text}\n\n${facts}\n\n${paint.bold('What it may do')}\n${list}\n`;
}

const texts: Readonly<Record<HelperState['text'], string>> = {
  none: '',
  'as-shipped': 'as this cutover ships it',
  'other-version': 'of another version of cutover: not used',
  edited: 'edited by somebody: not used',
};

export function renderHelperState(state: HelperState, style: Style): string {
  const { paint } = style;
  if (!state.installed) {
    return `${paint.bold('The helper is not installed')}, or this user may not run it  ${paint.dim(`Odoo ${state.odoo}`)}\n${guards(state)}`;
  }
  const facts: (readonly [string, string])[] = [
    ['text', texts[state.text]],
    ['this user', state.isRunnable ? 'may run it' : 'may not run it'],
    ...(state.groups.length === 0 ? [] : [['run by', state.groups.join(', ')] as const]),
  ];
  const version = state.version === null ? '' : ` ${state.version}`;
  return `${paint.bold(`The helper${version} is installed`)}  ${paint.dim(`Odoo ${state.odoo}`)}\n${pairs(facts, style)}\n${guards(state)}`;
}

/** What it means for a load. */
export function guards({ text, isRunnable }: Pick<HelperState, 'text' | 'isRunnable'>): string {
  return text === 'as-shipped' && isRunnable
    ? 'Guards are atomic: a record that a user changes at the last moment is a conflict, never overwritten.'
    : 'Guards leave a window of one round trip: what a user changes between the look and the write of the same batch is overwritten.';
}

export function renderHelperInstalled(result: HelperInstallResult, style: Style): string {
  const done = { installed: 'Installed.', replaced: 'Replaced.', nothing: 'Nothing to do: it is there already.' }[result.action];
  return `${done}\n${renderHelperState(result, style)}`;
}

export function renderHelperRemoved({ removed }: HelperRemoveResult, style: Style): string {
  if (removed.length === 0) return 'There is no helper in this Odoo.';
  return `${style.paint.bold('Removed')}  ${removed.join(', ')}\n${guards({ text: 'none', isRunnable: false })}`;
}
