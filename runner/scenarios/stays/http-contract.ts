/** The contract of `stays` over HTTP: what is asked of a service, and what it answers. */
import { z } from 'zod';
import type { HttpContract } from '../http-contract.ts';

const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/)
  .describe(
    'A day such as 2026-10-24, from its midnight on, or a time of the wall clock such as 2026-10-25T02:30.',
  );
const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/)
  .describe('With its offset or in UTC, such as 2026-10-25T00:30Z.');
const span = { from: time, to: time };
const name = z.string().min(1);
const unit = z.int().min(1).describe('Units are numbered from 1.');

export const staySchema = z.object({ id: name, unit, from: instant, to: instant });
export const calendarSchema = z.object({
  id: name,
  units: z.int().min(1),
  buffer: z.int().min(0).describe('Minutes that a unit stays free between two bookings.'),
  bookings: z.array(staySchema).describe('Those that stand, in any order.'),
});
export const calendarsSchema = z.array(calendarSchema);
export const unitSchema = z.object({ unit });
export const unitsSchema = z.object({ units: z.array(unit) });
const bookingSchema = z.object({ id: name, ...span, unit: unit.optional() });
const refusal = <Reason extends string>(reason: Reason) => z.object({ error: z.literal(reason) });

const TAKEN = { what: 'No unit is free all the time.', body: refusal('taken') };
const UNKNOWN = { what: 'No such booking stands at the resource.', body: refusal('no-such-booking') };
const EMPTY = { what: 'The time ends where it begins, or before.', body: refusal('empty-range') };
const BOOKING = '/resources/{resource}/bookings/{booking}';
const REPEATED =
  'A repeat: the answer of the first request, also when the booking was moved or cancelled since.';

export const HOUSE_CONTRACT = {
  title: 'The house contract: resources that are taken for ranges of time',
  description: [
    'A booking takes one unit of its resource from `from` up to, and without, `to`.',
    'Requests name days and times of the wall clock in the zone of the reset: of a time that exists twice the first is',
    'meant, and one that does not exist is as much later as the clock is put forward. Answers name instants.',
    'A 5xx says nothing: the request may have happened.',
  ].join(' '),
  requests: {
    reset: {
      method: 'POST',
      path: '/admin/reset',
      summary: 'Only these resources from now on, and no bookings.',
      body: z.object({
        zone: z.string().describe("Of the IANA's database, such as Europe/Berlin."),
        resources: z.array(calendarSchema.omit({ bookings: true })),
      }),
      answers: { 204: { what: 'It was done.' } },
    },
    book: {
      method: 'POST',
      path: '/resources/{resource}/bookings',
      summary:
        'Takes a unit, or the one that is named. Whoever asks chooses the id, so that a repeat has one effect.',
      body: bookingSchema,
      answers: {
        201: { what: 'The unit that was given.', body: unitSchema },
        200: { what: REPEATED, body: unitSchema },
        409: TAKEN,
        422: EMPTY,
      },
    },
    series: {
      method: 'POST',
      path: '/series',
      summary: 'Takes a unit for each of the bookings, or none at all.',
      body: z.object({ id: name, bookings: z.array(z.object({ id: name, resource: name, ...span })) }),
      answers: {
        201: { what: 'The units that were given, in the order of the request.', body: unitsSchema },
        200: { what: REPEATED, body: unitsSchema },
        409: TAKEN,
        422: EMPTY,
      },
    },
    move: {
      method: 'POST',
      path: `${BOOKING}/move`,
      summary: 'Another time at any unit of `resource`, freed and taken at one instant.',
      body: z.object({ resource: name, ...span }),
      answers: {
        200: { what: 'The unit that was given.', body: unitSchema },
        404: UNKNOWN,
        409: TAKEN,
        422: EMPTY,
      },
    },
    resize: {
      method: 'PATCH',
      path: BOOKING,
      summary: 'Another end at the same unit.',
      body: z.object({ to: time }),
      answers: { 204: { what: 'It was done.' }, 404: UNKNOWN, 409: TAKEN, 422: EMPTY },
    },
    cancel: {
      method: 'DELETE',
      path: BOOKING,
      summary: 'Ends the booking.',
      answers: { 204: { what: 'It was done.' }, 404: UNKNOWN },
    },
    search: {
      method: 'GET',
      path: '/resources/{resource}/free',
      summary: 'The units that can be taken for all of the time.',
      query: z.object(span),
      answers: { 200: { what: 'In any order.', body: unitsSchema }, 422: EMPTY },
    },
    read: {
      method: 'GET',
      path: '/resources/{resource}',
      summary: 'A resource with its bookings, at one instant.',
      answers: { 200: { what: 'As it is.', body: calendarSchema } },
    },
    inspect: {
      method: 'GET',
      path: '/resources',
      summary: 'All resources at rest.',
      answers: { 200: { what: 'In any order.', body: calendarsSchema } },
    },
  },
} as const satisfies HttpContract;
