/**
 * Finds whose fault it is that no order explains an object's history. The answer at which the check breaks need not
 * be the wrong one: a false refusal (`full`) is explained at first by requests that have no answer yet, and may have
 * had their effect; only a later, right answer shows that they had none, and breaks the history.
 *
 * The rule. An earlier refusal is the culprit when, with the answer at which the check broke kept, the history can be
 * explained without it: as if that request had never been made, for a refusal has no effect. Where that takes several
 * refusals to be left out, as few as possible are: the latest are given back first, and the earliest that is left is
 * the culprit. It must have been explained only by requests without an answer: before it, the history without it
 * allows a state, in which these have no effect, where it would be wrong.
 *
 * Only refusals are candidates, for they alone say something of the state without showing it; an acknowledgement or a
 * read that was explained is witnessed by what it showed, and then the answer that contradicts it is to blame. A
 * refusal at which the history breaks is to blame itself. All else stays with the answer at which it broke: a wrong
 * read among right answers is blamed, because leaving out no refusal explains it.
 *
 * What nobody can tell from answers alone is taken against the refusal: when a booking without an answer is lost by
 * the service, after it rightly filled the slot, the refusal is named. (In the known bugs that is under 1 in 100.)
 *
 * This is done once, after a failure; it is deterministic, and given up beyond a bound of work.
 */
import { statesByThemselves } from './linearizability/by-itself.ts';
import { LinearizabilityChecker, type OpId } from './linearizability/index.ts';
import type { LogEntry, ObjectLog } from './linearizability/object-log.ts';
import type { SequentialModel, When } from './model.ts';
import { type Readings, RIGHT_CLOCK } from './service-time.ts';

type Model = SequentialModel<unknown, unknown, unknown>;
type Completion = Extract<LogEntry, { kind: 'complete' }>;

export interface Culprit {
  /** What the caller said of the refusal when it was recorded. */
  readonly about: unknown;
  /** What the model would have allowed instead, for people. */
  readonly allowed: readonly string[];
  /** The states that the history, without the wrong answer, allowed the object to be in before. */
  readonly states: readonly unknown[];
  /** Calls without an answer by which alone it was explained. */
  readonly unanswered: readonly unknown[];
}

/** Configurations that one check of the whole history may look at for one answer, and all of them together. */
const MOST_FOR_ONE = 1_000;
const MOST_FOR_ALL = 300_000;

/** `log` ends with the answer at which the check broke. Null: that one is to blame, or it cannot be told. */
export function findCulprit(
  model: Model,
  object: string,
  log: ObjectLog,
  readings: Readings = RIGHT_CLOCK,
): Culprit | null {
  const { entries } = log;
  const last = entries?.at(-1);
  if (!entries || last?.kind !== 'complete' || last.refusal) return null;
  const refusals = entries.filter(
    (entry) => entry.kind === 'complete' && entry.refusal !== null,
  ) as Completion[];
  if (refusals.length === 0) return null;
  const check = new Recheck({ ...model, initial: () => log.base }, object, entries, readings);
  const left = check.fewestLeftOut(refusals);
  const culprit = left?.[0];
  if (!left || !culprit) return null;
  const before = check.before(culprit, new Set(left.map(({ id }) => id)));
  const when = check.when(culprit);
  const isRight = before.states.every((state) =>
    statesByThemselves(model, state, when).some(
      (one) => model.apply(one, culprit.call, culprit.answer, when) !== null,
    ),
  );
  if (isRight) return null;
  return { about: culprit.refusal?.about, ...before, unanswered: check.unansweredBefore(culprit) };
}

class Recheck {
  readonly #model: Model;
  readonly #object: string;
  readonly #entries: readonly LogEntry[];
  readonly #readings: Readings;
  readonly #cost = { answers: 0, searches: 0, configurations: 0 };
  readonly #clock = { at: 0, ms: 0 };

  constructor(model: Model, object: string, entries: readonly LogEntry[], readings: Readings) {
    this.#model = model;
    this.#object = object;
    this.#entries = entries;
    this.#readings = readings;
  }

  /** The fewest of these answers without which the history can be explained, oldest first; null when it cannot. */
  fewestLeftOut(answers: readonly Completion[]): Completion[] | null {
    const left = new Set(answers.map(({ id }) => id));
    if (!this.#isExplained(left)) return null;
    for (const { id } of answers.toReversed()) {
      left.delete(id);
      if (!this.#isExplained(left)) left.add(id);
      if (this.#cost.configurations > MOST_FOR_ALL) return null;
    }
    return answers.filter(({ id }) => left.has(id));
  }

  /** The states before this answer, and what they would have allowed. */
  before(answer: Completion, left: ReadonlySet<OpId>): { allowed: string[]; states: unknown[] } {
    const checker = this.#newChecker();
    for (const entry of this.#entries) {
      if (entry === answer || !this.#replay(checker, entry, left)) break;
    }
    const states = checker.states();
    const when = this.when(answer);
    const allowed = states.flatMap((state) => this.#model.describe(state, answer.call, when));
    return { allowed: [...new Set(allowed)], states };
  }

  /** When this answer's call can have taken effect. */
  when({ id, ms = 0 }: Completion): When {
    const begun = this.#entries.find((entry) => entry.kind === 'invoke' && entry.id === id)?.ms ?? 0;
    return this.#readings(begun, ms);
  }

  /** Calls that were begun before this answer and never got one. */
  unansweredBefore(answer: Completion): unknown[] {
    const answered = new Set<OpId>();
    for (const entry of this.#entries) if (entry.kind === 'complete') answered.add(entry.id);
    const calls: unknown[] = [];
    for (const entry of this.#entries) {
      if (entry === answer) break;
      if (entry.kind === 'invoke' && !answered.has(entry.id)) calls.push(entry.call);
    }
    return calls;
  }

  #isExplained(left: ReadonlySet<OpId>): boolean {
    const checker = this.#newChecker();
    return this.#entries.every((entry) => this.#replay(checker, entry, left));
  }

  #replay(
    checker: LinearizabilityChecker<unknown, unknown, unknown>,
    entry: LogEntry,
    left: ReadonlySet<OpId>,
  ): boolean {
    this.#clock.ms = entry.ms ?? 0;
    return replayed(checker, entry, left);
  }

  #newChecker(): LinearizabilityChecker<unknown, unknown, unknown> {
    return new LinearizabilityChecker(this.#model, this.#object, {
      maxConfigurations: MOST_FOR_ONE,
      cost: this.#cost,
      clock: this.#clock,
      readings: this.#readings,
    });
  }
}

/** Takes one entry of the history; false when it cannot be explained, or that cannot be told. */
function replayed(
  checker: LinearizabilityChecker<unknown, unknown, unknown>,
  entry: LogEntry,
  left: ReadonlySet<OpId>,
): boolean {
  if (entry.kind !== 'forget' && left.has(entry.id)) return true;
  switch (entry.kind) {
    case 'invoke':
      checker.invoke(entry.id, entry.call);
      return true;
    case 'complete':
      return checker.complete(entry.id, entry.answer).ok === true;
    case 'unknown':
      checker.unknown(entry.id);
      return true;
    case 'expire':
      return checker.expire(entry.id).ok === true;
    case 'forget':
      checker.forget(entry.what);
      return true;
  }
}
