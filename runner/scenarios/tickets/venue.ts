/** The venue of a run of `tickets`: few seats for many citizens, and some sales that open during the run. */
import type { DeclaredRules, Prng } from '../../public.ts';
import type { TicketEvent, Venue } from './calls.ts';

/** 2026-01-01T00:00:00Z: when the clock begins that services are given, in ms since 1970. */
const FOUNDED_MS = Date.UTC(2026, 0, 1);
/** Where time is real, a sale opens so many ms after the beginning, at least and at most. */
const SOON_MS = { least: 2_000, most: 6_000 } as const;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** So many events of a run's slots; each has several seats. */
const SLOTS_AN_EVENT = 2;
/** This share of the sales opens after the beginning. */
const LATER_SHARE = 0.5;

/** `holdTtl`: as the service has it, whose time is real; `foundedMs`: when the run begins, in ms since 1970. */
export function drawVenue(
  slots: number,
  prng: Prng,
  holdTtl: DeclaredRules['holdTtl'] = null,
  foundedMs = FOUNDED_MS,
): Venue {
  const count = Math.max(2, Math.floor(slots / SLOTS_AN_EVENT));
  const events = Array.from({ length: count }, (_, i) => drawEvent(i + 1, prng));
  const holdMs = (4 + prng.below(9)) * MINUTE_MS;
  const offerMs = (1 + prng.below(5)) * MINUTE_MS;
  const opened = ({ opensAt, ...event }: TicketEvent, afterMs = opensAt): TicketEvent => ({
    ...event,
    opensAt: foundedMs + afterMs,
  });
  if (!holdTtl) return { events: events.map((event) => opened(event)), holdMs, offerMs };
  const ttlMs = holdTtl.seconds * SECOND_MS;
  return {
    events: events.map((event) => opened(event, soon(event.opensAt))),
    holdMs: ttlMs,
    offerMs: ttlMs,
  };
}

/** The same, or soon in place of later; counted from the beginning. */
function soon(afterMs: number): number {
  return afterMs <= 0 ? afterMs : SOON_MS.least + (afterMs % (SOON_MS.most - SOON_MS.least));
}

/** The first one is on sale from the beginning; times are counted from there. */
function drawEvent(number: number, prng: Prng): TicketEvent {
  const seats = 3 + prng.below(4);
  const places = 1 + prng.below(4);
  const quota = 2 + prng.below(3);
  const later = prng.chance(LATER_SHARE) && number > 1;
  const afterMs = prng.below(20) * MINUTE_MS + (5 + prng.below(50)) * SECOND_MS;
  return {
    id: `event-${String(number).padStart(3, '0')}`,
    seats: Array.from({ length: seats }, (_, i) => `A${i + 1}`),
    places,
    quota,
    opensAt: later ? MINUTE_MS + afterMs : -MINUTE_MS,
  };
}
