/** The table of breaks: only the rows in view exist. Focus stays on the table; the active row is told to screen readers by its id. */
import { make } from './dom.ts';

export interface GridCells {
  /** Fills the cells of one row, the tick left out. */
  fill(row: number, cells: readonly HTMLElement[]): void;
  isTicked(row: number): boolean;
  name(row: number): string;
}

export interface GridEvents {
  onActive(row: number | null): void;
  onTick(rows: readonly number[], isOn: boolean): void;
  onOpen(): void;
}

/** Browsers give up on elements higher than this (Firefox at 17.8 million): beyond it the scroll bar counts for more than it shows. */
const HIGHEST = 12_000_000;
const BEYOND_VIEW = 8;

interface Line {
  readonly element: HTMLElement;
  readonly tick: HTMLInputElement;
  readonly cells: readonly HTMLElement[];
}

export class Grid {
  readonly #scroller: HTMLElement;
  readonly #body: HTMLElement;
  readonly #columns: readonly string[];
  readonly #cells: GridCells;
  readonly #events: GridEvents;
  readonly #lines: Line[] = [];
  #rows: Uint32Array = new Uint32Array();
  #active = 0;
  #anchor = 0;
  #drawing = 0;

  constructor(scroller: HTMLElement, body: HTMLElement, columns: readonly string[], cells: GridCells, events: GridEvents) {
    this.#scroller = scroller;
    this.#body = body;
    this.#columns = columns;
    this.#cells = cells;
    this.#events = events;
    scroller.addEventListener('scroll', () => this.draw(), { passive: true });
    scroller.addEventListener('keydown', (event) => this.#onKey(event));
    body.addEventListener('click', (event) => this.#onClick(event));
    new ResizeObserver(() => this.#resize()).observe(scroller);
  }

  get activeRow(): number | null {
    return this.#rows[this.#active] ?? null;
  }

  /** The rows there are now, in their order. The active row stays active where it is still there. */
  show(rows: Uint32Array, keep: boolean): void {
    const before = this.activeRow;
    this.#rows = rows;
    const place = keep && before !== null ? rows.indexOf(before) : -1;
    this.#active = Math.max(0, place);
    this.#anchor = this.#active;
    this.#scroller.setAttribute('aria-rowcount', String(rows.length + 1));
    this.#resize();
    if (place === -1) this.#scroller.scrollTop = 0;
    else this.#reveal();
    this.#events.onActive(this.activeRow);
  }

  /** Draws again with the next frame, however often it is asked for. */
  draw(): void {
    if (this.#drawing !== 0) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#drawNow();
    });
  }

  focus(): void {
    this.#scroller.focus();
  }

  get #rowHeight(): number {
    return Number.parseFloat(getComputedStyle(this.#scroller).getPropertyValue('--row-height')) || 36;
  }

  /** The height of what scrolls under the header. */
  get #view(): number {
    return this.#scroller.clientHeight - this.#body.offsetTop;
  }

  #resize(): void {
    this.#body.style.height = `${Math.min(HIGHEST, this.#rows.length * this.#rowHeight)}px`;
    this.draw();
  }

  /** How far the rows are scrolled, were they all there. */
  get #top(): number {
    const full = this.#rows.length * this.#rowHeight;
    return full <= HIGHEST ? this.#scroller.scrollTop : (this.#scroller.scrollTop * (full - this.#view)) / (HIGHEST - this.#view);
  }

  #drawNow(): void {
    const height = this.#rowHeight;
    const top = this.#top;
    const shift = this.#scroller.scrollTop - top;
    const first = Math.max(0, Math.floor(top / height) - BEYOND_VIEW);
    const last = Math.min(this.#rows.length, Math.ceil((top + this.#view) / height) + BEYOND_VIEW);
    while (this.#lines.length < last - first) this.#addLine();
    for (const [index, line] of this.#lines.entries()) {
      const place = first + index;
      line.element.hidden = place >= last;
      if (place < last) this.#drawLine(line, place, place * height + shift);
    }
    const isActiveDrawn = this.#active >= first && this.#active < last;
    if (isActiveDrawn) this.#scroller.setAttribute('aria-activedescendant', `row-${this.#active}`);
    else this.#scroller.removeAttribute('aria-activedescendant');
  }

  #drawLine({ element, tick, cells }: Line, place: number, y: number): void {
    const row = this.#rows[place] ?? 0;
    const isTicked = this.#cells.isTicked(row);
    element.id = `row-${place}`;
    element.style.transform = `translateY(${y}px)`;
    element.ariaRowIndex = String(place + 2);
    element.ariaSelected = String(isTicked);
    element.classList.toggle('active', place === this.#active);
    tick.checked = isTicked;
    tick.ariaLabel = this.#cells.name(row);
    this.#cells.fill(row, cells);
  }

  #addLine(): void {
    const tick = make('input');
    tick.type = 'checkbox';
    tick.tabIndex = -1;
    const cells = this.#columns.map((column) => {
      const cell = make('div', `cell ${column}`);
      cell.role = 'gridcell';
      return cell;
    });
    const tickCell = make('div', 'cell tick', [tick]);
    tickCell.role = 'gridcell';
    const element = make('div', 'line', [tickCell, ...cells]);
    element.role = 'row';
    this.#body.append(element);
    this.#lines.push({ element, tick, cells });
  }

  #onClick(event: MouseEvent): void {
    const element = event.target instanceof Element ? event.target.closest('.line') : null;
    if (element === null) return;
    const place = Number(element.id.slice('row-'.length));
    const isTick = event.target instanceof HTMLInputElement || (event.target instanceof Element && event.target.classList.contains('tick'));
    this.#activate(place);
    if (isTick) this.#tick(event.shiftKey);
    this.#scroller.focus();
  }

  #onKey(event: KeyboardEvent): void {
    // a button in the header keeps its own keys
    if (event.target !== this.#scroller) return;
    const page = Math.max(1, Math.floor(this.#view / this.#rowHeight) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.#rows.length,
      End: this.#rows.length,
    };
    const move = moves[event.key];
    if (move !== undefined) this.#activate(this.#active + move);
    else if (event.key === ' ') this.#tick(event.shiftKey);
    else if (event.key === 'Enter') this.#events.onOpen();
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) this.#events.onTick([...this.#rows], true);
    else return;
    event.preventDefault();
  }

  #activate(place: number): void {
    this.#active = Math.min(this.#rows.length - 1, Math.max(0, place));
    this.#reveal();
    this.draw();
    this.#events.onActive(this.activeRow);
  }

  /** The active row, or with Shift all from the one ticked last to it. */
  #tick(isRange: boolean): void {
    const row = this.activeRow;
    if (row === null) return;
    const isOn = isRange || !this.#cells.isTicked(row);
    const [from, to] = isRange ? [Math.min(this.#anchor, this.#active), Math.max(this.#anchor, this.#active)] : [this.#active, this.#active];
    this.#anchor = this.#active;
    this.#events.onTick([...this.#rows.subarray(from, to + 1)], isOn);
  }

  #reveal(): void {
    const height = this.#rowHeight;
    const full = this.#rows.length * height;
    const [start, view, top] = [this.#active * height, this.#view, this.#top];
    const wanted = start < top ? start : start + height > top + view ? start + height - view : top;
    if (wanted === top) return;
    this.#scroller.scrollTop = full <= HIGHEST ? wanted : (wanted * (HIGHEST - view)) / (full - view);
  }
}
