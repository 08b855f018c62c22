/** Merging partners, as Odoo's wizard does it (`base/wizard/base_partner_merge.py`): accounts, foreign keys below the models, External IDs, values,
 *  and then the records that go are deleted. Foreign keys are moved in SQL there, so that the rows' write_date stays as it was. */
import { deleteRow, unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { IntegrityError, OdooException, userError, validationError } from '../errors.ts';
import { partnerComputed } from '../metadata/served.ts';
import type { Behaviour, Field, Model } from '../model.ts';
import { asId, asIds, asNumber, asText, isTruthy, type Json, type Row, type Value } from '../values.ts';
import { patchRow, writeRecords } from '../writing.ts';

const wizardModel = 'base.partner.merge.automatic.wizard';
const mostAtOnce = 3;

export const partnerMerge: Behaviour = {
  methods: {
    action_merge: {
      parameters: [],
      call: ({ environment, model, ids }) => {
        const [id = 0] = ids;
        const wizard = model.table.get(id);
        const partners = environment.withContext({ active_test: false }).visible(environment.model('res.partner'), asIds(wizard?.partner_ids ?? []));
        if (partners.length > 0) merge(environment, partners, asId(wizard?.dst_partner_id));
        patchRow(environment, model, id, { state: 'finished' });
        return { type: 'ir.actions.act_window', res_model: wizardModel, res_id: id, view_mode: 'form', target: 'new' };
      },
    },
  },
};

function merge(environment: Environment, partners: readonly number[], wanted: number | null): void {
  if (partners.length < 2) return;
  refuse(environment, partners);
  const isWanted = wanted !== null && partners.includes(wanted);
  const inOrder = isWanted ? [] : newestFirst(environment, partners);
  const survivor = isWanted ? wanted : (inOrder.at(-1) ?? 0);
  const sources = isWanted ? partners.filter((id) => id !== survivor) : inOrder.slice(0, -1);
  mergeAccounts(environment, sources, survivor);
  moveForeignKeys(environment, environment.model('res.partner'), sources, survivor);
  moveExternalIds(environment, 'res.partner', sources, survivor);
  takeOverValues(environment, sources, survivor);
  unlinkRecords(environment, environment.model('res.partner'), sources);
}

function refuse(environment: Environment, partners: readonly number[]): void {
  if (partners.length > mostAtOnce) {
    throw userError('For safety reasons, you cannot merge more than 3 contacts together. You can re-open the wizard several times if needed.');
  }
  const below = partners.flatMap((id) => environment.searchIds('res.partner', [['id', 'child_of', [id]]]).filter((child) => child !== id));
  if (below.some((id) => partners.includes(id))) throw userError('You cannot merge a contact with one of his parent.');
  const users = partners.flatMap((id) => [...environment.model('res.users').table.find('partner_id', id)]);
  if (users.length > 1) throw userError('You cannot merge contacts linked to more than one user even if only one is active.');
}

/** Archived ones before active ones; the last one is to stay. */
function newestFirst(environment: Environment, partners: readonly number[]): number[] {
  const rank = (id: number): string => {
    const row = environment.row('res.partner', id);
    return `${row?.active === true ? 0 : 1} ${asText(row?.create_date)}`;
  };
  return [...partners].sort((left, right) => (rank(left) > rank(right) ? -1 : rank(left) < rank(right) ? 1 : 0));
}

/** An account whose number the survivor has is archived, and what is linked to it goes to the survivor's; the others change hands. */
function mergeAccounts(environment: Environment, sources: readonly number[], survivor: number): void {
  const model = environment.model('res.partner.bank');
  const activeOf = (partner: number): Row[] => {
    const ids = environment.withContext({ active_test: true }).visible(model, [...model.table.find('partner_id', partner)]);
    return ids.map((id) => model.table.get(id)).filter((row) => row !== undefined);
  };
  for (const account of sources.flatMap(activeOf)) {
    const twin = activeOf(survivor).find((own) => own.sanitized_acc_number === account.sanitized_acc_number);
    if (twin === undefined) {
      writeRecords(environment, model, [account.id], { partner_id: survivor });
      continue;
    }
    moveForeignKeys(environment, model, [account.id], twin.id);
    moveExternalIds(environment, model.name, [account.id], twin.id);
    unlinkRecords(environment, model, [account.id]);
  }
}

/** Where a unique key of the table is in the way, the rows of the records that go are deleted instead, all of them. */
function moveForeignKeys(environment: Environment, target: Model, sources: readonly number[], survivor: number): void {
  for (const { model, field } of target.referrers) {
    if (model.name === wizardModel) continue;
    const rows = sources.flatMap((id) => [...model.table.find(field.name, id)]);
    if (field.type === 'many2many') for (const id of rows) moveRelation(model, field, id, sources, survivor);
    else {
      try {
        environment.database.log.attempt(() => {
          for (const id of rows) putMoved(model, id, { [field.name]: survivor });
        });
      } catch (error) {
        if (!(error instanceof IntegrityError)) throw error;
        for (const id of rows) deleteRow(environment, model, id);
      }
    }
  }
  joinRelations(environment, target, sources, survivor);
}

function putMoved(model: Model, id: number, changes: { readonly [name: string]: Value }): void {
  const row = model.table.get(id);
  if (row) model.table.put({ ...row, ...changes });
}

function moveRelation(model: Model, field: Field, id: number, sources: readonly number[], survivor: number): void {
  const linked = asIds(model.table.get(id)?.[field.name] ?? []);
  putMoved(model, id, { [field.name]: [...new Set(linked.map((one) => (sources.includes(one) ? survivor : one)))] });
}

/** The many2manys of the records themselves: the survivor has all of them together. */
function joinRelations(environment: Environment, target: Model, sources: readonly number[], survivor: number): void {
  for (const field of target.fields.values()) {
    if (field.type !== 'many2many' || !field.store) continue;
    const all = [survivor, ...sources].flatMap((id) => asIds(environment.row(target.name, id)?.[field.name] ?? []));
    if (all.length > 0) putMoved(target, survivor, { [field.name]: [...new Set(all)] });
  }
}

function moveExternalIds(environment: Environment, model: string, sources: readonly number[], survivor: number): void {
  const table = environment.model('ir.model.data');
  for (const row of sources.flatMap((id) => environment.database.externalIds.of(model, id))) patchRow(environment, table, row.id, { res_id: survivor });
}

/** Added up instead of kept. */
const summed: ReadonlySet<string> = new Set(['customer_rank', 'supplier_rank']);

/** The survivor's own values stay; where it has none, it takes that of the record merged last. */
function takeOverValues(environment: Environment, sources: readonly number[], survivor: number): void {
  const model = environment.model('res.partner');
  const values: { [name: string]: Json } = {};
  for (const field of model.fields.values()) {
    if (!isTakenOver(field)) continue;
    // what stands per company is filled in by ascending id, before the rest
    const order = field.company_dependent ? sources.toSorted((left, right) => left - right) : sources;
    for (const id of [...order, survivor]) {
      const value = model.table.get(id)?.[field.name];
      if (value === undefined || !isTruthy(value as Json)) continue;
      const sofar = values[field.name];
      values[field.name] = summed.has(field.name) && isTruthy(sofar) ? asNumber(sofar as Value) + asNumber(value) : (value as Json);
    }
  }
  const { parent_id: parent, ...others } = values;
  refuseSharedBarcode(environment, values.barcode, survivor);
  writeRecords(environment, model, [survivor], others);
  if (typeof parent === 'number' && parent !== survivor) writeParent(environment, model, survivor, parent);
}

function isTakenOver(field: Field): boolean {
  const isKept = ['id', 'create_uid', 'create_date', 'write_uid', 'write_date', 'display_name'].includes(field.name);
  return !isKept && field.store && !field.related && field.type !== 'one2many' && field.type !== 'many2many' && !partnerComputed.has(field.name);
}

/** The record that goes still has it when the survivor is given it. */
function refuseSharedBarcode(environment: Environment, barcode: Json | undefined, survivor: number): void {
  if (typeof barcode !== 'string' || barcode === '') return;
  const holders = environment.withContext({ active_test: true }).searchIds('res.partner', [['barcode', '=', barcode]]);
  const isActive = environment.row('res.partner', survivor)?.active === true;
  if (new Set([...holders, ...(isActive ? [survivor] : [])]).size > 1) throw validationError('Another partner already has this barcode');
}

/** A hierarchy that would form a ring is left out, and nothing is said. */
function writeParent(environment: Environment, model: Model, survivor: number, parent: number): void {
  try {
    environment.database.log.attempt(() => writeRecords(environment, model, [survivor], { parent_id: parent }));
  } catch (error) {
    if (!(error instanceof OdooException && error.exception === 'odoo.exceptions.ValidationError')) throw error;
  }
}
