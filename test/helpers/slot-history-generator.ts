/** Random small histories of one slot, right by construction or with answers falsified, from a seed. */

import type { SlotAnswer, SlotCall } from '../../runner/scenarios/bookings/slot-call.ts';
import type { Prng } from '../../runner/sim/prng.ts';
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
}

interface Open {
  id: number;
  call: SlotCall;
  answer: SlotAnswer | null;
  lost: boolean;
}

const REASONS = ['full', 'closed', 'already-booked'];

export function randomShape(prng: Prng): Shape {
  return {
    capacity: 1 + prng.below(3),
    operations: 3 + prng.below(6),
    concurrency: 1 + prng.below(5),
    citizens: 1 + prng.below(3),
    lossRate: prng.pick([0, 0.15, 0.4]),
    remembersRefusals: prng.chance(0.5),
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
      const op: Open = { id: next++, call: randomCall(prng, shape, service), answer: null, lost: false };
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

function randomCall(prng: Prng, shape: Shape, service: Service): SlotCall {
  const citizen = `c${1 + prng.below(shape.citizens)}`;
  switch (
    prng.pick(['book', 'book', 'book', 'book', 'cancel', 'cancel', 'read', 'count', 'open', 'close'] as const)
  ) {
    case 'book':
      return { operation: 'book', citizen, key: prng.pick(['k', 'k', 'l']) };
    case 'cancel':
      return {
        operation: 'cancel',
        booking: service.ids.length > 0 && prng.chance(0.95) ? prng.pick(service.ids) : 'b9',
      };
    case 'read':
      return { operation: 'read' };
    case 'count':
      return { operation: 'count' };
    case 'open':
      return { operation: 'open' };
    case 'close':
      return { operation: prng.chance(0.5) ? 'close' : 'open' };
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
      if (prng.chance(0.5)) return { outcome: 'refused', reason: prng.pick(REASONS) };
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
  if (prng.chance(0.25)) return { ...answer, open: !answer.open };
  const { bookings } = answer;
  if (typeof bookings === 'number') {
    return { ...answer, bookings: Math.max(0, bookings + (prng.chance(0.5) ? 1 : -1)) };
  }
  const views = [...(bookings ?? [])];
  if (views.length > 0 && prng.chance(0.6)) views.splice(prng.below(views.length), 1);
  if (prng.chance(0.5))
    views.push({ id: `b${1 + prng.below(6)}`, citizen: `c${1 + prng.below(shape.citizens)}` });
  return { ...answer, bookings: views };
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
    const view = { outcome: 'ok' as const, open: this.#open, capacity: this.#shape.capacity };
    switch (call.operation) {
      case 'book':
        return this.#book(call.citizen, call.key, active);
      case 'cancel': {
        const booking = active.find((b) => b.id === call.booking);
        if (!booking) return { outcome: 'refused', reason: 'no-such-booking' };
        booking.active = false;
        return { outcome: 'ok' };
      }
      case 'open':
      case 'close':
        this.#open = call.operation === 'open';
        return { outcome: 'ok' };
      case 'read':
        return { ...view, bookings: active.map(({ id, citizen }) => ({ id, citizen })) };
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
    const reason = this.#reason(citizen, active);
    if (reason) {
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
    if (active.some((b) => b.citizen === citizen)) return 'already-booked';
    return active.length >= this.#shape.capacity ? 'full' : null;
  }
}
