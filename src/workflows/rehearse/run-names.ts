/** A rehearsal's load and rollback are runs of their own, named after it: they are known from the first moment, also to whoever looks after a crash. */

const LOAD = '-load';
const BACK = '-back';

export function loadRunOf(rehearsal: string): string {
  return `${rehearsal}${LOAD}`;
}

export function backRunOf(rehearsal: string): string {
  return `${rehearsal}${BACK}`;
}

/** The rehearsal a run belongs to, or null. */
export function rehearsalOf(runId: string): string | null {
  const [, rehearsal = null] = /^(\d{8}T\d{6}-rehearse-[0-9a-f]+)-(?:load|back)$/.exec(runId) ?? [];
  return rehearsal;
}
