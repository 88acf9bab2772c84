/** One request inside at a time, in several orders: whether the failure needs requests that meet. */
import type { Attempt } from '../harness/attempt.ts';
import { type Guide, requestKey } from '../harness/guide.ts';
import type { RecordedRequest, Recording, SerialFinding } from './findings.ts';
import type { KeptLaboratory } from './laboratory.ts';
import type { Probes } from './probes.ts';

/** Orders that are tried, at most. */
const MOST_ORDERS = 6;

export class OneAtATime implements Guide {
  /** Requests that go first, in this order; others when these are through. */
  readonly #order: string[];
  #inside: string | null = null;

  constructor(order: readonly string[]) {
    this.#order = [...order];
  }

  holds(attempt: Attempt): boolean {
    const key = requestKey(attempt);
    if (this.#inside !== null) return key !== this.#inside;
    return this.#order.length > 0 && key !== this.#order[0];
  }

  stepped(attempt: Attempt): void {
    this.#inside = requestKey(attempt);
  }

  left(attempt: Attempt): void {
    const key = requestKey(attempt);
    if (this.#inside === key) this.#inside = null;
    const at = this.#order.indexOf(key);
    if (at >= 0) this.#order.splice(at, 1);
  }

  gaveWay(): void {}
}

/** Executes the requests one after another, in orders that no answer contradicts. */
export async function serialTests(
  recording: Recording,
  accused: RecordedRequest | null,
  lab: KeptLaboratory,
  probesFor: () => Probes,
): Promise<SerialFinding> {
  let [passes, same, otherwise, of] = [0, 0, 0, 0];
  let failing: Recording | null = null;
  let failingOrder: readonly string[] | null = null;
  for (const order of serialOrders(recording, accused)) {
    if (lab.spent) break;
    const tried = await lab.run({ guide: new OneAtATime(order) });
    if (tried.gaveWay > 0) continue;
    of++;
    if (tried.fails === 'no') passes++;
    else if (tried.fails === 'otherwise') otherwise++;
    else {
      same++;
      if (failing) continue;
      failing = await lab.record({ guide: new OneAtATime(order) }, probesFor());
      if (failing) failingOrder = order;
    }
  }
  const verdict =
    of === 0 ? 'unknown' : same === 0 ? (passes > 0 ? 'passes' : 'unknown') : same === of ? 'fails' : 'mixed';
  return { verdict, passes, same, otherwise, of, failing, order: failingOrder };
}

function serialOrders(recording: Recording, accused: RecordedRequest | null): string[][] {
  const { requests, commits } = recording;
  const commitOf = new Map(commits.map(({ request, index }) => [request?.key, index]));
  const ranks: ((request: RecordedRequest) => number)[] = [
    ({ index }) => index,
    ({ key, index }) => commitOf.get(key) ?? index / 1_000,
    (request) => (request === accused ? -1 : request.index),
    (request) => (request === accused ? Number.POSITIVE_INFINITY : request.index),
    ({ index }) => -index,
    ({ key, index }) => -(commitOf.get(key) ?? index / 1_000),
  ];
  const orders = ranks.map((rank) => topological(requests, rank));
  return [...new Map(orders.map((order) => [order.join(), order])).values()].slice(0, MOST_ORDERS);
}

/** Lowest rank first among those before which everything is through that was answered before they were asked. */
function topological(
  requests: readonly RecordedRequest[],
  rank: (request: RecordedRequest) => number,
): string[] {
  const left = [...requests];
  const order: string[] = [];
  while (left.length > 0) {
    const free = left.filter((each) => !left.some((other) => other !== each && isBefore(other, each)));
    const next = (free.length > 0 ? free : left).reduce((best, each) =>
      rank(each) < rank(best) ? each : best,
    );
    left.splice(left.indexOf(next), 1);
    order.push(next.key);
  }
  return order;
}

function isBefore(one: RecordedRequest, other: RecordedRequest): boolean {
  if (one.completedEvent !== null && one.completedEvent < other.invokedEvent) return true;
  return one.n === other.n && !one.isDuplicate && !other.isDuplicate && one.attempt < other.attempt;
}
