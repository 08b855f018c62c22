/** The lock of whoever writes into an Odoo, or to what is known of it: a load and a rollback from beginning to end, reconcile for its layer. */
export function loadLock(odooUuid: string): string {
  return `load into ${odooUuid}`;
}
