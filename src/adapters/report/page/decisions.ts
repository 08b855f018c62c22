/** What is decided on this page: it stays in memory until it is downloaded, and nothing is kept in the browser. */
import { csvLine } from '../../../domain/csv.ts';
import { worklistColumns } from '../../../domain/report.ts';
import { type Decided, guarded, worklistRow } from '../../../domain/worklist-row.ts';
import type { BreakRows } from './break-rows.ts';
import { found, make } from './dom.ts';

export interface DecisionContext {
  readonly rows: BreakRows;
  readonly ticked: Set<number>;
  readonly decided: Map<number, Decided>;
  /** File name of what is downloaded, and the line above its header, if there is one. */
  readonly file: string;
  readonly notice: string;
  changed(): void;
}

/** The form on the page: decision, reason, day and name for all that is ticked. */
export class DecisionForm {
  readonly #context: DecisionContext;
  readonly #form = found('#decide', HTMLFormElement);
  readonly #problem = found('#decide-problem', HTMLElement);
  readonly #apply = found('#decide-apply', HTMLButtonElement);
  readonly #download = found('#decide-download', HTMLButtonElement);
  readonly #undo = found('#decide-undo', HTMLButtonElement);
  #isSaved = true;

  constructor(context: DecisionContext) {
    this.#context = context;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#decide();
    });
    this.#form.addEventListener('change', () => this.#showUntil());
    this.#download.addEventListener('click', () => this.#save());
    this.#undo.addEventListener('click', () => this.#takeBack());
    window.addEventListener('beforeunload', (event) => {
      if (!this.#isSaved) event.preventDefault();
    });
    this.#showUntil();
    this.update();
  }

  update(): void {
    const { ticked, decided } = this.#context;
    this.#apply.textContent = ticked.size === 0 ? 'Decide (tick rows first)' : `Decide the ${ticked.size.toLocaleString('en')} ticked`;
    this.#apply.disabled = ticked.size === 0;
    this.#download.textContent = decided.size === 0 ? 'Download decisions' : `Download decisions (${decided.size.toLocaleString('en')})`;
    this.#download.disabled = decided.size === 0;
    this.#undo.disabled = ![...ticked].some((row) => decided.has(row));
  }

  #showUntil(): void {
    const isWaiver = new FormData(this.#form).get('decision') === 'waive';
    found('#decide-until-mark', HTMLElement).textContent = isWaiver ? '' : '(optional)';
  }

  #decide(): void {
    const { ticked, decided } = this.#context;
    const data = new FormData(this.#form);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const decision: Decided = { decision: text('decision'), by: text('by'), at: new Date().toISOString(), reason: text('reason'), until: text('until') };
    const problem = problemOf(decision, found('#decide-until', HTMLInputElement).min);
    this.#problem.textContent = problem?.words ?? '';
    if (problem !== null) {
      found(`#decide-${problem.field}`, HTMLElement).focus();
      return;
    }
    // a decision is bound to the values it was made on; of these nothing tells whether they are still the same
    for (const row of ticked) {
      if (this.#context.rows.hash('valueHash', row) === null) continue;
      decided.set(row, decision);
      ticked.delete(row);
    }
    if (ticked.size > 0)
      this.#problem.textContent = `${ticked.size.toLocaleString('en')} left ticked: personal data without a value hash cannot be decided. Give the workspace a pii_key.`;
    this.#isSaved = decided.size === 0;
    this.#context.changed();
  }

  #takeBack(): void {
    for (const row of this.#context.ticked) this.#context.decided.delete(row);
    this.#isSaved = this.#context.decided.size === 0;
    this.#context.changed();
  }

  #save(): void {
    const { rows, decided, file, notice } = this.#context;
    const lines = [...decided]
      .sort(([a], [b]) => a - b)
      .map(([row, decision]) => csvLine(worklistRow(rows.at(row), decision).map((cell) => (cell === null ? null : guarded(cell)))));
    const content = ['\uFEFF', notice === '' ? '' : csvLine([notice]), csvLine(worklistColumns), ...lines];
    const link = make('a');
    link.href = URL.createObjectURL(new Blob(content, { type: 'text/csv;charset=utf-8' }));
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.#isSaved = true;
  }
}

function problemOf(
  { decision, reason, until, by }: Decided,
  today: string,
): { readonly field: 'decision' | 'reason' | 'until' | 'by'; readonly words: string } | null {
  if (decision === '') return { field: 'decision', words: 'Choose a decision.' };
  if (reason === '') return { field: 'reason', words: 'Say why: whoever reads it in a year should understand it.' };
  if (decision === 'waive' && until === '') return { field: 'until', words: 'A waiver needs the last day on which it holds.' };
  if (until !== '' && until < today) return { field: 'until', words: `That day is over: the report is of ${today}.` };
  if (by === '') return { field: 'by', words: 'Say who decides.' };
  return null;
}
