/** Every field of every record a load can touch, as it is at one moment: read in pages, kept in files, compared by SQL. */
import type { DataPlane, OdooRecord, Ports } from '../../domain/ports.ts';
import { OdooError } from '../../domain/ports.ts';
import type { RehearsalProof } from '../../domain/rehearsal-results.ts';
import { copyToParquetSql, identifier, literal } from '../../domain/sql.ts';
import { wireValue } from '../plan/wire-value.ts';
import type { Counted, CountedModel } from './counted-models.ts';

type Moment = 'before' | 'after';

const SHOWN_IDS = 10;

export class Census {
  readonly #plane: DataPlane;
  readonly #ports: Ports;
  readonly #counted: Counted;
  readonly #unread = new Set<string>();
  #values = 0;

  constructor(plane: DataPlane, ports: Ports, counted: Counted) {
    this.#plane = plane;
    this.#ports = ports;
    this.#counted = counted;
  }

  async take(moment: Moment): Promise<void> {
    const step = moment === 'before' ? 'Counting every field before' : 'Counting every field after';
    this.#ports.progress({ kind: 'step', step });
    for (const counted of this.#counted.models) {
      this.#ports.signal.throwIfAborted();
      await this.#takeModel(counted, moment, step);
    }
    this.#ports.progress({ kind: 'done', step });
  }

  async compare(): Promise<RehearsalProof> {
    const different: RehearsalProof['different'][number][] = [];
    const stays: RehearsalProof['stays'][number][] = [];
    let records = 0;
    let rewritten = 0;
    for (const counted of this.#counted.models.filter(({ model }) => !this.#unread.has(model))) {
      const found = await this.#compareModel(counted);
      records += found.before;
      rewritten += found.rewritten;
      const { came, gone, changed } = found;
      if (counted.kind === 'drawn') {
        if (changed > 0) stays.push({ model: counted.model, count: changed, words: 'sequences have gone on: numbers are not given back' });
      } else if (counted.kind === 'kept' && gone === 0 && changed === 0) {
        if (came > 0) stays.push({ model: counted.model, count: came, words: 'Odoo lets nobody delete them' });
      } else if (came + gone + changed > 0) different.push({ model: counted.model, came, gone, changed, fields: found.fields, ids: found.ids });
    }
    if (rewritten > 0) stays.push({ model: 'write_date', count: rewritten, words: 'records bear a later date of their last write' });
    const unread = [...this.#unread].map((model) => `${model}: this user may not read all of it`);
    return { equal: different.length === 0, records, values: this.#values, different, stays, notCompared: [...this.#counted.notCompared, ...unread] };
  }

  async #takeModel({ model, domain, fields }: CountedModel, moment: Moment, step: string): Promise<void> {
    const odoo = await this.#ports.odoo();
    const types = await odoo.fields(model);
    const isDated = types.has('write_date');
    const table = tableOf(model, moment);
    const columns = ['id', 'write_date', ...fields];
    await this.#plane.run(`CREATE TABLE ${identifier(table)} (${columns.map((column) => `${identifier(column)} VARCHAR`).join(', ')})`);
    const textOf = (record: OdooRecord, field: string): string => JSON.stringify(wireValue(record[field], types.get(field)?.type ?? 'char'));
    const { progress } = this.#ports;
    async function* rows(): AsyncIterable<readonly (readonly string[])[]> {
      for await (const page of odoo.pages(model, domain, [...(isDated ? ['write_date'] : []), ...fields])) {
        progress({ kind: 'advance', step, by: page.length });
        yield page.map((record) => [String(record.id), String(record['write_date'] ?? ''), ...fields.map((field) => textOf(record, field))]);
      }
    }
    try {
      const count = await this.#plane.append(table, rows());
      if (moment === 'before') this.#values += count * fields.length;
    } catch (error) {
      if (!(error instanceof OdooError && error.failure === 'access')) throw error;
      this.#unread.add(model);
    }
    // A file takes a tenth of the room, and none of the memory.
    const file = this.#plane.scratchFile(`${table}.parquet`);
    await this.#plane.run(`${copyToParquetSql(`FROM ${identifier(table)}`, file)}; DROP TABLE ${identifier(table)}`);
  }

  async #compareModel({ model, fields }: CountedModel) {
    const source = (moment: Moment): string => `read_parquet(${literal(this.#plane.scratchFile(`${tableOf(model, moment)}.parquet`))})`;
    const differs = (field: string): string => `(b.id IS NOT NULL AND a.id IS NOT NULL AND b.${identifier(field)} IS DISTINCT FROM a.${identifier(field)})`;
    const changed = fields.length === 0 ? 'false' : fields.map(differs).join(' OR ');
    const joined = `FROM ${source('before')} b FULL JOIN ${source('after')} a ON a.id = b.id`;
    const ids = (condition: string): string =>
      `(SELECT list(id ORDER BY CAST(id AS BIGINT)) FROM (SELECT coalesce(b.id, a.id) AS id ${joined} WHERE ${condition} LIMIT ${SHOWN_IDS}))`;
    const counts = fields.map((field, index) => `count(*) FILTER (${differs(field)}) AS ${identifier(`f${index}`)}`);
    const [row = {}] = await this.#plane.rows(`SELECT count(b.id) AS before, count(*) FILTER (b.id IS NULL) AS came, count(*) FILTER (a.id IS NULL) AS gone,
      count(*) FILTER (${changed}) AS changed, count(*) FILTER (${differs('write_date')}) AS rewritten${counts.map((count) => `, ${count}`).join('')},
      ${ids('b.id IS NULL')} AS ids_came, ${ids('a.id IS NULL')} AS ids_gone, ${ids(changed)} AS ids_changed ${joined}`);
    const listed = (name: string): readonly number[] => ((row[name] ?? []) as readonly string[]).map(Number);
    return {
      before: Number(row['before'] ?? 0),
      came: Number(row['came'] ?? 0),
      gone: Number(row['gone'] ?? 0),
      changed: Number(row['changed'] ?? 0),
      rewritten: Number(row['rewritten'] ?? 0),
      fields: fields.flatMap((field, index) => (Number(row[`f${index}`] ?? 0) > 0 ? [{ field, count: Number(row[`f${index}`]) }] : [])),
      ids: { came: listed('ids_came'), gone: listed('ids_gone'), changed: listed('ids_changed') },
    };
  }
}

function tableOf(model: string, moment: Moment): string {
  return `${moment}_${model.replaceAll('.', '_')}`;
}
