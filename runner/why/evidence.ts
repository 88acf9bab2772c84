/** What one execution leaves behind for whoever asks why it failed: its requests, their statements, and what each commit changed. */
import type postgres from 'postgres';
import type { Attempt } from '../harness/attempt.ts';
import { requestKey } from '../harness/guide.ts';
import type { RecordedCall } from '../harness/trace.ts';
import type { Call, Reply } from '../service/call.ts';
import type { StatementWatch, WatchedStatement } from '../targets/statements.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A row before and after a commit; null: it was not there. */
export interface RowChange {
  readonly table: string;
  readonly before: Row | null;
  readonly after: Row | null;
}

/** What a commit changed, by its effect on the tables. */
export interface WriteSet {
  /** The statement that ended the transaction. */
  readonly commit: WatchedStatement;
  readonly changes: readonly RowChange[];
}

export interface SeenRequest {
  readonly key: string;
  /** Its planned operation. */
  readonly n: number;
  readonly call: Call;
  /** Null: none has come. */
  readonly reply: Reply | null;
  readonly statements: readonly WatchedStatement[];
  readonly writes: readonly WriteSet[];
}

export interface Evidence {
  /** In the order in which they sent their first statement. */
  readonly requests: readonly SeenRequest[];
  /** Keys of the requests that the failure is named after, likeliest first. */
  readonly accused: readonly string[];
  /** Faults that struck, as a reduction names them. */
  readonly struck: readonly string[];
  /** The name of what was broken. */
  readonly invariant: string;
}

type Tables = ReadonlyMap<string, readonly Row[]>;

/** Watches an execution, and looks at the tables after each commit. */
export class EvidenceWatch implements StatementWatch {
  readonly statements: WatchedStatement[] = [];
  readonly #writes = new Map<WatchedStatement, readonly RowChange[]>();
  #names: readonly string[] = [];
  #tables: Tables = new Map();

  async prepared(control: postgres.Sql): Promise<void> {
    const rows = await control<{ name: string }[]>`
      select c.relname as name from pg_class c
      where c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace order by 1`;
    this.#names = rows.map(({ name }) => name);
    this.#tables = await this.#dump(control);
  }

  began(statement: WatchedStatement): void {
    this.statements.push(statement);
  }

  async settled(statement: WatchedStatement, control: postgres.Sql): Promise<void> {
    if (!mayHaveCommitted(statement)) return;
    const before = this.#tables;
    this.#tables = await this.#dump(control);
    const changes = this.#names.flatMap((name) =>
      changesOf(name, before.get(name) ?? [], this.#tables.get(name) ?? []),
    );
    this.#writes.set(statement, changes);
  }

  /** What was seen, by request. `calls` has them with their answers. */
  requests(calls: readonly RecordedCall[]): SeenRequest[] {
    const byKey = new Map<string, WatchedStatement[]>();
    const numbers = new Map<string, number>();
    for (const statement of this.statements) {
      const attempt = statement.owner as Attempt | null;
      if (!attempt?.flow) continue;
      const key = requestKey(attempt);
      numbers.set(key, attempt.flow.n);
      const own = byKey.get(key);
      if (own) own.push(statement);
      else byKey.set(key, [statement]);
    }
    return [...byKey].flatMap(([key, statements]) => {
      const n = numbers.get(key) as number;
      const call = calls.find((known) => known.n === n);
      if (!call) return [];
      const writes = statements.flatMap((commit) => {
        const changes = this.#writes.get(commit);
        return changes ? [{ commit, changes }] : [];
      });
      return [{ key, n, call: call.call, reply: call.answers[key] ?? null, statements, writes }];
    });
  }

  async #dump(control: postgres.Sql): Promise<Tables> {
    const tables = new Map<string, readonly Row[]>();
    for (const name of this.#names) {
      const rows = await control<{ row: Row }[]>`select to_jsonb(t) as row from ${control(name)} t`;
      tables.set(
        name,
        rows.map(({ row }) => row),
      );
    }
    return tables;
  }
}

function mayHaveCommitted({ kind, transaction, tag, error }: WatchedStatement): boolean {
  if (error !== null) return false;
  return kind === 'commit' || (kind === 'statement' && transaction === null && tag !== 'SELECT');
}

/** Rows that came, went or were changed. Without knowing the key: what went and came alike is one row that was changed. */
export function changesOf(table: string, before: readonly Row[], after: readonly Row[]): RowChange[] {
  const gone = new Map<string, Row[]>();
  for (const row of before) {
    const text = JSON.stringify(row);
    const same = gone.get(text);
    if (same) same.push(row);
    else gone.set(text, [row]);
  }
  const came = after.filter((row) => gone.get(JSON.stringify(row))?.pop() === undefined);
  const left = [...gone.values()].flat();
  const changes: RowChange[] = [];
  for (const row of came) {
    const [best = null] = left
      .filter((other) => isSameRow(other, row))
      .sort((a, b) => likeness(b, row) - likeness(a, row));
    if (best) left.splice(left.indexOf(best), 1);
    changes.push({ table, before: best, after: row });
  }
  return [...changes, ...left.map((row) => ({ table, before: row, after: null }))];
}

/** The first column of a table hardly ever changes, and names its row where anything does. */
function isSameRow(before: Row, after: Row): boolean {
  const names = Object.keys(after);
  const key = names.find((name) => name === 'id') ?? names[0];
  return key !== undefined && before[key] === after[key] && likeness(before, after) * 2 >= names.length;
}

function likeness(before: Row, after: Row): number {
  return Object.keys(after).filter((name) => JSON.stringify(before[name]) === JSON.stringify(after[name]))
    .length;
}
