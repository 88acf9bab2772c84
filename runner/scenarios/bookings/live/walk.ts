/** Every call of `bookings` once, in a sensible order: what the author of an adapter wants to see before the first run. */
import type { ServiceRules } from '../../../../server/contract/index.ts';
import type { Reply } from '../../../service/call.ts';
import type { Breach } from '../../../targets/http/api.ts';
import {
  type BookCall,
  type BookingCall,
  type BookingWorld,
  type CancelCall,
  citizenNames,
  numbered,
} from '../calls.ts';
import { MANAGER, OBSERVER } from './planned.ts';

type Answered = Reply | Breach | null;

/** Carries out one call and shows it; `expected`: what a right service answers, in words, where another answer came. */
export type Step = (
  title: string,
  call: BookingCall,
  expected: (reply: Reply) => string | null,
) => Promise<Answered>;

/** A slot of more seats than this is not filled up. */
const MOST_FILLED = 25;

/** The city that is walked through: two slots with as few seats as there may be, two where seats can be two. */
export function walkWorld({ capacity: { least, most } }: Readonly<ServiceRules>): BookingWorld {
  const two = Math.min(most, Math.max(least, 2));
  const slots = [1, 2, 3, 4].map((n) => ({
    ...{ id: numbered('slot', n), capacity: n <= 2 ? two : least, open: true },
  }));
  return { slots, citizens: Math.max(10, Math.min(least, MOST_FILLED) + 5) };
}

export function walkCitizens({ citizens }: BookingWorld): string[] {
  return [...citizenNames(citizens), OBSERVER, MANAGER];
}

export interface WalkOptions {
  readonly rules: Readonly<ServiceRules>;
  /** Rules that are declared; of others it is not known yet what to expect. */
  readonly declared: ReadonlySet<string>;
  readonly offers: (operation: string) => boolean;
  readonly step: Step;
}

/** Resolves with what was left out, and why. */
export async function walkBookings(options: WalkOptions): Promise<string[]> {
  const walk = new Walk(options);
  if (options.offers('book')) await walk.booking();
  await walk.looking();
  if (options.offers('book')) await walk.filling();
  if (options.offers('book') && options.offers('cancel')) await walk.cancelling();
  if (options.offers('close') && options.offers('open')) await walk.closing();
  return walk.leftOut;
}

class Walk {
  readonly #options: WalkOptions;
  readonly #world: BookingWorld;
  #keys = 0;
  #first: { call: BookCall; id: string } | null = null;
  #active = 0;
  readonly leftOut: string[] = [];

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#world = walkWorld(options.rules);
  }

  async booking(): Promise<void> {
    const call = this.#book(1, 1);
    const reply = await this.#step(`book ${call.slot} for ${call.citizen}`, call, isOk);
    if (reply?.outcome === 'ok') {
      this.#first = { call, id: String(reply.value['booking'] ?? '') };
      this.#active = 1;
    }
    const { rules, declared } = this.#options;
    if (rules.keys || !declared.has('keys'))
      await this.#again('the same again, with the same key', call, declared.has('keys') && rules.keys);
    else this.leftOut.push('a repeat of a key: the service has none');
    const isOne = declared.has('onePerCitizen') && rules.onePerCitizen;
    await this.#again(
      `another booking of ${call.citizen} there`,
      { ...call, key: this.#key() },
      isOne ? false : null,
    );
  }

  async looking(): Promise<void> {
    const slot = numbered('slot', 1);
    const { offers } = this.#options;
    const shows = (shown: unknown) =>
      Number(shown) === this.#active ? null : `${this.#active} active booking(s), as far as was acknowledged`;
    if (offers('read')) {
      await this.#step(`read ${slot}`, { operation: 'read', slot, ...by(OBSERVER) }, (reply) =>
        reply.outcome === 'ok' ? shows(countOf(reply.value['bookings'])) : 'to see it',
      );
    }
    if (!offers('list')) return;
    await this.#step('list', { operation: 'list', ...by(OBSERVER) }, (reply) => {
      if (reply.outcome !== 'ok') return 'to see all slots';
      const rows = reply.value['slots'] as { id: string; bookings: number }[];
      const missing = this.#world.slots.find(({ id }) => !rows.some((row) => row.id === id));
      if (missing) return `a row for each slot of the reset, ${missing.id} among them`;
      return shows(rows.find((row) => row.id === slot)?.bookings);
    });
  }

  async filling(): Promise<void> {
    const slot = numbered('slot', 3);
    const { least } = this.#options.rules.capacity;
    if (least > MOST_FILLED) {
      this.leftOut.push(`a full slot: it would take ${least} bookings`);
      return;
    }
    for (let n = 1; n <= least; n++)
      await this.#step(`fill ${slot}: ${n} of ${least}`, this.#book(3, n), isOk);
    await this.#step(`one more in ${slot}, which is full`, this.#book(3, least + 1), (reply) =>
      reply.outcome === 'refused' && ['full', 'unavailable'].includes(reply.reason) ? null : 'refused: full',
    );
  }

  async cancelling(): Promise<void> {
    if (this.#first === null) return;
    const { call, id } = this.#first;
    const cancel: CancelCall = { operation: 'cancel', booking: id, slot: call.slot, citizen: call.citizen };
    const { ownCancelOnly, secondCancel, cancelsBy } = this.#options.rules;
    if (ownCancelOnly && cancelsBy === 'booking') {
      const other = numbered('citizen', 2);
      await this.#step(
        `${other} cancels the booking of ${call.citizen}`,
        { ...cancel, citizen: other },
        (reply) => (reply.outcome === 'refused' ? null : 'refused: not-yours'),
      );
    } else {
      this.leftOut.push("another's cancel: the rule ownCancelOnly is not declared");
    }
    const reply = await this.#step(`cancel by ${call.citizen}`, cancel, isOk);
    if (reply?.outcome === 'ok') this.#active--;
    const isKnown = this.#options.declared.has('secondCancel');
    await this.#step('cancel it a second time', cancel, (second) => {
      if (!isKnown || second.outcome === (secondCancel === 'ok' ? 'ok' : 'refused')) return null;
      return secondCancel === 'ok' ? 'it acknowledged again' : 'refused: no-such-booking';
    });
    await this.looking();
  }

  async closing(): Promise<void> {
    const slot = numbered('slot', 2);
    await this.#step(`close ${slot}`, { operation: 'close', slot, ...by(MANAGER) }, isOk);
    const books = this.#options.offers('book');
    if (books)
      await this.#step(`book ${slot}, which is closed`, this.#book(2, 3), (reply) =>
        reply.outcome === 'refused' && ['closed', 'unavailable'].includes(reply.reason)
          ? null
          : 'refused: closed',
      );
    await this.#step(`open ${slot}`, { operation: 'open', slot, ...by(MANAGER) }, isOk);
    if (books) await this.#step(`book ${slot}, which is open again`, this.#book(2, 4), isOk);
  }

  /** `isSame`: it is acknowledged as the same booking; false: it is refused; null: nobody knows yet. */
  async #again(title: string, call: BookCall, isSame: boolean | null): Promise<void> {
    const reply = await this.#step(title, call, (answered) => {
      if (isSame === null) return null;
      if (isSame) return idOf(answered) === this.#first?.id ? null : `the booking ${this.#first?.id} again`;
      return answered.outcome === 'refused' || !this.#options.declared.has('onePerCitizen')
        ? null
        : 'refused: already-booked';
    });
    if (reply?.outcome === 'ok' && (idOf(reply) !== this.#first?.id || idOf(reply) === '')) this.#active++;
  }

  #step(title: string, call: BookingCall, expected: Parameters<Step>[2]): Promise<Answered> {
    return this.#options.step(title, call, expected);
  }

  #book(slot: number, citizen: number): BookCall {
    return {
      operation: 'book',
      slot: numbered('slot', slot),
      citizen: numbered('citizen', citizen),
      key: this.#key(),
    };
  }

  #key(): string {
    return `check-adapter-${++this.#keys}`;
  }
}

const isOk = ({ outcome }: Reply) => (outcome === 'ok' ? null : 'it done');

/** Adapters are told who looks and who manages, like every other citizen. */
function by(citizen: string): { citizen: string } {
  return { citizen };
}

function idOf(reply: Reply): string {
  return reply.outcome === 'ok' ? String(reply.value['booking'] ?? '') : '';
}

function countOf(bookings: unknown): unknown {
  return Array.isArray(bookings) ? bookings.length : bookings;
}
