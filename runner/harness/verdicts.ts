/** Records what happens in a run, holds every answer against the invariants and the model, and keeps the first failure. */
import { HistoryChecker } from '../checkers/history-checker.ts';
import type { ServiceTime } from '../checkers/service-time.ts';
import type { ModelPart, Operation, Violation, Workload } from '../scenarios/scenario.ts';
import type { Call, Reply } from '../service/call.ts';
import type { Breach } from '../targets/http/api.ts';
import type { Counters } from './counters.ts';
import { ErrorWatch, type InternalError, type Tried } from './error-watch.ts';
import { type Failure, refusedWrongly, type Told, unexplained } from './failure.ts';
import { IntervalLog } from './interval-log.ts';
import type { Recorder } from './recorder.ts';
import { rounded } from './rounded.ts';

export interface VerdictsOptions<C extends Call> {
  workload: Workload<C>;
  recorder: Recorder;
  counters: Counters;
  /** The name under which events tell the object that they are about. */
  objectNoun: string;
  /** Milliseconds since the start, virtual or real. */
  clock: () => number;
  /** For models that heed it; left out: none passes. */
  time?: ServiceTime;
  /** Counts internal errors; left out: by the contract's rules. */
  errors?: ErrorWatch;
}

export class Verdicts<C extends Call = Call> {
  readonly workload: Workload<C>;
  readonly recorder: Recorder;
  readonly counters: Counters;
  readonly checker: HistoryChecker;
  readonly intervals = new IntervalLog();
  /** What is answered with internal errors, and what is acknowledged. */
  readonly errors: ErrorWatch;
  readonly #objectNoun: string;
  readonly #clock: () => number;
  /** True when nobody reads the history. */
  readonly #silent: boolean;
  #operations = 0;
  #audits = 0;
  #healedAtMs: number | null = null;
  #failure: Failure | null = null;

  constructor(options: VerdictsOptions<C>) {
    const { workload, recorder, counters, objectNoun, clock, time, errors } = options;
    this.workload = workload;
    this.recorder = recorder;
    this.counters = counters;
    this.errors = errors ?? new ErrorWatch();
    this.checker = new HistoryChecker(workload.model, workload.world, time ? { time } : {});
    this.#objectNoun = objectNoun;
    this.#clock = clock;
    this.#silent = recorder.silent;
  }

  /** Milliseconds since the start. */
  get now(): number {
    return this.#clock();
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** When the faults were healed; null before. */
  get healedAtMs(): number | null {
    return this.#healedAtMs;
  }

  get healed(): boolean {
    return this.#healedAtMs !== null;
  }

  /** Index of the newest event. */
  get lastIndex(): number {
    return this.recorder.next - 1;
  }

  /** Objects whose history could not be decided, with the reason. */
  get undecided(): ReadonlyMap<string, string> {
    return this.checker.undecided;
  }

  heal(): void {
    this.#healedAtMs = this.now;
    this.recorder.record(this.now, 'heal', 'chaos', {});
  }

  /** Returns the event's index. */
  note(what: string, data: Record<string, unknown>): number {
    return this.recorder.record(this.now, 'note', 'city', { what, ...data });
  }

  /** A fault strikes: the call of a citizen, or with null the whole city. */
  strike(name: string, call: C | null, data: Record<string, unknown>): void {
    this.counters.faults++;
    if (this.#silent) {
      this.recorder.count();
      return;
    }
    const about = call ? { operation: call.operation, ...this.#about(call) } : {};
    this.recorder.record(this.now, 'fault', 'chaos', { name, ...about, ...data });
  }

  /** A request is about to leave. `link` says of which earlier one it is a repeat. */
  announced(actor: string, call: C, link: Record<string, unknown> | null): Operation<C> {
    const id = this.#operations++;
    this.counters.operations++;
    return { id, actor, call, invokedIndex: this.#recordCall(id, actor, call, link), invokedMs: this.now };
  }

  invoked(operation: Operation<C>, parts: readonly ModelPart[]): void {
    if (!this.#silent) {
      this.intervals.invoked(
        operation,
        parts.map((part) => part.object),
      );
    }
    this.workload.invoked(operation);
    this.checker.invoke(operation.id, parts);
  }

  /** An answer came; `explained` is told of each object whose history allows it. False when the answer is wrong. */
  completed(
    operation: Operation<C>,
    parts: readonly ModelPart[],
    reply: Reply & { outcome: 'ok' | 'refused' },
    explained?: (object: string) => void,
  ): boolean {
    this.counters[reply.outcome]++;
    const latencyMs = this.now - operation.invokedMs;
    this.counters.latency.add(latencyMs);
    const answer = reply.outcome === 'ok' ? reply.value : { reason: reply.reason };
    const index = this.ended(operation, reply.outcome, answer, latencyMs);
    const violation = this.broken(operation, reply, index);
    if (violation) return this.fail({ ...violation, kind: 'invariant', operation, eventIndex: index });
    const answers = this.workload.answers(operation.call, parts, reply);
    const told: Told | null =
      reply.outcome === 'refused' ? { operation, actual: answer, eventIndex: index } : null;
    const refusal = told && { about: told };
    const wrong = this.checker.complete(operation.id, parts, answers, explained, refusal);
    if (!wrong) return true;
    return this.fail(unexplained({ operation, actual: this.#readable(answer), eventIndex: index }, wrong));
  }

  /**
   * No answer came. `canHappen`: the request may still take effect, at any later instant; otherwise it had its effect
   * by now, or has none. False when even that is wrong.
   */
  unanswered(
    operation: Operation<C>,
    parts: readonly ModelPart[],
    cause: string,
    canHappen = false,
  ): boolean {
    this.counters.unknown++;
    const index = this.ended(operation, 'unknown', { cause });
    this.workload.unanswered(operation);
    this.checker.unknown(operation.id, parts);
    const wrong = canHappen ? null : this.checker.expire(operation.id, parts);
    return wrong
      ? this.fail(unexplained({ operation, actual: 'no answer', eventIndex: index }, wrong))
      : true;
  }

  /**
   * The newest event was the end of an operation that the service answered with an internal error; `explained` when
   * something of ours explains that. False when it is one too many.
   */
  failedInside(
    operation: Operation<C>,
    tried: Tried,
    { error, status, explained }: Pick<InternalError, 'error' | 'status' | 'explained'>,
  ): boolean {
    const failure = this.errors.failed(tried, {
      error,
      ...(status === undefined ? {} : { status }),
      explained,
      operation,
      object: this.workload.objectOf(operation.call),
      eventIndex: this.lastIndex,
    });
    return failure ? this.fail(failure) : true;
  }

  /** An answer that the API should never give. */
  breached(operation: Operation<C>, { message, expected }: Breach): void {
    const cause = 'an answer that the API should never give';
    const eventIndex = this.ended(operation, 'unknown', { cause, what: message });
    const object = this.workload.objectOf(operation.call);
    const invariant = 'answers-follow-the-contract';
    const actual = message;
    this.fail({ kind: 'invariant', invariant, message, actual, expected, object, operation, eventIndex });
  }

  /** The whole city as it was read at rest. */
  audited(dump: unknown): void {
    const eventIndex = this.note('audit', { objects: this.workload.objects.length });
    const { violation, reads } = this.workload.audit(dump);
    if (violation) {
      this.fail({ ...violation, kind: 'audit', operation: null, eventIndex });
      return;
    }
    for (const { object, call, answer } of reads) {
      if (!this.judges(object)) continue;
      // Numbers below zero are the audits': no operation has one.
      const id = --this.#audits;
      const parts = [{ object, call }];
      this.checker.invoke(id, parts);
      const wrong = this.checker.complete(id, parts, [answer]);
      if (!wrong) {
        this.checker.settle(object, call, answer);
        continue;
      }
      const actual = this.#readable(answer);
      const audit = `an audit at event ${eventIndex} was answered`;
      this.fail(
        refusedWrongly(wrong, audit, actual) ?? {
          kind: 'audit',
          invariant: 'city-matches-history',
          message: `At rest, ${object} is not in a state that its history allows.`,
          actual,
          expected: wrong.allowed,
          object,
          operation: null,
          eventIndex,
          states: wrong.states,
        },
      );
      return;
    }
  }

  /** Fails the run; false. The first failure stays: what comes later is a consequence, or noise. */
  fail(found: Failure): false {
    if (this.#failure) return false;
    const failure = {
      ...found,
      actual: this.#readable(found.actual),
      expected: this.#readable(found.expected),
    };
    this.#failure = failure;
    this.recorder.record(this.now, 'violation', 'city', {
      kind: failure.kind,
      invariant: failure.invariant,
      message: failure.message,
      [this.#objectNoun]: failure.object,
      op: failure.operation?.id ?? null,
      atEvent: failure.eventIndex,
      actual: failure.actual,
      expected: failure.expected,
    });
    return false;
  }

  /** False for an object that not all calls were told of. */
  protected judges(_object: string): boolean {
    return true;
  }

  /** The invariant that an answer breaks, if one. */
  protected broken(operation: Operation<C>, reply: Reply, index: number): Violation | null {
    return this.workload.completed(operation, reply, index, this.now);
  }

  /** Records how a request ended and returns the event's index. */
  protected ended(
    { id, actor, call }: Operation<C>,
    outcome: 'ok' | 'refused' | 'unknown',
    answer: Record<string, unknown>,
    latencyMs: number | null = null,
  ): number {
    if (this.#silent) return this.recorder.count();
    const index = this.recorder.record(this.now, `${call.operation}.${outcome}`, actor, {
      op: id,
      ...this.#about(call),
      ...(latencyMs === null ? {} : { latencyMs: rounded(latencyMs) }),
      ...answer,
    });
    this.intervals.completed(id, outcome, answer, index, this.now);
    return index;
  }

  #readable(value: unknown): unknown {
    return this.workload.readable?.(value) ?? value;
  }

  #recordCall(id: number, actor: string, call: C, link: Record<string, unknown> | null): number {
    if (this.#silent) return this.recorder.count();
    const { operation, ...args } = call;
    return this.recorder.record(this.now, `${operation}.invoke`, actor, { op: id, ...args, ...link });
  }

  #about(call: C): Record<string, string> {
    const object = this.workload.objectOf(call);
    return object === null ? {} : { [this.#objectNoun]: object };
  }
}
