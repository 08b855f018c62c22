/** What a model looks like, and which database and company this is. */
import { createHash } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import { OdooError, type OdooFieldMetadata } from '../../domain/ports.ts';
import { type Caller, expectIds } from './caller.ts';

const attributes = ['type', 'required', 'readonly', 'store', 'relation', 'selection', 'digits', 'company_dependent'];

interface RawField {
  readonly type: string;
  readonly required?: boolean;
  readonly readonly?: boolean;
  readonly store?: boolean;
  readonly relation?: string;
  readonly selection?: readonly (readonly [string, string])[];
  readonly digits?: readonly [number, number] | false;
  readonly company_dependent?: boolean;
}

export async function fieldsOf(call: Caller, model: string): Promise<ReadonlyMap<string, OdooFieldMetadata>> {
  const answer = (await call(model, 'fields_get', { attributes })) as Readonly<Record<string, RawField>>;
  return new Map(Object.entries(answer).map(([name, raw]) => [name, fieldOf(name, raw)]));
}

function fieldOf(name: string, raw: RawField): OdooFieldMetadata {
  return {
    name,
    type: raw.type,
    required: raw.required ?? false,
    readonly: raw.readonly ?? false,
    store: raw.store ?? true,
    relation: raw.relation ?? null,
    selection: Array.isArray(raw.selection) ? raw.selection.map(([value]) => value) : null,
    digits: Array.isArray(raw.digits) ? [raw.digits[0], raw.digits[1]] : null,
    companyDependent: raw.company_dependent ?? false,
  };
}

/** `database.uuid`, which only an administrator may read. For anyone else: a hash of where the database is, what it is called and when it was made
 *  (the first country's creation, which everyone may read). Unique, since no two databases share address and name, and a database made anew under the
 *  same name has another moment; stable as long as the workspace spells the URL the same. It cannot tell a database from its own restored backup, and it
 *  differs from what an administrator sees: links made as one user are not found as the other, so one workspace should keep to one kind of user. */
export async function databaseUuid(call: Caller, url: string, database: string): Promise<string> {
  try {
    const uuid = await call('ir.config_parameter', 'get_param', { key: 'database.uuid' });
    if (typeof uuid === 'string' && uuid) return uuid;
  } catch (error) {
    if (!(error instanceof OdooError && error.failure === 'access')) throw error;
  }
  const ids = expectIds(await call('res.country', 'search', { domain: [], order: 'id', limit: 1 }), 'res.country.search');
  const rows = (await call('res.country', 'read', { ids, fields: ['create_date'], load: null })) as readonly { readonly create_date: unknown }[];
  const hash = createHash('sha256')
    .update(JSON.stringify([url, database, rows[0]?.create_date]))
    .digest('hex');
  return `derived-${hash.slice(0, 32)}`;
}

/** The company to work in, by name, or the user's own. E_ODOO_METADATA with the names there are. */
export async function companyOf(call: Caller, userId: number, name: string | undefined): Promise<number> {
  const [user] = (await call('res.users', 'read', { ids: [userId], fields: ['company_id', 'company_ids'], load: null })) as readonly {
    readonly company_id: number;
    readonly company_ids: readonly number[];
  }[];
  if (!user) throw new OdooError('access', `user ${userId} may not read its own record`);
  if (name === undefined) return user.company_id;
  const companies = (await call('res.company', 'read', {
    ids: user.company_ids,
    fields: ['name'],
    load: null,
    context: { allowed_company_ids: user.company_ids },
  })) as readonly { readonly id: number; readonly name: string }[];
  const found = companies.filter((company) => company.name === name);
  if (found.length === 1) return found[0]!.id;
  const problem = found.length > 1 ? `two companies of this Odoo are called '${name}'` : `this Odoo has no company '${name}' that its user may work in`;
  throw new CutoverError('E_ODOO_METADATA', problem, {
    hint: 'set `company` of the Odoo system in cutover.yaml to one of them, then: cutover doctor',
    details: companies.map((company) => company.name).sort(),
  });
}
