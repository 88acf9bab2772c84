/** Holds every answer against the invariants and the model, and words what is wrong. */
import { HistoryChecker, type HistoryViolation } from '../checkers/history-checker.ts';
import type { Workload } from '../scenarios/scenario.ts';
import type { Reply } from '../service/call.ts';
import type { Attempt, Failure } from './attempt.ts';

/** With all faults healed, no request may take longer than this, in virtual ms. */
export const LIVENESS_DEADLINE_MS = 10_000;

export class Judge {
  readonly history: HistoryChecker;
  readonly #workload: Workload;
  #audits = 0;

  constructor(workload: Workload) {
    this.#workload = workload;
    this.history = new HistoryChecker(workload.model, workload.world);
  }

  invoked(attempt: Attempt): void {
    this.#workload.invoked(attempt);
    this.history.invoke(attempt.id, attempt.flow.parts);
  }

  /** An answer came, at the event `index`. */
  completed(attempt: Attempt, reply: Reply & { outcome: 'ok' | 'refused' }, index: number): Failure | null {
    const violation = this.#workload.completed(attempt, reply, index);
    if (violation) return { ...violation, kind: 'invariant', operation: attempt, eventIndex: index };
    const { call, parts } = attempt.flow;
    const wrong = this.history.complete(attempt.id, parts, this.#workload.answers(call, parts, reply));
    const actual = reply.outcome === 'ok' ? reply.value : { reason: reply.reason };
    return wrong ? unexplained(attempt, wrong, actual, index) : null;
  }

  /**
   * No answer came, at the event `index`, and the service is through with the request: it had its effect
   * by now, or has none.
   */
  unanswered(attempt: Attempt, index: number): Failure | null {
    this.#workload.unanswered(attempt);
    this.history.unknown(attempt.id, attempt.flow.parts);
    const wrong = this.history.expire(attempt.id, attempt.flow.parts);
    return wrong ? unexplained(attempt, wrong, 'no answer', index) : null;
  }

  /** The whole city as it was read at rest, at the event `index`. */
  audited(dump: unknown, index: number): Failure | null {
    const { violation, reads } = this.#workload.audit(dump);
    if (violation) return { ...violation, kind: 'audit', operation: null, eventIndex: index };
    for (const { object, call, answer } of reads) {
      // Numbers below zero are the audits': no operation has one.
      const id = --this.#audits;
      const parts = [{ object, call }];
      this.history.invoke(id, parts);
      const wrong = this.history.complete(id, parts, [answer]);
      if (!wrong) {
        this.history.settle(object, call, answer);
        continue;
      }
      return {
        kind: 'audit',
        invariant: 'city-matches-history',
        message: `At rest, ${object} is not in a state that its history allows.`,
        actual: answer,
        expected: wrong.allowed,
        object,
        operation: null,
        eventIndex: index,
        states: wrong.states,
      };
    }
    return null;
  }

  /** An answer came at last, so long after the healing. */
  late(attempt: Attempt, waitedMs: number, index: number): Failure {
    const waited = `${Math.round(waitedMs)} virtual ms`;
    return {
      kind: 'liveness',
      invariant: 'every-request-is-answered',
      message: `With all faults healed, ${attempt.call.operation} by ${attempt.actor} took ${waited}.`,
      actual: `an answer after ${waited}`,
      expected: `an answer within ${LIVENESS_DEADLINE_MS} virtual ms`,
      object: attempt.object,
      operation: attempt,
      eventIndex: index,
    };
  }

  /** With all faults healed, not one of so many requests for one operation got an answer. */
  unanswerable(attempt: Attempt, requests: number, cause: string, index: number): Failure {
    return {
      kind: 'liveness',
      invariant: 'every-request-is-answered',
      message: `With all faults healed, ${attempt.call.operation} by ${attempt.actor} was asked ${requests} times and never answered: ${cause}.`,
      actual: `no answer: ${cause}`,
      expected: 'an answer',
      object: attempt.object,
      operation: attempt,
      eventIndex: index,
    };
  }

  /** Requests wait and nothing can ever wake them. */
  stuck(requests: number, index: number): Failure {
    return {
      kind: 'liveness',
      invariant: 'every-request-is-answered',
      message: `${requests} requests wait for each other and none can go on.`,
      actual: `${requests} requests without an answer`,
      expected: `an answer within ${LIVENESS_DEADLINE_MS} virtual ms`,
      object: null,
      operation: null,
      eventIndex: index,
    };
  }
}

function unexplained(attempt: Attempt, wrong: HistoryViolation, actual: unknown, index: number): Failure {
  const { call, actor } = attempt;
  const allowed = wrong.allowed.length > 0 ? ` It allows: ${wrong.allowed.join(', ')}.` : '';
  return {
    kind: 'linearizability',
    invariant: 'per-object-history',
    message:
      `${call.operation} on ${wrong.object} by ${actor} was answered ${inShort(actual)}, which no order of the ` +
      `overlapping operations explains.${allowed}`,
    actual,
    expected: wrong.allowed,
    object: wrong.object,
    operation: attempt,
    eventIndex: index,
    states: wrong.states,
  };
}

/** An answer in a few words: `{"booking":"b-7"}`. */
function inShort(answer: unknown): string {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
