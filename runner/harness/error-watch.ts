/**
 * Internal errors (5xx) that nothing of ours explains: counts them by operation and by request, and says when a
 * service gives so many that they are a finding.
 */
import { CONTRACT_RULES, ERRORS_WITHOUT_CAUSE, type ServiceRules } from '../../server/contract/index.ts';
import type { Operation } from '../scenarios/scenario.ts';
import { NewestMap } from '../sim/newest-map.ts';
import type { Failure } from './failure.ts';

/** The share of an operation's first attempts tells nothing before so many of them have been answered. */
const LEAST_FIRST_ATTEMPTS = 50;
/** One request that is answered so, so many times in a row, will not be answered otherwise. */
const MOST_IN_A_ROW = 5;
/**
 * Repeats of acknowledged requests are few, and a service that cannot answer them mostly answers none of them. So five
 * errors are enough when they are four fifths of all: each of the first five, five of the first six. A service that
 * answers 3 % with 503, whatever the request, does so with a probability of 1.5e-7 in a whole run (5 %: 2e-6), because
 * what it answered well before counts for ever; one that never answers a repeat is found at the fifth. Where only some
 * kinds of repeats end so, ten errors are enough when they are half of all (5 %: 2e-8).
 */
const REPEATS = [
  { failed: 5, share: 0.8 },
  { failed: 10, share: 0.5 },
] as const;
/** An operation that was tried so often and never acknowledged was not tested. */
const OFTEN_ENOUGH = 20;
/** Characters of an error that a message shows. */
const ERROR_SHOWN = 200;
/** Requests that are remembered for their repeats, the newest. */
const REQUESTS_REMEMBERED = 8_192;

/** One attempt that has reached the service. */
export interface Tried {
  readonly operation: string;
  /** Equal for a request and its repeats, such as its key; null: it has no repeats, each attempt is its own. */
  readonly request: string | number | null;
  /** False for a repeat or a duplicate. */
  readonly first: boolean;
  /** True when the service had acknowledged the request before this attempt of it. */
  readonly ofAcknowledged: boolean;
}

/** An internal error, as the history has it. */
export interface InternalError {
  /** What the service said, in short. */
  readonly error: string;
  /** Of an HTTP answer; 500 where there is no such thing. */
  readonly status?: number;
  /** True when a fault of ours, or what we decided, explains it: a crash, a deadlock, a serialization failure. */
  readonly explained: boolean;
  readonly operation: Operation;
  readonly object: string | null;
  /** The event with which the request ended. */
  readonly eventIndex: number;
}

/** Answers, and how many of them were internal errors without a cause. */
interface Tally {
  answers: number;
  failed: number;
  example: InternalError | null;
}

interface OperationTally {
  tried: number;
  acknowledged: number;
  readonly first: Tally;
  /** Repeats of requests that were acknowledged before. */
  readonly again: Tally;
}

interface RequestTally {
  acknowledged: boolean;
  /** Its errors since it was last answered otherwise; null: none. */
  row: Tally | null;
}

/** The share of internal errors without a cause, of an operation's first attempts that were answered. */
export interface ErrorShare {
  answers: number;
  failed: number;
  /** From 0 to 1, with three digits. */
  share: number;
}

export class ErrorWatch {
  readonly #rules: Pick<ServiceRules, 'errors'>;
  readonly #anyFails: boolean;
  readonly #operations = new Map<string, OperationTally>();
  readonly #requests = new NewestMap<string | number, RequestTally>(REQUESTS_REMEMBERED);

  /**
   * `rules` are read when an error is judged. `anyFails`: the first error without a cause is the finding, for the
   * reproduction of a run that had enough of them.
   */
  constructor(rules: Pick<ServiceRules, 'errors'> = CONTRACT_RULES, anyFails = false) {
    this.#rules = rules;
    this.#anyFails = anyFails;
  }

  /** An attempt reaches the service. What is returned goes with its answer. */
  tried({ operation, request, first }: Omit<Tried, 'ofAcknowledged'>): Tried {
    this.#operation(operation).tried++;
    const ofAcknowledged = request !== null && !first && this.#requests.get(request)?.acknowledged === true;
    return { operation, request, first, ofAcknowledged };
  }

  /** The service answered it, whether or not the citizen gets to know: acknowledged, or refused. */
  answered(tried: Tried, outcome: 'ok' | 'refused'): void {
    const operation = this.#operation(tried.operation);
    const tally = tallyOf(operation, tried);
    if (tally) tally.answers++;
    const isAcknowledged = outcome === 'ok';
    if (isAcknowledged) operation.acknowledged++;
    if (tried.request === null) return;
    const known = this.#requests.get(tried.request);
    if (known) {
      // Whatever was answered so before, it was not in a row.
      known.row = null;
      known.acknowledged ||= isAcknowledged;
    } else if (isAcknowledged) this.#requests.set(tried.request, { acknowledged: true, row: null });
  }

  /** The service answered it with an internal error; returns the failure of the run when that is one too many. */
  failed(tried: Tried, found: InternalError): Failure | null {
    if (found.explained) return null;
    const operation = this.#operation(tried.operation);
    const tally = tallyOf(operation, tried);
    if (tally) note(tally, found);
    const row = this.#rowOf(tried);
    if (row) note(row, found);
    const { first, again } = operation;
    const text = this.#judge(tried, { first, again, row });
    return text === null ? null : failure(found, text);
  }

  /** By operation, those that were answered with internal errors without a cause. */
  get shares(): Record<string, ErrorShare> {
    const shares: Record<string, ErrorShare> = {};
    for (const [operation, { first }] of this.#operations) {
      if (first.failed > 0) {
        const { answers, failed } = first;
        shares[operation] = { answers, failed, share: Math.round((failed / answers) * 1_000) / 1_000 };
      }
    }
    return shares;
  }

  /** How often an operation was acknowledged. */
  acknowledged(operation: string): number {
    return this.#operations.get(operation)?.acknowledged ?? 0;
  }

  /** Operations that were tried often enough, and never acknowledged. */
  get neverAcknowledged(): string[] {
    return [...this.#operations]
      .filter(([, { tried, acknowledged }]) => tried >= OFTEN_ENOUGH && acknowledged === 0)
      .map(([operation]) => operation);
  }

  #judge(tried: Tried, { first, again, row }: Record<'first' | 'again', Tally> & { row: Tally | null }) {
    const { operation, ofAcknowledged } = tried;
    const isRow = row !== null && row.failed >= MOST_IN_A_ROW;
    if (ofAcknowledged && (this.#anyFails || isRow || isTooMuch(again))) {
      const status = statusOf(again.example);
      return (
        `Repeats of an acknowledged request are answered ${status}: ${again.failed} of ${again.answers} ` +
        `repeats of ${operation}, and nothing that the run did explains it. ${exampleText(again)}`
      );
    }
    if (isRow) {
      return (
        `One ${operation} was answered ${statusOf(row.example)} ${row.failed} times in a row, and nothing that ` +
        `the run did explains it. ${exampleText(row)}`
      );
    }
    const { errors } = this.#rules;
    const isShare =
      errors < 1 && first.answers >= LEAST_FIRST_ATTEMPTS && first.failed >= errors * first.answers;
    if (!this.#anyFails && !(tried.first && isShare)) return null;
    const shown = tried.first ? first : (row ?? first);
    return (
      `${operation} was answered ${statusOf(shown.example)} in ${shown.failed} of ${shown.answers} first attempts, ` +
      `and nothing that the run did explains it. ${exampleText(shown)}`
    );
  }

  #rowOf({ request }: Tried): Tally | null {
    if (request === null) return null;
    const known = this.#requests.get(request);
    if (!known) {
      const row = newTally();
      this.#requests.set(request, { acknowledged: false, row });
      return row;
    }
    known.row ??= newTally();
    return known.row;
  }

  #operation(name: string): OperationTally {
    let tally = this.#operations.get(name);
    if (!tally) {
      tally = { tried: 0, acknowledged: 0, first: newTally(), again: newTally() };
      this.#operations.set(name, tally);
    }
    return tally;
  }
}

/** What an answer to this attempt counts for, beside the row of its request; null: for nothing. */
function tallyOf({ first, again }: OperationTally, tried: Tried): Tally | null {
  if (tried.first) return first;
  return tried.ofAcknowledged ? again : null;
}

function newTally(): Tally {
  return { answers: 0, failed: 0, example: null };
}

function note(tally: Tally, found: InternalError): void {
  tally.answers++;
  tally.failed++;
  tally.example ??= found;
}

function isTooMuch({ answers, failed }: Tally): boolean {
  return REPEATS.some((most) => failed >= most.failed && failed >= most.share * answers);
}

function statusOf(example: InternalError | null): number {
  return example?.status ?? 500;
}

function exampleText({ example }: Tally): string {
  if (!example) return '';
  const { operation, error, eventIndex } = example;
  return `First at event ${eventIndex}, to ${operation.actor}: ${error.slice(0, ERROR_SHOWN)}.`;
}

function failure(
  { operation, object, eventIndex, error, status = 500 }: InternalError,
  message: string,
): Failure {
  return {
    kind: 'invariant',
    invariant: ERRORS_WITHOUT_CAUSE,
    message,
    actual: { status, error },
    expected: 'an answer that says what came of the request',
    object,
    operation,
    eventIndex,
  };
}
