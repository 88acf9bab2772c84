/** What the citizens of `stays` ask for next. */
import type { Prng } from '../../public.ts';
import { byShare } from '../shares.ts';
import type { SeriesItem, Span, StayCall } from './calls.ts';
import type { OwnStays } from './own-stays.ts';
import { drawSpan, laterSpan, otherEnd, type Season } from './season.ts';

/** How often citizens do what, in parts of 100; the rest are bookings. */
const SHARES = [
  ['series', 7],
  ['move', 10],
  ['extend', 6],
  ['shorten', 6],
  ['cancel', 18],
  ['search', 12],
  ['read', 8],
] as const satisfies readonly (readonly [StayCall['operation'], number])[];
/** This share of the calls is about one resource, so that they meet. */
const HOT_SHARE = 0.4;
/** Which resource that is changes after so many operations. */
const HOT_FOR = 40;
/**
 * What is taken together is next to each other, as the rooms of a family are: a move leads to the neighbour, a series takes
 * both. If all could be tied to all, few histories could be checked object by object.
 */
const NEIGHBOURS = 2;

/** What a citizen is about to do, where and when. */
interface Wish extends Span {
  readonly operation: StayCall['operation'];
  readonly resource: string;
}

/** The wish of the `n`th operation; `focus`: everybody wants something of this resource. */
export function drawWish(
  n: number,
  prng: Prng,
  { focus, resources, season }: { focus: string | null; resources: readonly string[]; season: Season },
): Wish {
  const operation = focus === null ? (byShare(SHARES, prng.below(100)) ?? 'book') : 'book';
  const resource = focus ?? chosenOf(resources, n, prng);
  return { operation, resource, ...drawSpan(season, prng) };
}

/** The call by which it comes true; a booking where there is none to change. */
export function callFor(
  { operation, resource, from, to }: Wish,
  n: number,
  prng: Prng,
  { resources, own }: { resources: readonly string[]; own: OwnStays },
): StayCall {
  if (operation === 'search') return { operation, resource, from, to };
  if (operation === 'read') return { operation, resource };
  if (operation === 'series') return seriesOf(resource, { from, to }, n, prng, resources);
  const one = operation === 'book' ? undefined : own.some(prng, resource);
  if (!one) {
    const unit = prng.chance(0.3) ? 1 : null;
    return { operation: 'book', booking: `b-${n}`, resource, unit, from, to };
  }
  const { booking, resource: where } = one;
  switch (operation) {
    case 'move': {
      const target = prng.chance(0.5) ? where : neighbourOf(where, prng, resources);
      return { operation, booking, resource: where, target, from, to };
    }
    case 'extend':
      return { operation, booking, resource: where, to: otherEnd(one, 1 + prng.below(3)) };
    case 'shorten':
      return { operation, booking, resource: where, to: otherEnd(one, -1 - prng.below(2)) };
    default:
      return { operation: 'cancel', booking, resource: where };
  }
}

/** On following days at one resource, or at one time at several. */
function seriesOf(
  resource: string,
  span: Span,
  n: number,
  prng: Prng,
  resources: readonly string[],
): StayCall {
  const isDaily = span.from.length > 10 && prng.chance(0.3);
  const places = isDaily ? Array(2 + prng.below(2)).fill(resource) : neighbours(resource, resources);
  const items = places.map(
    (each, i): SeriesItem => ({
      booking: `s-${n}.${i + 1}`,
      resource: each,
      ...(isDaily ? laterSpan(span, i) : span),
    }),
  );
  return { operation: 'series', series: `s-${n}`, items };
}

function chosenOf(resources: readonly string[], n: number, prng: Prng): string {
  const any = prng.below(resources.length);
  // Of the number alone, so that leaving other operations out does not move it; 7 is prime to most counts.
  const hot = (Math.floor(n / HOT_FOR) * 7) % resources.length;
  return resources[prng.chance(HOT_SHARE) ? hot : any] as string;
}

/** Those that are taken together with this one, and itself. */
function neighbours(resource: string, resources: readonly string[]): readonly string[] {
  const at = resources.indexOf(resource);
  const first = Math.min(at - (at % NEIGHBOURS), resources.length - NEIGHBOURS);
  return resources.slice(first, first + NEIGHBOURS);
}

function neighbourOf(resource: string, prng: Prng, resources: readonly string[]): string {
  return prng.pick(neighbours(resource, resources).filter((each) => each !== resource));
}
