/**
 * The model of `tickets` on small histories in which time passes: it explains whatever the right box office answers, and
 * finds each lie at the latest where the model without that which keeps the search short finds it.
 */
import { describe, expect, it } from 'vitest';
import { LinearizabilityChecker } from '../../runner/checkers/linearizability/index.ts';
import type { EventShown, TicketCall, Venue } from '../../runner/scenarios/tickets/calls.ts';
import type { TicketAnswer } from '../../runner/scenarios/tickets/event-state.ts';
import { MemoryBoxOffice } from '../../runner/scenarios/tickets/memory-service.ts';
import { ticketModel } from '../../runner/scenarios/tickets/model.ts';
import type { Reply } from '../../runner/service/call.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { firstWrong, type HistoryStep } from '../helpers/first-wrong.ts';

const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 3_000);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);
const VENUE: Venue = {
  events: [{ id: 'show', seats: ['A1', 'A2'], places: 2, quota: 3, opensAt: 5 }],
  holdMs: 12,
  offerMs: 8,
};
const MODEL = ticketModel(VENUE);
const { relevant: _relevant, hopeless: _hopeless, observes: _observes, spent: _spent, ...BARE } = MODEL;
const OPERATIONS = 11;
const AT_ONCE = 5;
const CITIZENS = ['ada', 'ben', 'cem'] as const;
/** What each order is of; a repeat of a request asks for what it asked for. */
const HOLDS = [
  { seats: ['A1'], places: 1 },
  { seats: [], places: 1 },
  { seats: [], places: 2 },
  { seats: ['A1', 'A2'], places: 0 },
  { seats: ['A2'], places: 1 },
] as const;

type Step = HistoryStep<TicketCall, TicketAnswer> & { readonly ms: number };

interface History {
  /** How far ahead the service's clock may have been, in ms. */
  readonly aheadMs: number;
  readonly steps: readonly Step[];
}

describe('the model of an event', () => {
  it(`explains what is right, in ${HISTORIES} histories, and misses no lie`, { timeout: 600_000 }, () => {
    let lies = 0;
    for (let seed = SEED; seed < SEED + HISTORIES; seed++) {
      const prng = new Prng(seed, 'operation');
      const right = new BoxOfficeHistory(prng).drawn();
      expect(firstWrongIn(MODEL, right), `seed ${seed}: ${JSON.stringify(right)}`).toBeNull();
      if (!prng.chance(0.3)) continue;
      const told = falsified(prng, right);
      const found = firstWrongIn(BARE, told);
      if (found === null) continue;
      lies++;
      const foundHere = firstWrongIn(MODEL, told) ?? Number.POSITIVE_INFINITY;
      expect(foundHere, `seed ${seed}: ${JSON.stringify(told)}`).toBeLessThanOrEqual(found);
    }
    // Without enough of them this would prove little.
    expect(lies).toBeGreaterThan(HISTORIES / 20);
  });
});

function firstWrongIn(model: typeof BARE, { steps, aheadMs }: History): number | null {
  const clock = { at: 0, ms: 0 };
  const checker = new LinearizabilityChecker(model, 'show', {
    world: VENUE,
    foldEvery: 4,
    clock,
    readings: (from, to) => ({ from, to: to + aheadMs }),
  });
  return firstWrong(checker, steps, ({ ms }) => {
    clock.ms = ms;
  });
}

/** A few calls at a time at the right box office, each done at one instant; some get no answer, some never arrive. */
class BoxOfficeHistory {
  readonly #prng: Prng;
  readonly #office = new MemoryBoxOffice();
  readonly #steps: Step[] = [];
  readonly #waiting = new Map<number, TicketCall>();
  readonly #answered = new Map<number, { call: TicketCall; answer: TicketAnswer }>();
  /** Orders that citizens know of. */
  readonly #known = new Set<string>();
  #ms = 0;
  #next = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
    this.#office.prepare(VENUE);
  }

  drawn(): History {
    const prng = this.#prng;
    while (this.#next < OPERATIONS || this.#waiting.size + this.#answered.size > 0) {
      this.#ms += prng.chance(0.2) ? prng.below(14) : 0;
      const roll = prng.below(3);
      if (roll === 0 && this.#waiting.size + this.#answered.size < AT_ONCE) this.#ask();
      else if (roll === 1 && this.#waiting.size > 0) this.#arrive();
      else if (this.#answered.size > 0) this.#answer();
    }
    return { steps: this.#steps, aheadMs: prng.chance(0.5) ? 0 : 20 };
  }

  #ask(): void {
    if (this.#next >= OPERATIONS) return;
    const id = this.#next++;
    const call = drawnCall(this.#prng, [...this.#known]);
    this.#waiting.set(id, call);
    this.#steps.push({ kind: 'invoke', id, ms: this.#ms, call });
  }

  #arrive(): void {
    const [id, call] = this.#prng.pick([...this.#waiting]);
    this.#waiting.delete(id);
    if (this.#prng.chance(0.08)) this.#steps.push({ kind: 'expire', id, ms: this.#ms });
    else this.#answered.set(id, { call, answer: this.#handled(call) });
  }

  #answer(): void {
    const [id, { call, answer }] = this.#prng.pick([...this.#answered]);
    this.#answered.delete(id);
    const isLost = this.#prng.chance(0.15);
    this.#steps.push({ id, ms: this.#ms, ...(isLost ? { kind: 'expire' } : { kind: 'complete', answer }) });
    if (isLost || answer.outcome !== 'ok') return;
    if (call.operation !== 'read') this.#known.add(call.order);
    for (const order of answer.shown?.orders ?? []) this.#known.add(order.id);
  }

  #handled(call: TicketCall): TicketAnswer {
    const clock = { nowMs: () => this.#ms, databaseMs: () => this.#ms };
    const routine = this.#office.handle(call, clock);
    let step = routine.next();
    while (!step.done) step = routine.next();
    const reply = step.value as Exclude<Reply, { outcome: 'failed' }>;
    if (reply.outcome === 'refused') return reply;
    if (call.operation !== 'read') return { outcome: 'ok', ...reply.value };
    return { outcome: 'ok', shown: reply.value as unknown as EventShown };
  }
}

function drawnCall(prng: Prng, known: readonly string[]): TicketCall {
  const event = 'show';
  const n = prng.below(HOLDS.length);
  const citizen = CITIZENS[n % 3] as string;
  const roll = prng.below(13);
  if (roll < 2) return { operation: 'read', event };
  if (roll < 4) return { operation: 'join', event, citizen, order: `w-${n}` };
  if (roll < 8 || known.length === 0) {
    return { operation: 'hold', event, citizen, order: `o-${n}`, ...(HOLDS[n] as (typeof HOLDS)[number]) };
  }
  const order = prng.pick(known);
  switch (roll) {
    case 8:
    case 9: {
      const status = prng.chance(0.1) ? 'failed' : 'succeeded';
      return { operation: 'pay', event, order, payment: `${order}:${status}:${prng.below(2)}`, status };
    }
    case 10:
      return { operation: 'transfer', event, order, citizen, to: prng.pick(CITIZENS) };
    default:
      return { operation: prng.pick(['confirm', 'release', 'refund', 'leave'] as const), event, order };
  }
}

/** With another answer to one call. */
function falsified(prng: Prng, history: History): History {
  const ends = history.steps.filter((step) => step.kind === 'complete');
  if (ends.length === 0) return history;
  const lie = prng.pick(ends);
  const answer = otherThan(prng, lie.answer);
  return { ...history, steps: history.steps.map((step) => (step === lie ? { ...lie, answer } : step)) };
}

function otherThan(prng: Prng, answer: TicketAnswer): TicketAnswer {
  if (answer.outcome === 'refused') {
    if (prng.chance(0.5)) return { outcome: 'ok' };
    return { outcome: 'refused', reason: prng.pick(['taken', 'quota', 'ended', 'unpaid', 'not-held']) };
  }
  if (answer.shown) {
    const { orders, waiting } = answer.shown;
    return { outcome: 'ok', shown: { ...answer.shown, orders: orders.slice(1), waiting: waiting.slice(1) } };
  }
  if (answer.state !== undefined && prng.chance(0.7))
    return { outcome: 'ok', state: answer.state === 'paid' ? 'refunded' : 'paid' };
  if (typeof answer.expiresAt === 'number' && prng.chance(0.5))
    return { outcome: 'ok', expiresAt: answer.expiresAt + 3 };
  return { outcome: 'refused', reason: prng.pick(['taken', 'quota', 'ended']) };
}
