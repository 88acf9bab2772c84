/** Requests that citizens are going to make, and groups of them that begin at one instant. */
import type { Call, Reply } from '../../service/call.ts';

/** One request that a citizen is going to make. */
export interface Planned<C extends Call = Call> {
  readonly actor: string;
  readonly call: C;
  /**
   * What becomes of a request that can be repeated: `once` (the default) is sent by this request alone; `maybe` may
   * be asked for again later, if its object has not too many of them; `keep` will be; `repeat` is sent again here,
   * `release` for the last time.
   */
  readonly key?: 'once' | 'maybe' | 'keep' | 'repeat' | 'release';
  /** It leaves so much after the group has begun, in ms; 0 or none: with the others, at one instant. */
  readonly afterMs?: number;
  /** The citizen hangs up so long after it is sent, in ms, and asks again. Only where answers may be lost. */
  readonly hangUpAfterMs?: number;
  /**
   * What the same citizen asks as soon as this is answered (null: the answer was lost), while the rest of the
   * group may be under way.
   */
  readonly andThen?: (reply: Reply | null) => Planned<C> | null;
}

/** Requests that begin at one instant, and what is next when all are over; null in place of a lost answer. */
export interface Group<C extends Call = Call> {
  readonly requests: readonly Planned<C>[];
  readonly next?: (replies: readonly (Reply | null)[]) => Group<C> | null;
}

/** These requests one after the other, each as soon as the one before is answered. */
export function inTurn<C extends Call>(first: Planned<C>, ...more: readonly Planned<C>[]): Planned<C> {
  const [second, ...rest] = more;
  if (!second) return first;
  const before = first.andThen;
  if (!before) return { ...first, andThen: () => inTurn(second, ...rest) };
  return {
    ...first,
    andThen: (reply) => {
      const own = before(reply);
      return own ? inTurn(own, second, ...rest) : inTurn(second, ...rest);
    },
  };
}

/** A group and what is next, each made when the one before is over; a step that is null is passed over. */
export function steps<C extends Call>(...makers: readonly (() => Group<C> | null)[]): Group<C> | null {
  for (const [i, make] of makers.entries()) {
    const group = make();
    if (!group) continue;
    const rest = makers.slice(i + 1);
    const { next } = group;
    if (rest.length === 0) return group;
    return {
      ...group,
      next: (replies) => {
        const own = next?.(replies) ?? null;
        return own ? steps(() => own, ...rest) : steps(...rest);
      },
    };
  }
  return null;
}

/** A group of these requests, all at once. */
export function together<C extends Call>(...requests: readonly (Planned<C> | null)[]): Group<C> | null {
  const all = requests.filter((planned) => planned !== null);
  return all.length > 0 ? { requests: all } : null;
}
