/** The bookings of the citizens of `stays`, as each knows its own. */
import type { Prng } from '../../public.ts';
import { setNewest } from '../../sim/newest-map.ts';
import type { Span, StayCall } from './calls.ts';

/** So many are remembered. */
const REMEMBERED = 256;

/** A booking as its citizen knows it. */
export interface Own extends Span {
  readonly booking: string;
  readonly resource: string;
}

export class OwnStays {
  /** Of all units together, as far as it was acknowledged. */
  takenMinutes = 0;
  readonly #instantOf: (text: string) => number;
  readonly #own = new Map<string, Own>();

  /** `instantOf`: of a time of the wall clock, in minutes since 1970. */
  constructor(instantOf: (text: string) => number) {
    this.#instantOf = instantOf;
  }

  get size(): number {
    return this.#own.size;
  }

  /** One at this resource, if there is one. */
  some(prng: Prng, resource: string): Own | undefined {
    const own = [...this.#own.values()];
    const here = own.filter((one) => one.resource === resource);
    const from = here.length > 0 ? here : own;
    return from.length > 0 ? prng.pick(from) : undefined;
  }

  /** What its citizen knows once the call was done. */
  learn(call: StayCall): void {
    switch (call.operation) {
      case 'book': {
        const { booking, resource, from, to } = call;
        this.#know(booking, { booking, resource, from, to });
        break;
      }
      case 'series':
        for (const item of call.items) this.#know(item.booking, item);
        break;
      case 'move': {
        const { booking, target: resource, from, to } = call;
        this.#know(booking, { booking, resource, from, to });
        break;
      }
      case 'extend':
      case 'shorten': {
        const own = this.#own.get(call.booking);
        if (own) this.#know(call.booking, { ...own, to: call.to });
        break;
      }
      case 'cancel':
        this.#know(call.booking, null);
    }
  }

  /** In minutes. */
  lengthOf({ from, to }: Span): number {
    return this.#instantOf(to) - this.#instantOf(from);
  }

  /** What is not remembered any more stays taken. */
  #know(booking: string, own: Own | null): void {
    const before = this.#own.get(booking);
    this.takenMinutes += (own ? this.lengthOf(own) : 0) - (before ? this.lengthOf(before) : 0);
    if (own) setNewest(this.#own, booking, own, REMEMBERED);
    else this.#own.delete(booking);
  }
}
