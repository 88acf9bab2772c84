/** Histories of one slot, written down for people: a checker that is driven by short lines. */
import {
  LinearizabilityChecker,
  type LinearizabilityOptions,
  type Verdict,
} from '../../runner/checkers/linearizability/index.ts';
import { bookingsModel } from '../../runner/scenarios/bookings/model.ts';
import type { SlotAnswer, SlotCall } from '../../runner/scenarios/bookings/slot-call.ts';
import type { SlotState } from '../../runner/scenarios/bookings/slot-state.ts';
import { CONTRACT_RULES, type ServiceRules } from '../../server/contract/index.ts';

/** A checker of a slot `s` with this many seats, open and empty. */
export function slotChecker(
  capacity: number,
  options: LinearizabilityOptions = {},
  rules: Readonly<ServiceRules> = CONTRACT_RULES,
): LinearizabilityChecker<SlotState, SlotCall, SlotAnswer> {
  const world = { slots: [{ id: 's', capacity, open: true }] };
  return new LinearizabilityChecker(bookingsModel(rules), 's', { ...options, world });
}

export const book = (citizen: string, key: string): SlotCall => ({ operation: 'book', citizen, key });
export const cancel = (booking: string): SlotCall => ({ operation: 'cancel', booking });
export const read: SlotCall = { operation: 'read' };
export const count: SlotCall = { operation: 'count' };
export const open: SlotCall = { operation: 'open' };
export const close: SlotCall = { operation: 'close' };

export const ok = (booking?: string): SlotAnswer =>
  booking === undefined ? { outcome: 'ok' } : { outcome: 'ok', booking };
export const refused = (reason: string): SlotAnswer => ({ outcome: 'refused', reason });

/** The answer of a read: `ana=b1` for each booking. */
export function shows(capacity: number, isOpen: boolean, ...bookings: string[]): SlotAnswer {
  const views = bookings.map((text) => {
    const [citizen = '', id = ''] = text.split('=');
    return { citizen, id };
  });
  return { outcome: 'ok', capacity, open: isOpen, bookings: views };
}

export const counts = (capacity: number, isOpen: boolean, bookings: number): SlotAnswer => ({
  outcome: 'ok',
  capacity,
  open: isOpen,
  bookings,
});

/** What happens to the object, in order. */
export type Step =
  | { kind: 'invoke'; id: number; call: SlotCall }
  | { kind: 'complete'; id: number; answer: SlotAnswer }
  | { kind: 'unknown' | 'expire'; id: number };

/** The verdict of each completion and expiry, `ok` for the other steps; ends with the first that is not ok. */
export function verdicts(
  capacity: number,
  steps: readonly Step[],
  options?: LinearizabilityOptions,
  rules?: Readonly<ServiceRules>,
): Verdict<SlotState>['ok'][] {
  const checker = slotChecker(capacity, options, rules);
  const found: Verdict<SlotState>['ok'][] = [];
  for (const step of steps) {
    found.push(applyStep(checker, step));
    if (found.at(-1) !== true) break;
  }
  return found;
}

/** The first step at which the checker fails, -1 for none, -2 when it could not decide. */
export function firstWrong(found: readonly Verdict<SlotState>['ok'][]): number {
  if (found.at(-1) === 'unknown') return -2;
  return found.at(-1) === false ? found.length - 1 : -1;
}

export function applyStep(checker: ReturnType<typeof slotChecker>, step: Step): Verdict<SlotState>['ok'] {
  switch (step.kind) {
    case 'invoke':
      checker.invoke(step.id, step.call);
      return true;
    case 'complete':
      return checker.complete(step.id, step.answer).ok;
    case 'unknown':
      checker.unknown(step.id);
      return true;
    case 'expire':
      return checker.expire(step.id).ok;
  }
}
