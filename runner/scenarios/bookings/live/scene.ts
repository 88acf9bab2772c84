/** What a pattern has at hand: the slot, the luck of the draw, and what the citizens know. */
import type { ServiceRules } from '../../../../server/contract/index.ts';
import type { Prng } from '../../../sim/prng.ts';
import { numbered } from '../calls.ts';
import type { CityKnowledge, HeldBooking } from './city-knowledge.ts';
import { type Booking, booking, cancelling, type Group, list, type Planned, read } from './planned.ts';

/** This share of the bookings is asked for again later, with the old key. */
const KEPT_SHARE = 0.25;

export interface SceneOptions {
  /** The number of the group: keys are named after it, so that none is used twice by accident. */
  n: number;
  prng: Prng;
  slot: string;
  knowledge: CityKnowledge;
  rules: Readonly<ServiceRules>;
  concurrency: number;
  citizens: number;
  offers: (operation: string) => boolean;
  isGivenUp: (slot: string) => boolean;
}

export class Scene {
  readonly n: number;
  readonly prng: Prng;
  readonly slot: string;
  readonly knowledge: CityKnowledge;
  readonly concurrency: number;
  readonly rules: Readonly<ServiceRules>;
  readonly #options: SceneOptions;
  /** Keys made so far, in this scene and in others of the group. */
  #keys: { made: number } = { made: 0 };

  constructor(options: SceneOptions) {
    this.n = options.n;
    this.prng = options.prng;
    this.slot = options.slot;
    this.knowledge = options.knowledge;
    this.concurrency = options.concurrency;
    this.rules = options.rules;
    this.#options = options;
  }

  /** The same with another slot. */
  at(slot: string): Scene {
    const scene = new Scene({ ...this.#options, slot });
    scene.#keys = this.#keys;
    return scene;
  }

  /** A key that nobody has used. */
  key(): string {
    const count = this.#keys.made++;
    return count === 0 ? `k-${this.n}` : `k-${this.n}-${count}`;
  }

  /** Somebody, most of the time without a seat in the slot. `but`: not one of these. */
  citizen(but?: ReadonlySet<string>): string {
    const holders = new Set(this.knowledge.held(this.slot).map(({ call }) => call.citizen));
    let citizen = '';
    for (let tries = 0; tries < 6; tries++) {
      citizen = numbered('citizen', this.prng.below(this.#options.citizens) + 1);
      if (but?.has(citizen)) continue;
      if (!holders.has(citizen) || this.prng.chance(0.08)) break;
    }
    return citizen;
  }

  /** Several of them, all different; fewer when there are not so many. */
  crowd(count: number): string[] {
    const names = new Set<string>();
    for (let i = 0; i < count; i++) names.add(this.citizen(names));
    return [...names];
  }

  book(citizen = this.citizen(), key = this.key()): Booking {
    const planned = booking(this.slot, citizen, key);
    return this.prng.chance(KEPT_SHARE) ? { ...planned, key: 'maybe' } : planned;
  }

  /** Null when nobody is known to hold a seat. */
  cancel(): Planned | null {
    const held = this.knowledge.held(this.slot);
    return held.length === 0 ? null : cancelling(this.slot, this.prng.pick(held));
  }

  /** The booking that this request made, as long as it is held. */
  heldBy(made: Booking): HeldBooking | undefined {
    return this.knowledge.held(this.slot).find(({ call }) => call === made.call);
  }

  cancelOf(made: Booking): Planned | null {
    const held = this.heldBy(made);
    return held ? cancelling(this.slot, held) : null;
  }

  /** A read of the slot, or the list in which it is. */
  look(): Planned {
    const reads = this.prng.chance(0.65);
    const { offers } = this.#options;
    return (reads && offers('read')) || !offers('list') ? read(this.slot) : list();
  }

  /** One of the first few citizens, whose names are known with something put behind them. */
  citizenOfFirst(count: number): string {
    return numbered('citizen', this.prng.below(Math.min(count, this.#options.citizens)) + 1);
  }

  get free(): number {
    return this.knowledge.free(this.slot);
  }

  get isOpen(): boolean {
    return this.knowledge.isOpen(this.slot);
  }

  /** A slot with a seat left, as far as citizens know: this one if it has one. */
  withRoom(): Scene {
    const { slots } = this.knowledge;
    const first = this.prng.below(slots.length);
    for (let i = -1; i < Math.min(slots.length, 50); i++) {
      const slot = i < 0 ? this.slot : (slots[(first + i) % slots.length] as string);
      if (this.#options.isGivenUp(slot)) continue;
      if (this.knowledge.isOpen(slot) && this.knowledge.free(slot) > 0) {
        return slot === this.slot ? this : this.at(slot);
      }
    }
    return this;
  }

  /** So many citizens at once for the seats that are left, with some who look on. */
  rush(citizens: number): Group {
    const most = Math.max(2, Math.min(citizens, this.concurrency));
    const requests = this.crowd(most).map((citizen): Planned => {
      const book = this.book(citizen);
      return this.prng.chance(0.25) ? { ...book, andThen: () => read(this.slot) } : book;
    });
    const room = this.concurrency - requests.length;
    if (room > 0 && this.prng.chance(0.5)) {
      requests.push({ ...this.look(), afterMs: this.prng.between(0, 2) });
    }
    return { requests, next: () => ({ requests: [read(this.slot), list()] }) };
  }

  /** More than there is room for. */
  fill(): Group {
    return this.rush(Math.max(1, this.free) + 1 + this.prng.below(2));
  }
}
