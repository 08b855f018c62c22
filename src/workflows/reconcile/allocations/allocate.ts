/** What payments pay (`settles` of a contract), sought anew by every reconcile among the records of both sides. Writes allocations.csv and changes nothing. */
import { join } from 'node:path';
import { type AllocatedRecords, type AllocationSummary, allocationColumns, allocationsFile } from '../../../domain/allocation.ts';
import { keyIsPii } from '../../../domain/canonical.ts';
import { csvLine } from '../../../domain/csv.ts';
import { refuseMistakes } from '../../../domain/mistakes.ts';
import type { DataPlane, Ports } from '../../../domain/ports.ts';
import { identifier } from '../../../domain/sql.ts';
import type { Comparison, EntityComparison } from '../comparison.ts';
import { explainingRules } from '../explained.ts';
import { firstHoldingSql } from '../explained-sql.ts';
import { expressionAt, isHeldByOdoo, sideExpressions } from '../side-expressions.ts';
import { stagePiiKey } from '../value-tokens.ts';
import { allocationLines, amountText, type ToldGroup, type ToldRecord, tellBlock } from './lines.ts';
import { type RecordRow, recordsSql, type Taking } from './records-sql.ts';

export interface Allocated {
  readonly allocations: readonly AllocationSummary[];
  /** `<entity> <class>` → payments of that class that nothing was found for. */
  readonly explainedPayments: ReadonlyMap<string, number>;
  /** allocations.csv, where some entity settles. */
  readonly files: readonly string[];
}

interface AllocateRequest {
  readonly directory: string;
  readonly clear: boolean;
  readonly odooSystem: string;
}

/** The plane is locked down: expressions of the workspace run in it. E_CONFIG for one that cannot be worked out. */
export async function allocatePayments(comparison: Comparison, request: AllocateRequest, ports: Ports, plane: DataPlane): Promise<Allocated> {
  const settling = comparison.entities.filter(({ definition }) => definition.contract.settles !== undefined);
  if (settling.length === 0) return { allocations: [], explainedPayments: new Map(), files: [] };
  await stagePiiKey(plane, await ports.piiKey());
  const tallies = settling.map((entity) => ({ entity, tally: new Tally(entity.entity) }));
  const file = join(request.directory, allocationsFile);
  const lines = async function* (): AsyncIterable<string> {
    yield csvLine(allocationColumns);
    for (const { entity, tally } of tallies) yield* linesOf({ entity, tally, comparison }, request, plane);
  };
  await ports.runs.writeFile(file, lines());
  const explainedPayments = new Map(tallies.flatMap(({ tally }) => [...tally.explained]));
  return { allocations: tallies.map(({ tally }) => tally.summary()), explainedPayments, files: [file] };
}

interface Settling {
  readonly entity: EntityComparison;
  readonly tally: Tally;
  readonly comparison: Comparison;
}

async function* linesOf({ entity, tally, comparison }: Settling, { clear, odooSystem }: AllocateRequest, plane: DataPlane): AsyncIterable<string> {
  const { settles } = entity.definition.contract;
  if (settles === undefined) return;
  const taking = await takingPart(entity, comparison, plane);
  let block: RecordRow[] = [];
  const told = () => {
    const { records, groups } = tellBlock(block, settles.within);
    tally.add(records, groups);
    block = [];
    return records.map((record) => allocationLines(entity.entity, record)).join('');
  };
  for await (const rows of plane.stream<RecordRow>(recordsSql(taking, settles, { odooSystem, clear }))) {
    for (const row of rows) {
      const [before] = block;
      if (before !== undefined && (before.partner !== row.partner || before.currency !== row.currency)) yield told();
      block.push(row);
    }
  }
  if (block.length > 0) yield told();
}

/** Payments and documents with their expressions. A document of an entity that the capability does not use is none. */
async function takingPart(entity: EntityComparison, comparison: Comparison, plane: DataPlane): Promise<readonly Taking[]> {
  const { definition } = entity;
  const { settles } = definition.contract;
  if (settles === undefined) return [];
  const texts = [expressionAt(definition, ['settles', 'amount'], settles.amount), expressionAt(definition, ['settles', 'reference'], settles.reference)];
  const { resolved, references, mistakes } = await sideExpressions({ entity, comparison, texts }, plane);
  refuseMistakes(mistakes);
  const [amount, words] = resolved;
  const { rules, references: ofRules } = await explainingRules(entity, comparison, plane);
  const joined = new Map([...references, ...ofRules].map((reference) => [reference.field, reference]));
  const taking: Taking[] = [];
  if (amount && words) {
    const explained = { legacy: firstHoldingSql(rules, 'legacy'), odoo: firstHoldingSql(rules, 'odoo') };
    taking.push({
      role: 'payment',
      entity,
      amount,
      words,
      explained,
      references: [...joined.values()],
      isPartnerPii: isPartnerPii(entity, settles.partner, comparison),
    });
  }
  const none = 'CAST(NULL AS VARCHAR)';
  for (const [name, text] of Object.entries(settles.documents)) {
    const document = comparison.entities.find((one) => one.entity === name);
    if (document === undefined) continue;
    const asked = { entity: document, comparison, texts: [expressionAt(definition, ['settles', 'documents', name], text)] };
    const found = await sideExpressions(asked, plane);
    refuseMistakes(found.mistakes);
    const [open] = found.resolved;
    const number = `CAST(self.${identifier(settles.number)} AS VARCHAR)`;
    const words = { legacy: number, odoo: isHeldByOdoo(document, settles.number) ? number : null, unyielded: [] };
    const rest = { references: found.references, isPartnerPii: isPartnerPii(document, settles.partner, comparison) };
    if (open) taking.push({ role: 'document', entity: document, amount: open, words, explained: { legacy: none, odoo: none }, ...rest });
  }
  return taking;
}

function isPartnerPii({ definition }: EntityComparison, field: string, { entities }: Comparison): boolean {
  const contract = definition.contract.fields[field];
  const target = contract?.type === 'ref' ? entities.find(({ entity }) => entity === contract.entity) : undefined;
  return contract?.pii === true || (target !== undefined && keyIsPii(target.definition.contract));
}

interface Counted {
  count: number;
  sum: bigint;
}

class Tally {
  readonly explained = new Map<string, number>();
  readonly #payments: string;
  readonly #records = new Map<string, Counted>();
  readonly #groups = new Map<string, Counted>();
  readonly #looked = new Map<string, number>();
  #repeats = 0;
  #credits = 0;

  constructor(payments: string) {
    this.#payments = payments;
  }

  add(records: readonly ToldRecord[], groups: readonly ToldGroup[]): void {
    for (const { row, amount, status, repeats, looked } of records) {
      count(this.#records, [row.role, row.entity, status, row.currency], amount);
      if (repeats !== null) this.#repeats += 1;
      if (looked !== null) this.#looked.set(looked, (this.#looked.get(looked) ?? 0) + 1);
      const name = `${row.entity} ${row.explained}`;
      if (status === 'explained') this.explained.set(name, (this.explained.get(name) ?? 0) + 1);
    }
    for (const { status, shape, members, paid, credits } of groups) {
      count(this.#groups, [status, shape, members[0]?.currency ?? null], paid);
      this.#credits += credits.size;
    }
  }

  summary(): AllocationSummary {
    const records = sorted(this.#records).map(([[role, entity, status, currency], one]) => {
      return { role, entity, status, currency: currency === '' ? null : currency, records: one.count, sum: amountText(one.sum) } as AllocatedRecords;
    });
    const groups = sorted(this.#groups).map(([[status, shape, currency], one]) => {
      return { status, shape, currency: currency === '' ? null : currency, groups: one.count, sum: amountText(one.sum) } as AllocationSummary['groups'][number];
    });
    const looked = [...this.#looked].map(([how, payments]) => ({ how, payments })).sort((one, other) => (one.how < other.how ? -1 : 1));
    return { payments: this.#payments, records, groups, repeats: this.#repeats, credits: this.#credits, looked };
  }
}

function count(counts: Map<string, Counted>, name: readonly (string | null)[], amount: bigint): void {
  const key = JSON.stringify(name);
  const one = counts.get(key) ?? { count: 0, sum: 0n };
  counts.set(key, { count: one.count + 1, sum: one.sum + amount });
}

function sorted(counts: ReadonlyMap<string, Counted>): readonly (readonly [readonly (string | null)[], Counted])[] {
  return [...counts].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, one]) => [JSON.parse(name) as readonly (string | null)[], one]);
}
