/** The verdicts of a live run: what is particular where time is real and the world decides what comes first. */
import type { ModelPart, Operation, Violation } from '../../scenarios/workload.ts';
import type { Call, Reply } from '../../service/call.ts';
import { type Failure, unanswering } from '../failure.ts';
import { Verdicts, type VerdictsOptions } from '../verdicts.ts';

/** A check that takes longer than this says that too much about its slot is open, in ms. */
const LONG_CHECK_MS = 40;
/** A slot whose long checks took so long together is left alone from then on, in ms. */
const LONG_CHECKS_LIMIT_MS = 1_500;

export class LiveVerdicts<C extends Call = Call> extends Verdicts<C> {
  /** What an answer breaks that the workload does not see; set by the plan. */
  alsoBroken: ((call: C, reply: Reply) => Violation | null) | null = null;
  readonly #longChecksMs = new Map<string, number>();
  readonly #givenUp = new Map<string, string>();
  #lastAnswerMs = 0;
  #lastInvokedMs = 0;
  readonly #listeners: (() => void)[] = [];

  constructor(options: Omit<VerdictsOptions<C>, 'clock'> & Required<Pick<VerdictsOptions<C>, 'time'>>) {
    const startedMs = performance.now();
    super({ ...options, clock: () => performance.now() - startedMs });
  }

  /** When the last answer came. */
  get lastAnswerMs(): number {
    return this.#lastAnswerMs;
  }

  /** When the last request left. */
  get lastInvokedMs(): number {
    return this.#lastInvokedMs;
  }

  /**
   * With the slots that are judged no more: so many lost requests may still happen there that one check takes as
   * long as thousands of others. Whoever plans goes elsewhere.
   */
  override get undecided(): ReadonlyMap<string, string> {
    return new Map([...this.#givenUp, ...super.undecided]);
  }

  /** True for a slot that is not worth going to: it is left alone, or its history could not be decided. */
  isGivenUp(object: string): boolean {
    return this.#givenUp.has(object) || this.checker.undecided.has(object);
  }

  onFailure(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A request is about to leave. `link` says of which earlier one it is a repeat. */
  sent(actor: string, call: C, parts: readonly ModelPart[], link: Record<string, unknown>): Operation<C> {
    this.counters.inFlight++;
    const operation = this.announced(actor, call, link);
    this.#lastInvokedMs = operation.invokedMs;
    this.invoked(operation, parts);
    return operation;
  }

  override completed(
    attempt: Operation<C>,
    parts: readonly ModelPart[],
    reply: Reply & { outcome: 'ok' | 'refused' },
  ): boolean {
    this.#lastAnswerMs = this.now;
    this.counters.inFlight--;
    let begunMs = performance.now();
    return super.completed(attempt, parts, reply, (object) => {
      const nowMs = performance.now();
      this.#noteCheck(object, nowMs - begunMs);
      begunMs = nowMs;
    });
  }

  #noteCheck(object: string, tookMs: number): void {
    if (tookMs < LONG_CHECK_MS) return;
    const total = (this.#longChecksMs.get(object) ?? 0) + tookMs;
    this.#longChecksMs.set(object, total);
    if (total < LONG_CHECKS_LIMIT_MS || this.#givenUp.has(object)) return;
    const from = `left alone from event ${this.lastIndex} on`;
    this.#givenUp.set(object, `${from}: too many lost requests may still happen there`);
    this.note('an object is left alone', { object });
  }

  override unanswered(
    attempt: Operation<C>,
    parts: readonly ModelPart[],
    cause: string,
    canHappen: boolean,
  ): boolean {
    this.counters.inFlight--;
    return super.unanswered(attempt, parts, cause, canHappen);
  }

  neverAnswered(operation: Operation<C>, cause: string, waitedMs: number): void {
    const waited = `${Math.round(waitedMs)} ms`;
    const { call, actor } = operation;
    this.fail(
      unanswering({
        message: `${this.healed ? 'With all faults healed, ' : ''}${call.operation} by ${actor} was not answered within ${waited}: ${cause}.`,
        actual: `no answer after ${waited} (${cause})`,
        expected: 'an answer, and no 5xx, within 10 s',
        object: this.workload.objectOf(call),
        operation,
        eventIndex: this.lastIndex,
      }),
    );
  }

  override fail(failure: Failure): false {
    if (this.failure) return false;
    super.fail(failure);
    for (const listener of this.#listeners) listener();
    return false;
  }

  protected override judges(object: string): boolean {
    return !this.#givenUp.has(object);
  }

  protected override broken(attempt: Operation<C>, reply: Reply, index: number): Violation | null {
    return this.alsoBroken?.(attempt.call, reply) ?? super.broken(attempt, reply, index);
  }
}
