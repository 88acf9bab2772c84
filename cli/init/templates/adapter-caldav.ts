/**
 * An adapter for CalDAV: a slot is a resource of a calendar, which a PUT with `If-None-Match: *` makes and a DELETE with
 * `If-Match` removes. So a slot has one seat, and the event in it says whose it is. A fresh city is a fresh calendar.
 *
 *   npx simcity check-adapter --target http://127.0.0.1:5232/user --adapter ./my-adapter.ts
 */
import type { HttpAdapter, HttpReply } from 'simcity/scenario';

/** Calendars of earlier runs are there still. */
const RUN = Date.now().toString(36);
let cities = 0;
let calendar = '';

const adapter: HttpAdapter = {
  name: 'my-adapter',
  operations: ['book', 'cancel', 'read'],
  rules: { capacity: 1 },

  async reset(_, send) {
    const path = `/calendars/city-${RUN}-${++cities}/`;
    const { status, text } = await send({ method: 'MKCALENDAR', path });
    if (status !== 201) throw new Error(`${path} was not made: ${status} ${text}`);
    calendar = path;
  },

  async perform(call, send): Promise<HttpReply> {
    const path = `${calendar}${call['slot']}.ics`;
    if (call.operation === 'book') {
      const headers = { 'if-none-match': '*' };
      const text = eventOf(call.key, call.citizen);
      const { status } = await send({ method: 'PUT', path, headers, text, type: 'text/calendar' });
      if (status === 412) return { outcome: 'refused', reason: 'full' };
      return status === 201 ? { outcome: 'ok', value: { booking: call.key } } : never(status);
    }
    const shown = await send({ method: 'GET', path });
    if (shown.status !== 200 && shown.status !== 404) return never(shown.status);
    const event = shown.status === 200 ? bookingIn(shown.text) : null;
    if (call.operation === 'read') return { outcome: 'ok', value: { bookings: event ? [event] : [] } };
    // Another's event, or none: this booking is over.
    if (event?.id !== call['booking']) return { outcome: 'refused', reason: 'no-such-booking' };
    const headers = { 'if-match': String(shown.headers['etag']) };
    const { status } = await send({ method: 'DELETE', path, headers });
    if (status === 404 || status === 412) return { outcome: 'refused', reason: 'no-such-booking' };
    return status < 300 ? { outcome: 'ok' } : never(status);
  },
};

/** The booking is the event's UID, the citizen stands in its summary. */
function eventOf(uid: string, citizen: string): string {
  const event = [`UID:${uid}`, 'DTSTAMP:20300101T000000Z', 'DTSTART:20300107T090000Z', `SUMMARY:${citizen}`];
  const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//city//EN', 'BEGIN:VEVENT', ...event];
  return [...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
}

function bookingIn(text: string): { id: string | undefined; citizen: string | undefined } {
  const field = (name: string) => new RegExp(`^${name}:(.+?)\\r?$`, 'm').exec(text)?.[1];
  return { id: field('UID'), citizen: field('SUMMARY') };
}

/** What the API should never answer fails the run. */
function never(status: number): HttpReply {
  return { outcome: 'wrong', why: `no answer of this API has the status ${status}` };
}

export default adapter;
