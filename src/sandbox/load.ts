/** `load`: upsert by External ID, all rows or none, with Odoo's messages. */
import { constraintWords } from './constraint-words.ts';
import type { Environment } from './environment.ts';
import { attributeError, IntegrityError, isRefusal, OdooException, validationError } from './errors.ts';
import { type CellMessage, type Conversion, convertRecord } from './load-cells.ts';
import { extractRecords, type FieldPath, fieldPath, type RowSpan } from './load-rows.ts';
import type { MethodCall, Model } from './model.ts';
import { refuseHidden } from './record-rules.ts';
import { asText, isList, isTruthy, type Json, type JsonObject, pythonType, type Values } from './values.ts';
import { createRecords, writeRecords } from './writing.ts';

interface LoadRow {
  readonly externalId: string | null;
  readonly values: Values;
  readonly position: { readonly rows: RowSpan; readonly record: number };
}

type Message = { [name: string]: Json };

export function load({ environment: asked, model, arguments: { fields, data } }: MethodCall): Json {
  const module = asText(asked.context.module as string) || '__import__';
  const environment = asked.withContext({ _import_current_module: module });
  const log = environment.database.log;
  const paths = (isList(fields) ? fields : []).map((field) => fieldPath(String(field)));
  const savepoint = log.savepoint();
  const run = new LoadRun(environment, model, paths, savepoint);
  const matrix = (isList(data) ? data : []).map((row) => (isList(row) ? row : []));
  const extracted = extractRecords(environment, model, paths, matrix);
  for (const [index, { record, rows }] of extracted.entries()) {
    const position = { rows, record: index };
    const externalId = cellText(record.get('id') as Json);
    const id = databaseId(run, record.get('.id') as Json, position);
    const values = convertRecord(run.conversionAt(position), model, record);
    if (id !== null && externalId === null) values.id = id;
    run.add({ externalId: externalId === null || externalId.includes('.') ? externalId : `${module}.${externalId}`, values, position });
  }
  run.flushAll();
  const failed = run.messages.some((message) => message.type === 'error');
  if (failed) log.rollback(savepoint);
  return { ids: failed ? false : run.ids, messages: run.messages, nextrow: 0 };
}

function cellText(cell: Json | undefined): string | null {
  if (!isTruthy(cell)) return null;
  if (typeof cell !== 'string') throw attributeError(`argument of type '${pythonType(cell)}' is not iterable`);
  return cell;
}

function databaseId(run: LoadRun, cell: Json | undefined, position: LoadRow['position']): number | null {
  if (!isTruthy(cell)) return null;
  const id = Number(cell);
  if (run.environment.searchIds(run.model.name, [['id', '=', Number.isNaN(id) ? 0 : id]]).length > 0) return id;
  run.messages.push({ ...positionJson(position), type: 'error', field: '.id', message: `Unknown database identifier '${String(cell)}'` });
  return null;
}

function positionJson({ rows, record }: LoadRow['position']): JsonObject {
  return { rows: { from: rows.from, to: rows.to }, record };
}

/** One call of `load`: rows gather in a batch that is saved when a later row may need it, and at the end. */
class LoadRun {
  readonly environment: Environment;
  readonly model: Model;
  readonly messages: Message[] = [];
  readonly ids: number[] = [];
  readonly #savepoint: number;
  readonly #creatable: ReadonlySet<string>;
  #batch: LoadRow[] = [];
  #batchIds = new Set<string>();

  constructor(environment: Environment, model: Model, paths: readonly FieldPath[], savepoint: number) {
    this.environment = environment;
    this.model = model;
    this.#savepoint = savepoint;
    this.#creatable = new Set([model.name, ...paths.flatMap((path) => childModels(environment, model, path))]);
  }

  conversionAt(position: LoadRow['position']): Conversion {
    return {
      environment: this.environment,
      flush: ({ externalId, model }) => {
        if (externalId !== undefined && !this.#batchIds.has(externalId)) return;
        if (model !== undefined && !this.#creatable.has(model)) return;
        this.flushAll();
      },
      log: (message) => this.messages.push(this.#cellMessage(position, message)),
    };
  }

  #cellMessage(position: LoadRow['position'], { type, field, error }: CellMessage): Message {
    const label = this.model.fields.get(field)?.string ?? field;
    const details = Object.keys(error.details).length > 0 || error.message.includes('does not seem') ? { ...error.details, field_name: label } : {};
    const { rows, record } = positionJson(position);
    return { rows: rows ?? null, type, record: record ?? null, field, message: error.message.replaceAll('%(field)s', label), ...details };
  }

  add(row: LoadRow): void {
    if (row.externalId !== null) this.#batchIds.add(row.externalId);
    this.#batch.push(row);
  }

  flushAll(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchIds = new Set();
    const log = this.environment.database.log;
    let refusal: Message | null = null;
    try {
      this.ids.push(...log.attempt(() => saveRows(this.environment, this.model, batch)));
      return;
    } catch (error) {
      if (error instanceof OdooException && isRefusal(error))
        refusal = { ...positionJson(batch[0]?.position ?? { rows: { from: 0, to: 0 }, record: 0 }), type: 'error', message: error.message };
      else if (!(error instanceof IntegrityError || error instanceof OdooException)) throw error;
    }
    const errors = this.#saveOneByOne(batch);
    if (errors > 0 && refusal && !this.messages.some((message) => JSON.stringify(message) === JSON.stringify(refusal))) this.messages.unshift(refusal);
  }

  /** Row by row, to say which one it was. A failed row takes back all before it, so that later rows may fail for want of earlier ones. */
  #saveOneByOne(batch: readonly LoadRow[]): number {
    let errors = 0;
    for (const [index, row] of batch.entries()) {
      try {
        this.ids.push(...saveRows(this.environment, this.model, [row]));
      } catch (error) {
        if (!(error instanceof IntegrityError || error instanceof OdooException)) throw error;
        this.environment.database.log.rollback(this.#savepoint);
        this.messages.push({ ...positionJson(row.position), ...this.#words(error) });
        errors += 1;
      }
      if (errors >= 10 && errors >= (index + 1) / 10) {
        this.messages.push({
          type: 'warning',
          message: 'Found more than 10 errors and more than one error per 10 records, interrupted to avoid showing too many errors.',
        });
        break;
      }
    }
    return errors;
  }

  #words(error: IntegrityError | OdooException): Message {
    if (error instanceof IntegrityError) {
      const message = constraintWords(this.environment.database, error, this.model.name);
      const column = error.model === this.model.name && error.column !== null ? { field: error.column } : {};
      return { type: 'error', message, ...column };
    }
    if (isRefusal(error) || error.exception.startsWith('psycopg2.')) return { type: 'error', message: error.message };
    const name = error.exception.replace('builtins.', '');
    return { type: 'error', message: `Unknown error during import: <class '${name}'>: ${error.message}`, moreinfo: 'Resolve other errors first' };
  }
}

function childModels(environment: Environment, model: Model, path: FieldPath): string[] {
  const field = model.fields.get(path[0] ?? '');
  if (field?.type !== 'one2many' || !field.relation) return [];
  return [field.relation, ...childModels(environment, environment.model(field.relation), path.slice(1))];
}

/** `_load_records`: rows with a known External ID are written, the others created; then the External IDs are set in one statement. */
function saveRows(environment: Environment, model: Model, rows: readonly LoadRow[]): number[] {
  const update = environment.context.mode === 'update';
  const noUpdate = isTruthy(environment.context.noupdate);
  const known = new Map(rows.map((row) => [row, row.externalId === null ? null : environment.database.externalIds.find(row.externalId)]));
  const ids = new Map<LoadRow, number>();
  const named: LoadRow[] = [];
  const toWrite: LoadRow[] = [];
  const toCreate: LoadRow[] = [];
  for (const row of rows) {
    const entry = known.get(row);
    if (row.externalId === null && typeof row.values.id === 'number') {
      ids.set(row, row.values.id);
      toWrite.push(row);
    } else if (row.externalId === null && update) throw validationError('Cannot update a record without specifying its id or xml_id');
    else if (!entry) toCreate.push(row);
    else if (entry.model !== model.name) {
      throw validationError(
        `For external id ${row.externalId} when trying to create/update a record of model ${model.name} found record of different model ${entry.model} (${entry.row.id})`,
      );
    } else if (model.table.has(entry.id)) {
      ids.set(row, entry.id);
      named.push(row);
      if (!(update && entry.noUpdate)) toWrite.push(row);
    } else {
      environment.database.externalIds.remove(entry.row.id);
      toCreate.push(row);
    }
  }
  refuseHidden(
    environment,
    model,
    toWrite.map((row) => ids.get(row) ?? 0),
  );
  for (const row of toWrite) writeRecords(environment, model, [ids.get(row) ?? 0], row.values);
  const created = createRecords(
    environment,
    model,
    toCreate.map((row) => row.values),
  );
  const parents = model.behaviour.inherits;
  const parentIds = [];
  for (const [index, row] of toCreate.entries()) {
    const id = created[index] ?? 0;
    ids.set(row, id);
    if (row.externalId === null) continue;
    named.push(row);
    const parent = parents && !isTruthy(row.values[parents.field]) ? model.table.get(id)?.[parents.field] : undefined;
    if (parents && typeof parent === 'number')
      parentIds.push({ externalId: `${row.externalId}_${parents.model.replaceAll('.', '_')}`, model: parents.model, id: parent, noUpdate });
  }
  environment.database.externalIds.assign(environment, [
    ...parentIds,
    ...named.map((row) => ({ externalId: row.externalId ?? '', model: model.name, id: ids.get(row) ?? 0, noUpdate })),
  ]);
  return rows.map((row) => ids.get(row) ?? 0);
}
