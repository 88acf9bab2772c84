/**
 * What is looked at before the attack, with few requests at a time: how the service answers what is malformed,
 * whether a reset forgets everything, requests under way included, and how it takes a second cancel.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AdapterError, isProgrammingError } from '../../modules/adapter-error.ts';
import type { BookingCall, BookingWorld, SlotRow } from '../../scenarios/bookings/calls.ts';
import type { Violation } from '../../scenarios/scenario.ts';
import type { Reply } from '../../service/call.ts';
import { inShort } from '../../service/in-short.ts';
import type { BookingApi, Breach } from '../../targets/http/api.ts';
import type { Answer, Exchange, Wire, WireRequest } from '../../targets/http/wire.ts';

const ANSWER_LIMIT_MS = 10_000;
const RESET_LIMIT_MS = 10_000;
/** An answer that says nothing (a 5xx, a cut) is asked for again so often. */
const TRIES = 6;
const TRY_AGAIN_MS = 20;
/** How long requests are on their way when the city is reset, by round, in ms. */
const ROUNDS_MS = [2, 4, 2, 8, 16, 2, 4, 8] as const;
/**
 * In so many rounds something has to leak. Once could be a request that the service came to see only after
 * the reset, although it had been sent some ms before.
 */
const LEAKS_NEEDED = 3;
const LEAK_LIMIT_MS = 4_000;

const SLOTS = ['first-look-a', 'first-look-b', 'first-look-c', 'first-look-d'] as const;
const WORLD: BookingWorld = {
  slots: SLOTS.map((id) => ({ id, capacity: 2, open: true })),
  citizens: 10,
};

export interface FirstLook {
  failure: (Violation & { reproduction: { attempts: number; failures: number } | null }) | null;
  /** The service acknowledges the cancel of a booking again that was cancelled before. */
  cancelsAgain: boolean;
}

export interface FirstLookOptions {
  wire: Wire;
  api: BookingApi;
  note: (what: string, data: Record<string, unknown>) => void;
  isStopped: () => boolean;
}

/** Sends the requests of the first look. Leaves a city of its own behind. */
export async function firstLook(options: FirstLookOptions): Promise<FirstLook> {
  const look = new Look(options);
  try {
    await look.fresh();
    await look.malformed();
    const cancelsAgain = await look.secondCancel();
    await look.resetForgets();
    await look.resetOverRequests();
    return { failure: null, cancelsAgain };
  } catch (error) {
    if (error instanceof Found) return { failure: error.failure, cancelsAgain: false };
    if (error instanceof Undecided) return { failure: null, cancelsAgain: look.cancelsAgain };
    throw error;
  }
}

/** Only how the service takes a second cancel. */
export async function cancelsAgain(options: FirstLookOptions): Promise<boolean> {
  const look = new Look(options);
  try {
    await look.fresh();
    return await look.secondCancel();
  } catch (error) {
    if (error instanceof Found || error instanceof Undecided) return look.cancelsAgain;
    throw error;
  }
}

type Reproduction = { attempts: number; failures: number };

class Found extends Error {
  readonly failure: NonNullable<FirstLook['failure']>;
  constructor(failure: Violation, reproduction: Reproduction | null = null) {
    super(failure.message);
    this.failure = { ...failure, reproduction };
  }
}

/** The service gives no answers that say anything: the attack will tell what that means. */
class Undecided extends Error {}

class Look {
  readonly #options: FirstLookOptions;
  #keys = 0;
  cancelsAgain = true;

  constructor(options: FirstLookOptions) {
    this.#options = options;
  }

  async fresh(): Promise<void> {
    await this.#reset();
  }

  /** What is malformed gets 400, what is unknown 404, and neither changes anything. */
  async malformed(): Promise<void> {
    if (!this.#options.api.isContract) return;
    const [slot] = SLOTS;
    const path = `/slots/${slot}/bookings`;
    const key = { 'idempotency-key': 'first-look-malformed' };
    const post = (headers: Record<string, string>, body: string): WireRequest => ({
      ...{ method: 'POST', path, headers, body },
    });
    await this.#answered(post({}, '{"citizen":"citizen-001"}'), 'a booking without an Idempotency-Key', 400);
    await this.#answered(post(key, '{"citizen":'), 'a booking whose body is no JSON', 400);
    await this.#answered(post(key, '{}'), 'a booking whose body names no citizen', 400);
    const patch = { method: 'PATCH', path: `/slots/${slot}`, headers: {}, body: '{}' };
    await this.#answered(patch, 'a PATCH whose body does not say whether to open', 400);
    const nowhere: BookingCall[] = [
      { operation: 'read', slot: 'no-such-slot' },
      { operation: 'book', slot: 'no-such-slot', citizen: 'citizen-001', key: 'first-look-nowhere' },
      { operation: 'close', slot: 'no-such-slot' },
      { operation: 'cancel', booking: 'no-such-booking', slot },
    ];
    for (const call of nowhere) {
      const expected = call.operation === 'cancel' ? 'no-such-booking' : 'no-such-slot';
      const reply = await this.#definite(call);
      if (reply.outcome === 'refused' && reply.reason === expected) continue;
      const what = call.operation === 'cancel' ? 'a booking that there is not' : 'a slot that there is not';
      throw new Found(
        wrong(
          'answers-follow-the-contract',
          `${call.operation} of ${what} was answered ${inShort(reply)}.`,
          reply,
          expected,
        ),
      );
    }
    await this.#expectFresh('Requests that were malformed, or about what there is not, changed the city');
  }

  /** Some services say 404 to a second cancel, others 204 again: which of the two decides what a third one means. */
  async secondCancel(): Promise<boolean> {
    const [slot] = SLOTS;
    for (let tries = 0; tries < 3; tries++) {
      const made = await this.#definite(this.#book(slot));
      if (made.outcome !== 'ok') break;
      const cancel: BookingCall = { operation: 'cancel', booking: String(made.value['booking']), slot };
      const first = await this.#once(cancel);
      const second = await this.#once(cancel);
      // One that got no answer may have happened: only two answers in a row tell.
      if (!first || !second || first.outcome === 'failed' || second.outcome === 'failed') continue;
      this.cancelsAgain = first.outcome === 'ok' && second.outcome === 'ok';
      break;
    }
    if (this.cancelsAgain) {
      this.#options.note(
        'a second cancel is acknowledged again, which is taken for the way of this service',
        {},
      );
    }
    return this.cancelsAgain;
  }

  /** After a reset with the same slots nothing is left of bookings, closings and keys. */
  async resetForgets(): Promise<void> {
    const [slot, closed] = SLOTS;
    await this.#reset();
    const call = this.#book(slot);
    const before = await this.#definite(call);
    await this.#definite({ operation: 'close', slot: closed });
    await this.#reset();
    await this.#expectFresh('A reset left something of the old city behind');
    const again = await this.#definite(call);
    const view = await this.#definite({ operation: 'read', slot });
    if (before.outcome !== 'ok' || view.outcome !== 'ok') return;
    const shown = (view.value['bookings'] as { id: string; citizen: string }[]).map(({ id }) => id);
    const made = again.outcome === 'ok' ? String(again.value['booking']) : null;
    if (made !== null && shown.length === 1 && shown[0] === made) return;
    throw new Found(
      wrong(
        'a-reset-forgets-everything',
        `After a reset, a request with a key that was used before it was answered ${inShort(again)}, and ${slot} shows ${JSON.stringify(shown)}.`,
        { answer: again, shown },
        'a new booking: the reset forgets keys too',
        slot,
      ),
    );
  }

  /** Requests that are under way at a reset belong to the old city. */
  async resetOverRequests(): Promise<void> {
    const { note, isStopped, api } = this.#options;
    const begunMs = performance.now();
    let rounds = 0;
    let leaks = 0;
    for (const [i, headStartMs] of ROUNDS_MS.entries()) {
      if (isStopped() || performance.now() - begunMs > LEAK_LIMIT_MS) return;
      // Half of the rounds say enough about a service that leaks nothing.
      if (leaks === 0 && rounds >= ROUNDS_MS.length / 2) return;
      const round = await this.#resetOver(headStartMs);
      if (!round) continue;
      rounds++;
      if (!round.leaked) continue;
      leaks++;
      note('requests of the old city touched the new one', { round: i + 1, ...round });
      if (leaks < LEAKS_NEEDED) continue;
      throw new Found(
        wrong(
          'a-reset-leaves-requests-behind',
          `${round.underWay.length} requests were under way for ${round.headStartMs} ms when the city was reset (${round.underWay.join(', ')}); afterwards the new city shows ${round.leaked}. It happened in ${leaks} of ${rounds} resets.`,
          round.leaked,
          'a fresh city: requests under way at a reset touch the new one in nothing',
          round.slot,
        ),
        { attempts: rounds, failures: leaks },
      );
    }
    if (rounds === 0 && api.isContract)
      note('nothing was ever under way at a reset: the service is too fast for that', {});
  }

  async #resetOver(headStartMs: number) {
    await this.#reset();
    const look: BookingCall = { operation: 'list' };
    // Connections are open before it counts.
    await Promise.all(SLOTS.map((slot) => this.#once({ operation: 'read', slot })));
    const calls: BookingCall[] = [
      ...SLOTS.slice(0, 3).map((slot) => this.#book(slot)),
      { operation: 'close', slot: SLOTS[3] },
    ];
    const open = new Set<BookingCall>();
    const sentMs = performance.now();
    const over = calls.map(async (call) => {
      open.add(call);
      await this.#once(call);
      open.delete(call);
    });
    await delay(headStartMs);
    // Whoever answers these has heard of the others before.
    await this.#once(look);
    await this.#once(look);
    const waitedMs = Math.round(performance.now() - sentMs);
    const underWay = [...open].map((call) => `${call.operation} ${(call as { slot: string }).slot}`);
    await this.#reset();
    if (underWay.length === 0) {
      await Promise.all(over);
      return null;
    }
    let leaked = await this.#stains();
    await Promise.all(over);
    leaked ??= await this.#stains();
    await delay(headStartMs);
    leaked ??= await this.#stains();
    return { headStartMs: waitedMs, underWay, leaked: leaked?.shown ?? null, slot: leaked?.slot ?? null };
  }

  /** What the list shows that a fresh city has not; null when it is fresh. */
  async #stains(): Promise<{ shown: string; slot: string } | null> {
    const reply = await this.#definite({ operation: 'list' });
    if (reply.outcome !== 'ok') throw new Undecided();
    const rows = reply.value['slots'] as SlotRow[];
    for (const id of SLOTS) {
      const row = rows.find((each) => each.id === id);
      if (row?.capacity !== 2 || !row.open || row.bookings !== 0) {
        return { shown: row ? JSON.stringify(row) : `no ${id}`, slot: id };
      }
    }
    return rows.length === SLOTS.length ? null : { shown: `${rows.length} slots`, slot: SLOTS[0] };
  }

  async #expectFresh(what: string): Promise<void> {
    const stains = await this.#stains();
    if (!stains) return;
    throw new Found(
      wrong(
        'a-reset-forgets-everything',
        `${what}: the list shows ${stains.shown}.`,
        stains.shown,
        'every slot of the reset, open and empty',
        stains.slot,
      ),
    );
  }

  #book(slot: string): BookingCall {
    const n = ++this.#keys;
    return { operation: 'book', slot, citizen: `citizen-00${1 + (n % 9)}`, key: `first-look-${n}` };
  }

  async #reset(): Promise<void> {
    const { api, wire } = this.#options;
    const send = async (request: WireRequest) => {
      const exchange = await this.#tried(() => wire.exchange(request, { deadlineMs: RESET_LIMIT_MS }));
      if (exchange.kind === 'none') throw new Undecided();
      return exchange;
    };
    await api.reset(WORLD, send).catch((error: unknown) => {
      // What an adapter says of an answer is as good as none; what breaks in its code is told.
      if (error instanceof AdapterError && isProgrammingError(error.cause)) throw error;
      throw new Undecided();
    });
  }

  /** One attempt; null when no answer came that says something. */
  async #once(call: BookingCall): Promise<Reply | null> {
    const { api, wire } = this.#options;
    if (!api.offers(call.operation)) throw new Undecided();
    const exchange = await wire.exchange(api.requestOf(call), { deadlineMs: ANSWER_LIMIT_MS });
    if (exchange.kind === 'none') return null;
    return known(api.replyOf(call, exchange));
  }

  /** The answer, asked for until it says what happened. */
  async #definite(call: BookingCall): Promise<Exclude<Reply, { outcome: 'failed' }>> {
    const { api, wire } = this.#options;
    if (!api.offers(call.operation)) throw new Undecided();
    const exchange = await this.#tried(() =>
      wire.exchange(api.requestOf(call), { deadlineMs: ANSWER_LIMIT_MS }),
    );
    if (exchange.kind === 'none') throw new Undecided();
    const reply = known(api.replyOf(call, exchange));
    if (reply.outcome === 'failed') throw new Undecided();
    return reply;
  }

  async #answered(request: WireRequest, what: string, status: number): Promise<void> {
    const { wire } = this.#options;
    const exchange = await this.#tried(() => wire.exchange(request, { deadlineMs: ANSWER_LIMIT_MS }));
    if (exchange.kind === 'none') throw new Undecided();
    if (exchange.status === status) return;
    const { status: actual, body } = exchange as Answer;
    throw new Found(
      wrong(
        'answers-follow-the-contract',
        `${what[0]?.toUpperCase()}${what.slice(1)} (${request.method} ${request.path}, ${request.body}) was answered ${actual}.`,
        { status: actual, body: body.slice(0, 500) },
        `${status}: the contract has it for a missing Idempotency-Key and a malformed body`,
      ),
    );
  }

  /** Again and again while no answer comes, or a 5xx. */
  async #tried(send: () => Promise<Exchange>): Promise<Exchange> {
    let exchange = await send();
    for (let tries = 1; tries < TRIES && !this.#options.isStopped(); tries++) {
      if (exchange.kind === 'answer' && exchange.status < 500) break;
      await delay(TRY_AGAIN_MS * tries);
      exchange = await send();
    }
    return exchange;
  }
}

function known(reply: Reply | Breach): Reply {
  if (reply.outcome !== 'breach') return reply;
  throw new Found(wrong('answers-follow-the-contract', reply.message, reply.message, reply.expected));
}

function wrong(
  invariant: string,
  message: string,
  actual: unknown,
  expected: unknown,
  object: string | null = null,
): Violation {
  return { invariant, message, actual, expected, object };
}
