/** Faults of the database and of the way to it, each at the statement of its request that the seed drew. */
import type { WireFaultName, WireStrike } from '../target.ts';
import { DEADLOCK, SERIALIZATION_FAILURE, type WireStatement } from './statement.ts';
import type { PgwireTask } from './task.ts';

const MESSAGES: Readonly<Record<string, { code: string; message: string }>> = {
  'serialization-failure': {
    code: SERIALIZATION_FAILURE,
    message: 'could not serialize access due to concurrent update',
  },
  deadlock: { code: DEADLOCK, message: 'deadlock detected' },
};
/** Statements of a request, as long as nothing is known of its kind. */
const USUAL_STATEMENTS = 3;
/** The answer of a slow statement is handed on after so many steps, at the least and at the most. */
const SLOW_STEPS = [4, 24] as const;

export class Strikes {
  /** The most statements that a request of each operation has had. */
  readonly #usual = new Map<string, number>();

  /** A statement of the request is about to be sent: what strikes it now, if it is to be struck and this is the one. */
  due(task: PgwireTask, statement: WireStatement): WireStrike | null {
    const { strike, executed, call } = task;
    if (!strike) return null;
    const usual = this.#usual.get(call.operation) ?? USUAL_STATEMENTS;
    if (fits(strike, statement, executed >= Math.floor(strike.at * usual))) {
      task.strike = null;
      return strike;
    }
    return null;
  }

  /** A statement of the request was executed. */
  executed(task: PgwireTask): void {
    task.executed++;
    const { operation } = task.call;
    this.#usual.set(operation, Math.max(this.#usual.get(operation) ?? 0, task.executed));
  }
}

/** How many steps a slow statement takes longer. */
export function slowStepsOf({ at }: WireStrike): number {
  const [least, most] = SLOW_STEPS;
  return least + Math.floor(at * (most - least));
}

/** What the database says instead of the answer; null: the fault is none of that kind. */
export function errorOf(name: WireFaultName): { code: string; message: string } | null {
  return MESSAGES[name] ?? null;
}

function fits({ name, atCommit }: WireStrike, statement: WireStatement, isReached: boolean): boolean {
  const { wire } = statement.connection;
  const isInTransaction = wire.transaction === 'open' || statement.isOpenedByGate;
  if (name === 'slow-statement') return isReached && !statement.endsTransaction;
  if (!isInTransaction || wire.transaction === 'failed') return false;
  if (name === 'lost-commit') return statement.isCommit;
  if (name === 'backend-kill') return isReached && !statement.endsTransaction;
  return atCommit ? statement.isCommit : isReached && !statement.endsTransaction;
}
