/** Watches one execution: its requests with their statements, its commits, and by probes what each commit made untrue. */
import type postgres from 'postgres';
import type { Forensic, RunEvent } from '../../server/contract/index.ts';
import type { Attempt } from '../harness/attempt.ts';
import { type Guide, requestKey } from '../harness/guide.ts';
import type { Trace } from '../harness/trace.ts';
import type { AsksAgain, StatementWatch, WatchedStatement } from '../targets/statements.ts';
import type { NextStep } from '../targets/target.ts';
import type { Commit, RecordedRequest, Recording, RowChange, TakenStep } from './findings.ts';
import type { Probes } from './probes.ts';

export class ExecutionRecorder implements StatementWatch, Guide {
  readonly statements: WatchedStatement[] = [];
  readonly #attempts = new Map<number, Attempt>();
  /** By operation of the history: how many commits there had been when it left. */
  readonly #leftAfter = new Map<number, number>();
  readonly #commits: { statement: WatchedStatement; changes: readonly RowChange[] | null }[] = [];
  readonly #probes: Probes | null;
  readonly #inner: Guide | null;
  readonly #steps: TakenStep[] = [];

  /** `inner`: the guide that decides; without one nobody is held. */
  constructor(probes: Probes | null, inner: Guide | null) {
    this.#probes = probes;
    this.#inner = inner;
  }

  holds(attempt: Attempt, next: NextStep): boolean {
    this.#attempts.set(attempt.id, attempt);
    return this.#inner?.holds(attempt, next) ?? false;
  }

  stepped(attempt: Attempt, next: NextStep): void {
    this.#steps.push({ request: requestKey(attempt), next });
    this.#inner?.stepped?.(attempt, next);
  }

  left(attempt: Attempt): void {
    this.#leftAfter.set(attempt.id, this.#commits.length);
    this.#inner?.left?.(attempt);
  }

  gaveWay(): void {
    this.#inner?.gaveWay();
  }

  async prepared(control: postgres.Sql, again?: AsksAgain): Promise<void> {
    await this.#probes?.prepared(control, again);
  }

  began(statement: WatchedStatement): void {
    this.statements.push(statement);
  }

  async settled(statement: WatchedStatement, control: postgres.Sql): Promise<void> {
    if (!isCommit(statement) || statement.error !== null) return;
    const changes = this.#probes ? await this.#probes.afterCommit(control) : null;
    this.#commits.push({ statement, changes });
  }

  /** Commits that there had been when this request left the target. */
  commitsBefore(op: number): number {
    return this.#leftAfter.get(op) ?? this.#commits.length;
  }

  recording(forensic: Forensic, events: readonly RunEvent[], trace: Trace): Recording {
    const requests = this.#requests(events, trace);
    const byOp = new Map(requests.map((request) => [request.op, request]));
    const commits: Commit[] = this.#commits.map(({ statement, changes }, index) => ({
      index,
      statement,
      request: byOp.get((statement.owner as Attempt | null)?.id ?? -1) ?? null,
      at: statement.settledAt ?? 0,
      changes,
    }));
    const leftAfter = new Map(requests.map(({ op }) => [op, this.commitsBefore(op)]));
    const [statements, steps] = [this.statements, this.#steps];
    return { forensic, events, trace, requests, statements, commits, leftAfter, steps };
  }

  #requests(events: readonly RunEvent[], trace: Trace): RecordedRequest[] {
    const replies = new Map(trace.calls.flatMap(({ answers }) => Object.entries(answers)));
    const begun = [...this.#attempts.values()].sort((a, b) => a.id - b.id);
    return begun.map((attempt, index) => {
      const { id: op, flow, call, actor } = attempt;
      const key = requestKey(attempt);
      const own = events.filter(({ data }) => data['op'] === op);
      const ended = own.find(({ type }) => /\.(ok|refused|unknown)$/.test(type));
      const invoked = own.find(({ type }) => type.endsWith('.invoke'));
      return {
        index,
        key,
        n: flow.n,
        attempt: attempt.attempt,
        isDuplicate: attempt.faults === null,
        op,
        actor,
        call,
        outcome: (ended?.type.split('.').at(-1) ?? 'pending') as RecordedRequest['outcome'],
        reply: replies.get(key) ?? null,
        statements: this.statements.filter(({ owner }) => (owner as Attempt | null)?.id === op),
        faults: own.flatMap(({ type, data }) => (type === 'fault' ? [String(data['name'])] : [])),
        invokedEvent: invoked?.index ?? 0,
        completedEvent: ended?.index ?? null,
      };
    });
  }
}

/** What ends a transaction, or is one of its own and may have written. */
export function isCommit({ kind, isAutocommit, transaction, tag }: WatchedStatement): boolean {
  if (kind === 'commit') return true;
  return kind === 'statement' && !isAutocommit && transaction === null && tag !== 'SELECT';
}
