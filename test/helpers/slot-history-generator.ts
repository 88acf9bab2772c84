/** Random small histories of one slot, right by construction or with answers falsified, from a seed. */

import type { ShownBooking, SlotAnswer, SlotCall } from '../../runner/scenarios/bookings/slot-call.ts';
import type { Prng } from '../../runner/sim/prng.ts';
import { CONTRACT_RULES, type ServiceRules } from '../../server/contract/index.ts';
import type { Step } from './slot-history.ts';

interface Shape {
  capacity: number;
  operations: number;
  /** Open at once, at most. */
  concurrency: number;
  citizens: number;
  /** Share of the operations that get no answer. */
  lossRate: number;
  /** True for a service that gives a repeated request its first refusal again. */
  remembersRefusals: boolean;
  rules: Readonly<ServiceRules>;
  /** Tells no reason why a booking is refused. */
  isTaciturn: boolean;
  /** What views show of each booking, and whether they show that the slot is open. */
  shows: 'both' | 'ids' | 'citizens';
  showsOpen: boolean;
}

interface Open {
  id: number;
  call: SlotCall;
  answer: SlotAnswer | null;
  lost: boolean;
}

const REASONS = ['full', 'closed', 'already-booked'];

export function randomShape(prng: Prng, rules: Readonly<ServiceRules> = CONTRACT_RULES): Shape {
  const contract = { rules, isTaciturn: false, shows: 'both' as const, showsOpen: true };
  return {
    ...contract,
    capacity: 1 + prng.below(3),
    operations: 3 + prng.below(6),
    concurrency: 1 + prng.below(5),
    citizens: 1 + prng.below(3),
    lossRate: prng.pick([0, 0.15, 0.4]),
    remembersRefusals: prng.chance(0.5),
  };
}

/** For a service that tells less than the contract's, too. */
export function randomTelling(prng: Prng, shape: Shape): Shape {
  const shows = prng.pick(['both', 'both', 'ids', 'citizens'] as const);
  return {
    ...shape,
    isTaciturn: prng.chance(0.3),
    shows: shape.rules.cancelsBy === 'citizen' ? 'citizens' : shows,
    showsOpen: prng.chance(0.6),
  };
}

/** A history that a correct slot gave, with its operations' instants drawn at random. */
export function rightHistory(prng: Prng, shape: Shape): Step[] {
  const service = new Service(shape);
  const steps: Step[] = [];
  const open: Open[] = [];
  let next = 1;
  while (next <= shape.operations || open.some((op) => !op.lost)) {
    const waiting = open.filter((op) => !op.lost);
    if (next <= shape.operations && waiting.length < shape.concurrency && prng.chance(0.4)) {
      const call = randomCall(prng, shape, service, next);
      const op: Open = { id: next++, call, answer: null, lost: false };
      open.push(op);
      steps.push({ kind: 'invoke', id: op.id, call: op.call });
      continue;
    }
    if (open.length === 0) continue;
    const op = prng.pick(open);
    if (op.answer === null && prng.chance(op.lost ? 0.3 : 0.7)) {
      op.answer = service.run(op.call);
    } else if (op.lost) {
      if (prng.chance(0.2)) end(op, { kind: 'expire', id: op.id });
    } else if (prng.chance(shape.lossRate)) {
      if (prng.chance(0.5)) end(op, { kind: 'expire', id: op.id });
      else steps.push({ kind: 'unknown', id: op.id });
      op.lost = true;
    } else if (op.answer) {
      end(op, { kind: 'complete', id: op.id, answer: op.answer });
    }
  }
  return steps;

  function end(op: Open, step: Step): void {
    steps.push(step);
    open.splice(open.indexOf(op), 1);
  }
}

function randomCall(prng: Prng, shape: Shape, service: Service, id: number): SlotCall {
  const { rules } = shape;
  const citizen = `c${1 + prng.below(shape.citizens)}`;
  switch (
    prng.pick(['book', 'book', 'book', 'book', 'cancel', 'cancel', 'read', 'count', 'open', 'close'] as const)
  ) {
    case 'book':
      // Without keys each attempt is a request of its own.
      return { operation: 'book', citizen, key: rules.keys ? prng.pick(['k', 'k', 'l']) : `k${id}` };
    case 'cancel': {
      const booking = service.ids.length > 0 && prng.chance(0.95) ? prng.pick(service.ids) : 'b9';
      const isNamed = rules.ownCancelOnly || rules.cancelsBy === 'citizen';
      return { operation: 'cancel', booking, ...(isNamed ? { citizen } : {}) };
    }
    case 'read':
      return { operation: 'read' };
    case 'count':
      return { operation: 'count' };
    case 'open':
      return { operation: 'open' };
    case 'close':
      return { operation: rules.closing && prng.chance(0.5) ? 'close' : 'open' };
  }
}

/** The history with one or two answers falsified; often still right. */
export function falsified(prng: Prng, shape: Shape, steps: readonly Step[]): Step[] {
  const changed = [...steps];
  for (let n = 1 + prng.below(2); n > 0; n--) {
    const index = prng.below(changed.length);
    const step = changed[index] as Step;
    if (step.kind !== 'complete') continue;
    const begun = changed.find((s) => s.kind === 'invoke' && s.id === step.id) as Extract<
      Step,
      { kind: 'invoke' }
    >;
    changed[index] = { ...step, answer: falseAnswer(prng, shape, begun.call, step.answer) };
  }
  return changed;
}

function falseAnswer(prng: Prng, shape: Shape, call: SlotCall, answer: SlotAnswer): SlotAnswer {
  switch (call.operation) {
    case 'book':
      if (prng.chance(0.5))
        return { outcome: 'refused', reason: shape.isTaciturn ? 'unavailable' : prng.pick(REASONS) };
      return { outcome: 'ok', booking: `b${1 + prng.below(6)}` };
    case 'cancel':
      return answer.outcome === 'ok' ? { outcome: 'refused', reason: 'no-such-booking' } : { outcome: 'ok' };
    case 'open':
    case 'close':
      return answer;
    case 'read':
    case 'count':
      return falseView(prng, shape, answer as Extract<SlotAnswer, { outcome: 'ok' }>);
  }
}

function falseView(prng: Prng, shape: Shape, answer: Extract<SlotAnswer, { outcome: 'ok' }>): SlotAnswer {
  if (answer.open !== undefined && prng.chance(0.25)) return { ...answer, open: !answer.open };
  const { bookings } = answer;
  if (typeof bookings === 'number') {
    return { ...answer, bookings: Math.max(0, bookings + (prng.chance(0.5) ? 1 : -1)) };
  }
  const views = [...(bookings ?? [])];
  if (views.length > 0 && prng.chance(0.6)) views.splice(prng.below(views.length), 1);
  if (prng.chance(0.5))
    views.push(
      shownAs(shape, { id: `b${1 + prng.below(6)}`, citizen: `c${1 + prng.below(shape.citizens)}` }),
    );
  return { ...answer, bookings: views };
}

function shownAs({ shows }: Shape, { id, citizen }: { id: string; citizen: string }): ShownBooking {
  if (shows === 'ids') return { id };
  return shows === 'citizens' ? { citizen } : { id, citizen };
}

/** A correct slot, one operation at a time. */
class Service {
  readonly ids: string[] = [];
  readonly #shape: Shape;
  readonly #bookings = new Map<string, { id: string; citizen: string; key: string; active: boolean }>();
  readonly #refusals = new Map<string, string>();
  #open = true;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  run(call: SlotCall): SlotAnswer {
    const active = [...this.#bookings.values()].filter((b) => b.active);
    const open = this.#shape.showsOpen ? { open: this.#open } : {};
    const view = { outcome: 'ok' as const, ...open, capacity: this.#shape.capacity };
    const { rules } = this.#shape;
    switch (call.operation) {
      case 'book':
        return this.#book(call.citizen, call.key, active);
      case 'cancel': {
        const booking = active.find((b) =>
          rules.cancelsBy === 'citizen' ? b.citizen === call.citizen : b.id === call.booking,
        );
        if (!booking && rules.secondCancel === 'ok') return { outcome: 'ok' };
        if (!booking) return { outcome: 'refused', reason: 'no-such-booking' };
        if (rules.ownCancelOnly && booking.citizen !== call.citizen)
          return { outcome: 'refused', reason: 'not-yours' };
        booking.active = false;
        return { outcome: 'ok' };
      }
      case 'open':
      case 'close':
        this.#open = call.operation === 'open';
        return { outcome: 'ok' };
      case 'read':
        return { ...view, bookings: active.map((booking) => shownAs(this.#shape, booking)) };
      case 'count':
        return { ...view, bookings: active.length };
    }
  }

  #book(citizen: string, key: string, active: readonly { citizen: string }[]): SlotAnswer {
    const name = `${citizen} ${key}`;
    const mine = this.#bookings.get(name);
    if (mine) return { outcome: 'ok', booking: mine.id };
    const first = this.#refusals.get(name);
    if (first && this.#shape.remembersRefusals) return { outcome: 'refused', reason: first };
    const known = this.#reason(citizen, active);
    if (known) {
      const reason = this.#shape.isTaciturn ? 'unavailable' : known;
      this.#refusals.set(name, reason);
      return { outcome: 'refused', reason };
    }
    const id = `b${this.#bookings.size + 1}`;
    this.#bookings.set(name, { id, citizen, key, active: true });
    this.ids.push(id);
    return { outcome: 'ok', booking: id };
  }

  #reason(citizen: string, active: readonly { citizen: string }[]): string | null {
    if (!this.#open) return 'closed';
    if (this.#shape.rules.onePerCitizen && active.some((b) => b.citizen === citizen)) return 'already-booked';
    return active.length >= this.#shape.capacity ? 'full' : null;
  }
}
