/** Folds a history into the seats of its events: the orders that were acknowledged, as `tickets` has them. */
import { FOUNDED_MS, type JsonObject, namesOf, TARGETS, type Venue } from '../contract/index.ts';
import { objectsIn, textsIn } from './foreign-data.ts';
import { type Completion, UnderWay } from './under-way.ts';

type EventShown = Venue['events'][number];
type Order = Omit<EventShown['orders'][number], 'uncertain'>;

interface Known {
  readonly event: Pick<EventShown, 'id' | 'seats' | 'places' | 'opensAt'>;
  /** By name, with the event from which on this is known. */
  readonly orders: ReadonlyMap<string, Order & { since: number }>;
  /** Orders that are over, with the events that said so. */
  readonly ended: ReadonlyMap<string, number>;
  readonly waiting: readonly string[];
  readonly waitingSince: number;
  readonly moneyHeld: number | null;
}

/** What the service's clock showed at an event. */
interface ClockReading {
  nowMs: number;
  virtualMs: number;
}

export class VenueFold {
  #events: Map<string, Known>;
  #underWay = new UnderWay();
  #clock: ClockReading | null = null;

  private constructor(events: Map<string, Known>) {
    this.#events = events;
  }

  /** Null: the world has no events with seats or places. Of a target that is none of ours the clock is not known. */
  static of({ events, target }: JsonObject): VenueFold | null {
    const known = objectsIn(events).flatMap(({ id, seats, places, opensAt }): [string, Known][] => {
      if (typeof id !== 'string' || !Array.isArray(seats)) return [];
      const event = { id, seats: textsIn(seats), places: countIn(places), opensAt: timeIn(opensAt) };
      return [
        [id, { event, orders: new Map(), ended: new Map(), waiting: [], waitingSince: -1, moneyHeld: null }],
      ];
    });
    if (known.length === 0) return null;
    const fold = new VenueFold(new Map(known));
    if (namesOf(TARGETS).some((name) => name === target)) fold.#clock = { nowMs: FOUNDED_MS, virtualMs: 0 };
    return fold;
  }

  /** How much it remembers, for bounds. */
  get weight(): number {
    return [...this.#events.values()].reduce(
      (sum, { orders, ended, waiting }) => sum + 1 + orders.size + ended.size + waiting.length,
      this.#underWay.size,
    );
  }

  /** The service's clock was moved. */
  clock({ nowMs }: JsonObject, virtualMs: number): void {
    if (typeof nowMs === 'number') this.#clock = { nowMs, virtualMs };
  }

  invoke(data: JsonObject, index: number): void {
    const { event } = data;
    if (typeof event === 'string' && this.#events.has(event)) this.#underWay.begin(data, index, [event]);
  }

  complete({ index, actor, operation, phase, data }: Completion): void {
    const begun = this.#underWay.settle(data, phase === 'ok');
    const known = begun && this.#events.get(String(begun.call['event']));
    if (begun === undefined || known === undefined || phase === 'refused') return;
    const { call, at } = begun;
    const changed =
      operation === 'read'
        ? asRead(known, data, at)
        : changedBy(known, { operation, call, answer: data, actor, index });
    this.#events.set(known.event.id, changed);
  }

  state(virtualMs: number): Venue {
    const counts = this.#underWay.counts();
    const changing = new Set(this.#underWay.calls().flatMap(({ order }) => textsIn([order])));
    const nowMs = this.#clock === null ? null : this.#clock.nowMs + virtualMs - this.#clock.virtualMs;
    const events = [...this.#events.values()].map(({ event, orders, waiting, moneyHeld }) => ({
      ...event,
      orders: [...orders.values()].map(({ since: _, ...order }) => ({
        ...order,
        uncertain: changing.has(order.id),
      })),
      waiting: [...waiting],
      moneyHeld,
      uncertain: counts.get(event.id) ?? 0,
    }));
    return { nowMs, events };
  }

  /** One that goes on by itself from here. */
  copy(): VenueFold {
    const copy = new VenueFold(new Map(this.#events));
    copy.#underWay = this.#underWay.copy();
    copy.#clock = this.#clock;
    return copy;
  }
}

interface Change {
  operation: string;
  call: JsonObject;
  answer: JsonObject;
  actor: string;
  index: number;
}

/** After an acknowledged call. */
function changedBy(known: Known, { operation, call, answer, actor, index }: Change): Known {
  const { order: id } = call;
  if (typeof id !== 'string') return known;
  const isOver = known.ended.has(id);
  const order = known.orders.get(id);
  const put = (change: Partial<Order>): Known => {
    const base = order ?? { id, owner: '', seats: [], places: 0, state: 'held', expiresAt: null };
    return { ...known, orders: new Map(known.orders).set(id, { ...base, ...change, since: index }) };
  };
  switch (operation) {
    case 'hold': {
      const { seats, places } = call;
      const taken = {
        seats: textsIn(seats),
        places: countIn(places),
        expiresAt: timeIn(answer['expiresAt']),
      };
      return order === undefined && !isOver ? put({ owner: actor, state: 'held', ...taken }) : known;
    }
    case 'pay':
      return answer['state'] === 'paid' && order?.state === 'held'
        ? put({ state: 'paid', expiresAt: null })
        : known;
    case 'confirm':
      return order === undefined ? known : put({ state: 'sold', expiresAt: null });
    case 'transfer':
      return order === undefined || typeof call['to'] !== 'string' ? known : put({ owner: call['to'] });
    case 'join':
      return known.waiting.includes(id) || order !== undefined || isOver
        ? known
        : { ...known, waiting: [...known.waiting, id], waitingSince: index };
    case 'release':
    case 'refund':
    case 'leave':
      return without(known, id, index);
    default:
      return known;
  }
}

function without(known: Known, id: string, index: number): Known {
  const orders = new Map(known.orders);
  orders.delete(id);
  const waiting = known.waiting.filter((each) => each !== id);
  const waitingSince = waiting.length === known.waiting.length ? known.waitingSince : index;
  const ended = new Map(known.ended).set(id, index);
  return { ...known, orders, ended, waiting, waitingSince };
}

/** What was seen is believed of all that was not acknowledged after somebody began to look. */
function asRead(known: Known, seen: JsonObject, begunAt: number): Known {
  if (!Array.isArray(seen['orders'])) return known;
  const later = [...known.orders].filter(([, { since }]) => since >= begunAt);
  const read = objectsIn(seen['orders'])
    .flatMap((order) => orderIn(order, begunAt))
    .filter(([id]) => (known.ended.get(id) ?? -1) < begunAt);
  const isWaitingSeen = Array.isArray(seen['waiting']) && known.waitingSince < begunAt;
  return {
    ...known,
    orders: new Map([...read, ...later]),
    ...(isWaitingSeen ? { waiting: textsIn(seen['waiting']), waitingSince: begunAt } : {}),
    moneyHeld: typeof seen['moneyHeld'] === 'number' ? seen['moneyHeld'] : known.moneyHeld,
  };
}

/** What was refunded takes no seats. */
function orderIn(value: JsonObject, since: number): [string, Order & { since: number }][] {
  const { id, owner, seats, places, state, expiresAt } = value;
  if (typeof id !== 'string' || (state !== 'held' && state !== 'paid' && state !== 'sold')) return [];
  const name = typeof owner === 'string' ? owner : '';
  const taken = { seats: textsIn(seats), places: countIn(places), expiresAt: timeIn(expiresAt) };
  return [[id, { id, owner: name, state, ...taken, since }]];
}

function countIn(value: unknown): number {
  return Number.isInteger(value) ? (value as number) : 0;
}

function timeIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
