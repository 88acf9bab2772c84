/**
 * What is looked at before the attack, with few requests at a time: how the service answers what is malformed,
 * whether a reset forgets everything, requests under way included, and how it takes a second cancel.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '../../../../server/contract/index.ts';
import type { FirstLookOptions, FirstLookResult, RawRequest } from '../../../harness/live/live-plan.ts';
import { AdapterError } from '../../../modules/adapter-error.ts';
import type { Reply } from '../../../service/call.ts';
import { inShort } from '../../../service/in-short.ts';
import { type Breach, NotPreparedError, Unanswered } from '../../../targets/http/api.ts';
import type { Violation } from '../../workload.ts';
import type { BookingCall, BookingWorld, SlotRow } from '../calls.ts';
import { checkRules } from '../rules.ts';
import { learnRules, SAME_BOOKING } from './learn-rules.ts';
import { MANAGER, OBSERVER } from './planned.ts';

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
/** Seats of a slot, where the service may have so many. */
const SEATS = 2;

/** Sends the requests of the first look. Leaves a city of its own behind. */
export async function firstLook(options: FirstLookOptions): Promise<FirstLookResult> {
  const look = new Look(options);
  try {
    await look.fresh();
    if (options.isContract && !options.isShort) await look.malformed();
    await look.learn();
    // What an adapter's reset leaves behind is the adapter's affair.
    if (options.isContract && !options.isShort) {
      await look.resetForgets();
      await look.resetOverRequests();
    } else if (!options.isContract) {
      await look.resetIsFresh();
    }
    return { failure: null, learned: look.learned };
  } catch (error) {
    if (error instanceof Found) return { failure: error.failure, learned: look.learned };
    if (error instanceof Undecided) return { failure: null, learned: look.learned };
    throw error;
  }
}

type Reproduction = { attempts: number; failures: number };

class Found extends Error {
  readonly failure: NonNullable<FirstLookResult['failure']>;
  constructor(failure: Violation, reproduction: Reproduction | null = null) {
    super(failure.message);
    this.failure = { ...failure, reproduction };
  }
}

/** The service gives no answers that say anything: the attack will tell what that means. */
class Undecided extends Error {}

class Look {
  readonly #options: FirstLookOptions;
  readonly #world: BookingWorld;
  #keys = 0;
  /** Why each rule that was learned is as it is. */
  learned: FirstLookResult['learned'] = {};

  constructor(options: FirstLookOptions) {
    this.#options = options;
    const { least, most } = options.rules.capacity;
    const capacity = Math.min(most, Math.max(least, SEATS));
    this.#world = { slots: SLOTS.map((id) => ({ id, capacity, open: true })), citizens: 10 };
  }

  async fresh(): Promise<void> {
    await this.#reset();
  }

  /** What is malformed gets 400, what is unknown 404, and neither changes anything. */
  async malformed(): Promise<void> {
    const [slot] = SLOTS;
    const path = `/slots/${slot}/bookings`;
    const key = { 'idempotency-key': 'first-look-malformed' };
    const post = (headers: Record<string, string>, body: string): RawRequest => ({
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
      { operation: 'cancel', booking: 'no-such-booking', slot, citizen: 'citizen-001' },
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

  /** What the rules leave open, as the service answers it. */
  async learn(): Promise<void> {
    const { rules, declared, offers } = this.#options;
    const { slots } = this.#world;
    const { learned, why } = await learnRules((call) => this.#asked(call), rules, declared, slots, offers);
    Object.assign(rules, learned);
    this.learned = why;
    checkRules(rules);
    if (Object.values(why).includes(SAME_BOOKING)) {
      throw new AdapterError(`${SAME_BOOKING[0]?.toUpperCase()}${SAME_BOOKING.slice(1)}.`, {
        ...{ phase: 'mapping', role: 'adapter' },
      });
    }
  }

  /** A city that is not fresh after its reset would be taken for the service's doing. */
  async resetIsFresh(): Promise<void> {
    await this.#reset();
    if (!this.#options.offers('list')) return;
    const stains = await this.#stains();
    if (!stains) return;
    throw new AdapterError(
      `After reset() the list shows ${stains.shown}. reset() has to open a fresh city: these slots, empty and open.`,
      { phase: 'reset', role: 'adapter' },
    );
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
    const { note, isStopped } = this.#options;
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
    if (rounds === 0) note('nothing was ever under way at a reset: the service is too fast for that', {});
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
      const { capacity } = this.#world.slots[0] as { capacity: number };
      const isFresh =
        row && (row.capacity ?? capacity) === capacity && (row.open ?? true) && row.bookings === 0;
      if (!isFresh) return { shown: row ? JSON.stringify(row) : `no ${id}`, slot: id };
    }
    if (!this.#options.isContract) return null;
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
    await this.#options.reset(this.#world as unknown as JsonObject).catch((error: unknown) => {
      if (error instanceof NotPreparedError && this.#options.isContract) throw new Undecided();
      throw error;
    });
  }

  /** One attempt; null when no answer came that says something. */
  async #once(call: BookingCall): Promise<Reply | null> {
    const reply = await this.#asked(call);
    return reply && known(reply);
  }

  async #asked(call: BookingCall): Promise<Reply | Breach | null> {
    if (!this.#options.offers(call.operation)) throw new Undecided();
    try {
      return await this.#options.perform({ ...call, citizen: callerOf(call) });
    } catch (error) {
      if (error instanceof Unanswered) return null;
      throw error;
    }
  }

  /** The answer, asked for until it says what happened. */
  async #definite(call: BookingCall): Promise<Exclude<Reply, { outcome: 'failed' }>> {
    const reply = await this.#tried(
      () => this.#once(call),
      (each) => each !== null && each.outcome !== 'failed',
    );
    if (reply === null || reply.outcome === 'failed') throw new Undecided();
    return reply;
  }

  async #answered(request: RawRequest, what: string, status: number): Promise<void> {
    const answer = await this.#tried(
      () => this.#options.raw(request),
      (each) => each !== null && each.status < 500,
    );
    if (answer === null) throw new Undecided();
    if (answer.status === status) return;
    const { status: actual, body } = answer;
    throw new Found(
      wrong(
        'answers-follow-the-contract',
        `${what[0]?.toUpperCase()}${what.slice(1)} (${request.method} ${request.path}, ${request.body}) was answered ${actual}.`,
        { status: actual, body: body.slice(0, 500) },
        `${status}: the contract has it for a missing Idempotency-Key and a malformed body`,
      ),
    );
  }

  /** Again and again until an answer says something; the last one. */
  async #tried<T>(send: () => Promise<T>, says: (answer: T) => boolean): Promise<T> {
    let answer = await send();
    for (let tries = 1; tries < TRIES && !this.#options.isStopped(); tries++) {
      if (says(answer)) break;
      await delay(TRY_AGAIN_MS * tries);
      answer = await send();
    }
    return answer;
  }
}

function callerOf(call: BookingCall): string {
  if ('citizen' in call && typeof call.citizen === 'string') return call.citizen;
  return call.operation === 'open' || call.operation === 'close' ? MANAGER : OBSERVER;
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
