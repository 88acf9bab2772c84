/** The workload of `tickets`: what the citizens do next, what they know, and what that knowledge forbids. */
import type {
  JsonObject,
  ModelPart,
  Operation,
  Prng,
  Reply,
  RunConfig,
  SequentialModel,
  ServiceRules,
  Violation,
  Workload,
} from '../../public.ts';
import type { EventShown, TicketCall, TicketEvent, Venue } from './calls.ts';
import type { EventState, TicketAnswer } from './event-state.ts';
import { checkEvent } from './invariants.ts';
import { ticketModel } from './model.ts';
import { Orders, type Own } from './orders.ts';
import { plannedOperation } from './plan.ts';
import { Promises } from './promises.ts';
import { shownOf } from './reading.ts';
import { drawVenue } from './venue.ts';

/** This share of the calls is about one event, so that they meet. */
const HOT_SHARE = 0.4;
/** Which event that is changes after so many operations. */
const HOT_FOR = 40;
/** So often citizens go elsewhere when a sale is not open. */
const ELSEWHERE_SHARE = 0.4;

export class BoxOfficeWorkload implements Workload<TicketCall> {
  readonly world: JsonObject & Venue;
  readonly objects: readonly string[];
  readonly model: SequentialModel<unknown, unknown, unknown>;
  readonly #citizens: number;
  readonly #orders = new Orders();
  readonly #promises = new Promises();
  /** Sales that nobody has met open. */
  readonly #closed: Set<string>;
  readonly #counts = { taken: 0, refunded: 0 };
  readonly #sometimes = {
    'a hold ran out while its payment was on its way': 0,
    'a waiter was promoted': 0,
    'a sale was not open yet': 0,
    'a quota was reached': 0,
    'an order of several was refused': 0,
    'tickets got another owner': 0,
  };

  constructor(config: RunConfig, prng: Prng, rules?: Readonly<ServiceRules>, foundedMs?: number) {
    this.world = { ...drawVenue(config.slots, prng, rules?.holdTtl, foundedMs) };
    this.objects = this.world.events.map(({ id }) => id);
    this.model = ticketModel(this.world) as unknown as SequentialModel<unknown, unknown, unknown>;
    this.#closed = new Set(this.objects);
    this.#citizens = config.citizens;
  }

  plan(n: number, prng: Prng, focus: string | null): { actor: string; call: TicketCall } {
    const event = focus ?? this.#choose(n, prng);
    return plannedOperation(n, prng, {
      event: this.world.events.find(({ id }) => id === event) as TicketEvent,
      citizens: this.#citizens,
      orders: this.#orders,
      isBurst: focus !== null,
    });
  }

  repeats({ operation }: TicketCall): boolean {
    return operation === 'hold' || operation === 'join' || operation === 'confirm' || operation === 'pay';
  }

  changes({ operation }: TicketCall): boolean {
    return operation !== 'read';
  }

  /** An order of its own, by another name. */
  anew(call: TicketCall, nth: number): TicketCall {
    const isNew = call.operation === 'hold' || call.operation === 'join';
    return isNew ? { ...call, order: `${call.order}~${nth}` } : call;
  }

  objectOf(call: TicketCall): string {
    return call.event;
  }

  parts(call: TicketCall): readonly ModelPart[] {
    return [{ object: call.event, call }];
  }

  answers(call: TicketCall, _parts: readonly ModelPart[], reply: Reply): readonly TicketAnswer[] {
    if (reply.outcome === 'failed') return [];
    if (reply.outcome === 'refused') return [reply];
    if (call.operation === 'read') return [{ outcome: 'ok', shown: shownIn(reply.value) }];
    return [{ outcome: 'ok', ...reply.value }];
  }

  invoked(operation: Operation<TicketCall>): void {
    this.#promises.invoked(operation);
  }

  completed(operation: Operation<TicketCall>, reply: Reply, index: number): Violation | null {
    if (reply.outcome === 'failed') return null;
    const { call } = operation;
    if (call.operation === 'read')
      return reply.outcome === 'ok' ? this.#see(shownIn(reply.value), operation.invokedIndex, index) : null;
    this.#note(call, reply);
    const violation = this.#promises.completed(operation, reply, index);
    this.#orders.learn(operation, reply, index);
    return violation;
  }

  unanswered(): void {}

  forgettable({ operation }: TicketCall): boolean {
    return operation === 'hold' || operation === 'join' || operation === 'pay';
  }

  audit(dump: unknown) {
    const events = (dump as readonly JsonObject[]).map(shownIn);
    let violation: Violation | null = null;
    for (const event of events) {
      violation ??= this.#see(event, Number.POSITIVE_INFINITY, -1);
    }
    return {
      violation,
      reads: events.map((shown) => ({
        object: shown.id,
        call: { operation: 'read', event: shown.id },
        answer: { outcome: 'ok', shown },
      })),
    };
  }

  show(_object: string, state: unknown): EventShown {
    return shownOf(state as EventState);
  }

  /** Holds, as far as they are known, and the sales that open. */
  deadlines(): ReadonlyMap<string, number> {
    const deadlines = new Map<string, number>();
    for (const { order, expiresAt } of this.#orders.all())
      if (expiresAt !== null) deadlines.set(order, expiresAt);
    for (const { id, opensAt } of this.world.events) if (this.#closed.has(id)) deadlines.set(id, opensAt);
    return deadlines;
  }

  isDelivery({ operation }: TicketCall): boolean {
    return operation === 'pay';
  }

  metrics(): Record<string, number> {
    const own = this.#orders.all();
    const count = (state: Own['state']) =>
      own.filter((order) => order.state === state).reduce((sum, { size }) => sum + size, 0);
    const all = this.world.events.reduce((sum, { seats, places }) => sum + seats.length + places, 0);
    const [held, paid, sold, waiting] = [count('held'), count('paid'), count('sold'), count('waiting')];
    return {
      occupancy: Math.round((100 * (held + paid + sold)) / all),
      held,
      sold,
      waiting,
      money_held: paid,
      ...this.#counts,
    };
  }

  sometimes(): Record<string, number> {
    return { ...this.#sometimes };
  }

  #choose(n: number, prng: Prng): string {
    const any = this.objects[prng.below(this.objects.length)] as string;
    // Of the number alone, so that leaving other operations out does not move it; 5 is prime to most counts.
    const hot = this.objects[(Math.floor(n / HOT_FOR) * 5) % this.objects.length] as string;
    const chosen = prng.chance(HOT_SHARE) ? hot : any;
    const other = this.objects[0] as string;
    return prng.chance(ELSEWHERE_SHARE) && this.#closed.has(chosen) ? other : chosen;
  }

  /** What an event shows, to a citizen who asked at the event with the index `from` and was told at `by`. */
  #see(event: EventShown, from: number, by: number): Violation | null {
    const before = new Map(event.orders.map(({ id }) => [id, this.#orders.of(id)?.state]));
    if ([...before.values()].includes('waiting')) this.#sometimes['a waiter was promoted']++;
    const violation = checkEvent(event) ?? this.#promises.shown(event, from);
    if (violation) return violation;
    for (const { order } of this.#orders.see(event, from)) {
      const missing = this.#promises.missing(event.id, order, from, by);
      if (missing) return missing;
    }
    return null;
  }

  #note(call: Exclude<TicketCall, { operation: 'read' }>, reply: Reply): void {
    if (reply.outcome === 'refused') return this.#noteRefusal(call, reply.reason);
    if (reply.outcome !== 'ok') return;
    if (call.operation === 'hold' || call.operation === 'join') this.#closed.delete(call.event);
    if (call.operation === 'transfer') this.#sometimes['tickets got another owner']++;
    if (call.operation !== 'pay' || reply.value['state'] !== 'refunded') return;
    this.#counts.refunded++;
    if (this.#orders.of(call.order)?.state === 'held')
      this.#sometimes['a hold ran out while its payment was on its way']++;
  }

  #noteRefusal(call: TicketCall, reason: string): void {
    if (reason === 'taken') this.#counts.taken++;
    if (reason === 'not-open') this.#sometimes['a sale was not open yet']++;
    if (reason === 'quota') this.#sometimes['a quota was reached']++;
    if (call.operation === 'hold' && call.seats.length > 1)
      this.#sometimes['an order of several was refused']++;
  }
}

/** What a read or an audit shows of an event. */
function shownIn(value: JsonObject): EventShown {
  return value as unknown as EventShown;
}
