/** `ir.model.data`: External IDs and the records they name. */
import type { Environment } from './environment.ts';
import { IntegrityError, OdooException } from './errors.ts';
import type { Model } from './model.ts';
import type { Row } from './values.ts';
import { asId, asText, represent } from './values.ts';

export interface Assignment {
  readonly externalId: string;
  readonly model: string;
  readonly id: number;
  readonly noUpdate?: boolean;
}

export interface NamedRecord {
  readonly row: Row;
  readonly model: string;
  readonly id: number;
  readonly noUpdate: boolean;
}

export const externalIdModel = 'ir.model.data';

export class ExternalIds {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  /** The entry, whether or not its record still exists. */
  find(externalId: string): NamedRecord | null {
    for (const id of this.#model.table.find('external_id', externalId)) {
      const row = this.#model.table.get(id);
      if (row) return { row, model: asText(row.model), id: asId(row.res_id) ?? 0, noUpdate: row.noupdate === true };
    }
    return null;
  }

  /** Entries of a record, oldest first. */
  of(model: string, id: number): Row[] {
    return [...this.#model.table.find('record', `${model},${id}`)]
      .sort((left, right) => left - right)
      .map((entry) => this.#model.table.get(entry))
      .filter((row) => row !== undefined);
  }

  /** One statement: the same External ID twice in it is refused, as PostgreSQL does for an upsert. An entry that says so already stays as it is. */
  assign(environment: Environment, assignments: readonly Assignment[]): void {
    const seen = new Map<string, string>();
    for (const { externalId, model, id } of assignments) {
      const record = `${model},${id}`;
      const before = seen.get(externalId);
      if (before !== undefined && before !== record) {
        throw new OdooException(500, 'psycopg2.errors.CardinalityViolation', 'ON CONFLICT DO UPDATE command cannot affect row a second time\n');
      }
      seen.set(externalId, record);
    }
    for (const assignment of assignments) this.assignOne(environment, assignment);
  }

  private assignOne(environment: Environment, { externalId, model, id, noUpdate = false }: Assignment): void {
    const existing = this.find(externalId);
    if (existing) {
      if (existing.model !== model || existing.id !== id) this.#model.table.put({ ...existing.row, model, res_id: id, write_date: environment.now });
      return;
    }
    const dot = externalId.indexOf('.');
    const [module, name] = [externalId.slice(0, dot), externalId.slice(dot + 1)];
    if (name.includes(' ')) throw spaceInName();
    const entry = this.#model.table.newId();
    const trail = { create_uid: environment.userId, create_date: environment.now, write_uid: environment.userId, write_date: environment.now };
    this.#model.table.put({ id: entry, ...trail, module, name, model, res_id: id, noupdate: noUpdate });
  }

  /** Entries of records that were deleted go with them. */
  forget(_environment: Environment, model: string, ids: readonly number[]): void {
    for (const id of ids) for (const row of this.of(model, id)) this.#model.table.remove(row.id);
  }

  remove(entry: number): void {
    this.#model.table.remove(entry);
  }
}

/** The raw words of the database: inside `load` the constraint is not one of the loaded model's. */
function spaceInName(): IntegrityError {
  const raw = 'new row for relation "ir_model_data" violates check constraint "ir_model_data_name_nospaces"\n';
  return new IntegrityError('check', externalIdModel, null, 'External IDs cannot contain spaces', raw);
}

export function externalIdText(row: Row): string {
  return `${asText(row.module)}.${asText(row.name)}`;
}

export function unknownExternalId(externalId: string): OdooException {
  return new OdooException(500, 'builtins.ValueError', `External ID not found in the system: ${externalId}`);
}

export function wrongModel(externalId: string, expected: string, found: string): OdooException {
  return new OdooException(500, 'builtins.ValueError', `Invalid external ID ${externalId}: expected model ${represent(expected)}, found ${represent(found)}`);
}
