/**
 * The walk of `check-adapter` through a scenario other than bookings: the scenario's own plan, one request after the
 * other, until each of its operations has come, with every answer held against its model.
 */
import { HistoryChecker } from '../checkers/history-checker.ts';
import type { ServiceTime } from '../checkers/service-time.ts';
import type { Operation, Workload } from '../scenarios/workload.ts';
import type { Call, Reply } from '../service/call.ts';
import { Prng } from '../sim/prng.ts';
import type { Breach } from '../targets/http/api.ts';

/** Calls that are drawn, at most. */
const DRAWN_CALLS = 500;
/** Calls of one operation that are made, at most: others need what they leave. */
const MOST_OF_A_KIND = 8;

export interface WalkPlanOptions {
  readonly seed: number;
  readonly workload: Workload;
  readonly time: ServiceTime;
  /** Those that the API has. */
  readonly operations: readonly string[];
  /** Performs one call; `expected` says of its answer what a right service gives instead, null: that. Null: no answer. */
  readonly step: (
    title: string,
    call: Call,
    expected: (reply: Reply) => string | null,
  ) => Promise<Reply | Breach | null>;
}

/** The operations that it did not come to. */
export async function walkPlan(options: WalkPlanOptions): Promise<string[]> {
  const { seed, workload, time, operations, step } = options;
  const judge = new Judge(workload, time);
  const times = new Map(operations.map((operation) => [operation, 0]));
  const isLeft = () => [...times.values()].includes(0);
  for (let n = 0; n < DRAWN_CALLS && isLeft(); n++) {
    const { actor, call } = workload.plan(n, new Prng(seed, 'operation', n), null);
    const made = times.get(call.operation) ?? MOST_OF_A_KIND;
    if (made === MOST_OF_A_KIND) continue;
    times.set(call.operation, made + 1);
    const operation = { id: n, actor, call, invokedIndex: n, invokedMs: 0 };
    judge.invoked(operation);
    const title = `${call.operation} by ${actor}`;
    const reply = await step(title, { citizen: actor, ...call }, (said) => judge.expected(operation, said));
    if (reply === null || reply.outcome === 'breach') judge.unanswered(operation);
  }
  return [...times].filter(([, made]) => made === 0).map(([operation]) => operation);
}

class Judge {
  readonly #workload: Workload;
  readonly #checker: HistoryChecker;
  /** Something went otherwise: what comes of that is nothing new. */
  #isOver = false;

  constructor(workload: Workload, time: ServiceTime) {
    this.#workload = workload;
    this.#checker = new HistoryChecker(workload.model, workload.world, { time });
  }

  invoked(operation: Operation): void {
    this.#workload.invoked(operation);
    this.#checker.invoke(operation.id, this.#workload.parts(operation.call));
  }

  unanswered(operation: Operation): void {
    this.#workload.unanswered(operation);
    this.#checker.unknown(operation.id, this.#workload.parts(operation.call));
  }

  expected(operation: Operation, reply: Reply): string | null {
    if (reply.outcome === 'failed') {
      this.unanswered(operation);
      return null;
    }
    const violation = this.#workload.completed(operation, reply, operation.id, 0);
    if (this.#isOver) return null;
    if (violation) return this.#otherwise(String(violation.expected));
    const parts = this.#workload.parts(operation.call);
    const answers = this.#workload.answers(operation.call, parts, reply);
    const wrong = this.#checker.complete(operation.id, parts, answers);
    return wrong ? this.#otherwise(wrong.allowed.join(', ') || 'another answer') : null;
  }

  #otherwise(what: string): string {
    this.#isOver = true;
    return what;
  }
}
