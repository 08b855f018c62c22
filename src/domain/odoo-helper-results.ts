/** What the commands about the helper in Odoo answer. */

export interface HelperState {
  /** Version of the Odoo. */
  readonly odoo: string;
  readonly installed: boolean;
  /** Of the helper, as its name says; null: another name. */
  readonly version: number | null;
  readonly text: 'none' | 'as-shipped' | 'other-version' | 'edited';
  /** This user may run it. */
  readonly isRunnable: boolean;
  /** External IDs of the groups that may, as far as this user may see that. */
  readonly groups: readonly string[];
}

export interface HelperProposal {
  readonly action: 'install' | 'replace' | 'nothing';
  readonly name: string;
  readonly group: string;
  /** What it may do, one sentence each. */
  readonly may: readonly string[];
  /** The whole text, or what changes of it, line by line. */
  readonly text: string;
  /** The text in Odoo is none that cutover made. */
  readonly isEdited: boolean;
}

export interface HelperInstallResult extends HelperState {
  readonly action: 'installed' | 'replaced' | 'nothing';
}

export interface HelperRemoveResult {
  /** Server actions that were deleted. */
  readonly removed: readonly string[];
}
