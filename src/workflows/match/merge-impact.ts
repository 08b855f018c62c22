/** What a merge of records in Odoo would do, before anyone merges: what points to them, which rows could not stand side by side, and what Odoo's
 *  own merge would delete. Only reads. The tool itself never merges. */

import { CutoverError } from '../../domain/errors.ts';
import type { MergeImpact, PointingRows } from '../../domain/merge-impact.ts';
import { type OdooConnection, OdooError } from '../../domain/ports.ts';
import { Catalog, type Pointer } from './merge-impact-catalog.ts';
import { doubledRelations, type Findings, type MergeCase, moveForeignKey, pointerName, relationsOf } from './merge-impact-tables.ts';
import { partnerWizard, refusals, walkWizard, wizardRules } from './merge-impact-wizard.ts';

export interface MergeImpactRequest {
  readonly model: string;
  readonly ids: readonly number[];
  /** The oldest active one by default, as in Odoo. */
  readonly survivor?: number;
}

/** E_USAGE when fewer than two of the records exist, or the survivor is none of them. */
export async function mergeImpact(request: MergeImpactRequest, connection: OdooConnection): Promise<MergeImpact> {
  const { model } = request;
  const asked = [...new Set(request.ids)];
  const catalog = new Catalog(connection);
  const records = await recordsOf(connection, model, asked);
  const existing = records.map((record) => record.id);
  if (existing.length < 2)
    throw new CutoverError('E_USAGE', `${existing.length} of ${asked.length} records of ${model} exist; a merge takes two`, {
      hint: 'cutover match impact --help',
    });
  const { version } = await connection.identity();
  const rules = model === 'res.partner' && (await hasModel(connection, partnerWizard)) ? wizardRules(version) : null;
  const unseen = rules?.seesArchived === false ? records.filter((record) => !record.active).map((record) => record.id) : [];
  const seen = records.filter((record) => !unseen.includes(record.id));
  const survivor = survivorOf(
    seen.length > 0 ? seen : records,
    request.survivor !== undefined && unseen.includes(request.survivor) ? undefined : request.survivor,
  );
  const sources = seen.map((record) => record.id).filter((id) => id !== survivor.id);
  const merge: MergeCase = { catalog, model, sources, survivor: survivor.id, wizard: rules };
  if (rules !== null && !rules.isRead) catalog.notChecked.add(`how the merge of Odoo ${version} differs from those of 14 and 19, whose rules are used here`);

  const pointers = await catalog.pointersTo(model);
  const findings: Findings = { collisions: [], lost: [], fails: [], outcomes: new Map() };
  if (rules !== null) await walkWizard(merge, pointers, findings);
  else for (const pointer of pointers) if (pointer.kind === 'many2one') await moveForeignKey(merge, pointer, findings);
  const before = rules === null ? { refuses: [], rules: [] } : await refusals(merge);
  const pointing = await pointingRows(merge, pointers, findings, new Map(existing.map((id) => [id, id])));
  const template = await templateRows(merge);
  tellTheHidden(catalog, rules !== null);
  return {
    model,
    records,
    missing: asked.filter((id) => !existing.includes(id)),
    survivor,
    goes: sources,
    merge: {
      wizard: rules === null ? null : partnerWizard,
      refuses: [...before.refuses, ...(sources.length === 0 ? ['fewer than two of them are active'] : [])],
      fails: findings.fails,
    },
    pointing: [...pointing, ...template],
    collisions: findings.collisions,
    lost: findings.lost,
    givingWay: await givingWay(merge),
    rules: [
      ...(unseen.length > 0 ? [`Odoo's merge does not see the archived ones: ${unseen.join(', ')} would stay as they are`] : []),
      ...before.rules,
      ...rulesOf(model, rules !== null),
    ],
    isComplete: catalog.isComplete,
    notChecked: [...catalog.notChecked].sort(),
  };
}

/** In the order in which Odoo lists them, which is the order its merge takes them in. */
async function recordsOf(connection: OdooConnection, model: string, ids: readonly number[]): Promise<MergeImpact['records']> {
  const fields = await connection.fields(model);
  const listed = await connection.call<number[]>(model, 'search', { domain: [['id', 'in', ids]], context: { active_test: false } });
  const read = await connection.read(model, listed, ['create_date', ...(fields.has('active') ? ['active'] : [])]);
  const externalIds = await connection.allExternalIds(model, listed);
  return read.map((record) => ({
    id: record.id,
    active: record.active !== false,
    createdAt: typeof record.create_date === 'string' ? record.create_date : null,
    externalIds: externalIds.get(record.id) ?? [],
  }));
}

function survivorOf(records: MergeImpact['records'], wanted: number | undefined): MergeImpact['survivor'] {
  if (wanted !== undefined) {
    if (!records.some((record) => record.id === wanted))
      throw new CutoverError('E_USAGE', `the survivor ${wanted} is none of the records`, { hint: 'cutover match impact --help' });
    return { id: wanted, chosenBy: 'request', tiedWith: [] };
  }
  const rank = ({ active, createdAt }: MergeImpact['records'][number]): string => `${active ? 0 : 1} ${createdAt ?? ''}`;
  const [first, ...others] = records.toSorted((left, right) => (rank(left) < rank(right) ? -1 : rank(left) > rank(right) ? 1 : left.id - right.id));
  if (first === undefined) throw new Error('there are no records');
  return { id: first.id, chosenBy: 'odoo', tiedWith: others.filter((record) => rank(record) === rank(first)).map((record) => record.id) };
}

async function hasModel(connection: OdooConnection, model: string): Promise<boolean> {
  try {
    await connection.fields(model);
    return true;
  } catch (error) {
    if (error instanceof OdooError && error.failure === 'missing-model') return false;
    throw error;
  }
}

/** `standsFor`: record pointed to → record it belongs to. */
async function pointingRows(
  merge: MergeCase,
  pointers: readonly Pointer[],
  findings: Findings,
  standsFor: ReadonlyMap<number, number>,
): Promise<PointingRows[]> {
  const ids = [...standsFor.keys()];
  const counted = await Promise.all(
    pointers.map(async (pointer): Promise<PointingRows | null> => {
      const counts = await merge.catalog.attempt(pointerName(pointer), () => countRows(merge, pointer, ids));
      const rows = [...(counts ?? [])].map(([id, count]) => ({ id: standsFor.get(id) ?? id, count }));
      if (rows.length === 0) return null;
      const outcome = merge.wizard === null ? null : (findings.outcomes.get(pointerName(pointer)) ?? 'moved');
      const doubled = pointer.kind === 'many2many' && rows.length > 1 ? await doubledRelations(merge, pointer) : 0;
      return { model: pointer.model, field: pointer.field, kind: pointer.kind, to: merge.model, rows, outcome, doubled };
    }),
  );
  return counted.filter((one) => one !== null);
}

async function countRows(merge: MergeCase, pointer: Pointer, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const { connection } = merge.catalog;
  const count = (domain: readonly unknown[]): Promise<number> => connection.call<number>(pointer.model, 'search_count', { domain });
  const counts = new Map<number, number>();
  const all = pointer.isOwn ? null : await count(domainOf(merge.model, pointer, ids));
  if (all === 0) return counts;
  for (const id of ids) {
    const own = pointer.isOwn ? (await relationsOf(connection, merge.model, pointer, id)).length : await count(domainOf(merge.model, pointer, [id]));
    if (own > 0) counts.set(id, own);
  }
  return counts;
}

function domainOf(model: string, { kind, field, modelField }: Pointer, ids: readonly number[]): readonly unknown[] {
  if (kind === 'reference') return [[field, 'in', ids.map((id) => `${model},${id}`)]];
  const points = [field, 'in', ids];
  return kind === 'generic' ? [[modelField, '=', model], points] : [points];
}

/** What points to a product's template points to the product too, as long as it is the template's only one. */
async function templateRows(merge: MergeCase): Promise<PointingRows[]> {
  const { catalog, model, sources, survivor } = merge;
  if (model !== 'product.product') return [];
  const products = await catalog.connection.read(model, [survivor, ...sources], ['product_tmpl_id']);
  const standsFor = new Map(products.map((product) => [Number(product.product_tmpl_id), product.id]));
  const of: MergeCase = { ...merge, model: 'product.template' };
  const pointers = (await catalog.pointersTo('product.template')).filter((pointer) => pointer.model !== 'product.product');
  return pointingRows(of, pointers, { collisions: [], lost: [], fails: [], outcomes: new Map() }, standsFor);
}

const bookkeeping = new Set(['id', 'create_uid', 'create_date', 'write_uid', 'write_date', 'parent_path', 'display_name', 'complete_name', 'product_tmpl_id']);
/** Added up by the merge. */
const summed = new Set(['customer_rank', 'supplier_rank']);

const notValues = new Set(['one2many', 'many2many', 'binary', 'image', 'serialized', 'json', 'properties', 'properties_definition']);

/** Stored fields that nothing computes: there the survivor's value stays. */
async function givingWay({ catalog, model, sources, survivor }: MergeCase): Promise<MergeImpact['givingWay']> {
  const { connection } = catalog;
  const known = await connection.fields(model);
  const computed = await connection.call<Readonly<Record<string, { readonly depends?: readonly unknown[] }>>>(model, 'fields_get', { attributes: ['depends'] });
  const isOwn = (name: string): boolean => !bookkeeping.has(name) && !summed.has(name) && (computed[name]?.depends ?? []).length === 0;
  const fields = [...known.values()]
    .filter(({ name, store, type }) => store && !notValues.has(type) && isOwn(name))
    .map(({ name }) => name)
    .sort();
  const [own, ...others] = await connection.read(model, [survivor, ...sources], fields.length > 0 ? fields : ['id']);
  const differs = (name: string, record: Readonly<Record<string, unknown>>): boolean =>
    Boolean(record[name]) && Boolean(own?.[name]) && record[name] !== own?.[name];
  return others.map((record) => ({ id: record.id, fields: fields.filter((name) => differs(name, record)) })).filter((record) => record.fields.length > 0);
}

function rulesOf(model: string, hasWizard: boolean): string[] {
  if (model === 'product.product' || model === 'product.template') {
    return [
      'Odoo Community has no merge for products: what points to them would have to be moved by hand, or the one given up archived',
      'a barcode is used once per company, among products and their packagings, archived ones too (checked in Python): only one can keep or take it',
    ];
  }
  return hasWizard ? [] : [`Odoo has no merge for ${model}`];
}

function tellTheHidden(catalog: Catalog, hasWizard: boolean): void {
  catalog.notChecked.add('rows that this user is not shown: by record rules, or of other companies');
  catalog.notChecked.add('unique indexes that a module makes in SQL of its own: Odoo does not list them');
  if (hasWizard) catalog.notChecked.add('rules that modules check in Python when the survivor takes over values and links');
}
