/**
 * What the citizens of a live city do next: groups of requests that begin at one instant, and what follows
 * once they are answered. The seed decides, together with what the citizens know by then.
 */
import type { RunConfig } from '../../../server/contract/index.ts';
import { type BookCall, type BookingCall, numbered } from '../../scenarios/bookings/calls.ts';
import type { Reply } from '../../scenarios/scenario.ts';
import { Prng } from '../../sim/prng.ts';
import type { CityKnowledge } from './city-knowledge.ts';
import { type PatternName, type Phase, type Place, phaseOf } from './phases.ts';

/** One request that a citizen is going to make. */
export interface Planned {
  readonly actor: string;
  readonly call: BookingCall;
  /**
   * What becomes of its key: `once` (the default) is used by this request alone; `maybe` may be asked for
   * again later, if the slot has not too many of them; `keep` will be; `repeat` is used again here, `release`
   * for the last time.
   */
  readonly key?: 'once' | 'maybe' | 'keep' | 'repeat' | 'release';
  /** What the same citizen asks as soon as this is answered, while the rest of the group may be under way. */
  readonly followedBy?: Planned;
}

/** Requests that begin at one instant, and what is next when all are over; null in place of a lost answer. */
export interface Group {
  readonly requests: readonly Planned[];
  readonly next?: (replies: readonly (Reply | null)[]) => Group | null;
}

/** The signs that services join a citizen and a key with. */
const JOINTS = ['-', '-', ':', ':', '', '/', '_', '|', '.'] as const;
/** This share of the bookings is asked for again later, with the old key. */
const KEPT_SHARE = 0.25;
/** This share of the requests of a burst is followed by a look at once. */
const LOOKED_AFTER_SHARE = 0.25;
const FEW_SLOTS = 2;

export class CityPlan {
  readonly #seed: number;
  readonly #config: RunConfig;
  readonly #knowledge: CityKnowledge;
  readonly #bursts: number;
  readonly #isGivenUp: (slot: string) => boolean;

  /** `burstRate`: how often a single request becomes one of many at once. Slots that are given up are passed over. */
  constructor(
    seed: number,
    config: RunConfig,
    knowledge: CityKnowledge,
    burstRate: number,
    isGivenUp: (slot: string) => boolean,
  ) {
    this.#isGivenUp = isGivenUp;
    this.#seed = seed;
    this.#config = config;
    this.#knowledge = knowledge;
    this.#bursts = burstRate;
  }

  placeOf(n: number): Place {
    return phaseOf(n, this.#config.operations);
  }

  /** The group that the `n`th operation begins. */
  group(n: number): Group {
    const prng = new Prng(this.#seed, 'operation', n);
    const { phase, number } = this.placeOf(n);
    const slot = this.#chooseSlot(prng, phase, number);
    if (this.#knowledge.isUncertain(slot) && prng.chance(0.8)) return this.#settle(n, prng, slot);
    const pattern = choosePattern(prng, phase);
    const isBurst = pattern === 'single' && prng.chance(this.#bursts * phase.intensity * 4);
    return this.#make(isBurst ? 'burst' : pattern, n, prng, slot);
  }

  #make(pattern: PatternName, n: number, prng: Prng, slot: string): Group {
    switch (pattern) {
      case 'single':
        return this.#single(n, prng, slot);
      case 'burst':
        return this.#burst(n, prng, slot, this.#knowledge.capacity(slot) + 1 + prng.below(4));
      case 'twins':
        return this.#twins(n, prng, slot);
      case 'shared-key':
        return this.#sharedKey(n, prng, slot);
      case 'key-in-two-slots':
        return this.#keyInTwoSlots(n, prng, slot);
      case 'key-prefix':
        return this.#keyPrefix(n, prng, slot);
      case 'joined-key':
        return this.#joinedKey(n, prng, slot);
      case 'cancel-race':
        return this.#cancelRace(n, prng, slot);
      case 'close-race':
        return this.#closeRace(n, prng, slot);
      case 'late-repeat':
        return this.#lateRepeat(n, prng, slot);
      case 'repeat-race':
        return this.#repeatRace(n, prng, slot);
    }
  }

  #chooseSlot(prng: Prng, phase: Phase, number: number): string {
    const { slots } = this.#knowledge;
    if (phase.slots === 'all') return this.#orNext(prng.below(slots.length));
    const own = new Prng(this.#seed, 'chaos', phase.slots === 'one' ? 0 : number + 1);
    const first = own.below(slots.length);
    return this.#orNext(first + (phase.slots === 'one' ? 0 : prng.below(FEW_SLOTS)));
  }

  /** The slot at this position, or the next one that is not given up. */
  #orNext(position: number): string {
    const { slots } = this.#knowledge;
    const at = (i: number) => slots[(position + i) % slots.length] as string;
    for (let i = 0; i < slots.length; i++) if (!this.#isGivenUp(at(i))) return at(i);
    return at(0);
  }

  /** A slot with a seat left, as far as citizens know: `near` if it has one. */
  #withRoom(prng: Prng, near: string): string {
    const { slots } = this.#knowledge;
    const first = prng.below(slots.length);
    for (let i = -1; i < Math.min(slots.length, 50); i++) {
      const slot = i < 0 ? near : (slots[(first + i) % slots.length] as string);
      if (this.#isGivenUp(slot)) continue;
      if (this.#knowledge.isOpen(slot) && this.#knowledge.free(slot) > 0) return slot;
    }
    return near;
  }

  #citizen(prng: Prng, slot: string): string {
    const holders = new Set(this.#knowledge.held(slot).map(({ call }) => call.citizen));
    let citizen = '';
    for (let tries = 0; tries < 5; tries++) {
      citizen = numbered('citizen', prng.below(this.#config.citizens) + 1);
      if (!holders.has(citizen) || prng.chance(0.1)) break;
    }
    return citizen;
  }

  #single(n: number, prng: Prng, slot: string): Group {
    const roll = prng.float();
    const look = prng.chance(0.6);
    const isFull = this.#knowledge.free(slot) <= 0;
    if (!this.#knowledge.isOpen(slot) && roll < 0.35) return looked(switched(slot, true), slot, look);
    const [books, cancels] = isFull ? [0.3, 0.68] : [0.55, 0.75];
    if (roll < books) return looked(this.#book(n, prng, slot), slot, look);
    if (roll < cancels) {
      const cancel = this.#cancel(prng, slot);
      return cancel ? looked(cancel, slot, look) : { requests: [this.#book(n, prng, slot)] };
    }
    if (roll < 0.78) return looked(switched(slot, !this.#knowledge.isOpen(slot)), slot, look);
    return roll < 0.86 ? { requests: [list(this.#citizen(prng, slot))] } : { requests: [read(slot)] };
  }

  #book(n: number, prng: Prng, slot: string, citizen = this.#citizen(prng, slot), key = `k-${n}`): Planned {
    const planned = booking(slot, citizen, key);
    return prng.chance(KEPT_SHARE) ? { ...planned, key: 'maybe' } : planned;
  }

  #cancel(prng: Prng, slot: string): Planned | null {
    const held = this.#knowledge.held(slot);
    return held.length === 0 ? null : cancelling(slot, prng.pick(held));
  }

  /** Many citizens at once for few seats. */
  #burst(n: number, prng: Prng, slot: string, citizens: number): Group {
    const most = Math.max(2, Math.min(citizens, this.#config.concurrency));
    const requests: Planned[] = [];
    const names = new Set<string>();
    for (let i = 0; i < most; i++) {
      const citizen = this.#citizen(prng, slot);
      if (names.has(citizen)) continue;
      names.add(citizen);
      const book = this.#book(n, prng, slot, citizen, `k-${n}-${i}`);
      requests.push(prng.chance(LOOKED_AFTER_SHARE) ? { ...book, followedBy: read(slot) } : book);
    }
    return { requests, next: () => ({ requests: [read(slot), list()] }) };
  }

  /** One citizen asks twice at once, with two keys. */
  #twins(n: number, prng: Prng, slot: string): Group {
    const citizen = this.#citizen(prng, slot);
    const requests = [booking(slot, citizen, `k-${n}-a`), booking(slot, citizen, `k-${n}-b`)];
    return { requests, next: () => ({ requests: [read(slot)] }) };
  }

  /** Two citizens use one key for one slot, at once or one after the other. */
  #sharedKey(n: number, prng: Prng, near: string): Group {
    const slot = this.#withRoom(prng, near);
    const key = `k-${n}`;
    const first = this.#book(n, prng, slot, this.#citizen(prng, slot), key);
    const second = booking(slot, this.#citizen(prng, slot), key);
    return this.#oneOrBoth(prng, first, second, slot);
  }

  #keyInTwoSlots(n: number, prng: Prng, near: string): Group {
    const slot = this.#withRoom(prng, near);
    const other = prng.pick(this.#knowledge.slots);
    const citizen = this.#citizen(prng, slot);
    const key = `k-${n}`;
    return this.#oneOrBoth(prng, booking(slot, citizen, key), booking(other, citizen, key), other);
  }

  /** The key of one booking begins as that of another. */
  #keyPrefix(n: number, prng: Prng, near: string): Group {
    const slot = this.#withRoom(prng, near);
    const citizen = this.#citizen(prng, slot);
    const keys = prng.pick([
      [`k-${n}-10`, `k-${n}-1`],
      [`k-${n}-1`, `k-${n}-10`],
      [`K-${n}-a`, `k-${n}-A`],
    ] as const);
    const first = booking(slot, citizen, keys[0]);
    const second = booking(slot, citizen, keys[1]);
    const cancelFirst = prng.chance(0.5);
    return {
      requests: [first],
      next: () => {
        const held = this.#knowledge.held(slot).find(({ call }) => call === first.call);
        const next: Group = { requests: [second], next: () => ({ requests: [read(slot)] }) };
        return held && cancelFirst ? { requests: [cancelling(slot, held)], next: () => next } : next;
      },
    };
  }

  /** A citizen and a key that read as another citizen and another key once they are joined. */
  #joinedKey(n: number, prng: Prng, near: string): Group {
    const slot = this.#withRoom(prng, near);
    const joint = prng.pick(JOINTS);
    const citizen = this.#citizen(prng, slot);
    const first = booking(slot, citizen, `x${joint}k${n}`);
    const second = booking(slot, `${citizen}${joint}x`, `k${n}`);
    return this.#oneOrBoth(prng, first, second, slot);
  }

  #oneOrBoth(prng: Prng, first: Planned, second: Planned, slot: string): Group {
    const last: Group = { requests: [read(slot)] };
    if (prng.chance(0.4)) return { requests: [first, second], next: () => last };
    return { requests: [first], next: () => ({ requests: [second], next: () => last }) };
  }

  /** Cancels of one booking overlap, with somebody waiting for the seat; then more want in than there is room. */
  #cancelRace(n: number, prng: Prng, slot: string): Group {
    const held = this.#knowledge.held(slot);
    if (held.length === 0) return this.#burst(n, prng, slot, this.#knowledge.capacity(slot) + 1);
    const cancel = cancelling(slot, prng.pick(held));
    const requests = [cancel, cancel];
    if (prng.chance(0.3)) requests.push(cancel);
    if (prng.chance(0.6)) requests.push(this.#book(n, prng, slot));
    if (prng.chance(0.3)) requests.push(read(slot));
    const again = prng.chance(0.3);
    const free = Math.max(1, this.#knowledge.free(slot)) + 2;
    const fill = () => this.#burst(n, prng, slot, free);
    return { requests, next: () => (again ? { requests: [cancel], next: fill } : fill()) };
  }

  /** Bookings race the closing of their slot; later it is opened again. */
  #closeRace(n: number, prng: Prng, slot: string): Group {
    const requests: Planned[] = [{ ...switched(slot, false), followedBy: read(slot) }];
    for (let i = 0; i < 2; i++) requests.push(this.#book(n, prng, slot, undefined, `k-${n}-${i}`));
    const cancel = prng.chance(0.5) ? this.#cancel(prng, slot) : null;
    const afterwards: Planned[] = cancel ? [cancel, read(slot)] : [read(slot)];
    const open: Group = { requests: [switched(slot, true)], next: () => ({ requests: [read(slot)] }) };
    return {
      requests,
      next: () => ({ requests: afterwards, next: () => ({ requests: [read(slot)], next: () => open }) }),
    };
  }

  /** An old request comes again with its old key, often after its booking was cancelled. */
  #lateRepeat(n: number, prng: Prng, slot: string): Group {
    const kept = this.#knowledge.kept(slot);
    if (kept.length === 0) return { requests: [{ ...this.#book(n, prng, slot), key: 'maybe' }] };
    const call = prng.pick(kept);
    const isLast = prng.chance(0.7);
    const repeat: Planned = { actor: call.citizen, call, key: isLast ? 'release' : 'repeat' };
    const last: Group = { requests: [repeat], next: () => ({ requests: [read(slot)] }) };
    const held = this.#knowledge.held(slot).find((booking) => booking.call === call);
    return held && prng.chance(0.6) ? { requests: [cancelling(slot, held)], next: () => last } : last;
  }

  /** A request is repeated while its booking is being cancelled. */
  #repeatRace(n: number, prng: Prng, slot: string): Group {
    const first = booking(slot, this.#citizen(prng, slot), `k-${n}`);
    const repeat: Planned = { ...first, key: 'release' };
    const last: Group = { requests: [repeat], next: () => ({ requests: [read(slot)] }) };
    return {
      requests: [{ ...first, key: 'keep' }],
      next: () => {
        const held = this.#knowledge.held(slot).find(({ call }) => call === first.call);
        const again: Planned = { ...first, key: 'repeat' };
        return held ? { requests: [cancelling(slot, held), again, again], next: () => last } : last;
      },
    };
  }

  /** Asks again for a booking that may still be made, with room for it, so that it is settled. */
  #settle(n: number, prng: Prng, slot: string): Group {
    const [call] = this.#knowledge.unsettledBooks(slot);
    if (!call) return this.#single(n, prng, slot);
    const again: Group = {
      requests: [{ actor: call.citizen, call, key: 'repeat' }],
      next: () => ({ requests: [read(slot)] }),
    };
    if (!this.#knowledge.isOpen(slot)) return { requests: [switched(slot, true)], next: () => again };
    const own = this.#knowledge.held(slot).find((held) => held.call.citizen === call.citizen);
    const cancel = own ? cancelling(slot, own) : this.#cancel(prng, slot);
    return cancel && (own || this.#knowledge.free(slot) <= 0)
      ? { requests: [cancel], next: () => again }
      : again;
  }
}

function choosePattern(prng: Prng, phase: Phase): PatternName {
  const mix = Object.entries(phase.mix) as [PatternName, number][];
  let roll = prng.float() * mix.reduce((sum, [, share]) => sum + share, 0);
  for (const [name, share] of mix) {
    roll -= share;
    if (roll < 0) return name;
  }
  return 'single';
}

function booking(slot: string, citizen: string, key: string): Planned & { call: BookCall } {
  return { actor: citizen, call: { operation: 'book', slot, citizen, key } };
}

function cancelling(slot: string, { id, call }: { id: string; call: BookCall }): Planned {
  return { actor: call.citizen, call: { operation: 'cancel', booking: id, slot } };
}

export function read(slot: string): Planned {
  return { actor: 'observer', call: { operation: 'read', slot } };
}

export function list(actor = 'observer'): Planned {
  return { actor, call: { operation: 'list' } };
}

function switched(slot: string, open: boolean): Planned {
  return { actor: 'manager', call: { operation: open ? 'open' : 'close', slot } };
}

/** With a read right after, so that what the answer promised is looked for. */
function looked(planned: Planned, slot: string, look: boolean): Group {
  return look ? { requests: [planned], next: () => ({ requests: [read(slot)] }) } : { requests: [planned] };
}
