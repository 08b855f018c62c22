/** What the two wire protocols have in common: one call of one method. */
export interface OdooCall {
  readonly model: string;
  readonly method: string;
  /** The records, for a method of records; absent for a method of the model. */
  readonly ids?: readonly number[];
  readonly context: Readonly<Record<string, unknown>>;
  /** By name, as the newest Odoo names them. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The method changes nothing. */
  readonly reads: boolean;
}

export interface OdooProtocol {
  readonly name: 'json-2' | 'json-rpc';
  /** OdooError; nothing is retried here. */
  execute(call: OdooCall): Promise<unknown>;
  /** The user the calls are made as. OdooError `authentication` when the key or password is refused. */
  userId(): Promise<number>;
}

/** Methods that change nothing whatever they are given. `export_data` is not one of them: it makes External IDs. */
const readingMethods = new Set([
  'search',
  'search_read',
  'search_count',
  'search_fetch',
  'read',
  'read_group',
  'formatted_read_group',
  'web_read',
  'web_search_read',
  'fields_get',
  'default_get',
  'name_search',
  'name_get',
  'get_bindings',
  'get_external_id',
  'get_metadata',
  'check_object_reference',
  'check_access_rights',
  'has_access',
  'has_group',
  'exists',
  'get_param',
  'context_get',
]);

export function isReading(method: string): boolean {
  return readingMethods.has(method);
}
