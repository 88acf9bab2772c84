import { describe, expect, it } from 'vitest';
import { FrozenCalls } from '../../runner/harness/frozen-calls.ts';
import type { RecordedCall } from '../../runner/harness/trace.ts';
import type { Call, Reply } from '../../runner/service/call.ts';

const ok = (value: Record<string, string | number>): Reply => ({ outcome: 'ok', value });

function recorded(n: number, call: Call, answers: Record<string, Reply> = {}): RecordedCall {
  return { n, actor: `citizen-00${n}`, call, answers };
}

const book = { operation: 'book', slot: 'slot-1', seats: 2 };
const THEN = [
  recorded(1, book, { '1.0': ok({ booking: 'b-1', slot: 'slot-1', free: 2 }) }),
  recorded(2, { operation: 'cancel', booking: 'b-1', slot: 'slot-1', seats: 2 }),
  recorded(3, { operation: 'cancel', booking: 7 }, {}),
  recorded(4, book, { '4.0': ok({ booking: 7, price: 9 }) }),
  recorded(5, { operation: 'cancel', booking: 9 }),
];

const askedNow = (...calls: RecordedCall[]) => new Map(calls.map((call) => [call.n, call]));

describe('frozen calls', () => {
  const frozen = new FrozenCalls(THEN);

  it('name what the service named by the name that it has now, and leave all else', () => {
    const now = askedNow(recorded(1, book, { '1.0': ok({ booking: 'b-9', slot: 'slot-1', free: 5 }) }));
    expect(frozen.callOf(2, now)).toEqual({
      actor: 'citizen-002',
      call: { operation: 'cancel', booking: 'b-9', slot: 'slot-1', seats: 2 },
    });
  });

  it('leave an identifier that is not known yet as it was', () => {
    expect(frozen.callOf(2, askedNow(recorded(1, book)))?.call).toEqual(THEN[1]?.call);
    expect(frozen.callOf(2, null)?.call).toEqual(THEN[1]?.call);
  });

  it('take a number for an identifier only where it is called the same', () => {
    const now = askedNow(recorded(4, book, { '4.0': ok({ booking: 8, price: 3 }) }));
    expect(frozen.callOf(3, now)?.call).toEqual({ operation: 'cancel', booking: 8 });
    expect(frozen.callOf(5, now)?.call).toEqual({ operation: 'cancel', booking: 9 });
  });

  it('are not those of an execution that asked for something else', () => {
    const cancel = (booking: string, actor = 'citizen-002') => ({
      ...recorded(2, { operation: 'cancel', booking, slot: 'slot-1', seats: 2 }),
      actor,
    });
    const booked = (booking: string) =>
      recorded(1, book, { '1.0': ok({ booking, slot: 'slot-1', free: 5 }) });
    expect(frozen.areAskedIn([booked('b-1'), cancel('b-1')])).toBe(true);
    expect(frozen.areAskedIn([booked('b-9'), cancel('b-9')])).toBe(true);
    // It came before the answer that names the booking, or was never to be asked so.
    expect(frozen.areAskedIn([booked('b-9'), cancel('b-1')])).toBe(false);
    expect(frozen.areAskedIn([booked('b-1'), cancel('b-1', 'citizen-007')])).toBe(false);
    expect(frozen.areAskedIn([recorded(1, { ...book, seats: 3 })])).toBe(false);
    // What the recording never came to says nothing, and neither does what was not come to now.
    expect(frozen.areAskedIn([booked('b-1'), recorded(6, book)])).toBe(true);
    expect(frozen.areAskedIn([])).toBe(true);
  });

  it('are none for an operation that was not recorded', () => {
    expect(frozen.callOf(6, null)).toBeNull();
  });
});
