/** Calls as requests and answers as replies, by the contract of booking services. */
import { describe, expect, it } from 'vitest';
import type { BookingCall } from '../../runner/scenarios/bookings/calls.ts';
import { replyOf, requestOf } from '../../runner/scenarios/bookings/http.ts';

const book: BookingCall = { operation: 'book', slot: 'slot-001', citizen: 'citizen-7', key: 'k-1' };
const cancel: BookingCall = { operation: 'cancel', booking: 'b/1', slot: 'slot-001' };
const read: BookingCall = { operation: 'read', slot: 'slot-001' };
const booking = { id: 'b-1', slot: 'slot-001', citizen: 'citizen-7' };

describe('the contract of booking services', () => {
  it('writes each call as its request', () => {
    expect(requestOf(book)).toEqual({
      method: 'POST',
      path: '/slots/slot-001/bookings',
      headers: { 'idempotency-key': 'k-1' },
      json: { citizen: 'citizen-7' },
    });
    expect(requestOf(cancel)).toMatchObject({ method: 'DELETE', path: '/bookings/b%2F1' });
    expect(requestOf({ operation: 'close', slot: 's' })).toMatchObject({
      method: 'PATCH',
      json: { open: false },
    });
    expect(requestOf({ operation: 'list' })).toMatchObject({ method: 'GET', path: '/slots' });
  });

  it.each([200, 201])('takes a booking answered %i', (status) => {
    expect(replyOf(book, status, JSON.stringify(booking))).toEqual({
      outcome: 'ok',
      value: { booking: 'b-1' },
    });
  });

  it('takes refusals with a known reason', () => {
    expect(replyOf(book, 409, '{"error":"full"}')).toEqual({ outcome: 'refused', reason: 'full' });
    expect(replyOf(cancel, 404, '{"error":"no-such-booking"}')).toMatchObject({ outcome: 'refused' });
  });

  it('learns nothing from a 5xx', () => {
    expect(replyOf(book, 503, 'busy')).toMatchObject({ outcome: 'failed' });
  });

  it.each([
    ['a booking of somebody else', book, 201, JSON.stringify({ ...booking, citizen: 'citizen-8' })],
    ['a booking in another slot', book, 200, JSON.stringify({ ...booking, slot: 'slot-002' })],
    ['a booking without an id', book, 201, '{"slot":"slot-001","citizen":"citizen-7"}'],
    ['an unknown reason', book, 409, '{"error":"nope"}'],
    ['a refusal without a body', book, 404, ''],
    ['a status that is not in the contract', book, 302, ''],
    ['a good request called bad', book, 400, '{}'],
    ['a conflict over a cancel', cancel, 409, '{"error":"full"}'],
    ['a cancel answered 200', cancel, 200, '{}'],
    ['a read of another slot', read, 200, '{"id":"slot-002","capacity":1,"open":true,"bookings":[]}'],
    ['a count in place of bookings', read, 200, '{"id":"slot-001","capacity":1,"open":true,"bookings":0}'],
    [
      'a list out of order',
      { operation: 'list' } as BookingCall,
      200,
      '[{"id":"b","capacity":1,"open":true,"bookings":0},{"id":"a","capacity":1,"open":true,"bookings":0}]',
    ],
  ])('names %s a breach', (_what, call, status, body) => {
    expect(replyOf(call, status, body)).toMatchObject({ outcome: 'breach', message: expect.any(String) });
  });

  it('takes long lists sorted by text or by number', () => {
    const rows = (ids: string[]) =>
      JSON.stringify(ids.map((id) => ({ id, capacity: 1, open: true, bookings: 0 })));
    expect(replyOf({ operation: 'list' }, 200, rows(['slot-1000', 'slot-999']))).toMatchObject({
      outcome: 'ok',
    });
    expect(replyOf({ operation: 'list' }, 200, rows(['slot-999', 'slot-1000']))).toMatchObject({
      outcome: 'ok',
    });
  });
});
