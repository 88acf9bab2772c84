/** Holds requests back beyond what the schedule asks for: how "what if this came after that" is executed. */
import type { NextStep } from '../targets/target.ts';
import type { Attempt } from './attempt.ts';

export type { NextStep } from '../targets/target.ts';

export interface Guide {
  /** True while this request must not take its next step. Pure: it may be asked any number of times. */
  holds(attempt: Attempt, next: NextStep): boolean;
  /** It takes it. */
  stepped?(attempt: Attempt, next: NextStep): void;
  /** The request has left the target. */
  left?(attempt: Attempt): void;
  /** All that could go on were held and no time could pass, so one of them went all the same: a pass proves nothing then. */
  gaveWay(): void;
}

/** Which request this is, in every execution: planned operation, attempt, `d` for a duplicate: `48.0`, `50.1d`. */
export function requestKey({ flow, attempt, faults }: Attempt): string {
  return `${flow.n}.${attempt}${faults === null ? 'd' : ''}`;
}
