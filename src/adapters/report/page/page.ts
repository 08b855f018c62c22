/** The rows of the report: what the page does once it is open. */
import type { Decided } from '../../../domain/worklist-row.ts';
import { BreakRows, decodedBlock, valuesOf } from './break-rows.ts';
import { DecisionForm } from './decisions.ts';
import { detailOf } from './detail.ts';
import { copied, found, make } from './dom.ts';
import { type FilterColumn, filterColumns, filteredRows, type Order, type SortColumn, sortedRows, wordsOf } from './filter-rows.ts';
import { Grid } from './grid.ts';

/** Characters of a value that a cell of the table holds; it shows fewer. */
const CELL = 160;
/** What a select says for "no value"; no value is called so, since it holds a character that texts of a report do not. */
const NONE = '\u0000none';

const columns = ['entity', 'key', 'rule', 'legacy', 'odoo', 'status', 'life', 'direction', 'decision'] as const;

class Page {
  readonly rows = new BreakRows();
  readonly ticked = new Set<number>();
  readonly decided = new Map<number, Decided>();
  readonly #app = found('#rows-app', HTMLElement);
  readonly #total = Number(this.#app.dataset.total);
  readonly #search = found('#search', HTMLInputElement);
  readonly #count = found('#count', HTMLElement);
  readonly #detail = found('#detail', HTMLElement);
  readonly #filters = filterColumns.map((column) => ({ column, select: found(`#filter-${column}`, HTMLSelectElement) }));
  readonly #grid: Grid;
  readonly #form: DecisionForm;
  #order: Order | null = null;
  #shown = new Uint32Array();

  constructor() {
    const { fill, name } = this;
    this.#grid = new Grid(
      found('#grid', HTMLElement),
      found('#grid-body', HTMLElement),
      columns,
      { fill: fill.bind(this), name: name.bind(this), isTicked: (row) => this.ticked.has(row) },
      { onActive: (row) => this.#showDetail(row), onTick: (rows, isOn) => this.#tick(rows, isOn), onOpen: () => this.#detail.focus() },
    );
    const { file = 'decisions.csv', notice = '' } = this.#app.dataset;
    this.#form = new DecisionForm({ rows: this.rows, ticked: this.ticked, decided: this.decided, file, notice, changed: () => this.#changed() });
    this.#listen();
  }

  /** Block after block, so that the first rows are there at once; what a block was read from is let go. */
  async load(): Promise<void> {
    for (const source of document.querySelectorAll('script.block')) {
      const base64 = source.textContent ?? '';
      source.remove();
      this.rows.add(await decodedBlock(base64));
      if (this.rows.blocks.length === 1 || this.rows.count === this.#total) this.#refresh(true);
    }
    if (this.rows.count !== this.#total) throw new Error(`${this.rows.count} of ${this.#total} rows are in this file: it was cut off`);
    this.#fillFilters();
    document.documentElement.dataset.state = 'ready';
    performance.mark('rows-ready');
  }

  fill(row: number, cells: readonly HTMLElement[]): void {
    const { rows } = this;
    const isMasked = rows.number('masked', row) === 1;
    const value = (column: 'legacy' | 'odoo', cell: HTMLElement) => {
      const text = rows.text(column, row);
      cell.textContent = text === null ? (isMasked ? 'masked' : '—') : text === '' ? 'empty' : text.slice(0, CELL);
      cell.classList.toggle('none', text === null || text === '');
    };
    for (const [index, column] of columns.entries()) {
      const cell = cells[index];
      if (cell === undefined) continue;
      if (column === 'legacy' || column === 'odoo') value(column, cell);
      else if (column === 'life') cell.textContent = this.#lifeOf(row);
      else if (column === 'decision') cell.textContent = this.decided.get(row)?.decision ?? '';
      else cell.textContent = rows.text(column, row)?.slice(0, CELL) ?? (column === 'key' ? 'masked' : '');
      if (column === 'status') cell.dataset.status = cell.textContent ?? '';
    }
  }

  /** `new`, or since how many nights; what is back says so. */
  #lifeOf(row: number): string {
    const life = this.rows.text('life', row);
    const nights = this.rows.number('nights', row) ?? 1;
    const count = `${nights} ${nights === 1 ? 'night' : 'nights'}`;
    return life === 'persisting' ? count : life === 'reopened' ? `back, ${nights}` : (life ?? '');
  }

  name(row: number): string {
    return `Tick ${this.rows.text('entity', row)} ${this.rows.text('key', row) ?? this.rows.hash('id', row)}, ${this.rows.text('rule', row)}`;
  }

  #listen(): void {
    let waiting = 0;
    this.#search.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(() => this.#refresh(false), 120);
    });
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === 'ArrowDown') {
        event.preventDefault();
        this.#grid.focus();
      }
    });
    for (const { select } of this.#filters) select.addEventListener('change', () => this.#refresh(false));
    found('#filter-clear', HTMLButtonElement).addEventListener('click', () => this.#choose(new Map()));
    found('#tick-all', HTMLButtonElement).addEventListener('click', () => this.#tick([...this.#shown], true));
    found('#tick-none', HTMLButtonElement).addEventListener('click', () => this.#tick([...this.ticked], false));
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-sort]')) button.addEventListener('click', () => this.#sortBy(button));
    this.#detail.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#grid.focus();
    });
    document.addEventListener('keydown', (event) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
      const isTick = event.target instanceof HTMLInputElement && event.target.type === 'checkbox';
      if (event.key !== '/' || (isTyping && !isTick) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#search.focus();
      this.#search.select();
    });
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-entity]')) {
      button.addEventListener('click', () => {
        const { entity = '', rule = '' } = button.dataset;
        this.#choose(
          new Map([
            ['entity', entity],
            ['rule', rule],
          ]),
        );
        found('#rows', HTMLElement).scrollIntoView();
        this.#grid.focus();
      });
    }
  }

  #choose(values: ReadonlyMap<FilterColumn, string>): void {
    this.#search.value = '';
    for (const { column, select } of this.#filters) select.value = values.get(column) ?? '';
    this.#refresh(false);
  }

  #refresh(keep: boolean): void {
    const values = new Map(
      this.#filters.filter(({ select }) => select.value !== '').map(({ column, select }) => [column, select.value === NONE ? null : select.value]),
    );
    const chosen = filteredRows(this.rows, { values, words: wordsOf(this.#search.value) });
    this.#shown = new Uint32Array(this.#order === null ? chosen : sortedRows(this.rows, chosen, this.#order));
    found('#filter-clear', HTMLButtonElement).disabled = values.size === 0 && this.#search.value === '';
    found('#no-rows', HTMLElement).hidden = this.#shown.length > 0 || this.rows.count === 0;
    this.#grid.show(this.#shown, keep);
    this.#showCount();
  }

  #showCount(): void {
    const number = (count: number) => count.toLocaleString('en');
    const parts = [this.#shown.length === this.#total ? `${number(this.#total)} breaks` : `${number(this.#shown.length)} of ${number(this.#total)} breaks`];
    if (this.rows.count < this.#total) parts.push('still reading');
    if (this.ticked.size > 0) parts.push(`${number(this.ticked.size)} ticked`);
    if (this.decided.size > 0) parts.push(`${number(this.decided.size)} decided`);
    this.#count.textContent = parts.join(' · ');
    const all = found('#tick-all', HTMLButtonElement);
    all.textContent = `Tick all ${number(this.#shown.length)}`;
    all.disabled = this.#shown.length === 0;
    found('#tick-none', HTMLButtonElement).disabled = this.ticked.size === 0;
  }

  #fillFilters(): void {
    for (const { column, select } of this.#filters) {
      const chosen = select.value;
      for (const { value, rows } of valuesOf(this.rows, column)) {
        const option = make('option', '', `${value ?? '(none)'} (${rows.toLocaleString('en')})`);
        option.value = value ?? NONE;
        select.append(option);
      }
      select.value = chosen;
    }
  }

  #sortBy(button: HTMLButtonElement): void {
    const column = button.dataset.sort as SortColumn;
    const isSame = this.#order?.column === column;
    this.#order = !isSame ? { column, descending: false } : this.#order?.descending === true ? null : { column, descending: true };
    for (const other of document.querySelectorAll<HTMLButtonElement>('button[data-sort]')) {
      const isOn = this.#order?.column === other.dataset.sort;
      other.parentElement?.setAttribute('aria-sort', !isOn ? 'none' : this.#order?.descending === true ? 'descending' : 'ascending');
    }
    this.#refresh(false);
  }

  #tick(rows: readonly number[], isOn: boolean): void {
    for (const row of rows) {
      if (isOn) this.ticked.add(row);
      else this.ticked.delete(row);
    }
    this.#changed();
  }

  #changed(): void {
    this.#grid.draw();
    this.#showCount();
    this.#form.update();
    this.#showDetail(this.#grid.activeRow);
  }

  #showDetail(row: number | null): void {
    if (row === null) this.#detail.replaceChildren(make('p', 'muted', 'No row is chosen.'));
    else this.#detail.replaceChildren(...detailOf(this.rows.at(row), this.decided.get(row) ?? null));
  }
}

function listenToCopies(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.copy')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const text = button.parentElement?.querySelector('pre')?.textContent ?? '';
      button.textContent = (await copied(text)) ? 'Copied' : 'Select it and copy it by hand';
    });
  }
}

listenToCopies();
if (document.querySelector('#rows-app') === null) document.documentElement.dataset.state = 'ready';
else {
  new Page().load().catch((error: unknown) => {
    const place = found('#broken', HTMLElement);
    place.hidden = false;
    place.textContent = `The rows cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
    document.documentElement.dataset.state = 'broken';
  });
}
