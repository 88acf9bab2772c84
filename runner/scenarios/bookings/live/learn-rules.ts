/**
 * Learns what a service of `bookings` promises, as far as a few calls can tell: whether it honours keys, whether a
 * citizen may hold two bookings in a slot, and how it takes a second cancel. One call at a time, in a fresh city.
 */
import type { RuleName, ServiceRules } from '../../../../server/contract/index.ts';
import type { Reply } from '../../../service/call.ts';
import type { Breach } from '../../../targets/http/api.ts';
import { type BookingCall, type CancelCall, numbered, type SlotSeed } from '../calls.ts';

/** Carries out one call; null: its answer was lost, or says nothing (a 5xx). */
export type Ask = (call: BookingCall) => Promise<Reply | Breach | null>;

export interface Lessons {
  /** Also those that could not be learned, at a value that leaves a right service right. */
  learned: Partial<ServiceRules>;
  /** By rule, in a few words: what was seen, or `not learned: …`. */
  why: Record<string, string>;
}

/** Answers that say nothing are met so often before a rule is given up. */
const TRIES = 6;
/** Of those that `setup` was given; a run has more of them. */
const CITIZENS = 9;

/**
 * `known`: the rules that are declared, which are not asked about. `slots` are open and empty; `offers` tells which
 * operations the API has. Leaves slots empty as far as it can.
 */
export async function learnRules(
  ask: Ask,
  rules: Readonly<ServiceRules>,
  known: ReadonlySet<RuleName>,
  slots: readonly Pick<SlotSeed, 'id' | 'capacity'>[],
  offers: (operation: string) => boolean = () => true,
): Promise<Lessons> {
  const lessons: Lessons = { learned: {}, why: {} };
  const keep = <R extends RuleName & keyof ServiceRules>(
    rule: R,
    lesson: { value: ServiceRules[R]; why: string },
  ) => {
    lessons.learned[rule] = lesson.value;
    lessons.why[rule] = lesson.why;
  };
  const learner = new Learner(ask, rules, slots, offers);
  if (!known.has('closing')) keep('closing', closing(offers));
  if (!offers('book')) return lessons;
  if (!known.has('cancelsBy') && !offers('cancel') && (await learner.showsNoIds()))
    keep('cancelsBy', { value: 'nobody', why: 'the API has no cancel and shows no ids' });
  if (!known.has('keys')) keep('keys', await learner.keys());
  if (!known.has('onePerCitizen')) keep('onePerCitizen', await learner.onePerCitizen());
  if (!known.has('secondCancel') && offers('cancel')) keep('secondCancel', await learner.secondCancel());
  return lessons;
}

/** Where a rule comes from that was to be learned, by why it is so; undefined: nothing was asked about it. */
export function sourceOfLesson(why: string | undefined): 'learned' | 'contract' {
  return why === undefined || why.startsWith('not learned') ? 'contract' : 'learned';
}

interface Lesson<T> {
  readonly value: T;
  readonly why: string;
}

function closing(offers: (operation: string) => boolean): Lesson<boolean> {
  const has = offers('open') && offers('close');
  return { value: has, why: `the API has ${has ? '' : 'no '}open and close` };
}

type BookCall = Extract<BookingCall, { operation: 'book' }>;
interface Made {
  readonly call: BookCall;
  /** Null: the API does not show it. */
  readonly id: string | null;
}

class Learner {
  readonly #ask: Ask;
  readonly #rules: Readonly<ServiceRules>;
  readonly #slots: readonly Pick<SlotSeed, 'id' | 'capacity'>[];
  readonly #offers: (operation: string) => boolean;
  #n = 0;
  #turn = 0;
  #made: Made[] = [];

  constructor(
    ask: Ask,
    rules: Readonly<ServiceRules>,
    slots: readonly Pick<SlotSeed, 'id' | 'capacity'>[],
    offers: (operation: string) => boolean,
  ) {
    this.#ask = ask;
    this.#rules = rules;
    this.#slots = slots;
    this.#offers = offers;
  }

  /** Without a cancel a citizen needs no id, and a book may be answered without one. */
  async showsNoIds(): Promise<boolean> {
    const { value } = await this.#learn(false, 1, async (slot) => {
      const made = await this.#book(this.#fresh(slot));
      return made?.outcome === 'ok' ? { value: idOf(made) === null, why: 'as a book was answered' } : null;
    });
    return value;
  }

  /** Not learned, no key is ever repeated: so nothing is asked of keys that the service may not promise. */
  keys(): Promise<Lesson<boolean>> {
    return this.#learn<boolean>(false, 1, async (slot) => {
      const call = this.#fresh(slot);
      const first = await this.#book(call);
      if (first?.outcome !== 'ok') return null;
      const again = await this.#book(call);
      if (again === null) return null;
      if (again.outcome === 'refused') return { value: false, why: `a repeat was refused: ${again.reason}` };
      const [id, idAgain] = [idOf(first), idOf(again)];
      if (id !== idAgain) return { value: false, why: 'a repeat made another booking' };
      const other = await this.#book({ ...call, key: this.#key() });
      if (other === null) return null;
      const isOther = other.outcome === 'refused' || idOf(other) !== id;
      if (id !== null && isOther) return { value: true, why: 'a repeat was given the same booking' };
      if (id !== null) return { value: true, why: SAME_BOOKING };
      // Without ids only this tells a repeat from a second booking.
      return other.outcome === 'refused' && other.reason === 'already-booked'
        ? { value: true, why: 'a repeat was acknowledged again, another booking refused' }
        : { value: false, why: 'not learned: no ids are shown, and more than a repeat is acknowledged' };
    });
  }

  /** Not learned, it is the contract's. With one seat for each slot it makes no difference. */
  onePerCitizen(): Promise<Lesson<boolean>> {
    return this.#learn<boolean>(true, 2, async (slot) => {
      const call = this.#fresh(slot);
      const first = await this.#book(call);
      if (first?.outcome !== 'ok') return null;
      const second = await this.#book({ ...call, key: this.#key() });
      if (second === null) return null;
      if (second.outcome === 'ok') {
        const id = idOf(second);
        if (id !== null && id === idOf(first)) return { value: true, why: SAME_BOOKING };
        return { value: false, why: 'a citizen was given two bookings of a slot' };
      }
      if (second.reason === 'already-booked')
        return { value: true, why: `a second booking of the same citizen was refused: ${second.reason}` };
      // It may be the slot that has no other seat.
      const rival = await this.#book({ ...this.#fresh(slot), citizen: this.#rivalOf(call) });
      if (rival === null) return null;
      return rival.outcome === 'ok'
        ? {
            value: true,
            why: `a second booking of the same citizen was refused (${second.reason}), another’s was not`,
          }
        : { value: true, why: `not learned: ${slot} took one booking alone; declare the rule capacity` };
    });
  }

  /** Not learned, it may be either: an acknowledged second cancel has no effect. */
  secondCancel(): Promise<Lesson<'ok' | 'refused'>> {
    return this.#learn<'ok' | 'refused'>('ok', 1, async (slot) => {
      const call = this.#fresh(slot);
      const made = await this.#book(call);
      if (made?.outcome !== 'ok') return null;
      const cancel = cancelOf({ call, id: idOf(made) });
      const first = await this.#said(cancel);
      // One that got no answer may have happened: only two answers in a row tell.
      const second = first?.outcome === 'ok' ? await this.#said(cancel) : null;
      if (second === null) return null;
      return second.outcome === 'ok'
        ? { value: 'ok', why: 'a second cancel was acknowledged again' }
        : { value: 'refused', why: `a second cancel was refused: ${second.reason}` };
    });
  }

  /** Tries a lesson on one slot after another until the answers tell something. `seats`: it takes a slot with so many. */
  async #learn<T>(
    otherwise: T,
    seats: number,
    lesson: (slot: string) => Promise<Lesson<T> | null>,
  ): Promise<Lesson<T>> {
    const slots = this.#slots.filter(({ capacity }) => capacity >= seats);
    if (slots.length === 0)
      return {
        value: otherwise,
        why: `not learned: no slot has ${seats} seats, so that it makes no difference`,
      };
    for (let tries = 0; tries < TRIES; tries++) {
      // The next slot each time: without a cancel, one that was used stays taken.
      const { id } = slots[this.#turn++ % slots.length] as SlotSeed;
      const learned = await lesson(id);
      await this.#tidy();
      if (learned) return learned;
    }
    return { value: otherwise, why: 'not learned: the answers said nothing' };
  }

  #key(): string {
    return `learn-rules-${++this.#n}`;
  }

  #fresh(slot: string): BookCall {
    const key = this.#key();
    return { operation: 'book', slot, citizen: numbered('citizen', 1 + (this.#n % CITIZENS)), key };
  }

  #rivalOf({ citizen }: BookCall): string {
    return numbered('citizen', citizen === numbered('citizen', 1) ? 2 : 1);
  }

  async #book(call: BookCall) {
    const reply = await this.#said(call);
    if (reply?.outcome === 'ok') this.#made.push({ call, id: idOf(reply) });
    return reply;
  }

  /** Null for what says nothing of the rules: a lost answer, or a wrong one, of which others tell. */
  async #said(call: BookingCall): Promise<Extract<Reply, { outcome: 'ok' | 'refused' }> | null> {
    const reply = await this.#ask(call);
    return reply?.outcome === 'ok' || reply?.outcome === 'refused' ? reply : null;
  }

  async #tidy(): Promise<void> {
    const made = this.#made.splice(0);
    if (!this.#offers('cancel')) return;
    const isById = this.#rules.cancelsBy === 'booking';
    const seen = new Set<string>();
    for (const each of made) {
      const name = isById ? each.id : `${each.call.slot} ${each.call.citizen}`;
      if (name === null || seen.has(name)) continue;
      seen.add(name);
      await this.#ask(cancelOf(each));
    }
  }
}

/** No rule of a service that is tested, but a way of answering that an adapter has to say in other words. */
export const SAME_BOOKING =
  'a second booking of the same citizen, with another key, was given the first one: where that is no new booking, let the adapter say already-booked';

function idOf(reply: Extract<Reply, { outcome: 'ok' | 'refused' }>): string | null {
  const id = reply.outcome === 'ok' ? reply.value['booking'] : undefined;
  return typeof id === 'string' ? id : null;
}

function cancelOf({ call, id }: Made): CancelCall {
  return { operation: 'cancel', booking: id ?? '', slot: call.slot, citizen: call.citizen };
}
