/** Records what happens in a live run, holds every answer against the invariants and the model, and keeps the first failure. */
import { HistoryChecker, type HistoryViolation } from '../../checkers/history-checker.ts';
import type { BookingCall } from '../../scenarios/bookings/calls.ts';
import type { ModelPart, Operation, Violation, Workload } from '../../scenarios/scenario.ts';
import type { Reply } from '../../service/call.ts';
import type { Breach } from '../../targets/http/api.ts';
import type { Counters } from '../counters.ts';
import type { FoundFailure } from '../forensics.ts';
import { IntervalLog } from '../interval-log.ts';
import type { Recorder } from '../recorder.ts';
import { IdOwners } from './id-owners.ts';

/** A check that takes longer than this says that too much about its slot is open, in ms. */
const LONG_CHECK_MS = 40;
/** A slot whose long checks took so long together is left alone from then on, in ms. */
const LONG_CHECKS_LIMIT_MS = 1_500;

export class Verdicts {
  readonly recorder: Recorder;
  readonly counters: Counters;
  readonly history: HistoryChecker;
  readonly intervals = new IntervalLog();
  /** The service acknowledges the cancel of a booking again that was cancelled before. */
  cancelsAgain = false;
  readonly #workload: Workload<BookingCall>;
  readonly #owners = new IdOwners();
  readonly #longChecksMs = new Map<string, number>();
  readonly #givenUp = new Map<string, string>();
  readonly #startedMs = performance.now();
  #nextOperation = 0;
  #lastAnswerMs = 0;
  #lastInvokedMs = 0;
  #healedMs = 0;
  #failure: FoundFailure | null = null;
  #healed = false;
  #listeners: (() => void)[] = [];

  constructor(workload: Workload<BookingCall>, recorder: Recorder, counters: Counters) {
    this.#workload = workload;
    this.recorder = recorder;
    this.counters = counters;
    this.history = new HistoryChecker(workload.model, workload.world);
  }

  /** Milliseconds since the start, on a clock that only goes on. */
  get now(): number {
    return performance.now() - this.#startedMs;
  }

  /** When the last answer came. */
  get lastAnswerMs(): number {
    return this.#lastAnswerMs;
  }

  /** When the last request left. */
  get lastInvokedMs(): number {
    return this.#lastInvokedMs;
  }

  /** When the faults were healed; 0 before. */
  get healedMs(): number {
    return this.#healedMs;
  }

  get failure(): FoundFailure | null {
    return this.#failure;
  }

  get healed(): boolean {
    return this.#healed;
  }

  /** The same checker under the name that a forensic bundle asks for. */
  get checker(): HistoryChecker {
    return this.history;
  }

  /**
   * Slots that are judged no more, with the reason: so many lost requests may still happen there that one
   * check takes as long as thousands of others. Whoever plans goes elsewhere.
   */
  get givenUp(): ReadonlyMap<string, string> {
    return this.#givenUp;
  }

  /** True for a slot that is not worth going to: it is left alone, or its history could not be decided. */
  isGivenUp(slot: string): boolean {
    return this.#givenUp.has(slot) || this.history.undecided.has(slot);
  }

  onFailure(listener: () => void): void {
    this.#listeners.push(listener);
  }

  heal(): void {
    this.#healed = true;
    this.#healedMs = this.now;
    this.recorder.record(this.now, 'heal', 'chaos', {});
  }

  note(what: string, data: Record<string, unknown>): void {
    this.recorder.record(this.now, 'note', 'city', { what, ...data });
  }

  /** A fault strikes: a request of a citizen, or with null the whole city. */
  strike(name: string, operation: Operation | null, data: Record<string, unknown>): void {
    this.counters.faults++;
    const about = operation
      ? {
          op: operation.id,
          operation: operation.call.operation,
          slot: this.#workload.objectOf(operation.call as BookingCall),
        }
      : {};
    this.recorder.record(this.now, 'fault', 'chaos', { name, ...about, ...data });
  }

  /** A request is about to leave. `link` says of which earlier one it is a repeat. */
  invoked(
    actor: string,
    call: BookingCall,
    parts: readonly ModelPart[],
    link: Record<string, unknown>,
  ): Operation<BookingCall> {
    const id = this.#nextOperation++;
    this.counters.operations++;
    this.counters.inFlight++;
    const { operation, ...args } = call;
    const invokedMs = this.now;
    this.#lastInvokedMs = invokedMs;
    const data = { op: id, ...args, ...link };
    const invokedIndex = this.recorder.record(invokedMs, `${operation}.invoke`, actor, data);
    const attempt = { id, actor, call, invokedIndex, invokedMs };
    this.intervals.invoked(
      attempt,
      this.#workload.parts(call).map((part) => part.object),
    );
    this.#workload.invoked(attempt);
    this.history.invoke(id, parts);
    return attempt;
  }

  completed(
    attempt: Operation<BookingCall>,
    parts: readonly ModelPart[],
    answered: Reply & { outcome: 'ok' | 'refused' },
  ): void {
    const reply = this.cancelsAgain && attempt.call.operation === 'cancel' ? again(answered) : answered;
    const nowMs = this.now;
    this.#lastAnswerMs = nowMs;
    this.counters.inFlight--;
    this.counters[reply.outcome]++;
    const latencyMs = nowMs - attempt.invokedMs;
    this.counters.latency.add(latencyMs);
    const answer = reply.outcome === 'ok' ? reply.value : { reason: reply.reason };
    const index = this.#record(attempt, reply.outcome, { latencyMs: rounded(latencyMs), ...answer });
    this.intervals.completed(attempt.id, reply.outcome, answer, index, nowMs);
    const violation = this.#broken(attempt, reply, index);
    if (violation) {
      return this.fail({ ...violation, kind: 'invariant', operation: attempt, eventIndex: index });
    }
    const answers = this.#workload.answers(attempt.call, parts, reply);
    for (const [i, part] of parts.entries()) {
      const begunMs = performance.now();
      const wrong = this.history.complete(attempt.id, [part], [answers[i]]);
      if (wrong) return this.#unexplained(attempt, wrong, answer, index);
      this.#noteCheck(part.object, performance.now() - begunMs, index);
    }
  }

  #noteCheck(object: string, tookMs: number, index: number): void {
    if (tookMs < LONG_CHECK_MS) return;
    const total = (this.#longChecksMs.get(object) ?? 0) + tookMs;
    this.#longChecksMs.set(object, total);
    if (total < LONG_CHECKS_LIMIT_MS || this.#givenUp.has(object)) return;
    this.#givenUp.set(
      object,
      `left alone from event ${index} on: too many lost requests may still happen there`,
    );
    this.note('a slot is left alone', { slot: object });
  }

  /** No answer came. `canHappen`: the request may still take effect, at any later instant. */
  unanswered(
    attempt: Operation<BookingCall>,
    parts: readonly ModelPart[],
    cause: string,
    canHappen: boolean,
  ): void {
    this.counters.inFlight--;
    this.counters.unknown++;
    const index = this.#record(attempt, 'unknown', { cause });
    this.intervals.completed(attempt.id, 'unknown', { cause }, index, this.now);
    this.#workload.unanswered(attempt);
    this.history.unknown(attempt.id, parts);
    if (canHappen) return;
    const wrong = this.history.expire(attempt.id, parts);
    if (wrong) this.#unexplained(attempt, wrong, 'no answer', index);
  }

  /** An answer that the contract does not know. */
  breached(attempt: Operation<BookingCall>, breach: Breach, answer: { status: number; body: string }): void {
    const actual = { status: answer.status, body: answer.body.slice(0, 2_000) };
    const index = this.#record(attempt, 'unknown', {
      cause: 'an answer that the contract does not know',
      ...actual,
    });
    this.intervals.completed(attempt.id, 'unknown', actual, index, this.now);
    this.fail({
      kind: 'invariant',
      invariant: 'answers-follow-the-contract',
      message: breach.message,
      actual,
      expected: breach.expected,
      object: this.#workload.objectOf(attempt.call),
      operation: attempt,
      eventIndex: index,
    });
  }

  neverAnswered(attempt: Operation<BookingCall>, cause: string, waitedMs: number): void {
    this.fail({
      kind: 'liveness',
      invariant: 'every-request-is-answered',
      message: `${this.#healed ? 'With all faults healed, ' : ''}${attempt.call.operation} by ${attempt.actor} was not answered within ${Math.round(waitedMs)} ms: ${cause}.`,
      actual: `no answer after ${Math.round(waitedMs)} ms (${cause})`,
      expected: 'an answer, and no 5xx, within 10 s',
      object: this.#workload.objectOf(attempt.call),
      operation: attempt,
      eventIndex: this.recorder.next - 1,
    });
  }

  /** Fails the run. The first failure stays; what comes later is a consequence, or noise. */
  fail(failure: FoundFailure): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.recorder.record(this.now, 'violation', 'city', {
      kind: failure.kind,
      invariant: failure.invariant,
      message: failure.message,
      slot: failure.object,
      op: failure.operation?.id ?? null,
      atEvent: failure.eventIndex,
      actual: failure.actual,
      expected: failure.expected,
    });
    for (const listener of this.#listeners) listener();
  }

  #broken(attempt: Operation<BookingCall>, reply: Reply, index: number): Violation | null {
    const { call } = attempt;
    if (call.operation === 'book' && reply.outcome === 'ok') {
      const reused = this.#owners.given(String(reply.value['booking']), call);
      if (reused) return reused;
    }
    return this.#workload.completed(attempt, reply, index);
  }

  #record(attempt: Operation<BookingCall>, outcome: string, data: Record<string, unknown>): number {
    const slot = this.#workload.objectOf(attempt.call);
    return this.recorder.record(this.now, `${attempt.call.operation}.${outcome}`, attempt.actor, {
      op: attempt.id,
      ...(slot === null ? {} : { slot }),
      ...data,
    });
  }

  #unexplained(attempt: Operation, wrong: HistoryViolation, actual: unknown, index: number): void {
    const { call, actor } = attempt;
    const allowed = wrong.allowed.length > 0 ? ` It allows: ${wrong.allowed.slice(0, 8).join(', ')}.` : '';
    this.fail({
      kind: 'linearizability',
      invariant: 'per-object-history',
      message: `${call.operation} on ${wrong.object} by ${actor} was answered ${inShort(actual)}, which no order of the overlapping operations explains.${allowed}`,
      actual,
      expected: wrong.allowed,
      object: wrong.object,
      operation: attempt,
      eventIndex: index,
    });
  }
}

/** An acknowledged cancel that says no more than that the booking is over. */
function again<R extends Reply>(reply: R): R {
  return reply.outcome === 'ok' ? { ...reply, value: { ...reply.value, again: true } } : reply;
}

function inShort(answer: unknown): string {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
