/** Turns a pair round: the stale reader goes on from its read only after the last commit that it was stale against. */
import type { Attempt } from '../harness/attempt.ts';
import type { Fails } from '../harness/failure-tally.ts';
import { type Guide, requestKey } from '../harness/guide.ts';
import type { NextStep } from '../targets/target.ts';
import type { Discarded, Recording, StaleRead, TakenStep, Went } from './findings.ts';

export class Turn implements Guide {
  readonly #reader: string;
  /** Statements that the reader may take before it is held. */
  readonly #from: number;
  /** Commits that are waited for, by request. */
  readonly #awaited: Map<string, number>;
  /** As they were, but for the reader's after its read. */
  readonly steps: readonly TakenStep[];

  /** `steps`: those of the recording, or as another turn leaves them. */
  constructor(
    stale: StaleRead,
    recording: Recording,
    from: 'read' | 'transaction',
    steps: readonly TakenStep[] = recording.steps,
  ) {
    const { request, read, commits } = stale;
    this.#reader = request.key;
    const own = request.statements.filter(({ kind }) => kind === 'statement');
    const first = from === 'read' ? read : (own.find((each) => sameTransaction(each, read)) ?? read);
    this.#from = request.statements.filter(
      // The commit of a single statement is answered with it.
      ({ id, kind, isAutocommit }) =>
        id < first.id && kind !== 'begin' && !(kind === 'commit' && isAutocommit),
    ).length;
    this.#awaited = new Map(
      commits.map((commit) => [
        commit.request?.key ?? '',
        recording.commits.filter((each) => each.request === commit.request && each.index <= commit.index)
          .length,
      ]),
    );
    this.steps = this.#turned(steps);
  }

  /** Who is to take the steps. */
  get order(): string[] {
    return this.steps.map(({ request }) => request);
  }

  #turned(steps: readonly TakenStep[]): TakenStep[] {
    const isReaders = ({ request }: TakenStep) => request === this.#reader;
    const from = steps.findIndex((step) => isReaders(step) && step.next.statements >= this.#from);
    const to = Math.max(...[...this.#awaited].map(([request, times]) => stepOfCommit(steps, request, times)));
    const between = from < 0 ? [] : steps.slice(from, to + 1);
    const turned = [...between.filter((step) => !isReaders(step)), ...between.filter(isReaders)];
    const start = from < 0 ? 0 : from;
    return [...steps.slice(0, start), ...turned, ...steps.slice(start + turned.length)];
  }

  holds(attempt: Attempt, { statements }: NextStep): boolean {
    return requestKey(attempt) === this.#reader && statements >= this.#from && this.#awaited.size > 0;
  }

  stepped(attempt: Attempt, { kind }: NextStep): void {
    const key = requestKey(attempt);
    const left = this.#awaited.get(key);
    if (left === undefined || kind !== 'commit') return;
    if (left <= 1) this.#awaited.delete(key);
    else this.#awaited.set(key, left - 1);
  }

  left(attempt: Attempt): void {
    this.#awaited.delete(requestKey(attempt));
  }

  gaveWay(): void {}
}

/** Two at once: each reader goes on only after what it was stale against. */
export class TurnOfBoth implements Guide {
  readonly order: readonly string[];
  readonly #turns: readonly Turn[];

  constructor(one: StaleRead, other: StaleRead, recording: Recording) {
    const first = new Turn(one, recording, 'read');
    const second = new Turn(other, recording, 'read', first.steps);
    this.#turns = [first, second];
    this.order = second.order;
  }

  holds(attempt: Attempt, next: NextStep): boolean {
    return this.#turns.some((turn) => turn.holds(attempt, next));
  }

  stepped(attempt: Attempt, next: NextStep): void {
    for (const turn of this.#turns) turn.stepped(attempt, next);
  }

  left(attempt: Attempt): void {
    for (const turn of this.#turns) turn.left(attempt);
  }

  gaveWay(): void {}
}

/** The step in which a request commits for so many times; its last one, should it end before. */
function stepOfCommit(steps: readonly TakenStep[], request: string, times: number): number {
  const own = steps.flatMap((step, i) => (step.request === request ? [i] : []));
  const commits = own.filter((i) => steps[i]?.next.kind === 'commit');
  return commits[times - 1] ?? own.at(-1) ?? -1;
}

/** Whether each step was taken by the request whose turn it was; that one waits, it is its service that keeps it. */
export function isInOrder({ trace, gaveWay }: Went): boolean {
  return gaveWay === 0 && trace.notAsAsked === trace.keptWaiting;
}

/** A pass whose order was not as asked proves nothing. */
export function passesInOrder(went: Went & { readonly fails: Fails }): Discarded | null {
  return went.fails === 'no' && !isInOrder(went) ? 'not in the order asked' : null;
}

function sameTransaction(
  one: { transaction: number | null; id: number },
  other: { transaction: number | null; id: number },
): boolean {
  return one.id === other.id || (one.transaction !== null && one.transaction === other.transaction);
}
