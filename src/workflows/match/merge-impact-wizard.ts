/** Odoo's own merge of partners, gone through in its own order without doing it (`base/wizard/base_partner_merge.py`, read in 14 and 19):
 *  bank accounts (since 19 or a little before), foreign keys, generic links, values, and the deletion of the records that go. */
import type { Catalog, Pointer } from './merge-impact-catalog.ts';
import { collide, type Findings, followDeletion, type MergeCase, moveForeignKey, pointerName, rowsOf, type WizardRules } from './merge-impact-tables.ts';
import type { KeyedRow, UniqueKey } from './merge-impact-unique.ts';

export const partnerWizard = 'base.partner.merge.automatic.wizard';
const MOST_AT_ONCE = 3;

/** `version` as in 19.0. Versions between those that were read are taken for the nearest, and the caller tells so. */
export function wizardRules(version: string): WizardRules & { readonly isRead: boolean } {
  const major = Number.parseInt(version, 10);
  const moves = ['ir.attachment', 'mail.followers', 'mail.message', 'ir.model.data'];
  if (major < 17) {
    const deletes = new Set(['mail.activity', 'mail.scheduled.message', 'rating.rating']);
    return {
      isForgiving: 'always',
      mergesBankAccounts: false,
      movesGeneric: new Set(moves),
      deletesGeneric: deletes,
      refusesTwoUsers: false,
      seesArchived: false,
      keepsProperties: true,
      isRead: major === 14,
    };
  }
  const deletes = new Set(['mail.scheduled.message', 'rating.rating']);
  const movesGeneric = new Set([...moves, 'mail.activity']);
  return {
    isForgiving: 'where-constrained',
    mergesBankAccounts: true,
    movesGeneric,
    deletesGeneric: deletes,
    refusesTwoUsers: true,
    seesArchived: true,
    keepsProperties: major < 18,
    isRead: major === 19,
  };
}

/** What the wizard looks at before it begins. */
export async function refusals(merge: MergeCase): Promise<{ readonly refuses: string[]; readonly rules: string[] }> {
  const { catalog, sources, survivor, wizard } = merge;
  const { connection } = catalog;
  const ids = [survivor, ...sources];
  const refuses: string[] = [];
  const rules: string[] = [];
  if (ids.length > MOST_AT_ONCE) refuses.push(`it merges no more than ${MOST_AT_ONCE} contacts at once`);
  for (const id of ids) {
    const below = await connection.call<number[]>('res.partner', 'search', { domain: [['id', 'child_of', [id]]], context: { active_test: true } });
    const children = ids.filter((other) => other !== id && below.includes(other));
    if (children.length > 0) refuses.push(`${children.join(', ')} stands below ${id}: a contact is not merged with its parent`);
  }
  const users = await catalog.attempt('users of the contacts (res.users)', () => connection.searchIds('res.users', [['partner_id', 'in', ids]]));
  if (users !== null && users.length > 1) {
    if (wizard?.refusesTwoUsers === true)
      refuses.push(`they have ${users.length} users (${users.join(', ')}), active or not: it merges contacts of one user at most`);
    else rules.push(`they have ${users.length} users (${users.join(', ')}), who would all be the survivor`);
  }
  const records = await connection.read('res.partner', ids, ['email']);
  if (new Set(records.map((record) => record.email || false)).size > 1) rules.push('their e-mail addresses differ: only an administrator may merge them');
  return { refuses, rules };
}

/** Everything the wizard does to rows elsewhere, in its order. */
export async function walkWizard(merge: MergeCase, pointers: readonly Pointer[], findings: Findings): Promise<void> {
  const bank = pointers.find((pointer) => pointer.model === 'res.partner.bank' && pointer.field === 'partner_id');
  const mergesBank = merge.wizard?.mergesBankAccounts === true && bank !== undefined;
  if (mergesBank) await mergeBankAccounts(merge, bank, findings);
  for (const pointer of pointers) {
    if (pointer.kind !== 'many2one' || (mergesBank && pointer === bank) || pointer.model === 'mail.followers') continue;
    await moveForeignKey(merge, pointer, findings);
  }
  await moveFollowers(merge, findings, true);
  for (const pointer of pointers) if (pointer.kind === 'generic') await moveGeneric(merge, pointer, findings);
  if (merge.wizard?.keepsProperties === true) await loseProperties(merge, findings);
  await barcodeOfBoth(merge, findings);
}

interface Account {
  readonly id: number;
  readonly partner: number;
  readonly number: string;
  readonly isActive: boolean;
}

/** An account whose number the survivor has is archived, its links go to the survivor's; every other one is handed over. What is left at the
 *  records that go, the archived accounts, meets the unique constraint afterwards: one that is in the way, and all of them are deleted. */
async function mergeBankAccounts(merge: MergeCase, pointer: Pointer, findings: Findings): Promise<void> {
  const { catalog, sources, survivor } = merge;
  const rows = await rowsOf(
    catalog,
    'res.partner.bank',
    [['partner_id', 'in', [survivor, ...sources]]],
    ['partner_id', 'sanitized_acc_number', 'active', 'sequence'],
  );
  findings.outcomes.set(pointerName(pointer), rows === null ? 'not-checked' : 'moved');
  if (rows === null) return;
  const inOrder = [...rows].sort((left, right) => Number(left.sequence) - Number(right.sequence) || left.id - right.id);
  const accounts: Account[] = inOrder.map((row) => ({
    id: row.id,
    partner: Number(row.partner_id),
    number: String(row.sanitized_acc_number),
    isActive: row.active === true,
  }));
  const standing = new Map(accounts.filter((one) => one.partner === survivor && one.isActive).map((one) => [one.number, one.id]));
  const archived = new Set(accounts.filter((one) => one.partner === survivor && !one.isActive).map((one) => one.number));
  const twins: [number, number][] = [];
  for (const { id, number } of sources.flatMap((source) => accounts.filter((one) => one.partner === source && one.isActive))) {
    const twin = standing.get(number);
    if (twin !== undefined) twins.push([id, twin]);
    else if (archived.has(number))
      findings.fails.push(`res.partner.bank ${id}: the survivor has an archived account of the same number, and Odoo's merge does not look for it`);
    else standing.set(number, id);
  }
  for (const [twin, kept] of twins) await mergeTwin({ ...merge, model: 'res.partner.bank', sources: [twin], survivor: kept }, findings);
  const left = accounts.filter((one) => sources.includes(one.partner) && (!one.isActive || twins.some(([id]) => id === one.id)));
  const stays = accounts.filter((one) => one.partner === survivor || (one.isActive && !left.includes(one)));
  const key: UniqueKey = {
    name: 'res_partner_bank_unique_number',
    kind: 'constraint',
    columns: ['sanitized_acc_number', 'partner_id'],
    notNull: [],
    isTrue: [],
  };
  const after: KeyedRow[] = [...left, ...stays].map(({ id, number }) => ({ id, sanitized_acc_number: number, partner_id: survivor }));
  const broken = left.length === 0 ? [] : collide(findings, pointer, [key], after);
  if (broken.length === 0) return;
  findings.outcomes.set(pointerName(pointer), 'lost');
  const why = `the survivor has an account of the same number as one of them; Odoo's merge then deletes all accounts that are still at the records that go, archived ones too`;
  const ids = left.map((one) => one.id).sort((one, other) => one - other);
  findings.lost.push({ model: 'res.partner.bank', field: 'partner_id', ids, how: 'deleted', why });
  const ofTheirOwn = left.filter((one) => !twins.some(([id]) => id === one.id)).map((one) => one.id);
  await followDeletion(catalog, 'res.partner.bank', ofTheirOwn, findings);
}

/** The links of an account go to the one that stays, like those of a partner. */
async function mergeTwin(merge: MergeCase, findings: Findings): Promise<void> {
  const pointers = await merge.catalog.pointersTo(merge.model);
  const apart: Findings = { ...findings, outcomes: new Map() };
  for (const pointer of pointers) if (pointer.kind === 'many2one') await moveForeignKey(merge, pointer, apart);
  await moveFollowers(merge, apart, false);
}

type Follower = { readonly id: number; readonly res_model: string; readonly res_id: number; readonly partner_id: number };

/** Followers point twice: what a partner follows, and who follows the record. `follows`: the records can follow (they are partners). */
async function moveFollowers(merge: MergeCase, findings: Findings, follows: boolean): Promise<void> {
  const { catalog, model, sources, survivor } = merge;
  if ((await catalog.pointersTo(model)).every((pointer) => pointer.model !== 'mail.followers')) return;
  const ids = [survivor, ...sources];
  const ofRecords = ['&', ['res_model', '=', model], ['res_id', 'in', ids]];
  const rows = await rowsOf(catalog, 'mail.followers', follows ? ['|', ['partner_id', 'in', ids], ...ofRecords] : ofRecords, [
    'res_model',
    'res_id',
    'partner_id',
  ]);
  const [byPartner, byRecord] = ['mail.followers.partner_id', 'mail.followers.res_id'];
  for (const name of follows ? [byPartner, byRecord] : [byRecord]) findings.outcomes.set(name, rows === null ? 'not-checked' : 'moved');
  if (rows === null) return;
  let followers: Follower[] = rows.map((row) => ({
    id: row.id,
    res_model: String(row.res_model),
    res_id: Number(row.res_id),
    partner_id: Number(row.partner_id),
  }));
  const key: UniqueKey = {
    name: 'mail_followers_res_partner_res_model_id_uniq',
    kind: 'constraint',
    columns: ['res_model', 'res_id', 'partner_id'],
    notNull: [],
    isTrue: [],
  };
  const lose = (field: string, going: readonly Follower[], why: string): void => {
    findings.outcomes.set(`mail.followers.${field}`, 'lost');
    findings.lost.push({ model: 'mail.followers', field, ids: going.map((one) => one.id), how: 'deleted', why });
    followers = followers.filter((one) => !going.includes(one));
  };
  if (follows) {
    const going = followers.filter((one) => sources.includes(one.partner_id));
    const moved = followers.filter((one) => ids.includes(one.partner_id)).map((one) => ({ ...one, partner_id: survivor }));
    const broken = going.length === 0 ? [] : collide(findings, { model: 'mail.followers', field: 'partner_id' }, [key], moved);
    if (broken.length > 0) lose('partner_id', going, "two of them follow one record; Odoo's merge then deletes everything that the records that go follow");
    else followers = followers.map((one) => (going.includes(one) ? { ...one, partner_id: survivor } : one));
  }
  for (const source of sources) {
    const going = followers.filter((one) => one.res_model === model && one.res_id === source);
    const there = followers.filter((one) => one.res_model === model && one.res_id === survivor);
    const moved = going.map((one) => ({ ...one, res_id: survivor }));
    const broken = going.length === 0 ? [] : collide(findings, { model: 'mail.followers', field: 'res_id' }, [key], [...there, ...moved]);
    if (broken.length > 0) lose('res_id', going, `somebody follows ${source} and the survivor; Odoo's merge then drops all who follow ${source}`);
    else followers = [...followers.filter((one) => !going.includes(one)), ...moved];
  }
}

/** Links by model name and id. Files that a field of the record holds (pictures) are not looked at by the merge and go with it. */
async function moveGeneric(merge: MergeCase, pointer: Pointer, findings: Findings): Promise<void> {
  const { catalog, model, sources, wizard } = merge;
  const name = pointerName(pointer);
  if (wizard === null || pointer.model === 'mail.followers') return;
  const links = [
    [pointer.modelField, '=', model],
    [pointer.field, 'in', sources],
  ];
  if (wizard.movesGeneric.has(pointer.model)) {
    findings.outcomes.set(name, 'moved');
    if (pointer.model !== 'ir.attachment') return;
    const held = await filesOfFields(catalog, links);
    const why = "pictures and files kept in the records' own fields; the survivor takes over those it has none of";
    if (held.length > 0) findings.lost.push({ model: pointer.model, field: pointer.field, ids: held, how: 'deleted', why });
    return;
  }
  const ids = await catalog.attempt(name, () => catalog.connection.searchIds(pointer.model, links));
  findings.outcomes.set(name, ids === null ? 'not-checked' : ids.length === 0 ? 'moved' : 'lost');
  if (ids === null || ids.length === 0) return;
  const goes = wizard.deletesGeneric.has(pointer.model);
  const why = goes ? "Odoo's merge does not move them, and they are deleted with their record" : "Odoo's merge does not move them";
  findings.lost.push({ model: pointer.model, field: pointer.field, ids, how: goes ? 'deleted' : 'left-pointing-to-nothing', why });
}

async function filesOfFields(catalog: Catalog, links: readonly unknown[]): Promise<readonly number[]> {
  const found = await catalog.attempt('files kept in fields (ir.attachment)', () =>
    catalog.connection.searchIds('ir.attachment', [...links, ['res_field', '!=', false]]),
  );
  return found ?? [];
}

/** Until 17 the values that stand per company were records of their own, which the merge does not move. */
async function loseProperties({ catalog, model, sources }: MergeCase, findings: Findings): Promise<void> {
  const names = sources.map((id) => `${model},${id}`);
  const find = (field: string, domain: readonly unknown[]) =>
    catalog.attempt(`values per company (ir.property.${field})`, () => catalog.connection.searchIds('ir.property', [[field, 'in', names], ...domain]));
  const own = (await find('res_id', [])) ?? [];
  const why = "values per company: Odoo's merge moves them only where the user's company has them, and the others are deleted with their record";
  if (own.length > 0) findings.lost.push({ model: 'ir.property', field: 'res_id', ids: own, how: 'deleted', why });
  const pointing = (await find('value_reference', [['res_id', '!=', false]])) ?? [];
  const left = 'values per company of other records';
  if (pointing.length > 0) findings.lost.push({ model: 'ir.property', field: 'value_reference', ids: pointing, how: 'left-pointing-to-nothing', why: left });
  const defaults = (await find('value_reference', [['res_id', '=', false]])) ?? [];
  if (defaults.length > 0) findings.fails.push(`ir.property ${defaults.join(', ')}: a record that goes is the default of a field`);
}

/** The survivor is given the barcode while the record that goes still has it, and the rule that a barcode is used once refuses that. */
async function barcodeOfBoth({ catalog, sources, survivor, wizard }: MergeCase, findings: Findings): Promise<void> {
  if (wizard === null || !(await catalog.connection.fields('res.partner')).has('barcode')) return;
  const records = await catalog.connection.read('res.partner', [survivor, ...sources], ['barcode', 'active']);
  const own = records.find((record) => record.id === survivor);
  const giving = records.filter((record) => record.id !== survivor && record.barcode && record.active === true);
  if (own?.barcode || own?.active !== true || giving.length === 0) return;
  findings.fails.push(
    `${giving.map((record) => record.id).join(', ')} has a barcode and the survivor has none: for a moment both would have it, which Odoo refuses`,
  );
}
