/** The city as it is shown: slots with their bookings, calendars of resources, or seats of events. */
import { z } from 'zod';

/** In minutes since 1970, as `Range` is. */
const minutes = z.int();
/** Operations on an object that are under way or whose outcome is unknown. */
const uncertain = z.int();

/** Resources with units that are booked for ranges of time. */
export const calendarsSchema = z.object({
  /** Of the IANA's database, such as `Europe/Berlin`. */
  zone: z.string(),
  /** From the earliest to the latest that was asked for so far; null: nothing was. */
  asked: z.object({ from: minutes, to: minutes }).nullable(),
  resources: z.array(
    z.object({
      id: z.string(),
      units: z.int(),
      /** Minutes that a unit stays free between two bookings. */
      buffer: z.int(),
      /** Acknowledged and not cancelled. */
      bookings: z.array(
        z.object({
          id: z.string(),
          /** Empty: not known. */
          citizen: z.string(),
          /** From 1. */
          unit: z.int(),
          from: minutes,
          to: minutes,
          /** A change of it is under way, or its outcome is unknown. */
          uncertain: z.boolean(),
        }),
      ),
      uncertain,
    }),
  ),
});
export type Calendars = z.infer<typeof calendarsSchema>;

/** Events with seats by name and places by number, which orders hold, pay for and own. */
export const venueSchema = z.object({
  /** The service's clock, in ms since 1970; null: no event told it. */
  nowMs: z.number().nullable(),
  events: z.array(
    z.object({
      id: z.string(),
      seats: z.array(z.string()),
      /** Of general admission. */
      places: z.int(),
      /** When its sale opens, in ms since 1970; null: not known. */
      opensAt: z.number().nullable(),
      /** Acknowledged and not given back. */
      orders: z.array(
        z.object({
          id: z.string(),
          owner: z.string(),
          seats: z.array(z.string()),
          places: z.int(),
          state: z.enum(['held', 'paid', 'sold']),
          /** When a hold ends, in ms since 1970; null: it is none, or that is not known. */
          expiresAt: z.number().nullable(),
          /** A change of it is under way, or its outcome is unknown. */
          uncertain: z.boolean(),
        }),
      ),
      /** Who waits, the first in front. */
      waiting: z.array(z.string()),
      /** Payments that were neither turned into seats nor given back, when it was last read; null: it was not. */
      moneyHeld: z.number().nullable(),
      uncertain,
    }),
  ),
});
export type Venue = z.infer<typeof venueSchema>;

/** The city after an event, folded from the history by `GET /runs/:runId/state`. */
export const cityStateSchema = z.object({
  /** The event after which this is the state. */
  index: z.int(),
  virtualMs: z.number(),
  /** The metrics after that event; left out by servers that are older than it. */
  metrics: z.record(z.string(), z.number()).optional(),
  slots: z.array(
    z.object({
      id: z.string(),
      capacity: z.int(),
      open: z.boolean(),
      /** Acknowledged and not cancelled, oldest first. */
      bookings: z.array(z.object({ id: z.string(), citizen: z.string() })),
      /** Operations on the slot that are under way or whose outcome is unknown. */
      uncertain: z.int(),
    }),
  ),
  /** Of a scenario whose world has resources in a zone. */
  calendars: calendarsSchema.optional(),
  /** Of a scenario whose world has events with seats or places. */
  venue: venueSchema.optional(),
});
export type CityState = z.infer<typeof cityStateSchema>;
