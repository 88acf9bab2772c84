/** Turns a pair round: the stale reader goes on from its read only after the last commit that it was stale against. */
import type { Attempt } from '../harness/attempt.ts';
import { type Guide, requestKey } from '../harness/guide.ts';
import type { NextStep } from '../targets/target.ts';
import type { Recording, StaleRead } from './findings.ts';

export class Turn implements Guide {
  readonly #reader: string;
  /** Statements that the reader may take before it is held. */
  readonly #from: number;
  /** Commits that are waited for, by request. */
  readonly #awaited: Map<string, number>;

  constructor(stale: StaleRead, recording: Recording, from: 'read' | 'transaction') {
    const { request, read, commits } = stale;
    this.#reader = request.key;
    const own = request.statements.filter(({ kind }) => kind === 'statement');
    const first = from === 'read' ? read : (own.find((each) => sameTransaction(each, read)) ?? read);
    this.#from = request.statements.filter(
      // The commit of a single statement is answered with it.
      ({ id, kind, isAutocommit }) => id < first.id && kind !== 'begin' && !(kind === 'commit' && isAutocommit),
    ).length;
    this.#awaited = new Map(
      commits.map((commit) => [
        commit.request?.key ?? '',
        recording.commits.filter((each) => each.request === commit.request && each.index <= commit.index).length,
      ]),
    );
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

function sameTransaction(
  one: { transaction: number | null; id: number },
  other: { transaction: number | null; id: number },
): boolean {
  return one.id === other.id || (one.transaction !== null && one.transaction === other.transaction);
}
