/** One request inside at a time, in several orders: whether the failure needs requests that meet. */
import type { Attempt } from '../harness/attempt.ts';
import { type Guide, requestKey } from '../harness/guide.ts';
import type { Subject } from '../shrink/candidate.ts';
import type { Findings, RecordedRequest, Recording, SerialFinding, Variant, Went } from './findings.ts';
import type { KeptLaboratory } from './laboratory.ts';
import type { Probes } from './probes.ts';
import { seedsFor, wholeRuns } from './whole-runs.ts';

/** Orders that are tried, at most. */
const MOST_ORDERS = 6;
/** Seeds of whole runs. */
const WHOLE_SEEDS = 8;

/** What repeats `recording`: its requests are kept one after another where they came so in it. */
export function guidedAs(recording: Recording, { serial }: Pick<Findings, 'serial'>): Pick<Variant, 'guide'> {
  const order = recording === serial.failing ? serial.order : null;
  return order ? { guide: new OneAtATime(order) } : {};
}

export class OneAtATime implements Guide {
  /** Requests that go first, in this order; others when these are through. */
  readonly #order: string[];
  readonly #arrived = new Set<string>();
  #inside: string | null = null;

  constructor(order: readonly string[]) {
    this.#order = [...order];
  }

  holds(attempt: Attempt): boolean {
    const key = requestKey(attempt);
    this.#arrived.add(key);
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

  /** One that is to go next and never comes, as what is asked again only after a lost answer, is waited for no longer. */
  gaveWay(): void {
    while (this.#order[0] !== undefined && !this.#arrived.has(this.#order[0])) this.#order.shift();
  }
}

/** Executes the requests one after another, in orders that no answer contradicts, and whole runs of one request at a time. */
export async function serialTests(
  { subject, recording, accused }: Pick<Findings, 'subject' | 'recording' | 'accused'>,
  lab: KeptLaboratory,
  probesFor: () => Probes,
): Promise<SerialFinding> {
  let [passes, same, otherwise] = [0, 0, 0];
  let failing: Recording | null = null;
  let failingOrder: readonly string[] | null = null;
  for (const order of serialOrders(recording, accused)) {
    if (lab.spent) break;
    const judge = ({ trace }: Went) =>
      isOneAfterAnother(trace.steps, order) ? null : ('not in the order asked' as const);
    const variant = { guide: new OneAtATime(order), judge };
    const observed = await lab.observe(variant, probesFor());
    const { fails } = observed.tried;
    if (fails === 'no') passes++;
    else if (fails === 'otherwise') otherwise++;
    else if (fails === 'same') same++;
    if (failing === null && observed.recording) {
      failing = observed.recording;
      failingOrder = order;
    }
  }
  const whole = await wholeTests(subject, lab);
  const of = passes + same + otherwise;
  return {
    verdict: verdictOf({ passes, same, of, whole }),
    passes,
    same,
    otherwise,
    of,
    failing,
    order: failingOrder,
    whole,
  };
}

function verdictOf({
  passes,
  same,
  of,
  whole,
}: Pick<SerialFinding, 'passes' | 'same' | 'of' | 'whole'>): SerialFinding['verdict'] {
  // A few requests can be too few for it: the whole run, where nobody meets anybody, has the last word.
  if (whole.same > 0 || (of > 0 && same === of)) return 'fails';
  if (same > 0) return 'mixed';
  return passes > 0 ? 'passes' : 'unknown';
}

/** Seeds of the whole configuration, the failing one first, with one request at a time and no faults. */
async function wholeTests(subject: Subject, lab: KeptLaboratory): Promise<SerialFinding['whole']> {
  const tried = await wholeRuns(subject, lab, seedsFor(subject, WHOLE_SEEDS), () => ({
    config: { concurrency: 1, faults: 'none', faultRates: {} },
    // Messages to the service keep to no lane.
    guide: new OneAtATime([]),
  }));
  const [passes, same] = [
    tried.filter(({ fails }) => fails === 'no'),
    tried.filter(({ fails }) => fails === 'same'),
  ];
  return { passes: passes.length, same: same.length, of: tried.length };
}

/** Requests in the order of their steps: each takes all of its own before the next, and those of the order as it says. */
export function isOneAfterAnother(steps: readonly string[], order: readonly string[]): boolean {
  const taken = steps.filter((request, i) => request !== steps[i - 1]);
  if (new Set(taken).size < taken.length) return false;
  const places = taken.map((request) => order.indexOf(request)).filter((place) => place >= 0);
  return places.every((place, i) => i === 0 || place > (places[i - 1] as number));
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
